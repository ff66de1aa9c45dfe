"""Thickness, spacing and number of trabeculae, exact on the voxel grid."""
