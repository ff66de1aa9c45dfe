"""Convolutional filters of the IBSI, chapter 2: an image in, a response map out."""
