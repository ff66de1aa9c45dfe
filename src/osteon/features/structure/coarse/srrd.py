"""The published recipe for the knee (SRRD): parameters of bright structures, slice by slice."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_local
from skimage.morphology import skeletonize

from ....core import EmptyRegion, Flag, Mask, Method, UnsuitableScan, Volume
from ...feature import METHODS, Feature, enter

SRRD = Method(
    "srrd-recipe",
    "Slice by slice: bilinear resampling to 0.1 mm, adaptive threshold (Gaussian window of 11 "
    "pixels, offset 1), specks and holes below 4 pixels removed, mean distance to the other phase "
    "on the 2D skeleton of either phase; as in the code published with the paper.",
    "doi:10.48550/arXiv.2307.04390",
    "Hu Y et al. CT-based subchondral bone microstructural analysis in knee osteoarthritis via "
    "MR-guided distillation learning. arXiv 2307.04390, 2023; with its public code.",
)
METHODS[SRRD.key] = SRRD

QUIRKS = (
    "Kept as published: the bright phase counts as bone (in balanced MR that is marrow), Tb.Th is "
    "half a thickness, Tb.Sp is three times half a separation, distances are cut to whole pixels. "
    "Comparable within the recipe only."
)

enter(
    *(
        Feature(name, unit, SRRD.key, definition, SRRD.doi, usual, QUIRKS)
        for name, unit, definition, usual in (
            (
                "srrd.Tb.Th",
                "mm",
                "Mean over slices of the mean distance to dark on the skeleton of bright.",
                "0.1 to 0.4",
            ),
            (
                "srrd.Tb.Sp",
                "mm",
                "Three times the same of the dark phase.",
                "0.3 to 1.2",
            ),
            ("srrd.BV/TV", "1", "Tb.Th / (Tb.Th + Tb.Sp), not a share of voxels.", "0.1 to 0.5"),
            ("srrd.Tb.N", "/mm", "1 / (Tb.Th + Tb.Sp).", "0.7 to 2"),
        )
    )
)

PIXEL_MM = 0.1
"""Pixels to which slices are resampled."""

WINDOW = 11
"""Side of the window of the adaptive threshold, in pixels of 0.1 mm; its Gaussian SD is 5/3."""

OFFSET = 1.0
"""Taken off the local mean, in grey values: even areas are bright phase, whatever the scale."""

SPECK = 4
"""Objects and holes of fewer pixels are removed."""

SHORTEST = 0.9
"""Distances below this, in pixels, are left out."""

SEPARATION_FACTOR = 3.0
"""Factor on Tb.Sp in the published code, where a comment asks why it is there."""


@dataclass(frozen=True, eq=False)
class Srrd:
    """Parameters of the published recipe.

    Attributes
    ----------
    thickness, separation : float or None
        Tb.Th and Tb.Sp of the recipe, in mm.
    fraction : float or None
        BV/TV of the recipe.
    number : float or None
        Tb.N of the recipe, in 1/mm.
    slices : (n, 2) float64 array
        Tb.Th and Tb.Sp of each slice that meets the region, NaN where it has none, in mm.
    axis : int
        Axis across the slices.
    flags : tuple of Flag
        ``no-skeleton``.
    """

    thickness: float | None
    separation: float | None
    fraction: float | None
    number: float | None
    slices: NDArray[np.float64]
    axis: int
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Values by the names of their features."""
        return {
            "srrd.BV/TV": self.fraction,
            "srrd.Tb.Th": self.thickness,
            "srrd.Tb.N": self.number,
            "srrd.Tb.Sp": self.separation,
        }


