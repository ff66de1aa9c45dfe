"""What a trained model says of a CT of the spine that it has never seen, and how sure it is."""
