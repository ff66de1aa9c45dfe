"""What a scanner would have seen, of bone that we know."""
