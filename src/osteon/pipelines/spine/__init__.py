"""Opportunistic osteoporosis: a routine CT read as a densitometer would read the spine."""
