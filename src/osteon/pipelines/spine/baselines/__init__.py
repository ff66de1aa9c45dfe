"""What a user would take in place of the network, each trained on the same patients."""
