"""Label maps, brought to the voxels of a scan."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import (
    EmptyRegion,
    Flag,
    Grid,
    GridMismatch,
    Labels,
    UnreadableScan,
    UnsuitableScan,
    resample,
)
from .files import load
from .kind import kind_of, shown

SAME_LATTICE = 0.05
"""Two lattices are one when no corner lies further apart than this part of the smallest voxel side.

A tenth of what would make another voxel the nearest one, so that nothing is lost; files of one
scan differ by less than this because positions are rounded, to 0.001 mm in DICOM texts and to
24 bits in NIfTI headers.
"""

MOST_LABELS = 1000
"""An image with more different values is a scan and no label map."""

MASK_NAME = re.compile(r"vertebrae_([CTLS]\d{1,2})\.nii(\.gz)?")
"""File names of TotalSegmentator's masks of vertebrae, one file a vertebra."""

CUT_BELOW = 0.99
"""Part of the labelled voxels that must lie inside the scan for labels not to be flagged."""


def read_labels(path: str | Path, *, onto: Grid) -> tuple[Labels, tuple[Flag, ...]]:
    """Labels of an image file on the grid of a scan.

    Labels stored on the scan's own lattice in another order of axes or directions are put in
    the scan's order, which changes nothing. Labels on another lattice are taken from the
    nearest voxel and flagged ``labels-resampled``; ``labels-cut`` says how much of them lies
    outside the scan.

    Parameters
    ----------
    path : str or Path
        NIfTI, NRRD or MetaImage of whole numbers, 0 being none; or a folder of masks, one a
        vertebra, named ``vertebrae_L1.nii.gz`` and so on.
    onto : Grid
        Grid of the scan.

    Returns
    -------
    Labels
        On `onto`, in the smallest unsigned integer type that holds them; from a folder, with
        the names of the levels.
    tuple of Flag
        What was done, and what is odd about the file.

    Raises
    ------
    UnreadableScan
        If the file is missing, truncated or no image.
    UnsuitableScan
        If the values are no labels: fractions, negative, or too many different ones.
    EmptyRegion
        If no voxel is labelled, or none is left at the resolution of the scan.
    GridMismatch
        If all labels lie outside the scan.
    """
    path = Path(path)
    return _from_folder(path, onto) if path.is_dir() else _from_file(path, onto)


def _from_folder(path: Path, onto: Grid) -> tuple[Labels, tuple[Flag, ...]]:
    """Labels 1 and on from masks of one vertebra each; masks without a voxel are left out."""
    found = mask_files(path)
    if not found:
        raise UnsuitableScan(
            f"{shown(path)} is a folder without a file such as vertebrae_L1.nii.gz; give one file "
            "of labels, or a folder of masks named like that."
        )
    values = np.zeros(onto.shape, np.uint8)
    names: dict[int, str] = {}
    flags: dict[Flag, None] = {}
    for level, file in found.items():
        try:
            mask, odd = _from_file(file, onto)
        except EmptyRegion:
            continue  # TotalSegmentator also writes a file for each vertebra that is not in view
        names[len(names) + 1] = level
        values[mask.values > 0] = len(names)
        flags.update(dict.fromkeys(odd))
    if not names:
        raise EmptyRegion(f"{shown(path)} labels no voxel: all {len(found)} masks are empty.")
    return Labels(values, onto, names), tuple(flags)


def mask_files(path: Path) -> dict[str, Path]:
    """Masks of vertebrae in a folder, by level; empty for a file or another folder."""
    if not path.is_dir():
        return {}
    named = ((MASK_NAME.fullmatch(file.name), file) for file in sorted(path.iterdir()))
    return {match[1]: file for match, file in named if match}


def _from_file(path: Path, onto: Grid) -> tuple[Labels, tuple[Flag, ...]]:
    labels, flags = stored_labels(path)
    in_order = reorder(labels, onto)
    if in_order is not None:
        return in_order, flags
    return _resampled(path, labels, onto, flags)


def stored_labels(path: Path) -> tuple[Labels, tuple[Flag, ...]]:
    """Labels as they lie in a file, on their own grid, and what is odd about the file.

    Raises
    ------
    UnreadableScan, UnsuitableScan, EmptyRegion
        As `read_labels`.
    """
    try:
        stored = load(path, kind_of(path))
    except MemoryError:
        raise UnreadableScan(f"{shown(path)} needs more memory than there is.") from None
    except OSError as fault:
        raise UnreadableScan(f"{shown(path)} cannot be read: {fault.strerror}.") from None
    labels = Labels(_whole(path, stored.values), stored.grid)
    if not labels.values.any():
        raise EmptyRegion(f"{shown(path)} labels no voxel: all values are 0.")
    return labels, stored.flags


