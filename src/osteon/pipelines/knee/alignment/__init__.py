"""MR and CT of one knee brought onto each other, bone by bone."""
