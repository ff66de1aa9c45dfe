"""Which numbers to take from a region."""
