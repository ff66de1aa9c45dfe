"""Fractal dimension by box counting, of a phase and of grey values as a relief."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from ...core import BadSetting, EmptyRegion, Flag, Mask, Method, UnsuitableScan, Volume

BOX_METHOD = Method(
    "box-counting",
    "Boxes of several sides that hold a voxel of the phase are counted; the dimension is minus the "
    "slope of log number against log side.",
    "doi:10.1016/0375-9601(89)90854-2",
    "Liebovitch LS, Toth T. A fast algorithm to determine fractal dimensions by box counting. Phys "
    "Lett A 1989;141:386–390.",
)

RELIEF_METHOD = Method(
    "variation-dimension",
    "The mean spread (largest − smallest) of grey values in cubes of several sides grows with a "
    "power H of the side; the dimension of the relief is that of its space, plus 1, less H.",
    "doi:10.1103/PhysRevA.39.1500",
    "Dubuc B, Quiniou JF, Roques-Carmes C, Tricot C, Zucker SW. Evaluating the fractal dimension "
    "of profiles. Phys Rev A 1989;39:1500–1512.",
)

FEWEST_SIDES = 3

LARGEST = 4
"""Boxes are at most the region's longest side ÷ this; larger ones are too few to count."""


@dataclass(frozen=True, eq=False)
class FractalDimension:
    """Fractal dimension with what it was fitted to.

    Attributes
    ----------
    dimension : float or None
        None where there were too few sides to fit.
    sides : (n,) array
        Sides of the boxes in mm, ascending.
    counts : (n,) array
        Boxes of each side.
    misfit : float or None
        Root mean square of log count about the line; large where nothing is self-similar.
    flags : tuple of Flag
        ``too-small-for-boxes``.
    """

    dimension: float | None
    sides: NDArray[np.float64]
    counts: NDArray[np.float64]
    misfit: float | None
    flags: tuple[Flag, ...] = ()

    def named(self, prefix: str) -> dict[str, float | None]:
        """Dimension and misfit, each name after a prefix."""
        return {f"{prefix}_dimension": self.dimension, f"{prefix}_misfit": self.misfit}


def box_dimension(
    phase: Mask, *, region: Mask | None = None, sides: Sequence[float] | None = None
) -> FractalDimension:
    """Box-counting dimension of a phase.

    Parameters
    ----------
    phase : Mask of shape (i, j, k)
        For instance voxels above a threshold.
    region : Mask of shape (i, j, k), optional
        Where to count; None is the whole image.
    sides : sequence of float, optional
        Sides of the cubes in mm, three and more, none below the longest side of a voxel; None
        doubles that side until a quarter of the region is reached.

    Returns
    -------
    FractalDimension
        0 to 3. Cubes are laid from the first corner of the box around the region.

    Raises
    ------
    EmptyRegion
        If the region has no voxel, or none of the phase.
    GridMismatch
        If the region lies on another grid.
    BadSetting
        If there are fewer than three sides, or one is smaller than a voxel.

    Notes
    -----
    Bone in CT is self-similar over hardly a decade; the number sums up, it does not prove a
    fractal. Sides that do not follow the scaling of a regular fractal put it off: doubled sides
    give 2.43 for a Menger sponge (2.73) of 81³ voxels; sides of 1, 3, 9, 27 are exact.
    """
    within = _within(region, phase)
    held = phase.values & within
    if not held.any():
        raise EmptyRegion("the region holds no voxel of the phase; no box counts.")
    spacing = phase.grid.spacing
    corner, extent = _extent(within, spacing)
    used = _sides(sides, spacing, extent)
    centres = (np.argwhere(held) - corner + 0.5) * spacing
    counts = np.array([_filled(centres, side) for side in used], np.float64)
    return _fitted(used, counts)


