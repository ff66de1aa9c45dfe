"""Patches of subchondral bone: where they lie, what they hold, what the MR measures in them."""
