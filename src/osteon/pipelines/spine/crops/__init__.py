"""Vertebrae cut out of scans, each along its own axes."""
