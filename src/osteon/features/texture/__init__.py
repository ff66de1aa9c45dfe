"""Texture: numbers that say how grey values lie in a region, and beside one another."""
