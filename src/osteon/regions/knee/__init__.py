"""Bones of the knee and the bone beneath its joint."""

from .bones import KneeBones, find_knee_bones
from .side import knee_side
from .subchondral import Subchondral, find_subchondral

__all__ = ["KneeBones", "Subchondral", "find_knee_bones", "find_subchondral", "knee_side"]
