"""How stiff the bone is, by finite elements."""
