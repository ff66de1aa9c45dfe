"""How a person reads the results."""
