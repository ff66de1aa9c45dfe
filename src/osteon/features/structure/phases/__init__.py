"""Bone told from marrow, and its pieces."""
