"""Volumes, masks and labels into NIfTI files."""

import gzip
import os
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting, Grid, Labels, Mask, Volume
from .files.nifti import RAS_TO_LPS, UNIT_NOTE

LONGEST_SIDE = 32767
"""Voxels along a side that a NIfTI-1 header can count."""

PACKING = 3
"""Level of gzip: on a CT within 1 % of the size of level 9, in a third of the time."""

SCANNER = 1
"""Code of an sform or qform that leads to the patient as the scanner saw it."""


def write_volume(path: str | Path, volume: Volume) -> None:
    """Write a volume as NIfTI-1, its unit in ``descrip``.

    Parameters
    ----------
    path : str or Path
        ``.nii`` or ``.nii.gz`` in a folder that exists; a file that is there is replaced.
    volume : Volume
        Whole numbers are stored as the smallest integers that hold them, all others as float32.

    Raises
    ------
    BadSetting
        If the name or folder will not do, or a side is longer than NIfTI-1 can count.

    Notes
    -----
    The same input gives the same bytes. The file appears whole or not at all.
    """
    values = volume.values
    if np.issubdtype(values.dtype, np.integer):
        values = _smallest(values)
    else:
        values = values.astype(np.float32, copy=False)
    _write(Path(path), values, volume.grid, UNIT_NOTE + volume.unit)


def write_labels(path: str | Path, labels: Labels) -> None:
    """Write labels as NIfTI-1 of the smallest integers that hold them; see `write_volume`."""
    _write(Path(path), _smallest(labels.values), labels.grid, "")


def write_mask(path: str | Path, mask: Mask) -> None:
    """Write a mask as NIfTI-1 of 0 and 1; see `write_volume`."""
    _write(Path(path), mask.values.astype(np.uint8), mask.grid, "")


def _smallest(values: NDArray[Any]) -> NDArray[Any]:
    low, high = int(values.min()), int(values.max())
    for kind in (np.uint8, np.int16, np.uint16, np.int32, np.uint32):
        span = np.iinfo(kind)
        if span.min <= low and high <= span.max:
            return values.astype(kind, copy=False)
    return values.astype(np.int64, copy=False)


def _write(path: Path, values: NDArray[Any], grid: Grid, note: str) -> None:
    if not path.name.endswith((".nii", ".nii.gz")):
        raise BadSetting(f"{path.name} must end in .nii or .nii.gz: images are written as NIfTI.")
    if max(grid.shape) > LONGEST_SIDE:
        raise BadSetting(
            f"{path.name} cannot hold {grid}: a NIfTI-1 side has at most {LONGEST_SIDE} voxels."
        )
    header = nibabel.Nifti1Header()
    header.set_data_dtype(values.dtype)
    header.set_data_shape(grid.shape)
    to_world = RAS_TO_LPS @ grid.affine
    header.set_sform(to_world, SCANNER)
    header.set_qform(to_world, SCANNER)
    header.set_xyzt_units("mm")
    header["descrip"] = note.encode()
    header["scl_slope"], header["scl_inter"] = 1.0, 0.0
    header["magic"], header["vox_offset"] = b"n+1", 352
    whole = header.binaryblock + bytes(4)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            _put(part, whole, values, packed=path.name.endswith(".gz"))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as fault:
        raise BadSetting(f"{path} cannot be written: {fault.strerror}.") from None


def _put(part: Path, header: bytes, values: NDArray[Any], *, packed: bool) -> None:
    """Write header and values, in Fortran order plane by plane."""
    with part.open("xb") as raw:
        # neither name nor time goes into the gzip header, so that equal input gives equal bytes
        file: Any = gzip.GzipFile("", "wb", PACKING, raw, mtime=0) if packed else raw
        file.write(header)
        for plane in np.moveaxis(values, 2, 0):
            file.write(plane.tobytes(order="F"))
        if packed:
            file.close()
