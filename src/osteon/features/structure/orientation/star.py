"""Star volume and star length: how much of its own phase a random point can see."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ....core import BadSetting, EmptyRegion, Flag, Mask, Method
from ....core.compiled import compiled, parallel, prange
from ...feature import METHODS, Feature, enter

STAR_METHOD = Method(
    "star-volume",
    "Straight rays from random points of a phase to its surface, which lies where the mask, "
    "interpolated between voxel centres, is one half; 4π/3 times the mean cube of their lengths.",
    "doi:10.1002/ar.1092350217",
    "Vesterby A. Star volume in bone research: a histomorphometric analysis of trabecular bone "
    "structure using vertical sections. Anat Rec 1993;235:325–334.",
)
METHODS[STAR_METHOD.key] = STAR_METHOD

_CUT = (
    "Rays that leave the image are counted up to its border, so that the value is then a lower "
    "bound; their share is told. Oblique trabeculae of 6 voxels come out up to 6 % low, of 4 "
    "voxels up to 15 %: the steps of their surface hide a part."
)

enter(
    Feature(
        "star volume",
        "mm3",
        STAR_METHOD.key,
        "Mean volume of the bone that is seen unobscured from a random point in bone.",
        STAR_METHOD.doi,
        "above 0; trabecular bone of vertebrae 0.1 to 5",
        _CUT,
    ),
    Feature(
        "marrow star volume",
        "mm3",
        STAR_METHOD.key,
        "Mean volume of the marrow space that is seen unobscured from a random point in it.",
        STAR_METHOD.doi,
        "above 0; trabecular bone of vertebrae 10 to 100",
        _CUT,
    ),
    Feature(
        "star length",
        "mm",
        STAR_METHOD.key,
        "Mean length of the part in bone of a straight line in a random direction through a random "
        "point in bone.",
        "doi:10.1016/S8756-3282(97)00007-0",
        "above 0; trabecular bone of vertebrae 0.3 to 1",
        _CUT,
    ),
)

STEP = 0.5
"""Distance of two looks at the mask along a ray, ÷ the smallest spacing."""

OUTSIDE = 0.25
"""Interpolated mask below which a ray has left its phase, at the place where it passed one half.

A voxelised plane is wavy; a ray along it that dips behind a wave has not left.
"""

CUT_FROM = 0.05
"""Share of rays that leave the image from which the value is flagged."""

TURNED = 1.5
"""Largest turn of the lines through a point, ÷ their distance; less favours some directions."""

GOLDEN = (1.0 + 5.0**0.5) / 2.0
PLASTIC = np.array([0.8191725133961645, 0.6710436067037893, 0.5497004779019703])
"""Steps of Roberts' sequence in three dimensions, which fills a cube evenly."""

Phase = Literal["bone", "marrow"]


