"""NIfTI-1 and NIfTI-2, single files and pairs. Only here and in `write` is the world RAS."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from ...core import Flag, Grid, UnreadableScan, UnsuitableScan
from ..kind import is_nifti, shown
from .sidecar import read_sidecar
from .stored import Stored, grid_of, require_room, three_sides

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""NIfTI's world (x grows to the right, y to the front) to ours, and back."""

MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
"""Millimetres per unit of length of ``xyzt_units``: unknown (taken as mm), m, mm, µm."""

DISAGREE_MM = 0.5
"""qform and sform that put a corner voxel further apart than this, in mm, are flagged."""

UNIT_NOTE = "osteon unit "
"""How the unit of values stands in ``descrip`` of files written by Osteon."""


@dataclass(frozen=True)
class Opened:
    """The two files of an image (one, unless it is a pair) and what their header says."""

    path: Path
    data: Path
    header: Any
    offset: int


def load_nifti(path: Path) -> Stored:
    """Image of a NIfTI file, as stored, on its grid in LPS.

    Where it lies is taken from the sform, from the qform where there is no sform. Lengths in
    metres or micrometres become mm.

    Parameters
    ----------
    path : Path
        ``.nii``, ``.nii.gz``, or one of a pair ``.hdr`` and ``.img``.

    Raises
    ------
    UnreadableScan
        If the file is truncated or its header is damaged.
    UnsuitableScan
        If it holds no single volume of plain numbers, or does not say where it lies.
    """
    opened = _open(path)
    header = opened.header
    try:
        shape = three_sides(path, header.get_data_shape())
        slope, intercept = header.get_slope_inter()
        dtype = header.get_data_dtype()
    except HeaderDataError as fault:
        raise UnreadableScan(f"{shown(path)} has a damaged NIfTI header: {fault}.") from None
    except KeyError as code:
        raise UnreadableScan(f"{shown(path)} has values of an unknown type ({code}).") from None
    if dtype.kind not in "iuf":
        kind = "colour" if dtype.names else f"values of type {dtype}"
        raise UnsuitableScan(f"{shown(path)} holds {kind}, one number a voxel was expected.")
    grid, flags = _grid(path, header, shape)
    values = _scaled(_values(opened, shape, dtype), slope, intercept)
    acquisition, odd = read_sidecar(path)
    note = bytes(header["descrip"].item()).decode("latin-1")
    unit = note.removeprefix(UNIT_NOTE) if note.startswith(UNIT_NOTE) else None
    return Stored(values, grid, unit, acquisition, (*flags, *odd))


def parts(path: Path) -> tuple[Path, ...]:
    """Files that an image consists of: itself, or header and data of a pair."""
    header, data = _pair(path)
    return (header,) if header == data else (header, data)


def _pair(path: Path) -> tuple[Path, Path]:
    """Where the header of an image stands, and where its values."""
    name = path.name.lower()
    swapped = {".hdr": ".img", ".img": ".hdr", ".hdr.gz": ".img.gz", ".img.gz": ".hdr.gz"}
    suffix = next((s for s in swapped if name.endswith(s)), None)
    if suffix is None:
        return path, path
    other = path.with_name(path.name[: -len(suffix)] + swapped[suffix])
    return (path, other) if suffix.startswith(".hdr") else (other, path)


