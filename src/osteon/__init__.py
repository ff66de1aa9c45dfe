"""Osteon reads the state of a person's bone out of a routine CT."""

__version__ = "0.1.0"
