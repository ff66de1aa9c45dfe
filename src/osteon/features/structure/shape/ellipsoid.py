"""Ellipsoid factor: whether bone is longer than wide (rods) or wider than thick (plates)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Flag, Mask, Method
from ....core.compiled import compiled, parallel, prange
from ...feature import METHODS, Feature, enter

CHORD_ELLIPSOID = Method(
    "chord-ellipsoid",
    "From each of a regular sample of bone voxels the point moves to the middle of the chords "
    "through it; the squared inverse half chords in 121 directions are fitted by the ellipsoid of "
    "the local bone, whose semi-axes a ≤ b ≤ c give a/b − b/c as defined by Doube. Chords are "
    "measured as far as eight times the local half thickness.",
    "doi:10.3389/fendo.2015.00015",
    "Doube M. The ellipsoid factor for quantification of rods, plates, and intermediate forms in "
    "3D geometries. Front Endocrinol 2015;6:15.",
)
METHODS[CHORD_ELLIPSOID.key] = CHORD_ELLIPSOID

enter(
    *(
        Feature(
            name,
            "1",
            CHORD_ELLIPSOID.key,
            f"{what} of the ellipsoid factor a/b − b/c over the bone volume.",
            CHORD_ELLIPSOID.doi,
            usual,
            "Ellipsoids are fitted to chords and not grown until they touch: order and sign agree "
            "with those of BoneJ, values need not. Not for bone under three voxels thick.",
        )
        for name, what, usual in (
            ("EF", "Mean", "−1 (plates) over 0 (spheres) to 1 (rods); real bone −0.5 to 0.5"),
            ("EF.SD", "Standard deviation", "0 to 1"),
        )
    )
)

DIRECTIONS = 121
"""Directions in which chords are measured, spread evenly over a half sphere."""

ROUNDS = 3
"""How often a point moves to the middle of its chords."""

DAMPING = 0.6
"""Part of each move; 0.6 brings a point to the middle of a plate at once."""

REACH = 8.0
"""Longest half chord, in shortest half chords: bone that goes on further is taken to end there."""

FEWEST = 100
"""Samples below which the mean is flagged."""


@dataclass(frozen=True, eq=False)
class EllipsoidFactors:
    """Ellipsoid factors of a sample of the bone.

    Attributes
    ----------
    factors : (n,) float64 array
        a/b − b/c of each sample, −1 to 1.
    axes : (n, 3) float64 array
        Semi-axes a ≤ b ≤ c in mm.
    voxels : (n, 3) int64 array
        Voxels (i, j, k) sampled, in the order of the image.
    mean, sd : float or None
        Over the samples, so over bone volume; None without a sample.
    flags : tuple of Flag
        ``no-bone``, ``few-samples``.
    """

    factors: NDArray[np.float64]
    axes: NDArray[np.float64]
    voxels: NDArray[np.int64]
    mean: float | None
    sd: float | None
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Values by the names of their features."""
        return {"EF": self.mean, "EF.SD": self.sd}


