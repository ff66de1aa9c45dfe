"""Reporting checklists (CLAIM 2024, TRIPOD+AI, STARD-AI), filled as far as a run knows."""

from .checklist import CHECKLISTS, Checklist, Item, checklist

__all__ = ["CHECKLISTS", "Checklist", "Item", "checklist"]
