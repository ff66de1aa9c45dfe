"""How files become volumes, and back."""
