"""The texture pool of vertebrae without labels, and the views that networks learn from."""
