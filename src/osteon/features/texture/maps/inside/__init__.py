"""One window measured as a region of its own, in compiled loops that share their buffers."""