def ellipsoid_factor(
    bone: Mask, *, region: Mask | None = None, samples: int = 10_000
) -> EllipsoidFactors:
    """Ellipsoid factor of bone, by the ellipsoid of the chords about sampled voxels.

    A plate, a rod and a sphere of any size are met exactly by the fit, up to the longest chord:
    1/r² along a direction is then a quadratic form. Needs no memory beside the mask, so that it
    takes no blocks.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        The bone. A chord that leaves the image counts only on its other side.
    region : Mask, optional
        Where voxels are sampled; chords run through the whole bone.
    samples : int
        Number of voxels sampled; all of them where there are fewer.

    Returns
    -------
    EllipsoidFactors
        Factor and semi-axes of each sample, mean and SD.

    Raises
    ------
    GridMismatch
        If the region lies on another grid.
    EmptyRegion
        If the region has no voxel.
    BadSetting
        If `samples` is below 1.
    """
    if samples < 1:
        raise BadSetting(f"the ellipsoid factor needs at least 1 sample; got {samples}.")
    solid = np.ascontiguousarray(bone.values)
    chosen = solid
    if region is not None:
        if region.on(bone.grid, name="the region").voxels == 0:
            raise EmptyRegion("the region has no voxel; the ellipsoid factor needs a region.")
        chosen = solid & region.values
    voxels = _sample(chosen, samples)
    if voxels.shape[0] == 0:
        text = "The region holds no bone, so there is nothing to fit an ellipsoid to."
        nothing = np.zeros((0, 3))
        return EllipsoidFactors(
            nothing[:, 0], nothing, voxels, None, None, (Flag("no-bone", text),)
        )
    directions = _half_sphere(DIRECTIONS)
    fit = np.asarray(np.linalg.pinv(_products(directions)), np.float64)
    spacing = np.asarray(bone.grid.spacing, np.float64)
    forms = _forms(solid.view(np.uint8), voxels, directions, fit, spacing)
    axes = _semi_axes(forms)
    factors = axes[:, 0] / axes[:, 1] - axes[:, 1] / axes[:, 2]
    mean = math.fsum(factors) / factors.size
    sd = math.sqrt(math.fsum((factors - mean) ** 2) / factors.size)
    return EllipsoidFactors(factors, axes, voxels, mean, sd, _few(factors.size))


def _few(count: int) -> tuple[Flag, ...]:
    if count >= FEWEST:
        return ()
    text = f"The region holds {count} bone voxels; from {FEWEST} on the mean is steady."
    return (Flag("few-samples", text),)


def _sample(chosen: NDArray[np.bool_], samples: int) -> NDArray[np.int64]:
    """Every n-th voxel along a golden-ratio walk through the voxels: even, and the same each time.

    A constant stride could fall in step with the rows of the image; shifting each pick by a
    low-discrepancy fraction of the stride avoids that.
    """
    flat = np.flatnonzero(chosen)
    count = min(samples, flat.size)
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    shift = np.arange(count) * golden % 1.0
    picks = ((np.arange(count) + shift) * (flat.size / max(count, 1))).astype(np.int64)
    if count == flat.size:
        picks = np.arange(count)
    return np.stack(np.unravel_index(flat[picks], chosen.shape), axis=1).astype(np.int64)


def _half_sphere(count: int) -> NDArray[np.float64]:
    """Directions spread evenly over a half sphere along a golden spiral (count, 3)."""
    number = np.arange(count)
    height = (number + 0.5) / count
    turn = number * math.pi * (3.0 - math.sqrt(5.0))
    flat = np.sqrt(1.0 - height**2)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), height], axis=1)


