"""Thickness between the voxels, from grey values."""
