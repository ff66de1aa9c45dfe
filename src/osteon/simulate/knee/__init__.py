"""Knees: a person with or without osteoarthritis, and the anatomy that goes with it."""

from .model import KneeModel, build_knee
from .patient import KneePatient, KneeSettings, draw_knee

__all__ = ["KneeModel", "KneePatient", "KneeSettings", "build_knee", "draw_knee"]
