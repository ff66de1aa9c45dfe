"""What a CT patch looks like in numbers: grey values, gradients, scales, variogram, crossings."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ....core import UnsuitableScan

Patches = NDArray[np.floating]
Inside = NDArray[np.bool_]
Table = NDArray[np.float64]
Columns = dict[str, Table]

AT_ONCE = 64
"""Patches held in memory at a time as float32 at every scale."""

PERCENTILES = (5, 10, 25, 50, 75, 90, 95)
SCALES = (1.0, 2.0, 3.0, 4.0)
"""Widths of the Gaussians in voxels."""

LAGS = (1, 2, 3, 5, 8)
"""Distances in voxels at which grey values are compared."""


def patch_features(ct: Patches, mask: Inside) -> tuple[tuple[str, ...], Table]:
    """Radiomic features of patches, for all patches at once.

    First-order values, gradients, differences of Gaussians normalised by the mask, the variogram
    along the three axes and, as a coarse stand-in for co-occurrence, how often neighbours lie on
    different sides of the patch's mean. These are
    our own definitions, not those of the Image Biomarker Standardisation Initiative.

    Parameters
    ----------
    ct : ndarray of shape (patches, i, j, k)
        HU.
    mask : ndarray of bool, same shape
        Bone to be measured.

    Returns
    -------
    names : tuple of str
    features : ndarray of float64, shape (patches, names)
        Always finite.

    Raises
    ------
    UnsuitableScan
        If the shapes are no patches with masks, a mask is empty or a value is missing.
    """
    must_be_patches(ct, mask)
    tables: list[Table] = []
    names: tuple[str, ...] = ()
    for start in range(0, len(ct), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        columns: Columns = {}
        for group in _groups(np.asarray(ct[part], np.float32), mask[part]):
            columns |= group
        names = tuple(columns)
        tables.append(np.stack(list(columns.values()), axis=1))
    return names, np.concatenate(tables)


def must_be_patches(ct: Patches, mask: Inside) -> None:
    """Refuse what are no patches with masks.

    Raises
    ------
    UnsuitableScan
        If shapes differ, a mask is empty or a value is missing.
    """
    if ct.ndim != 4 or ct.shape != mask.shape or not len(ct):
        raise UnsuitableScan(
            f"patches are (patches, i, j, k) with masks of that shape; got {ct.shape} and "
            f"{mask.shape}."
        )
    empty = np.flatnonzero(~mask.any(axis=(1, 2, 3)))
    if empty.size:
        raise UnsuitableScan(
            f"{empty.size} of {len(ct)} patches have an empty mask (the first is patch "
            f"{empty[0]}); leave them out."
        )
    odd = np.flatnonzero([not np.isfinite(patch).all() for patch in ct])
    if odd.size:
        raise UnsuitableScan(
            f"{odd.size} of {len(ct)} patches have missing HU (the first is patch {odd[0]})."
        )


def _groups(ct: NDArray[np.float32], mask: Inside) -> Iterator[Columns]:
    """Groups of columns of some patches."""
    weight = mask.astype(np.float32)
    yield {"voxels": mask.sum(axis=(1, 2, 3)).astype(np.float64), "HU outside": _outside(ct, mask)}
    yield _first_order(ct, mask, "HU")
    yield _gradients(ct, weight)
    share = ct
    for scale in SCALES:
        smooth = _smoothed(ct, weight, scale)
        yield {f"spread of smooth {scale:g}": _spread(smooth, weight)}
        yield {f"spread of detail {scale:g}": _spread(ct - smooth, weight)}
        yield {f"spread of band {scale:g}": _spread(share - smooth, weight)}
        yield _crossings(ct - smooth, mask, f"detail {scale:g}", (1, 2))
        share = smooth
    yield _variogram(ct, mask)
    yield _crossings(_about_mean(ct, weight), mask, "HU", (1, 3))


def _mean(values: NDArray[np.float32], weight: NDArray[np.float32]) -> Table:
    total = (values * weight).sum(axis=(1, 2, 3), dtype=np.float64)
    return np.asarray(total / weight.sum(axis=(1, 2, 3), dtype=np.float64))


def _about_mean(values: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    return values - _mean(values, weight)[:, None, None, None].astype(np.float32)


def _spread(values: NDArray[np.float32], weight: NDArray[np.float32]) -> Table:
    about = _about_mean(values, weight)
    return np.sqrt(_mean(about * about, weight))


def _outside(ct: NDArray[np.float32], mask: Inside) -> Table:
    """Mean HU of the cube, mask or not: how much of the plate and the joint is around."""
    return np.asarray(ct.mean(axis=(1, 2, 3), dtype=np.float64))


def _first_order(ct: NDArray[np.float32], mask: Inside, name: str) -> Columns:
    rows = []
    for patch, inside in zip(ct, mask, strict=True):
        values = patch[inside].astype(np.float64)
        mean, spread = values.mean(), values.std()
        about = (values - mean) / max(spread, 1e-6)
        rows.append(
            [
                mean,
                spread,
                (about**3).mean(),
                (about**4).mean(),
                *np.percentile(values, PERCENTILES),
            ]
        )
    labels = ("mean", "spread", "skewness", "kurtosis", *(f"percentile {p}" for p in PERCENTILES))
    table = np.asarray(rows)
    return {f"{name} {label}": table[:, n] for n, label in enumerate(labels)}


def _gradients(ct: NDArray[np.float32], weight: NDArray[np.float32]) -> Columns:
    parts = [np.gradient(ct, axis=axis) for axis in (1, 2, 3)]
    squares = [_mean(part * part, weight) for part in parts]
    size = np.sqrt(sum(part * part for part in parts))
    total = np.maximum(sum(squares), 1e-6)
    found = {"gradient mean": _mean(size, weight), "gradient spread": _spread(size, weight)}
    return found | {f"gradient share {n}": square / total for n, square in enumerate(squares)}


def _smoothed(
    ct: NDArray[np.float32], weight: NDArray[np.float32], scale: float
) -> NDArray[np.float32]:
    """Gaussian mean of what lies in the mask."""
    width = (0.0, scale, scale, scale)
    top = ndimage.gaussian_filter(ct * weight, width, mode="constant", truncate=3.0)
    below = ndimage.gaussian_filter(weight, width, mode="constant", truncate=3.0)
    return np.asarray(top / np.maximum(below, 1e-3), np.float32)


def _pairs(values: NDArray[np.generic], axis: int, lag: int) -> tuple[NDArray, NDArray]:  # type: ignore[type-arg]
    """Values and those `lag` voxels further along an axis."""
    near, far = [slice(None)] * 4, [slice(None)] * 4
    near[axis], far[axis] = slice(None, -lag), slice(lag, None)
    return values[tuple(near)], values[tuple(far)]


def _variogram(ct: NDArray[np.float32], mask: Inside) -> Columns:
    found = {}
    for axis in (1, 2, 3):
        for lag in LAGS:
            a, b = _pairs(ct, axis, lag)
            c, d = _pairs(mask, axis, lag)
            both = (c & d).astype(np.float32)
            squares = ((a - b) ** 2 * both).sum(axis=(1, 2, 3), dtype=np.float64)
            many = np.maximum(both.sum(axis=(1, 2, 3), dtype=np.float64), 1.0)
            found[f"variogram {axis - 1} {lag}"] = np.sqrt(squares / many)
    return found


def _crossings(
    about: NDArray[np.float32], mask: Inside, name: str, lags: tuple[int, ...]
) -> Columns:
    """Share of pairs of voxels of which one is above nought and the other is not."""
    above, found = about > 0, {}
    for axis in (1, 2, 3):
        for lag in lags:
            a, b = _pairs(above, axis, lag)
            c, d = _pairs(mask, axis, lag)
            both = c & d
            many = np.maximum(both.sum(axis=(1, 2, 3)), 1)
            found[f"crossings of {name} {axis - 1} {lag}"] = (both & (a != b)).sum(
                axis=(1, 2, 3)
            ) / many
    return found
