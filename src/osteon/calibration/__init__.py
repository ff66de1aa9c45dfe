"""What a voxel value means."""
