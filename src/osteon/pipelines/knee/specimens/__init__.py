"""The same teachers and students on real bone: specimens seen by micro-CT."""
