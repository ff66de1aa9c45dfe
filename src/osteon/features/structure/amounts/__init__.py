"""How much bone there is, how much surface, and how it hangs together."""
