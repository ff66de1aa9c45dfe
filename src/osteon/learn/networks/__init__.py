"""Layers and networks, a file each; nothing is exported again from here."""
