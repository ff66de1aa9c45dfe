"""What can be measured where a voxel is larger than a trabecula."""
