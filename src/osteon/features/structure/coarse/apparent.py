"""Apparent parameters of images whose voxels are larger than a trabecula: test lines in slices."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Flag, Mask, Method, UnsuitableScan, Volume
from ....core.compiled import parallel, prange
from ...feature import METHODS, Feature, enter

APPARENT = Method(
    "apparent-test-lines",
    "In each slice across the longest side of the voxels parallel test lines in 18 directions "
    "count where bone begins and ends (bilinear interpolation, at the level above which there is "
    "as much area as bone, ½ for a mask); with the bone share P_p and crossings per length P_L, "
    "app.BV/TV = P_p, app.Tb.Th = 2·P_p/P_L, app.Tb.N = P_L/2, app.Tb.Sp = 1/app.Tb.N − app.Tb.Th.",
    "doi:10.1359/jbmr.1997.12.1.111",
    "Majumdar S et al. Correlation of trabecular bone structure with age, bone mineral density, "
    "and osteoporotic status: in vivo studies in the distal radius using high resolution magnetic "
    "resonance imaging. J Bone Miner Res 1997;12:111–118.",
)
METHODS[APPARENT.key] = APPARENT

LIMITS = (
    "Apparent: a trabecula thinner than the voxel comes out as wide as the voxel, three times its "
    "true width in MR of 0.16 mm. A plain mask has 5 % more crossings than its outline where its "
    "steps are oblique; give the bone share of each voxel where there is one."
)

enter(
    *(
        Feature(name, unit, APPARENT.key, definition, APPARENT.doi, usual, LIMITS)
        for name, unit, definition, usual in (
            ("app.BV/TV", "1", "Share P_p of bone in the area of the slices.", "0.1 to 0.5"),
            ("app.Tb.Th", "mm", "Apparent width 2·P_p/P_L.", "0.15 to 0.4"),
            ("app.Tb.N", "/mm", "Apparent number P_L/2.", "0.5 to 2.5"),
            ("app.Tb.Sp", "mm", "Apparent separation 1/app.Tb.N − app.Tb.Th.", "0.2 to 1.5"),
        )
    )
)

DIRECTIONS = 18
"""Directions of test lines in half a turn, every 10 degrees."""

STEP = 0.5
"""Distance of points along a line, and half that of the lines, in the shorter side of a pixel."""

LEVELS = 1000
"""Steps in which the level is sought."""


@dataclass(frozen=True, eq=False)
class Apparent:
    """Apparent parameters.

    Attributes
    ----------
    fraction : float
        app.BV/TV.
    thickness, separation : float or None
        app.Tb.Th and app.Tb.Sp in mm.
    number : float or None
        app.Tb.N in 1/mm.
    axis : int
        Axis across the slices.
    crossings : (DIRECTIONS,) float64 array
        Crossings per mm of test line, by direction.
    flags : tuple of Flag
        ``no-crossing``.
    """

    fraction: float
    thickness: float | None
    number: float | None
    separation: float | None
    axis: int
    crossings: NDArray[np.float64]
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Values by the names of their features."""
        return {
            "app.BV/TV": self.fraction,
            "app.Tb.Th": self.thickness,
            "app.Tb.N": self.number,
            "app.Tb.Sp": self.separation,
        }


