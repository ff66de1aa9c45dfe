"""What networks are trained towards, a file each; nothing is exported again from here."""
