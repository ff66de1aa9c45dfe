"""What is done for one patient."""
