"""Trabecular bone score: how fast grey values of a projection part with distance."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Flag, Mask, Method, UnsuitableScan, Volume
from ...feature import METHODS, Feature, enter

TBS_METHOD = Method(
    "trabecular-bone-score",
    "The volume is projected along an axis (mean along each ray within the region); the mean "
    "squared difference V(k) of pixels at distance k is fitted by a power of k over the shortest "
    "distances; the score is that power.",
    "doi:10.1016/j.bone.2007.11.018",
    "Pothuaud L, Carceller P, Hans D. Correlations between grey-level variations in 2D projection "
    "images (TBS) and 3D microarchitecture. Bone 2008;42:775–787.",
)
METHODS[TBS_METHOD.key] = TBS_METHOD

enter(
    Feature(
        "TBS",
        "1",
        TBS_METHOD.key,
        "Slope of log V(k) against log k of a projection at its shortest distances.",
        TBS_METHOD.doi,
        "0 (noise) to 2 (smooth ramp); 0.8 to 1.5 in projections of trabecular cubes",
        "Depends on pixel size, blur, noise and reach: values of other pixel sizes, and those of "
        "the clinical DXA software, are on another scale and no grade of risk.",
    )
)

PIXELS = 5
"""Reach of the fit in pixels, where none is given in mm."""

FULL_RAY = 0.5
"""Rays through less than this part of the longest way in the region are left out."""

Form = Literal["variogram", "local"]


@dataclass(frozen=True, eq=False)
class TrabecularBoneScore:
    """Trabecular bone score of one projection.

    Attributes
    ----------
    score : float or None
        The slope; None where the projection has no texture.
    distances : (n,) float64 array
        Distances k in mm, ascending.
    variogram : (n,) float64 array
        V(k), in the squared unit of the volume.
    projection : (p, q) float64 array
        The projection, NaN where the region has no ray.
    flags : tuple of Flag
        ``no-texture``.
    """

    score: float | None
    distances: NDArray[np.float64]
    variogram: NDArray[np.float64]
    projection: NDArray[np.float64]
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Values by the names of their features."""
        return {"TBS": self.score}


def trabecular_bone_score(
    bone: Mask | Volume,
    *,
    axis: int,
    region: Mask | None = None,
    reach: float | None = None,
    form: Form = "variogram",
) -> TrabecularBoneScore:
    """Trabecular bone score of the projection of a volume along one of its axes.

    Parameters
    ----------
    bone : Mask or Volume of shape (i, j, k)
        Bone, or its density; the score does not depend on the unit.
    axis : int
        Axis of the rays: 0, 1 or 2.
    region : Mask, optional
        Where rays count; along each, the mean over its way in the region is taken.
    reach : float, optional
        Largest distance along either axis of the projection, in mm; 5 pixels where not given.
    form : {"variogram", "local"}
        ``"variogram"`` fits the mean squared differences of the projection; ``"local"`` fits, at
        each pixel, the squared differences to the pixels of the square about it (equal ones left
        out) and takes the mean slope, as open-source cadaver studies do.

    Returns
    -------
    TrabecularBoneScore
        Slope, variogram and projection.

    Raises
    ------
    BadSetting
        If the axis is not 0, 1 or 2, or the reach holds fewer than two pixels.
    GridMismatch
        If the region lies on another grid.
    EmptyRegion
        If the region has no voxel.
    UnsuitableScan
        If values of the region are missing (not finite).
    """
    if axis not in (0, 1, 2):
        raise BadSetting(f"rays run along axis 0, 1 or 2 of the volume; got {axis}.")
    spacing = np.delete(np.asarray(bone.grid.spacing, np.float64), axis)
    steps = _steps(spacing, reach)
    projection = _project(bone, region, axis)
    lags = [
        (a, b)
        for a in range(steps[0] + 1)
        for b in range(-steps[1], steps[1] + 1)
        if a > 0 or b > 0
    ]
    distances, variogram = _variogram(projection, lags, spacing)
    if form == "local":
        score = _local(projection, lags, steps, spacing)
    else:
        score = log_slope(distances, variogram)
    text = "The projection has no texture within reach, so that its score has no value."
    flags = () if score is not None else (Flag("no-texture", text),)
    return TrabecularBoneScore(score, distances, variogram, projection, flags)


