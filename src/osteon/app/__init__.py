"""How people start Osteon."""
