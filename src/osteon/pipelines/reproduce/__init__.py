"""Published systems from nothing to their tables, in one call each."""
