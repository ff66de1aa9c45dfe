"""Minkowski functionals and tensors of the voxels above a threshold."""