def relief_dimension(
    volume: Volume, *, region: Mask | None = None, sides: Sequence[float] | None = None
) -> FractalDimension:
    """Fractal dimension of grey values as a relief over space, by the variation method.

    Cubes glide over the region; only those that lie wholly in it count. Unlike differential box
    counting this does not hang on how grey values are scaled to lengths.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        Grey values in any unit.
    region : Mask of shape (i, j, k), optional
        Where to count; None is the whole image.
    sides : sequence of float, optional
        Distances in mm between the first and the last voxel of the cubes, as for
        `box_dimension`.

    Returns
    -------
    FractalDimension
        Of a volume 3 (smooth, constant) to 4 (noise); of one slice alone 2 to 3. `counts` are
        mean spreads, in the unit of the volume.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    GridMismatch
        If the region lies on another grid.
    UnsuitableScan
        If values of the region are missing (not finite).
    BadSetting
        As for `box_dimension`.

    Notes
    -----
    Rough reliefs come out too smooth, since voxels show no detail between them: Brownian reliefs
    of 64³ voxels and dimension 3.8, 3.5 and 3.2 give 3.4, 3.3 and 3.2; white noise gives 3.7.
    """
    whole = Mask(np.ones(volume.values.shape, np.bool_), volume.grid)
    within = _within(region, whole)
    if missing := int(np.count_nonzero(~np.isfinite(volume.values[within]))):
        raise UnsuitableScan(
            f"{missing} voxels of the region have no finite value. Leave them out of the region."
        )
    spacing = volume.grid.spacing
    corner, extent = _extent(within, spacing)
    box = tuple(slice(c, c + round(e / h)) for c, e, h in zip(corner, extent, spacing, strict=True))
    inner = within[box]
    values = np.where(inner, volume.values[box], 0).astype(np.float64)
    space = sum(n > 1 for n in inner.shape)
    used = _sides(sides, spacing, extent)
    found = [(side, _spread(values, inner, np.rint(side / spacing).astype(int))) for side in used]
    kept = [(side, spread) for side, spread in found if spread is not None]
    lengths = np.array([side for side, _ in kept])
    spreads = np.array([spread for _, spread in kept])
    if spreads.size >= FEWEST_SIDES and spreads.max() == 0.0:
        return FractalDimension(float(space), lengths, spreads, 0.0)
    fit = _fitted(lengths, spreads)
    if fit.dimension is None:
        return fit
    return FractalDimension(space + 1 + fit.dimension, lengths, spreads, fit.misfit)


def _within(region: Mask | None, phase: Mask) -> NDArray[np.bool_]:
    if region is None:
        return np.ones(phase.values.shape, np.bool_)
    if region.on(phase.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; a fractal dimension needs a region.")
    return region.values


def _extent(
    within: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """First voxel of the box around a region, and the box's sides in mm."""
    ends = np.argwhere(within)
    corner = ends.min(axis=0)
    return corner, (ends.max(axis=0) + 1 - corner) * spacing


def _sides(
    sides: Sequence[float] | None, spacing: NDArray[np.float64], extent: NDArray[np.float64]
) -> NDArray[np.float64]:
    least = float(spacing.max())
    if sides is None:
        steps = max(int(np.floor(np.log2(extent.max() / LARGEST / least) + 1e-9)) + 1, 0)
        return np.asarray(least * 2.0 ** np.arange(steps), np.float64)
    used = np.unique(np.asarray(sides, np.float64))
    if used.size < FEWEST_SIDES or not (used >= least * (1 - 1e-9)).all():
        raise BadSetting(
            f"box counting needs {FEWEST_SIDES} or more sides of at least {least:g} mm; got "
            f"{used.tolist()}."
        )
    return used


def _filled(places: NDArray[np.float64], side: float) -> int:
    cells = np.floor(places / side + 1e-9).astype(np.int64)
    place = np.ravel_multi_index(tuple(cells.T), cells.max(axis=0) + 1)
    return int(np.count_nonzero(np.bincount(place)))


def _spread(
    values: NDArray[np.float64], inner: NDArray[np.bool_], steps: NDArray[np.intp]
) -> float | None:
    """Mean spread in cubes so many steps wide that lie wholly in the region; None of none."""
    low, high, full = values, values, inner
    for axis, step in enumerate(steps):
        if values.shape[axis] == 1:
            continue
        if step >= values.shape[axis]:
            return None
        first, last = step // 2, values.shape[axis] - (step + 1 - step // 2) + 1
        kept = slice(first + step % 2, last + step % 2)
        low = _part(minimum_filter1d(low, step + 1, axis), kept, axis)
        high = _part(maximum_filter1d(high, step + 1, axis), kept, axis)
        full = _part(minimum_filter1d(full.view(np.uint8), step + 1, axis), kept, axis) > 0
    return float((high - low)[full].mean()) if full.any() else None


def _part(values: NDArray[Any], kept: slice, axis: int) -> NDArray[Any]:
    where = [slice(None)] * 3
    where[axis] = kept
    return values[tuple(where)]


def _fitted(sides: NDArray[np.float64], counts: NDArray[np.float64]) -> FractalDimension:
    if sides.size < FEWEST_SIDES:
        text = f"The region holds {sides.size} sizes of boxes; three are needed for a dimension."
        return FractalDimension(None, sides, counts, None, (Flag("too-small-for-boxes", text),))
    x, y = np.log(sides), np.log(counts)
    x, y = x - x.mean(), y - y.mean()
    slope = float((x * y).sum() / (x * x).sum())
    misfit = float(np.sqrt(np.square(y - slope * x).mean()))
    return FractalDimension(-slope, sides, counts, misfit)
