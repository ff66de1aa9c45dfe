"""How a person reads it: results as one self-contained page."""

from .report import write_report

__all__ = ["write_report"]
