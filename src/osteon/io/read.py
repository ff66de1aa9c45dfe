"""Read any scan: what it is decides who reads it."""

from collections.abc import Sequence
from pathlib import Path

from ..core import BadSetting, Scan, UnreadableScan, UnsuitableScan
from .ct import require_ct
from .dicom import SeriesInfo, list_dicom_series, read_dicom
from .files import read_file
from .kind import kind_of, shown


def read_scan(
    path: str | Path,
    *,
    series: str | None = None,
    allow_gaps: bool = False,
    spacing: Sequence[float] | None = None,
) -> Scan:
    """Scan of a file, folder or zip of any format that Osteon reads.

    What it is, is judged by its first bytes: DICOM (folder, zip, file), NIfTI, NRRD, MetaImage,
    Scanco ISQ, or TIFF (file of several pages, or folder of them).

    Parameters
    ----------
    path : str or Path
        What to read.
    series : str or None
        Which series of a DICOM folder or zip, where it holds several.
    allow_gaps : bool
        Whether a DICOM series with unequal or missing slices may be resampled, and flagged,
        instead of being refused.
    spacing : sequence of 3 float or None
        Distance of voxel centres along i, j, k in mm, for a TIFF stack and nothing else.

    Returns
    -------
    Scan
        Values as int16 where that is exact, else float32; array order i, j, k; world LPS in mm.

    Raises
    ------
    UnreadableScan
        If there is no such file, or it is no image, truncated or damaged.
    UnsuitableScan
        If it can be read but is no single volume whose place in the patient is known.
    BadSetting
        If `series` or `spacing` is given for a format that has none, or `spacing` is no spacing.
    """
    path = Path(path)
    kind = kind_of(path)
    if series is not None and kind != "DICOM":
        raise BadSetting(f"{shown(path)} is {kind}, which has no series to choose; leave it out.")
    if spacing is not None and kind != "TIFF":
        raise BadSetting(f"{shown(path)} is {kind}, which states its own spacing; leave it out.")
    try:
        if kind == "DICOM":
            return read_dicom(path, series=series, allow_gaps=allow_gaps)
        return read_file(path, kind, spacing)
    except MemoryError:
        raise UnreadableScan(f"{shown(path)} needs more memory than there is.") from None
    except OSError as fault:
        raise UnreadableScan(f"{shown(path)} cannot be read: {fault.strerror}.") from None


def read_ct(path: str | Path, *, series: str | None = None, allow_gaps: bool = False) -> Scan:
    """Scan as by `read_scan`, having checked that it is a CT in HU.

    Raises
    ------
    UnsuitableScan
        If it is no CT in HU, besides the errors of `read_scan`.
    """
    scan = read_scan(path, series=series, allow_gaps=allow_gaps)
    try:
        return require_ct(scan)
    except UnsuitableScan as fault:
        raise UnsuitableScan(f"{shown(Path(path))} will not do: {fault}") from None


def list_series(path: str | Path) -> list[SeriesInfo]:
    """Series of a DICOM folder, zip or file, with what is needed to choose one.

    Raises
    ------
    UnreadableScan
        If there is no DICOM in it.
    UnsuitableScan
        If it is an image of another format, which has no series.
    """
    path = Path(path)
    if (kind := kind_of(path)) != "DICOM":
        raise UnsuitableScan(f"{shown(path)} is {kind}, which has no series; read it as it is.")
    try:
        return list(list_dicom_series(path))
    except OSError as fault:
        raise UnreadableScan(f"{shown(path)} cannot be read: {fault.strerror}.") from None