def apparent_parameters(
    bone: Mask | Volume, *, region: Mask | None = None, axis: int | None = None
) -> Apparent:
    """Apparent parameters of bone by test lines in slices (Majumdar 1997).

    One slice at a time, so that memory does not grow with the volume.

    Parameters
    ----------
    bone : Mask or Volume of shape (i, j, k)
        Bone, or better the share of bone in each voxel, 0 to 1.
    region : Mask, optional
        Where to measure; a line counts as far as its points lie in voxels of the region.
    axis : int, optional
        Axis across the slices; that of the largest spacing (the last of equal ones) where not
        given.

    Returns
    -------
    Apparent
        app.BV/TV, app.Tb.Th and app.Tb.Sp in mm, app.Tb.N in 1/mm.

    Raises
    ------
    GridMismatch
        If the region lies on another grid.
    EmptyRegion
        If the region has no voxel.
    BadSetting
        If the axis is not 0, 1 or 2.
    UnsuitableScan
        If what is given as share of bone is missing or not between 0 and 1.
    """
    if axis not in (None, 0, 1, 2):
        raise BadSetting(f"slices lie across axis 0, 1 or 2 of the volume; got {axis}.")
    _must_be_shares(bone)
    if region is not None and region.on(bone.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; test lines need a region.")
    if axis is None:
        axis = 2 - int(np.argmax(np.asarray(bone.grid.spacing)[::-1]))
    spacing = np.delete(np.asarray(bone.grid.spacing, np.float64), axis)
    stack = np.moveaxis(bone.values, axis, 0)
    inside = None if region is None else np.moveaxis(region.values, axis, 0)
    turns = np.arange(DIRECTIONS) * math.pi / DIRECTIONS
    directions = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    shares, voxels = [], 0
    level = 0.5 if isinstance(bone, Mask) else _level(stack, inside)
    counts = np.zeros((DIRECTIONS, 2), np.int64)
    for n in range(stack.shape[0]):
        where = np.ones(stack.shape[1:], np.uint8)
        if inside is not None:
            where = np.ascontiguousarray(inside[n]).view(np.uint8)
        values = np.ascontiguousarray(stack[n], np.float32)
        shares.append(float(values[where > 0].sum(dtype=np.float64)))
        voxels += int(np.count_nonzero(where))
        if where.any():
            counts += _cross(values, where, directions, spacing, level)
    fraction = math.fsum(shares) / voxels
    return _parameters(fraction, counts, STEP * float(spacing.min()), axis)


def _must_be_shares(bone: Mask | Volume) -> None:
    low, high = float(bone.values.min()), float(bone.values.max())
    # a little beyond is what interpolation leaves
    if not -0.1 <= low <= high <= 1.1:
        raise UnsuitableScan(
            f"the share of bone in a voxel is 0 to 1; got {low:g} to {high:g}. Give a mask, or "
            "bring grey values to shares first."
        )


def _level(stack: NDArray[np.generic], inside: NDArray[np.bool_] | None) -> float:
    """Level above which there are just enough voxels for the bone; the middle of equal ones.

    At one half, bone spread over voxels larger than a trabecula would vanish.
    """
    edges = np.linspace(0.0, 1.0, LEVELS + 1)
    tally = np.zeros(LEVELS, np.int64)
    shares = []
    for n in range(stack.shape[0]):
        values = stack[n] if inside is None else stack[n][inside[n]]
        shares.append(float(values.sum(dtype=np.float64)))
        tally += np.histogram(np.clip(values, 0.0, 1.0), bins=edges)[0]
    above = np.cumsum(tally[::-1])[::-1]
    enough = above[1:] >= math.floor(math.fsum(shares))
    return float(edges[1:-1][above[1:] == above[1:][enough].min(initial=above[1])].mean())


def _parameters(fraction: float, counts: NDArray[np.int64], step: float, axis: int) -> Apparent:
    with np.errstate(invalid="ignore"):
        crossings = np.where(counts[:, 1] > 0, counts[:, 0] / (counts[:, 1] * step), 0.0)
    per_length = math.fsum(crossings) / DIRECTIONS
    if per_length == 0.0:
        text = "No test line meets a border of bone in the region: it is all bone or all marrow."
        flag = Flag("no-crossing", text)
        return Apparent(fraction, None, None, None, axis, crossings, (flag,))
    thickness = 2.0 * fraction / per_length
    number = per_length / 2.0
    return Apparent(fraction, thickness, number, 1.0 / number - thickness, axis, crossings)


@parallel
def _cross(
    values: NDArray[np.float32],
    inside: NDArray[np.uint8],
    directions: NDArray[np.float64],
    spacing: NDArray[np.float64],
    level: float,
) -> NDArray[np.int64]:
    """Crossings, and steps within the region, of the test lines of each direction (n, 2)."""
    rows, columns = values.shape
    step = STEP * min(spacing[0], spacing[1])
    reach = 0.5 * math.hypot(rows * spacing[0], columns * spacing[1])
    many = int(reach / step) + 1
    found = np.zeros((directions.shape[0], 2), np.int64)
    for n in prange(directions.shape[0]):
        x, y = directions[n]
        for line in range(-(many // 2), many // 2 + 1):
            before = -1
            for point in range(-many, many + 1):
                along, across = point * step, 2.0 * line * step
                i = (along * x - across * y) / spacing[0] + 0.5 * (rows - 1)
                j = (along * y + across * x) / spacing[1] + 0.5 * (columns - 1)
                a, b = math.floor(i + 0.5), math.floor(j + 0.5)
                if a < 0 or a >= rows or b < 0 or b >= columns or inside[a, b] == 0:
                    before = -1
                    continue
                # held constant beyond the centres of the outermost pixels
                i, j = min(max(i, 0.0), rows - 1.0), min(max(j, 0.0), columns - 1.0)
                a, b = int(i), int(j)
                c, d = min(a + 1, rows - 1), min(b + 1, columns - 1)
                p, q = i - a, j - b
                value = (1.0 - p) * ((1.0 - q) * values[a, b] + q * values[a, d]) + p * (
                    (1.0 - q) * values[c, b] + q * values[c, d]
                )
                bone = 1 if value >= level else 0
                if before >= 0:
                    found[n, 1] += 1
                    found[n, 0] += bone != before
                before = bone
    return found