@contextmanager
def _stream(path: Path, near: Path) -> Iterator[IO[bytes]]:
    """Bytes of a file, unpacked where it is gzip; damage is told in one line."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if packed:
                with gzip.open(raw, "rb") as unpacked:
                    yield unpacked  # type: ignore[misc]
            else:
                yield raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise UnreadableScan(
            f"{shown(path)} is a truncated or damaged gzip file: {fault}."
        ) from None
    except OSError as fault:
        raise UnreadableScan(f"{shown(path)} cannot be read: {fault.strerror}.") from None


def _open(path: Path) -> Opened:
    head, data = _pair(path)
    with _stream(head, path) as file:
        raw = file.read(540)
    if not is_nifti(raw):
        raise UnreadableScan(f"{shown(head)} has no NIfTI header: it is damaged or something else.")
    second = raw[4:6] == b"n+" or raw[4:6] == b"ni"
    make: Any = nibabel.Nifti2Header if second else nibabel.Nifti1Header
    size = 540 if second else 348
    if len(raw) < size:
        raise UnreadableScan(f"{shown(head)} is truncated: {len(raw)} bytes, a header has {size}.")
    header = make(raw[:size], check=False)
    single = raw[4:6] == b"n+" if second else raw[344:346] == b"n+"
    offset = float(header["vox_offset"])
    if not (offset >= (size if single else 0) and offset == int(offset)):
        raise UnreadableScan(f"{shown(head)} has a damaged header: its values begin at {offset:g}.")
    return Opened(path, head if single else data, header, int(offset))


def _values(opened: Opened, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Read the values, and refuse a file that holds fewer or clearly more of them."""
    count = int(np.prod(shape, dtype=object))
    needed = opened.offset + count * dtype.itemsize
    with _stream(opened.data, opened.path) as file:
        packed = isinstance(file, gzip.GzipFile)
        require_room(opened.path, needed, opened.data.stat().st_size, packed=packed)
        file.seek(opened.offset)
        values = np.empty(count, dtype)
        left = memoryview(values.view(np.uint8).data)
        while left and (got := file.readinto(left)):  # type: ignore[attr-defined]
            left = left[got:]
        beyond = 0
        while more := len(file.read(1 << 20)):
            beyond += more
    slice_bytes = shape[0] * shape[1] * dtype.itemsize
    if len(left) or beyond >= slice_bytes:
        has = needed - len(left) + beyond
        raise UnreadableScan(
            f"{shown(opened.path)} does not fit its header: {shape} voxels of {dtype.itemsize} "
            f"bytes need {needed:,} bytes, there are {has:,}."
        )
    return values.reshape(shape, order="F")


def _scaled(values: NDArray[Any], slope: float | None, intercept: float | None) -> NDArray[Any]:
    """Values times slope plus intercept; whole numbers stay so where both are whole."""
    slope = 1.0 if slope is None else float(slope)
    intercept = 0.0 if intercept is None else float(intercept)
    if (slope, intercept) == (1.0, 0.0):
        return values
    whole = (
        slope.is_integer() and intercept.is_integer() and max(abs(slope), abs(intercept)) < 2**14
    )
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2 and whole:
        return values.astype(np.int32) * int(slope) + int(intercept)
    scaled: NDArray[Any] = values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
    np.multiply(scaled, slope, out=scaled)
    np.add(scaled, intercept, out=scaled)
    return scaled


def _grid(path: Path, header: Any, shape: tuple[int, int, int]) -> tuple[Grid, tuple[Flag, ...]]:
    """Grid in LPS mm, and what is odd about it."""
    length = MM_PER_UNIT.get(int(header["xyzt_units"]) & 7)
    if length is None:
        raise UnreadableScan(f"{shown(path)} has a damaged header: unknown unit of length.")
    to_lps = RAS_TO_LPS @ np.diag([length, length, length, 1.0])
    sform, by_sform = header.get_sform(coded=True)
    try:
        qform, by_qform = header.get_qform(coded=True)
    except (HeaderDataError, ValueError):
        if not by_sform:
            raise UnreadableScan(f"{shown(path)} has a damaged header: its qform.") from None
        qform, by_qform = None, 0
    if not by_sform and not by_qform:
        raise UnsuitableScan(
            f"{shown(path)} does not say where it lies in the patient (sform and qform code are "
            "0), so that left and right are unknown; make it again from the DICOM series."
        )
    if not np.isfinite(sform if by_sform else qform).all():
        raise UnreadableScan(f"{shown(path)} has a damaged header: its place is no number.")
    if not by_sform:
        return grid_of(path, shape, to_lps @ qform), ()
    grid = grid_of(path, shape, to_lps @ sform)
    if by_qform and np.isfinite(qform).all():
        corners = np.c_[grid.to_index(grid.corners()), np.ones(8)]
        apart = np.linalg.norm((corners @ (to_lps @ (qform - sform)).T)[:, :3], axis=1).max()
        if apart > DISAGREE_MM:
            text = (
                f"sform and qform of the file put its corners up to {apart:.3g} mm apart; "
                "the sform was used."
            )
            return grid, (Flag("sform-qform-disagree", text),)
    return grid, ()
