"""A body before any scanner, and its picture in the values of a scanner."""

from .render import render, structure_of, where_is
from .scene import Bone, Scene, Shape, Soft

__all__ = ["Bone", "Scene", "Shape", "Soft", "render", "structure_of", "where_is"]
