"""Heights, depth and width of a vertebral body, and what they suggest."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..core import Flag
from .body import STEP_MM, Body, crossings
from .surface import Distances

JUDGED = (*(f"T{n}" for n in range(4, 13)), *(f"L{n}" for n in range(1, 5)))
"""Levels that Genant's grading was made for; above them neighbours differ by nature."""

MIDLINE_MM = 6.0
"""Heights are taken within this distance of the middle, in mm."""

BANDS = {"anterior": (0.05, 0.2), "middle": (0.4, 0.6), "posterior": (0.8, 0.95)}
"""Where heights are taken, as shares of the depth from the front. Those at the front and back
wall lie on the parabola through the three bands, since a wedge that is 30 % lower in front is
only 23 % lower from band to band, and a hollow lowers the outer bands too."""

HIGHEST_SHARE = 0.98
"""No height at a wall is given as more than what this share of the middle strip lies below."""

SMALLEST_DEPTH_MM = 20.0
"""Heights of a body less deep are not given: smoothing rounds so much of it that the front and
back of C7 and T1 come out by several mm too low."""

GRADES = ((0.60, 3), (0.75, 2), (0.80, 1))
"""Genant's semiquantitative grades by the ratio of heights below which each begins
(Genant 1993, doi:10.1002/jbmr.5650080915)."""

GENANT = "Genant 1993, doi:10.1002/jbmr.5650080915"


@dataclass(frozen=True)
class Shape:
    """Size of a vertebral body, in mm.

    Attributes
    ----------
    heights : mapping of str to float
        Height at the front, in the middle and at the back (``anterior``, ``middle``,
        ``posterior``); empty where they cannot be given.
    no_heights : str
        Why heights are not given; empty where they are.
    depth, width : float
        From wall to wall along the middle of the body, front to back and side to side.
    """

    heights: Mapping[str, float]
    depth: float
    width: float
    no_heights: str = ""


def measure_shape(body: Body) -> Shape:
    """Heights, depth and width of a body along its own axes.

    Parameters
    ----------
    body : Body
        The vertebral body.

    Returns
    -------
    Shape
        In mm: the height in the middle to about half a millimetre, the outer ones, which are
        carried on to the walls, to about 1 mm, or 2 mm with slices of 2.5 mm.
    """
    surface = body.surface.values.astype(np.float64)
    i, j, k = np.round(body.surface.grid.to_index(body.centre)).astype(int)
    reach = int(MIDLINE_MM / STEP_MM)
    front, back = _ends(surface[i - 3 : i + 4, :, k - 3 : k + 4], 1)
    left, right = _ends(surface[:, j - 3 : j + 4, k - 3 : k + 4], 0)
    depth, width = (back - front) * STEP_MM, (right - left) * STEP_MM
    if body.cut:
        return Shape({}, depth, width, f"the field of view cuts the body ({body.cut})")
    if depth < SMALLEST_DEPTH_MM:
        reason = f"a body {depth:.0f} mm deep is too small, at least {SMALLEST_DEPTH_MM:.0f} mm"
        return Shape({}, depth, width, f"{reason} are needed")
    strip = body.rims.values[i - reach : i + reach + 1].astype(np.float64)
    return Shape(_heights(strip, front, back), depth, width)


def _heights(strip: Distances, front: float, back: float) -> dict[str, float]:
    """Heights in mm at the front, in the middle and at the back of the middle strip."""
    heights = {}
    for name, shares in BANDS.items():
        start, stop = (round(front + share * (back - front)) for share in shares)
        low, high = _ends(strip[:, start : stop + 1], 2)
        heights[name] = (high - low) * STEP_MM
    middles = [(start + stop) / 2.0 for start, stop in BANDS.values()]
    curve = np.polyfit(middles, list(heights.values()), 2)
    lows, highs = crossings(strip.reshape(-1, strip.shape[2]))
    highest = float(np.quantile(highs - lows, HIGHEST_SHARE)) * STEP_MM
    for name, share in (("anterior", 0.0), ("posterior", 1.0)):
        heights[name] = min(float(np.polyval(curve, share)), highest)
    return heights


def _ends(block: Distances, axis: int) -> tuple[float, float]:
    """Median first and last place inside along one axis of a block of distances, in voxels."""
    lines = np.moveaxis(block, axis, 2)
    first, last = crossings(lines.reshape(-1, lines.shape[2]))
    return float(np.median(first)), float(np.median(last))


def suspect_fractures(shapes: Mapping[str, Shape]) -> dict[str, tuple[Flag, ...]]:
    """Height ratios that a reader should look at, by level.

    A ratio below 0.8 raises a suspicion of a wedge (front to back), biconcave (middle to back)
    or crush deformity (back, to the mean back height of the neighbours), after Genant 1993
    (doi:10.1002/jbmr.5650080915). It is no diagnosis: Scheuermann's disease, a congenital
    wedge and oblique slices look the same.

    Parameters
    ----------
    shapes : mapping of str to Shape
        Shape of each level, head to tail.

    Returns
    -------
    dict of str to tuple of Flag
        Flags of each level; empty where nothing is suspicious.
    """
    found: dict[str, list[Flag]] = {level: [] for level in shapes}
    beside: dict[str, list[float]] = {level: [] for level in shapes}
    for (above, one), (below, other) in pairwise(shapes.items()):
        if "posterior" in one.heights and "posterior" in other.heights:
            beside[above].append(other.heights["posterior"])
            beside[below].append(one.heights["posterior"])
    for level, shape in shapes.items():
        if level not in JUDGED or not BANDS.keys() <= shape.heights.keys():
            continue
        back = shape.heights["posterior"]
        found[level] += _deformity("wedge", "front", shape.heights["anterior"], "the back", back)
        found[level] += _deformity("biconcave", "middle", shape.heights["middle"], "the back", back)
        if beside[level]:
            usual = float(np.mean(beside[level]))
            found[level] += _deformity("crush", "back", back, "the neighbours'", usual)
    return {level: tuple(flags) for level, flags in found.items()}


def _deformity(kind: str, part: str, height: float, against: str, usual: float) -> list[Flag]:
    ratio = height / usual
    for limit, grade in GRADES:
        if ratio < limit:
            text = (
                f"Suspicion of a {kind} deformity: the {part} is {height:.0f} mm high, "
                f"{100 * (1 - ratio):.0f} % less than {against} {usual:.0f} mm (range of Genant "
                f"grade {grade}; {GENANT}). A reader should look at it."
            )
            return [Flag(f"{kind}-deformity-suspected", text)]
    return []
