"""A DICOM series as a scan."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...core import HU, Flag, OsteonError, Scan, UnsuitableScan, Volume
from .acquisition import acquisition_of, identifiers_of
from .archive import sources
from .frames import MAX_VOXELS, Frame, classic_frame
from .geometry import Stack, stacked
from .header import DicomFile, quietly, read_header
from .meaning import why_not_hu
from .multiframe import enhanced_frames, is_enhanced
from .pixels import AIR_HU, read_pixels
from .series import Series, SeriesInfo, choose, image_series
from .straighten import on_grid
from .wording import shown


def read_dicom(
    path: str | Path, *, series: str | int | None = None, allow_gaps: bool = False
) -> Scan:
    """Read one CT or MR series.

    Slices are put in order by their position and orientation in the patient, never by name or
    number. A gantry tilt is straightened by resampling and flagged.

    Parameters
    ----------
    path : str or Path
        Folder (looked through with its subfolders), zip, or one file.
    series : str, int or None
        Which series, where there are several: SeriesNumber, SeriesInstanceUID, or a unique
        ending of that of five characters or more.
    allow_gaps : bool
        Even out unequal slice distances by linear interpolation, with a flag, rather than refuse.

    Returns
    -------
    Scan
        Volume in HU (``[hnsf'U]``) for a CT in HU, else unit ``"1"``; a CT that is not in HU is
        flagged ``"not-hu"`` with the reason. int16 where exact, else float32; axes are (columns,
        rows, slices), slices along the cross product of the row and column direction.

    Raises
    ------
    UnreadableScan
        If a file is no DICOM, damaged, cut short, or lacks a needed element.
    UnsuitableScan
        If the files hold no CT or MR, several series, or slices that are no volume.

    Notes
    -----
    Damage inside a lossless JPEG or JPEG 2000 stream that still decodes is not noticed: DICOM has
    no checksum.
    """
    path = _named(path)
    where = shown(path.name)
    with quietly():
        chosen = choose(_series(path, where), series, where)
        frames = [frame for file in chosen.files for frame in _frames(file)]
        return _scan(frames, chosen, where, allow_gaps)


def list_dicom_series(path: str | Path) -> list[SeriesInfo]:
    """CT and MR series in a folder, zip or file, in the order of their numbers.

    Raises
    ------
    UnreadableScan
        If a file is damaged or there is no DICOM file at all.
    UnsuitableScan
        If there is no CT or MR.
    """
    path = _named(path)
    with quietly():
        return [series.info for series in _series(path, shown(path.name))]


def _named(path: str | Path) -> Path:
    """Path that ends in a name for messages, as ``.`` does not."""
    return Path(path) if Path(path).name not in ("", "..") else Path(path).resolve()


def _series(path: Path, where: str) -> list[Series]:
    return image_series((read_header(source) for source in sources(path)), where)


def _frames(file: DicomFile) -> list[Frame]:
    return enhanced_frames(file) if is_enhanced(file) else [classic_frame(file)]


def _scan(frames: Sequence[Frame], chosen: Series, where: str, allow_gaps: bool) -> Scan:
    is_ct = chosen.info.modality == "CT"
    reason = why_not_hu(frames) if is_ct else None
    hounsfield = is_ct and reason is None
    try:
        stack = stacked(frames, where=where, allow_gaps=allow_gaps, same_pixels=_same_pixels)
    except OsteonError as fault:
        if reason is None:
            raise
        rest = str(fault).removeprefix(f"{where}: ")
        raise type(fault)(f"{where}: values are not HU: {reason}. Besides, {rest}") from None
    _check_size(stack, where)
    pixels = read_pixels(stack.frames, hounsfield=hounsfield)
    outside = float(AIR_HU if hounsfield else pixels.slices.min())
    values, grid, resampled = on_grid(pixels.slices, stack, outside=outside)
    not_hu = (Flag("not-hu", f"Values are not HU: {reason}."),) if reason else ()
    header = stack.frames[0].file.header
    return Scan(
        Volume(values, grid, HU if hounsfield else "1"),
        acquisition_of(header, chosen.info.modality),
        not_hu + stack.flags + pixels.flags + resampled,
        "DICOM",
        identifiers_of(header),
    )


def _same_pixels(frames: Sequence[Frame]) -> bool:
    slices = read_pixels(frames, hounsfield=False).slices
    return bool((slices == slices[:1]).all())


def _check_size(stack: Stack, where: str) -> None:
    """Refuse a stack whose regular grid would be far larger than what was stored."""
    first = stack.frames[0]
    wider = np.abs(stack.shear) * stack.distances[-1] / first.spacing[::-1]
    voxels = (first.columns + wider[0]) * (first.rows + wider[1])
    voxels *= stack.distances[-1] / stack.step + 1
    if voxels > MAX_VOXELS:
        raise UnsuitableScan(
            f"{where}: a regular grid over all slices would have {voxels:.3g} voxels, at most "
            f"{MAX_VOXELS:.3g} are made; give fewer slices."
        )
