"""Plates or rods."""
