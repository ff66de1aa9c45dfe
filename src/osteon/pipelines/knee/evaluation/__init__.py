"""Figures of a trained study: parameters, diagnosis, their intervals."""