@dataclass(frozen=True, eq=False)
class Star:
    """What random points of a phase see of it.

    Attributes
    ----------
    phase : str
        ``"bone"`` or ``"marrow"``.
    volume : float
        Star volume in mm³.
    volume_uncertainty : float
        Its standard uncertainty from the number of points, in mm³.
    length : float
        Star length in mm.
    directions : (n, 3) array
        Unit vectors in patient coordinates (LPS), evenly over half a sphere. About each point
        all of them are turned together, by up to 1.5 times their distance from each other.
    lengths : (n,) array
        Star length distribution: mean length of the part in the phase of a line along each
        direction through a random point, in mm.
    cut : float
        Share of rays that leave the image, 0 to 1; they are counted up to its border.
    points : int
        Points used.
    flags : tuple of Flag
        What a reader must know before using the numbers.
    """

    phase: Phase
    volume: float
    volume_uncertainty: float
    length: float
    directions: NDArray[np.float64]
    lengths: NDArray[np.float64]
    cut: float
    points: int
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Features by name: volumes in mm³, length in mm."""
        if self.phase == "marrow":
            return {"marrow star volume": self.volume}
        return {"star volume": self.volume, "star length": self.length}


def star(
    bone: Mask,
    *,
    region: Mask | None = None,
    phase: Phase = "bone",
    points: int = 4000,
    directions: int = 100,
    seed: int = 0,
) -> Star:
    """Star volume and star length distribution of bone or marrow.

    Points lie evenly over the phase within the region; rays go on through the whole image. The
    surface is that of the interpolated mask: along the faces of voxels, oblique thin plates would
    hide up to half of themselves behind the steps of their own surface.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        The bone; everything else in the image is marrow.
    region : Mask of shape (i, j, k), optional
        Where points are drawn; None is the whole image.
    phase : "bone" or "marrow"
        What to measure.
    points : int
        Points to draw, 1 or more.
    directions : int
        Lines through each point, 6 or more; each is two rays.
    seed : int
        Moves the points; the same seed gives the same result, bit for bit.

    Returns
    -------
    Star
        Volumes in mm³, lengths in mm, directions in patient coordinates.

    Raises
    ------
    EmptyRegion
        If the region holds none of the phase.
    BadSetting
        If a number is out of range, or the phase neither bone nor marrow.
    GridMismatch
        If the region lies on another grid than the bone.
    """
    if phase not in ("bone", "marrow"):
        raise BadSetting(f"phase is '{phase}'; choose 'bone' or 'marrow'.")
    if points < 1 or directions < 6:
        raise BadSetting(
            f"got {points} points and {directions} directions; "
            "at least 1 point and 6 directions are needed."
        )
    grid = bone.grid
    values = np.ascontiguousarray(bone.values if phase == "bone" else ~bone.values).view(np.uint8)
    if region is None:
        inside = values
    else:
        inside = values & region.on(grid, name="the region").values.view(np.uint8)
    rng = np.random.default_rng(seed)
    starts = _points(inside, points, rng)
    starts = starts[_levels(values, starts) >= 0.5]
    if not len(starts):
        raise EmptyRegion(f"the region holds no {phase}; star volume needs a point in it.")
    lines = _directions(directions)
    to_voxels = (grid.direction / grid.spacing).T @ _turns(len(starts), directions, rng)
    lengths = np.zeros((len(starts), directions, 2))
    cut = np.zeros((len(starts), directions, 2), np.bool_)
    _shine(values, starts, (lines, to_voxels), STEP * float(grid.spacing.min()), lengths, cut)
    return _summary(phase, lines, lengths, cut)


def _summary(
    phase: Phase,
    lines: NDArray[np.float64],
    lengths: NDArray[np.float64],
    cut: NDArray[np.bool_],
) -> Star:
    seen = 4.0 / 3.0 * np.pi * (lengths**3).mean(axis=(1, 2))
    through = lengths.sum(axis=2)
    share = float(cut.mean())
    text = (
        f"{share:.0%} of the rays leave the image and count up to its border (at most "
        f"{CUT_FROM:.0%}): star volume and length of {phase} are lower bounds."
    )
    return Star(
        phase,
        float(seen.mean()),
        float(seen.std() / np.sqrt(len(seen))),
        float(through.mean()),
        lines,
        through.mean(axis=0),
        share,
        len(seen),
        (Flag(f"{phase}-star-cut", text),) if share > CUT_FROM else (),
    )


def _directions(count: int) -> NDArray[np.float64]:
    """Unit vectors evenly over half a sphere, on a spiral by the golden section."""
    n = np.arange(count)
    up = (n + 0.5) / count
    turn = 2.0 * np.pi * n / GOLDEN
    out = np.sqrt(1.0 - up**2)
    return np.column_stack([out * np.cos(turn), out * np.sin(turn), up])


def _turns(count: int, directions: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Rotation of the lines through each point, (n, 3, 3), evenly up to `TURNED`.

    Without it a rod that runs along one of the lines would be seen to its ends far too often.
    """
    axes = rng.normal(size=(count, 3))
    axes /= np.linalg.norm(axes, axis=1)[:, None]
    angles = TURNED * np.sqrt(2.0 * np.pi / directions) * np.cbrt(rng.random((count, 1)))
    return np.asarray(Rotation.from_rotvec(axes * angles).as_matrix(), np.float64)