def reorder(labels: Labels, onto: Grid) -> Labels | None:
    """Labels in the voxel order of `onto`, or None where they lie on another lattice.

    Parameters
    ----------
    labels : Labels
        Labels whose axes may be swapped and reversed against those of `onto`.
    onto : Grid
        Grid whose order is wanted; the labels returned lie on exactly this grid.
    """
    cosines = onto.direction.T @ labels.grid.direction
    axes = np.abs(cosines).argmax(axis=1)
    if sorted(axes) != [0, 1, 2]:
        return None
    reversed_axes = np.array([cosines[n, axis] < 0 for n, axis in enumerate(axes)])
    values = np.flip(labels.values.transpose(axes), tuple(np.flatnonzero(reversed_axes)))
    if values.shape != onto.shape:
        return None
    first = np.zeros(3)
    first[axes] = np.where(reversed_axes, np.array(values.shape) - 1, 0)
    signs = np.where(reversed_axes, -1.0, 1.0)
    grid = Grid(
        onto.shape,
        labels.grid.to_world(first),
        labels.grid.direction[:, axes] * signs,
        labels.grid.spacing[axes],
    )
    if grid.apart(onto) > SAME_LATTICE * float(onto.spacing.min()):
        return None
    return Labels(np.ascontiguousarray(values), onto, labels.names)


def _whole(path: Path, values: NDArray[Any]) -> NDArray[Any]:
    """Values as the smallest unsigned integers; refuse what cannot be labels."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise UnsuitableScan(f"{shown(path)} holds voxels without a number; labels were expected.")
    if low < 0 or high >= 2**32:
        raise UnsuitableScan(
            f"{shown(path)} holds values from {low:g} to {high:g}; labels are whole numbers from "
            "0 up. Is this the scan itself?"
        )
    whole = values.astype(np.min_scalar_type(int(high)))
    if not np.issubdtype(values.dtype, np.integer) and (whole != values).any():
        odd = values[whole != values].flat[0]
        raise UnsuitableScan(
            f"{shown(path)} holds fractions such as {odd:g}; labels are whole numbers. A "
            "probability map must be cut at a threshold first."
        )
    found = np.count_nonzero(np.bincount(whole.ravel())) if high < 2**20 else len(np.unique(whole))
    if found > MOST_LABELS:
        raise UnsuitableScan(
            f"{shown(path)} holds {found} different values, labels have at most {MOST_LABELS}. "
            "Is this the scan itself?"
        )
    return whole


def _resampled(
    path: Path, labels: Labels, onto: Grid, flags: tuple[Flag, ...]
) -> tuple[Labels, tuple[Flag, ...]]:
    """Labels from the nearest voxels, with what a reader must know about it."""
    world = labels.grid.to_world(np.argwhere(labels.values))
    at = onto.to_index(world)
    inside = float(((at >= -0.5) & (at <= np.array(onto.shape) - 0.5)).all(axis=1).mean())
    if inside == 0:
        away = np.linalg.norm(world.mean(axis=0) - onto.corners().mean(axis=0))
        raise GridMismatch(
            f"all labels of {shown(path)} lie outside the scan: their centre is {away:.0f} mm "
            "from the centre of the scan. Give the labels made for this scan."
        )
    brought = resample(labels, onto=onto, method="nearest")
    if not brought.values.any():
        raise EmptyRegion(
            f"{shown(path)} labels nothing as large as a voxel of the scan: its own are "
            f"{_sides(labels.grid)} mm, those of the scan {_sides(onto)} mm."
        )
    text = (
        f"Labels of {labels.grid} lie on another lattice than the scan of {onto}; each voxel "
        "took the label nearest to it."
    )
    flags = (*flags, Flag("labels-resampled", text))
    if inside < CUT_BELOW:
        text = f"{100 * (1 - inside):.0f} % of the labelled voxels lie outside the scan."
        flags = (*flags, Flag("labels-cut", text))
    return brought, flags


def _sides(grid: Grid) -> str:
    return "×".join(f"{side:.3g}" for side in grid.spacing)
