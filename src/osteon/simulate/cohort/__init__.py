"""Cohorts of virtual patients: who is seen where, with which devices, and what is known of them."""
