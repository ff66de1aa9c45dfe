"""An image as it stands in a file, and the scan made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core import (
    HU,
    Acquisition,
    BadGeometry,
    Flag,
    Grid,
    Scan,
    UnreadableScan,
    UnsuitableScan,
    Volume,
)
from ..ct import unit_of
from ..kind import shown

AIR = -1024
"""HU put where a CT has no number; where another image has none, 0 is put."""

DEFLATE_RATIO = 1032
"""Bytes that one byte of deflate or zlib can expand to at most (zlib technical notes)."""


@dataclass(frozen=True, eq=False)
class Stored:
    """Values of a file with its own scale applied, before anything is made of them.

    Attributes
    ----------
    values : (i, j, k) array
        Numbers of any type.
    grid : Grid
        Where the voxels lie, LPS.
    unit : str or None
        UCUM unit where the format or the file states it.
    acquisition : Acquisition
        What the file and its sidecar say.
    flags : tuple of Flag
        What is odd about the file.
    """

    values: NDArray[Any]
    grid: Grid
    unit: str | None = None
    acquisition: Acquisition = field(default_factory=Acquisition)
    flags: tuple[Flag, ...] = ()


def grid_of(path: Path, shape: Sequence[int], affine: ArrayLike) -> Grid:
    """Grid of a 4×4 LPS affine; UnsuitableScan naming the file where it describes none."""
    try:
        return Grid.from_affine(shape, affine)
    except BadGeometry as fault:
        raise UnsuitableScan(f"{shown(path)} lies on no grid that can be used: {fault}") from None


def three_sides(path: Path, shape: Sequence[int]) -> tuple[int, int, int]:
    """Sides of an image without its trailing sides of one voxel; refuse 2-D and 4-D images."""
    sides = [int(n) for n in shape]
    while len(sides) > 3 and sides[-1] == 1:
        sides.pop()
    words = "×".join(str(n) for n in sides)
    if min(sides, default=0) < 1:
        raise UnreadableScan(f"{shown(path)} has a damaged header: its sides are {words} voxels.")
    if len(sides) > 3:
        raise UnsuitableScan(
            f"{shown(path)} holds several volumes ({words} voxels), one was expected; "
            "write the one to use to its own file."
        )
    if len(sides) < 3 or min(sides) == 1:
        raise UnsuitableScan(
            f"{shown(path)} is a single slice ({words} voxels), not a volume; give the whole scan."
        )
    return sides[0], sides[1], sides[2]


def require_room(path: Path, needed: int, held: int, *, packed: bool) -> None:
    """Refuse a header that asks for more bytes than the file can hold, before any is reserved."""
    most = held * DEFLATE_RATIO if packed else held
    if needed > most:
        raise UnreadableScan(
            f"{shown(path)} is truncated or its header is damaged: the sizes in it need "
            f"{needed:,} bytes of values, the file holds {'at most ' if packed else ''}{most:,}."
        )


def as_scan(stored: Stored, *, kind: str) -> Scan:
    """Scan of a stored image: finite values, int16 where that is exact, and a unit.

    Values that are not finite become air (-1024) in a CT and 0 in anything else, with the flag
    ``not-finite-values`` that says how many there were.

    Parameters
    ----------
    stored : Stored
        The image as it stands in the file.
    kind : str
        Format that was read, such as ``"NIfTI"``.

    Raises
    ------
    UnsuitableScan
        If no value is finite.
    """
    values = _plain(stored.values)
    finite = np.isfinite(values)
    count = int(values.size - np.count_nonzero(finite))
    if count == values.size:
        raise UnsuitableScan("no voxel of this image holds a number: all are NaN or infinite.")
    known = values[finite] if count else values
    unit = stored.unit or unit_of(known, stored.acquisition.modality)
    flags = stored.flags
    if count:
        put = AIR if unit == HU else 0
        values = np.where(finite, values, np.float32(put))
        share = 100 * count / values.size
        text = f"{count} voxels ({share:.2g} %) held no number (NaN or infinite); {put} was put."
        flags = (*flags, Flag("not-finite-values", text))
    return Scan(
        Volume(_smallest(values), stored.grid, unit),
        stored.acquisition,
        flags,
        kind,
    )


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Values as integers or float32; too large for float32 becomes infinite."""
    if np.issubdtype(values.dtype, np.integer):
        return values
    with np.errstate(over="ignore"):
        return values.astype(np.float32, copy=False)


def _smallest(values: NDArray[Any]) -> NDArray[Any]:
    """int16 where that is exact, else float32."""
    span = np.iinfo(np.int16)
    fits = values.min() >= span.min and values.max() <= span.max
    if not np.issubdtype(values.dtype, np.integer):
        # plane by plane, so that no second copy of a large image is held
        fits = fits and all(
            bool((plane == np.rint(plane)).all()) for plane in np.moveaxis(values, 2, 0)
        )
    return values.astype(np.int16 if fits else np.float32, copy=False)
