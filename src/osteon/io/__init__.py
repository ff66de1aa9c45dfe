"""How files become volumes, and back."""

from .ct import require_ct
from .dicom import SeriesInfo
from .digest import fingerprint
from .labels import read_labels
from .masks import read_mask
from .parquet import NumberTable, read_parquet, write_parquet
from .read import list_series, read_ct, read_scan
from .tables import Table, read_table
from .write import write_labels, write_mask, write_volume

__all__ = [
    "NumberTable",
    "SeriesInfo",
    "Table",
    "fingerprint",
    "list_series",
    "read_ct",
    "read_labels",
    "read_mask",
    "read_parquet",
    "read_scan",
    "read_table",
    "require_ct",
    "write_labels",
    "write_mask",
    "write_parquet",
    "write_volume",
]
