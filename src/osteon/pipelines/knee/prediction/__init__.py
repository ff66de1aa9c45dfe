"""A trained model as a folder, and what it says of a CT it has never seen."""
