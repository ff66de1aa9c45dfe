"""A synthetic CT for every knee, by a network that has never seen it."""
