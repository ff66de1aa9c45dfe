"""How good is a number: agreement, discrimination, usefulness, with intervals and tests."""

from .estimate import LEVEL, Comparison, Estimate

__all__ = ["LEVEL", "Comparison", "Estimate"]
