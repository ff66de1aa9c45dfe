"""A body before any scanner, and its picture in the values of a scanner."""

from .scene import Bone, Scene, Shape, Soft

__all__ = ["Bone", "Scene", "Shape", "Soft"]
