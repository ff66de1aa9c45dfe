"""Bones of the knee and the bone beneath its joint."""

from .bones import KneeBones, find_knee_bones

__all__ = ["KneeBones", "find_knee_bones"]
