"""Figures of trained spines and of baselines, from what they said and nothing else."""
