"""How a model is trained, kept and run. Only this room imports torch, and only where it trains."""