def _points(inside: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Points evenly over the voxels that are set, (n, 3), in voxels."""
    total = int(np.count_nonzero(inside))
    # One point from each part of the voxels, in the order of storage: even, yet in step with
    # no structure.
    ranks = ((np.arange(count) + rng.random(count)) * total / count).astype(np.int64)
    voxels = np.zeros((count if total else 0, 3), np.int64)
    _find(inside, ranks, voxels)
    shift = (rng.random(3) + np.arange(len(voxels))[:, None] * PLASTIC) % 1.0
    points: NDArray[np.float64] = voxels + shift - 0.5
    return points


@compiled
def _find(inside: NDArray[np.uint8], ranks: NDArray[np.int64], found: NDArray[np.int64]) -> None:
    """Voxels that stand at `ranks` (ascending) among those set, in the order of storage."""
    met, n = 0, 0
    for i in range(inside.shape[0]):
        for j in range(inside.shape[1]):
            for k in range(inside.shape[2]):
                if inside[i, j, k]:
                    while n < found.shape[0] and ranks[n] == met:
                        found[n, 0], found[n, 1], found[n, 2] = i, j, k
                        n += 1
                    met += 1


@compiled
def _level(values: NDArray[np.uint8], x: float, y: float, z: float) -> float:
    """The mask between voxel centres; beyond the outermost ones as they are."""
    a, b, c = values.shape
    x, y, z = max(x, 0.0), max(y, 0.0), max(z, 0.0)
    i, j, k = min(int(x), a - 1), min(int(y), b - 1), min(int(z), c - 1)
    i1, j1, k1 = min(i + 1, a - 1), min(j + 1, b - 1), min(k + 1, c - 1)
    u, v, w = x - i, y - j, z - k
    near = (1 - v) * ((1 - w) * values[i, j, k] + w * values[i, j, k1])
    near += v * ((1 - w) * values[i, j1, k] + w * values[i, j1, k1])
    far = (1 - v) * ((1 - w) * values[i1, j, k] + w * values[i1, j, k1])
    far += v * ((1 - w) * values[i1, j1, k] + w * values[i1, j1, k1])
    return float((1 - u) * near + u * far)


@compiled
def _levels(values: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.float64]:
    levels = np.zeros(points.shape[0])
    for n in range(points.shape[0]):
        levels[n] = _level(values, points[n, 0], points[n, 1], points[n, 2])
    return levels


@compiled
def _to_border(
    start: NDArray[np.float64], way: NDArray[np.float64], shape: NDArray[np.int64]
) -> float:
    """Distance in mm along `way` (voxels a mm) to the border of the image."""
    least = np.inf
    for axis in range(3):
        if way[axis] != 0:
            border = shape[axis] - 0.5 if way[axis] > 0 else -0.5
            least = min(least, (border - start[axis]) / way[axis])
    return float(least)


@compiled
def _ray(
    values: NDArray[np.uint8],
    start: NDArray[np.float64],
    way: NDArray[np.float64],
    step: float,
    end: float,
) -> float:
    """Distance in mm to the surface, or `end` if there is none before it."""
    before, t, left = 1.0, step, end
    while t < end:
        level = _level(values, start[0] + t * way[0], start[1] + t * way[1], start[2] + t * way[2])
        if level < 0.5 <= before:
            left = t - step * (0.5 - level) / (before - level)
        if level < OUTSIDE:
            return left
        before = level
        t += step
    return end if before >= 0.5 else left


@parallel
def _shine(
    values: NDArray[np.uint8],
    starts: NDArray[np.float64],
    ways: tuple[NDArray[np.float64], NDArray[np.float64]],
    step: float,
    lengths: NDArray[np.float64],
    cut: NDArray[np.bool_],
) -> None:
    """Length of both rays of every line through every point.

    `ways` are the lines, and for each point the matrix that takes them to voxels a mm.
    """
    lines, to_voxels = ways
    shape = np.array(values.shape)
    for p in prange(starts.shape[0]):
        turned = to_voxels[p]
        for d in range(lines.shape[0]):
            x, y, z = lines[d]
            forth = turned[:, 0] * x + turned[:, 1] * y + turned[:, 2] * z
            for side in range(2):
                way = forth if side == 0 else -forth
                end = _to_border(starts[p], way, shape)
                length = _ray(values, starts[p], way, step, end)
                lengths[p, d, side] = length
                cut[p, d, side] = length >= end