def _products(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Terms xx, yy, zz, 2xy, 2xz, 2yz of a quadratic form (n, 6)."""
    x, y, z = directions.T
    return np.stack([x * x, y * y, z * z, 2 * x * y, 2 * x * z, 2 * y * z], axis=1)


def _semi_axes(forms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Semi-axes a ≤ b ≤ c of quadratic forms whose seventh number is the longest half chord."""
    matrices = forms[:, [0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(-1, 3, 3)
    values = np.linalg.eigvalsh(matrices)[:, ::-1]
    lowest = forms[:, 6:] ** -2.0
    return np.asarray(np.maximum(values, lowest) ** -0.5, np.float64)


@parallel
def _forms(
    bone: NDArray[np.uint8],
    voxels: NDArray[np.int64],
    directions: NDArray[np.float64],
    fit: NDArray[np.float64],
    spacing: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Quadratic form of the chords about each voxel, and the longest half chord (n, 7)."""
    many = directions.shape[0]
    found = np.zeros((voxels.shape[0], 7))
    for n in prange(voxels.shape[0]):
        point = (voxels[n] + 0.5) * spacing
        ways = np.empty((many, 2))
        _chords(bone, point, directions, spacing, ways)
        for _ in range(ROUNDS):
            before = point.copy()
            _to_middle(point, directions, ways)
            if not _within(bone, point, spacing):
                point[:] = before
                break
            _chords(bone, point, directions, spacing, ways)
        half = 0.5 * (ways[:, 0] + ways[:, 1])
        longest = REACH * half.min()
        for m in range(many):
            value = 1.0 / min(half[m], longest) ** 2
            for term in range(6):
                found[n, term] += fit[term, m] * value
        found[n, 6] = longest
    return found


@compiled
def _within(
    bone: NDArray[np.uint8], point: NDArray[np.float64], spacing: NDArray[np.float64]
) -> bool:
    i, j, k = int(point[0] / spacing[0]), int(point[1] / spacing[1]), int(point[2] / spacing[2])
    ni, nj, nk = bone.shape
    return 0 <= i < ni and 0 <= j < nj and 0 <= k < nk and bool(bone[i, j, k])


@compiled
def _to_middle(
    point: NDArray[np.float64], directions: NDArray[np.float64], ways: NDArray[np.float64]
) -> None:
    """Move a point towards the middles of its chords, short ones foremost (least squares)."""
    n = np.zeros((3, 3))
    aim = np.zeros(3)
    for m in range(directions.shape[0]):
        length = ways[m, 0] + ways[m, 1]
        weight = 1.0 / (length * length)
        offset = 0.5 * (ways[m, 0] - ways[m, 1])
        for a in range(3):
            aim[a] += weight * offset * directions[m, a]
            for b in range(3):
                n[a, b] += weight * directions[m, a] * directions[m, b]
    size = 0.0
    inverse = np.empty((3, 3))
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        for d in range(3):
            e, f = (d + 1) % 3, (d + 2) % 3
            inverse[d, a] = n[b, e] * n[c, f] - n[b, f] * n[c, e]
    for a in range(3):
        size += n[0, a] * inverse[a, 0]
    for a in range(3):
        move = inverse[a, 0] * aim[0] + inverse[a, 1] * aim[1] + inverse[a, 2] * aim[2]
        point[a] += DAMPING * move / size


@compiled
def _chords(
    bone: NDArray[np.uint8],
    point: NDArray[np.float64],
    directions: NDArray[np.float64],
    spacing: NDArray[np.float64],
    ways: NDArray[np.float64],
) -> None:
    """Lengths from a point to the marrow, forth and back, in mm; out of the image as the other."""
    for m in range(directions.shape[0]):
        for turn in range(2):
            sign = 1.0 - 2.0 * turn
            ways[m, turn] = _way(bone, point, directions[m], sign, spacing)
        for turn in range(2):
            if ways[m, turn] < 0.0:
                ways[m, turn] = max(abs(ways[m, 1 - turn]), -ways[m, turn])


@compiled
def _way(
    bone: NDArray[np.uint8],
    point: NDArray[np.float64],
    direction: NDArray[np.float64],
    sign: float,
    spacing: NDArray[np.float64],
) -> float:
    """Length in mm from a point to the first face of a marrow voxel; negative if cut by the image.

    Walks from voxel to voxel (Amanatides & Woo 1987).
    """
    at = np.empty(3, np.int64)
    step = np.empty(3, np.int64)
    following = np.empty(3)
    between = np.empty(3)
    for axis in range(3):
        at[axis] = int(point[axis] / spacing[axis])
        run = sign * direction[axis]
        step[axis] = 1 if run > 0.0 else -1
        run = abs(run)
        if run < 1e-12:
            following[axis] = between[axis] = math.inf
            continue
        face = (at[axis] + (step[axis] > 0)) * spacing[axis]
        following[axis] = abs(face - point[axis]) / run
        between[axis] = spacing[axis] / run
    while True:
        axis = 0
        if following[1] < following[axis]:
            axis = 1
        if following[2] < following[axis]:
            axis = 2
        length = float(following[axis])
        at[axis] += step[axis]
        if at[axis] < 0 or at[axis] >= bone.shape[axis]:
            return -length
        if bone[at[0], at[1], at[2]] == 0:
            return length
        following[axis] += between[axis]
