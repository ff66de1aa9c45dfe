"""Where an MR scan's voxels lie, and the finer lattice on which the body's signal is worked out."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from ...core import BadSetting, Grid
from .kspace import Encoding, encoding, slice_profile
from .sequence import Plane, Sequence

DIRECTIONS = {
    Plane.SAGITTAL: ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
    Plane.CORONAL: ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    Plane.AXIAL: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}
"""World directions along a row, down a column and from slice to slice: a sagittal picture is seen
from the patient's left with the front to its left, and its slices run from left to right."""

FINER = 1.2
"""Voxels as acquired are at least this much wider than those of the fine lattice."""

SLICES_PER = 3
"""Fine slices for each slice excited singly."""

MOST_SIDE = 2048
"""Most voxels along a side."""


@dataclass(frozen=True)
class MRView:
    """What is scanned.

    Attributes
    ----------
    centre : 3 float
        Middle, in world LPS mm.
    size : 3 float
        Sides along world x, y, z (left–right, front–back, foot–head) in mm, above 0.
    """

    centre: tuple[float, float, float]
    size: tuple[float, float, float]

    def __post_init__(self) -> None:
        """Refuse a view that is no box."""
        if len(self.size) != 3 or len(self.centre) != 3 or not min(self.size) > 0:
            raise BadSetting(
                f"a view has a centre and three sides above 0 mm; got {self.centre}, {self.size}."
            )


@dataclass(frozen=True, eq=False)
class Layout:
    """The lattices of a scan.

    Attributes
    ----------
    picture : Grid
        Voxels of the picture: i along a row, j down a column, k from slice to slice.
    fine : Grid
        Fine lattice, its axes in the order slice, row, column: slices are worked on one by one.
    row, column : Encoding
        Frequencies measured in plane.
    across : Encoding or array
        Frequencies measured across slices, or the (slices, fine slices) profiles.
    """

    picture: Grid
    fine: Grid
    row: Encoding
    column: Encoding
    across: Encoding | NDArray[np.float64]


def lay_out(view: MRView, sequence: Sequence) -> Layout:
    """Lattices of a scan of a view.

    Parameters
    ----------
    view : MRView
        What is scanned; each side grows to a number of voxels that transforms quickly.
    sequence : Sequence
        Voxels and plane.

    Returns
    -------
    Layout
        Lattices with a common middle.

    Raises
    ------
    BadSetting
        If a side would hold fewer than 4 or more than 2048 voxels.
    """
    direction = np.array(DIRECTIONS[sequence.plane], np.float64).T
    sides = np.abs(direction.T) @ np.array(view.size)
    spacing = np.array(sequence.spacing)
    counts = np.ceil(sides / spacing - 1e-6).astype(int)
    if counts[:2].min() < 4 or counts.max() > MOST_SIDE:
        raise BadSetting(
            f"{sequence.name} would show {sides.round(3).tolist()} mm by {counts.tolist()} voxels; "
            f"it needs at least 4 a side in plane and at most {MOST_SIDE}. Change the view."
        )
    fast = [2 * next_fast_len(ceil(n / 2)) for n in counts]
    shown = [fast[0], fast[1], fast[2] if sequence.volumetric else int(counts[2])]
    times = [_times(s, v) for s, v in zip(sequence.spacing, sequence.voxel, strict=True)]
    if not sequence.volumetric:
        times[2] = SLICES_PER
    picture = _centred(view, direction, shown, spacing)
    finer = _centred(
        view, direction, [n * t for n, t in zip(shown, times, strict=True)], spacing / times
    )
    order = [2, 0, 1]
    fine = Grid(
        (finer.shape[2], finer.shape[0], finer.shape[1]),
        finer.origin,
        finer.direction[:, order],
        finer.spacing[order],
    )
    row, column, third = (
        encoding((n * t, n), n * s, v, window=sequence.window, partial=p)
        for n, t, s, v, p in zip(
            shown, times, spacing, sequence.voxel, (1.0, sequence.partial, 1.0), strict=True
        )
    )
    across: Encoding | NDArray[np.float64] = third
    if not sequence.volumetric:
        across = slice_profile((fine.shape[0], shown[2]), float(fine.spacing[0]), sequence.voxel[2])
    return Layout(picture, fine, row, column, across)


def _times(spacing: float, voxel: float) -> int:
    """Fine voxels in one of the picture, so that they are fine enough for what is acquired."""
    return max(1, ceil(spacing * FINER / voxel - 1e-9))


def _centred(
    view: MRView, direction: NDArray[np.float64], counts: list[int], spacing: NDArray[np.float64]
) -> Grid:
    """Grid around the middle of a view."""
    half = (np.array(counts) - 1) / 2 * spacing
    i, j, k = (int(n) for n in counts)
    return Grid((i, j, k), np.array(view.centre) - direction @ half, direction, spacing)
