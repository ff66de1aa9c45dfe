"""Errors that Osteon raises on purpose.

::

    OsteonError
    ├── GridMismatch (ValueError)      two volumes that must share a grid do not
    ├── UnitMismatch (ValueError)      values are in another unit than the one needed
    ├── BadGeometry (ValueError)       numbers that describe no grid
    ├── EmptyRegion (ValueError)       a region without a voxel, where one is needed
    ├── UnknownName (ValueError)       a name that is in none of our lists
    ├── BadSetting (ValueError)        a setting outside its range
    ├── UnreadableScan (ValueError)    a file that cannot be read as an image
    ├── UnsuitableScan (ValueError)    an image that can be read, but not used for this
    └── UnusableTable (ValueError)     rows from which a figure cannot be worked out

A message is one line: what was got, what was expected, by how much they differ, what to do next.
"""


class OsteonError(Exception):
    """Base of all errors raised on purpose, so that a caller can catch them all."""


class GridMismatch(OsteonError, ValueError):
    """Two volumes that must share a grid do not."""


class UnitMismatch(OsteonError, ValueError):
    """Values are in another unit than the one needed."""


class BadGeometry(OsteonError, ValueError):
    """Numbers that describe no grid: a spacing of zero, axes that are not at right angles."""


class EmptyRegion(OsteonError, ValueError):
    """A region holds no voxel, where at least one is needed."""


class UnknownName(OsteonError, ValueError):
    """A name that is in none of our lists."""


class BadSetting(OsteonError, ValueError):
    """A setting outside its range."""


class UnreadableScan(OsteonError, ValueError):
    """A file that cannot be read as an image: truncated, encrypted, or something else."""


class UnsuitableScan(OsteonError, ValueError):
    """An image that can be read but must not be used for this: wrong modality, gaps, no volume."""


class UnusableTable(OsteonError, ValueError):
    """Rows that give no figure: one class only, missing values, one subject."""