def srrd_parameters(image: Volume, *, region: Mask) -> Srrd:
    """Trabecular parameters by the published knee recipe, with its quirks.

    Two differences from the published code: an in-plane axis is resampled by its own spacing (the
    code takes one for both), and a slice without any dark or any bright pixel has no value for
    the other phase (there the distance would be undefined).

    Parameters
    ----------
    image : Volume of shape (i, j, k)
        MR image; values are cut to whole numbers, as in the published code, so that an image
        normalised to 0…1 cannot be measured. Pixels of value 0 lie outside.
    region : Mask of shape (i, j, k)
        The bone, or the part of it to measure.

    Returns
    -------
    Srrd
        Tb.Th and Tb.Sp in mm, BV/TV, and Tb.N in 1/mm; slices run across the axis of the largest
        spacing, the first of them where spacings are equal.

    Raises
    ------
    GridMismatch
        If the region lies on another grid.
    EmptyRegion
        If the region has no voxel.
    UnsuitableScan
        If values are missing in a slice that meets the region, or a slice is below 0.1 mm wide.
    """
    if region.on(image.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; the recipe measures within a bone.")
    axis = int(np.argmax(image.grid.spacing))
    spacing = np.delete(np.asarray(image.grid.spacing, np.float64), axis)
    stack = np.moveaxis(image.values, axis, 0)
    inside = np.moveaxis(region.values, axis, 0)
    met = np.flatnonzero(inside.any(axis=(1, 2)))
    if min(_sizes(stack.shape[1:], spacing)) < 1:
        raise UnsuitableScan(
            f"slices are {stack.shape[1] * spacing[0]:.3g} by {stack.shape[2] * spacing[1]:.3g} mm "
            f"large; the recipe needs at least one pixel of {PIXEL_MM:g} mm."
        )
    if not np.isfinite(stack[met]).all():
        raise UnsuitableScan(
            "slices of the region hold values that are no finite numbers. Crop the image, or set "
            "them to 0, which lies outside for the recipe."
        )
    found = np.array([_slice(stack[n], inside[n], spacing) for n in met])
    thickness, separation = (_over_slices(column) for column in found.T)
    if thickness is None or separation is None:
        text = (
            f"None of {met.size} slices has a skeleton of "
            f"{'the bright phase' if thickness is None else 'the dark phase'} in the region."
        )
        flag = Flag("no-skeleton", text)
        return Srrd(thickness, separation, None, None, found, axis, (flag,))
    period = thickness + separation
    return Srrd(thickness, separation, thickness / period, 1.0 / period, found, axis)


def _over_slices(values: NDArray[np.float64]) -> float | None:
    """Mean over the slices that have a value; those without do not count."""
    kept = values[np.isfinite(values) & (values > 1e-6)]
    return math.fsum(kept) / kept.size if kept.size else None


def _slice(
    grey: NDArray[np.generic], inside: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> tuple[float, float]:
    """Tb.Th and Tb.Sp of one slice in mm, NaN where there is no skeleton."""
    # whole numbers before and after resampling, as the published code stores them
    fine = np.rint(_bilinear(np.trunc(np.asarray(grey, np.float64)), spacing))
    within = _nearest(inside, spacing)
    valid = fine != 0
    local = threshold_local(fine, block_size=WINDOW, offset=OFFSET)  # type: ignore[no-untyped-call]
    bright = valid & (fine > local)
    bright = _without_specks(bright)
    bright = ~_without_specks(~bright)
    thickness = _mean_distance(bright, within)
    separation = _mean_distance(valid & ~bright, within)
    return thickness * PIXEL_MM, separation * PIXEL_MM * SEPARATION_FACTOR


def _mean_distance(phase: NDArray[np.bool_], within: NDArray[np.bool_]) -> float:
    """Mean over the skeleton of a phase of the distance to the other, in whole pixels."""
    if phase.all() or not phase.any():
        return math.nan
    # the published code keeps distances as whole numbers, cut off
    distance = np.trunc(ndimage.distance_transform_edt(phase))
    skeleton = skeletonize(phase)  # type: ignore[no-untyped-call]
    kept = distance[skeleton & within & (distance >= SHORTEST)]
    return float(kept.mean()) if kept.size else math.nan


def _without_specks(phase: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A phase without its objects (4 neighbours) of fewer than `SPECK` pixels."""
    labels, _ = ndimage.label(phase)
    large = np.bincount(labels.ravel()) >= SPECK
    large[0] = False
    return np.asarray(large[labels], np.bool_)


def _sizes(shape: tuple[int, ...], spacing: NDArray[np.float64]) -> list[int]:
    """Number of pixels of 0.1 mm along both sides, rounded down."""
    return [int(n * s / PIXEL_MM + 1e-9) for n, s in zip(shape, spacing, strict=True)]


def _bilinear(values: NDArray[np.float64], spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bilinear resampling of pixel areas (half-pixel grid), held constant at the margin."""
    for axis, size in enumerate(_sizes(values.shape, spacing)):
        old = values.shape[axis]
        place = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
        low = np.minimum(place.astype(int), max(old - 2, 0))
        part = np.expand_dims(place - low, 1 - axis)
        first, second = (np.take(values, np.minimum(low + n, old - 1), axis=axis) for n in (0, 1))
        values = first * (1 - part) + second * part
    return values


def _nearest(values: NDArray[np.bool_], spacing: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Pixel in which the lower end of each fine one lies, as the published code takes it."""
    for axis, size in enumerate(_sizes(values.shape, spacing)):
        place = np.arange(size) * values.shape[axis] // size
        values = np.take(values, place, axis=axis)
    return values
