"""The structure of trabecular bone, in the terms of the ASBMR."""
