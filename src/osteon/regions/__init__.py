"""Which voxels to measure."""
