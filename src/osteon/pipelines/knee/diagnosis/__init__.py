"""Osteoarthritis of a knee from the parameters of its patches."""
