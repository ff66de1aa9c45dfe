"""A mask that must lie on the voxels of an image, such as a region drawn on a micro-CT."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..core import Flag, Grid, GridMismatch, Labels, Mask, UnknownName, UnreadableScan
from .kind import shown
from .labels import reorder, stored_labels


def read_mask(
    path: str | Path, *, onto: Grid, label: int | None = None
) -> tuple[Mask, tuple[Flag, ...]]:
    """Region of an image file, which must lie on the voxels of the image it was drawn on.

    A region stored in another order of axes or directions is put in the order of the image.
    Nothing is resampled: structure is measured voxel by voxel at the border of a region.

    Parameters
    ----------
    path : str or Path
        NIfTI, NRRD or MetaImage of whole numbers, 0 being outside.
    onto : Grid
        Grid of the image.
    label : int or None
        Which number is the region; all but 0 where it is None.

    Returns
    -------
    Mask
        On `onto`.
    tuple of Flag
        What is odd about the file.

    Raises
    ------
    GridMismatch
        If the region lies on other voxels than the image.
    UnknownName
        If no voxel carries `label`, or it is not above 0.
    UnreadableScan, UnsuitableScan, EmptyRegion
        If the file is no image, holds no labels, or all of them are 0.
    """
    path = Path(path)
    if label is not None and label < 1:
        raise UnknownName(f"label {label} is no region: labels count from 1, 0 is outside.")
    if path.is_dir():
        raise UnreadableScan(
            f"{shown(path)} is a folder; give one file with the region (NIfTI, NRRD, MetaImage)."
        )
    stored, flags = stored_labels(path)
    labels = reorder(stored, onto)
    if labels is None:
        raise GridMismatch(_difference(path, stored.grid, onto))
    if label is None:
        return Mask(labels.values > 0, onto), (*flags, *_joined(labels))
    values = labels.values == label
    if not values.any():
        found = ", ".join(str(number) for number in np.unique(labels.values) if number)
        raise UnknownName(f"{shown(path)} has no label {label}; it has {found}.")
    return Mask(values, onto), flags


def _joined(labels: Labels) -> Iterator[Flag]:
    """What a reader must know where several labels were taken for one region."""
    found = [number for number in np.unique(labels.values) if number]
    if len(found) > 1:
        yield Flag(
            "labels-joined",
            f"The mask has {len(found)} labels, from {found[0]} to {found[-1]}; all of them were "
            "measured as one region. --label takes one.",
        )


def _difference(path: Path, own: Grid, onto: Grid) -> str:
    """How two lattices differ, in one line."""
    if own.shape != onto.shape or not np.allclose(own.spacing, onto.spacing, rtol=1e-3):
        fault = f"it has {own}, the image {onto}"
    else:
        fault = f"its voxels lie up to {own.apart(onto):.3g} mm away from those of the image"
    return (
        f"mask {shown(path)} is on another grid: {fault}. Draw it on this image, or resample "
        "it there first."
    )