def _steps(spacing: NDArray[np.float64], reach: float | None) -> tuple[int, int]:
    if reach is None:
        return PIXELS, PIXELS
    steps = np.floor(reach / spacing + 1e-6).astype(int)
    if steps.min() < 2:
        raise BadSetting(
            f"a reach of {reach:g} mm holds {int(steps.min())} pixel(s) of {spacing.max():g} mm; "
            f"two are needed. Give at least {2 * spacing.max():g} mm."
        )
    return int(steps[0]), int(steps[1])


def _project(bone: Mask | Volume, region: Mask | None, axis: int) -> NDArray[np.float64]:
    """Mean along each ray within the region; NaN where a ray has too short a way in it."""
    if region is None:
        return _along_rays(bone, axis, True) / bone.grid.shape[axis]
    if region.on(bone.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; a projection needs a region.")
    way = region.values.sum(axis=axis)
    total = _along_rays(bone, axis, region.values)
    return np.where(way >= FULL_RAY * way.max(), total / np.maximum(way, 1), np.nan)


def _along_rays(
    bone: Mask | Volume, axis: int, where: NDArray[np.bool_] | bool
) -> NDArray[np.float64]:
    """Sum along each ray, having checked that there is one."""
    # of infinite values of both signs there is no sum, which is told below
    with np.errstate(invalid="ignore"):
        total = np.asarray(bone.values.sum(axis=axis, dtype=np.float64, where=where))
    if missing := int(np.count_nonzero(~np.isfinite(total))):
        raise UnsuitableScan(
            f"{missing} rays meet values that are no finite numbers. Leave them out of the region."
        )
    return total


def _pairs(
    projection: NDArray[np.float64], lag: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels and their partners one lag on (a ≥ 0)."""
    a, b = lag
    rows, columns = projection.shape
    first = projection[: max(rows - a, 0), max(-b, 0) : max(columns - max(b, 0), 0)]
    second = projection[a:, max(b, 0) : max(columns + min(b, 0), 0)]
    return first, second


def _variogram(
    projection: NDArray[np.float64], lags: list[tuple[int, int]], spacing: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances, and mean squared difference over all pairs of pixels at each."""
    sums: dict[float, list[float]] = {}
    for a, b in lags:
        first, second = _pairs(projection, (a, b))
        squares = np.square(first - second)
        squares = squares[np.isfinite(squares)]
        entry = sums.setdefault(round(float(np.hypot(a * spacing[0], b * spacing[1])), 9), [0, 0])
        entry[0] += float(squares.sum())
        entry[1] += squares.size
    found = sorted((k, total / count) for k, (total, count) in sums.items() if count)
    return np.array([k for k, _ in found]), np.array([v for _, v in found])


def log_slope(distances: NDArray[np.float64], variogram: NDArray[np.float64]) -> float | None:
    """Least-squares slope of log V against log k."""
    kept = variogram > 0.0
    if np.count_nonzero(kept) < 2:
        return None
    x, y = np.log(distances[kept]), np.log(variogram[kept])
    x = x - x.mean()
    return float((x * y).sum() / (x * x).sum())


def _local(
    projection: NDArray[np.float64],
    lags: list[tuple[int, int]],
    steps: tuple[int, int],
    spacing: NDArray[np.float64],
) -> float | None:
    """Mean over pixels of the slope of log squared difference against log distance about them."""
    rows, columns = projection.shape
    if rows <= 2 * steps[0] or columns <= 2 * steps[1]:
        return None
    centre = projection[steps[0] : rows - steps[0], steps[1] : columns - steps[1]]
    n, sx, sy, sxx, sxy = np.zeros((5, *centre.shape))
    for lag in lags:
        x = float(np.log(np.hypot(lag[0] * spacing[0], lag[1] * spacing[1])))
        for sign in (1, -1):
            a, b = steps[0] + sign * lag[0], steps[1] + sign * lag[1]
            other = projection[a : a + centre.shape[0], b : b + centre.shape[1]]
            squares = np.square(other - centre)
            kept = squares > 0.0
            y = np.log(squares, where=kept, out=np.zeros_like(squares))
            n += kept
            sx += kept * x
            sy += y
            sxx += kept * x * x
            sxy += x * y
    spread = n * sxx - sx * sx
    fitted = spread > 1e-9 * np.maximum(n, 1.0) ** 2
    if not fitted.any():
        return None
    return float(((n * sxy - sx * sy)[fitted] / spread[fitted]).mean())
