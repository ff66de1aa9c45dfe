"""Features in a sliding window, as maps."""
