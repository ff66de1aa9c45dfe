"""Structure model index: how the surface of the bone grows when the bone is thickened a little."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ....core import BadSetting, EmptyRegion, Flag, Mask, Method
from ....core.compiled import compiled, parallel, prange
from ...feature import METHODS, Feature, enter

SMI_METHOD = Method(
    "structure-model-index",
    "6·S'·V/S² of the half-value surface of the bone mask after a Gaussian of one voxel; S' is the "
    "exact derivative of the area of its triangles when their corners move along the normals. "
    "Faces where the image or the region cuts the bone are no surface.",
    "doi:10.1080/01495739708936692",
    "Hildebrand T, Rüegsegger P. Quantification of bone microarchitecture with the structure "
    "model index. Comput Methods Biomech Biomed Engin 1997;1:15–23.",
)
METHODS[SMI_METHOD.key] = SMI_METHOD

enter(
    Feature(
        "SMI",
        "1",
        SMI_METHOD.key,
        "Structure model index 6·S'·V/S²: 0 for plates, 3 for rods, 4 for spheres.",
        SMI_METHOD.doi,
        "0 to 4 for convex bone; below 0 where hollows outweigh bulges",
        "Assumes a surface that bulges everywhere: follows BV/TV instead of plates and rods where "
        "much of it is hollow (Salmon 2015, doi:10.3389/fendo.2015.00162); flagged there.",
    )
)

SMOOTHING_VOXELS = 1.0
"""SD of the Gaussian that rounds off the steps of the voxels, in voxels of each axis."""

RIM = 3
"""Voxels next to the edge of the image that are not counted: what lies beyond bends the surface."""

HOLLOW_BELOW = -0.25
"""Surface is hollow where its curvature k1 + k2 is below this many times S/(2V), that of a rod."""

STEPS = 0.05
"""Curvature, per voxel side, that the steps of the voxels alone bring about."""

HOLLOW_SHARE = 0.1
"""Share of hollow surface from which the index is flagged."""

DENSE_ABOVE = 0.2
"""BV/TV above which the index follows BV/TV rather than shape (Salmon 2015)."""

SLAB = 32
"""Slices worked on at once where nothing else is asked for."""

BINS = 256
"""Classes of curvature, from −1 to 1 per mean voxel side."""


@dataclass(frozen=True)
class StructureModelIndex:
    """Structure model index and what it is made of.

    Attributes
    ----------
    smi : float or None
        6·S'·V/S²; None where there is no surface or no volume.
    surface : float
        Area S of the bone surface within the region, in mm².
    growth : float
        S', derivative of the area by the thickness added all over, in mm.
    volume : float
        Volume V within the surface and the region, in mm³.
    hollow_share : float
        Share of the area that is hollow (concave), 0 to 1.
    flags : tuple of Flag
        ``no-bone-surface``, ``no-bone-volume``, ``concave-surface``.
    """

    smi: float | None
    surface: float
    growth: float
    volume: float
    hollow_share: float
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Values by the names of their features."""
        return {"SMI": self.smi}


def structure_model_index(
    bone: Mask, *, region: Mask | None = None, block: int | None = None
) -> StructureModelIndex:
    """Structure model index of a bone mask (Hildebrand & Rüegsegger 1997).

    The error against smooth shapes falls with the square of the voxel side: below 0.1 from a rod
    or sphere radius of 4 voxels on.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        The bone.
    region : Mask, optional
        Where surface and volume are counted; the surface is that of the whole bone.
    block : int, optional
        Slices along axis 0 worked on at once; changes memory only, not the result.

    Returns
    -------
    StructureModelIndex
        The index with area in mm², growth in mm and volume in mm³.

    Raises
    ------
    GridMismatch
        If the region lies on another grid.
    EmptyRegion
        If the region has no voxel.
    BadSetting
        If `block` is below 1.
    """
    inside = _inside(bone, region)
    if block is not None and block < 1:
        raise BadSetting(f"a block is at least 1 slice; got {block}. Leave it out for {SLAB}.")
    layers = _layers(bone, inside, block or SLAB)
    area, growth, filled, counted = (math.fsum(layers[:, column]) for column in range(4))
    volume = filled * bone.grid.voxel_volume
    if area <= 0.0:
        text = "The bone has no surface within the region: it is empty or full."
        return StructureModelIndex(None, 0.0, 0.0, volume, 0.0, (Flag("no-bone-surface", text),))
    if volume <= 0.0:
        text = "Bone borders on the region, but no bone lies within: SMI has no volume to go by."
        return StructureModelIndex(None, area, growth, 0.0, 0.0, (Flag("no-bone-volume", text),))
    hollow = _hollow_share(layers[:, 4:], area, volume, _side(bone))
    smi = 6.0 * growth * volume / area**2
    return StructureModelIndex(smi, area, growth, volume, hollow, _flags(hollow, filled / counted))


def _inside(bone: Mask, region: Mask | None) -> NDArray[np.uint8] | None:
    if region is None:
        return None
    if region.on(bone.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; the structure model index needs a region.")
    return region.values.view(np.uint8)


def _side(bone: Mask) -> float:
    """Mean side of a voxel in mm, the unit in which curvatures are sorted."""
    return math.cbrt(bone.grid.voxel_volume)


def _flags(hollow: float, fraction: float) -> tuple[Flag, ...]:
    faults = []
    if hollow > HOLLOW_SHARE:
        faults.append(f"{hollow:.0%} of the surface is hollow (concave)")
    if fraction > DENSE_ABOVE:
        faults.append(f"BV/TV is {fraction:.2f}")
    if not faults:
        return ()
    text = (
        f"SMI does not tell plates from rods here: {' and '.join(faults)}; it holds for bulging "
        f"surfaces (hollow share up to {HOLLOW_SHARE:.0%}, BV/TV up to {DENSE_ABOVE:g}). Prefer "
        "the ellipsoid factor or the plate fraction."
    )
    return (Flag("concave-surface", text),)


def _hollow_share(classes: NDArray[np.float64], area: float, volume: float, side: float) -> float:
    """Share of area whose curvature is below `HOLLOW_BELOW` times that of a rod of this S/V."""
    limit = min(HOLLOW_BELOW * area / (2.0 * volume) * side, -STEPS)
    last = int((limit + 1.0) / 2.0 * BINS)
    below = [math.fsum(column) for column in classes[:, : max(last, 0)].T]
    return math.fsum(below) / area


def _layers(bone: Mask, inside: NDArray[np.uint8] | None, block: int) -> NDArray[np.float64]:
    """Area, growth, voxels inside, voxels counted and area by curvature of each layer of cells.

    Layer n lies between slices n and n + 1; voxels are those of slice n; shape (i, 4 + BINS).
    """
    count = bone.grid.shape[0]
    found = np.zeros((count, 4 + BINS))
    reach = int(4.0 * SMOOTHING_VOXELS + 0.5)
    spacing = np.asarray(bone.grid.spacing, np.float64)
    for start in range(0, count, block):
        stop = min(start + block, count)
        rows = np.clip(np.arange(start - 1, stop + 2), 0, count - 1)
        first, last = int(rows[0]), int(rows[-1])
        around = np.clip(np.arange(first - reach, last + reach + 1), 0, count - 1)
        smooth = ndimage.gaussian_filter(
            bone.values[around].astype(np.float32), SMOOTHING_VOXELS, mode="nearest", truncate=4.0
        )
        field = np.ascontiguousarray(smooth[rows - first + reach])
        counted = _counted(inside, rows[1:-1], bone.grid.shape)
        found[start:stop] = _surface(field, counted, spacing, _side(bone))
    return found


def _counted(
    inside: NDArray[np.uint8] | None, rows: NDArray[np.intp], shape: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """1 in the region and further than `RIM` from the edge of the image, for slices `rows`."""
    whole = np.ones((len(rows), *shape[1:]), np.uint8)
    counted = whole if inside is None else np.ascontiguousarray(inside[rows])
    found = np.zeros_like(counted)
    middle = (slice(None), slice(RIM, -RIM), slice(RIM, -RIM))
    found[middle] = counted[middle]
    found[(rows < RIM) | (rows >= shape[0] - RIM)] = 0
    return found


@parallel
def _surface(
    field: NDArray[np.float32],
    counted: NDArray[np.uint8],
    spacing: NDArray[np.float64],
    side: float,
) -> NDArray[np.float64]:
    """Area, growth, voxels inside, voxels counted and area by curvature of each layer of cells."""
    layers = counted.shape[0] - 1
    rows, columns = counted.shape[1] - 1, counted.shape[2] - 1
    found = np.zeros((layers, 4 + BINS))
    for layer in prange(layers):
        points = np.empty((4, 3))
        slopes = np.empty((4, 3))
        two = np.zeros(2)
        for j in range(1, rows):
            for k in range(1, columns):
                if counted[layer, j, k]:
                    found[layer, 2] += field[layer + 1, j, k] >= 0.5
                    found[layer, 3] += 1.0
                inside, near = 0, 0
                for corner in range(8):
                    a, b, c = corner >> 2, (corner >> 1) & 1, corner & 1
                    inside += field[layer + 1 + a, j + b, k + c] >= 0.5
                    near += counted[layer + a, j + b, k + c]
                if near == 0 or inside in (0, 8):
                    continue
                two[:] = 0.0
                _cell(field, counted, (layer, j, k), spacing, (points, slopes, two))
                if two[0] > 0.0:
                    found[layer, 0] += two[0]
                    found[layer, 1] += two[1]
                    bend = int((two[1] / two[0] * side + 1.0) * 0.5 * BINS)
                    found[layer, 4 + min(max(bend, 0), BINS - 1)] += two[0]
    return found


TETRAHEDRA = np.array([[0, a, a | b, 7] for a in (1, 2, 4) for b in (1, 2, 4) if a != b])
"""Corners of the six tetrahedra about the long diagonal of a cell; bits of a corner are i, j, k."""


@compiled
def _cell(
    field: NDArray[np.float32],
    counted: NDArray[np.uint8],
    at: tuple[int, int, int],
    spacing: NDArray[np.float64],
    room: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """Add area and growth of the surface in one cell to the last array of `room`."""
    points, slopes, _ = room
    for tetrahedron in range(6):
        corners = TETRAHEDRA[tetrahedron]
        within = 0
        for n in range(4):
            corner = corners[n]
            a, b, c = corner >> 2, (corner >> 1) & 1, corner & 1
            if field[at[0] + 1 + a, at[1] + b, at[2] + c] >= 0.5:
                within |= 1 << n
        if within in (0, 15):
            continue
        many = 0
        for m in range(4):
            if not within >> m & 1:
                continue
            # the second of two inner corners is taken the other way, so that four points go round
            back = many == 2
            for n in range(4):
                other = 3 - n if back else n
                if within >> other & 1:
                    continue
                _point(field, at, (corners[m], corners[other]), points[many], slopes[many])
                many += 1
        _triangle(counted, at, (0, 1, 2), spacing, room)
        if many == 4:
            _triangle(counted, at, (0, 2, 3), spacing, room)


@compiled
def _point(
    field: NDArray[np.float32],
    at: tuple[int, int, int],
    ends: tuple[int, int],
    point: NDArray[np.float64],
    slope: NDArray[np.float64],
) -> None:
    """Where an edge between two corners crosses the half value, and the slope there.

    In voxels from the first corner of the cell: from that of the slab, rounding would depend on
    where the slab begins.
    """
    i = at[0] + 1 + (ends[0] >> 2), at[0] + 1 + (ends[1] >> 2)
    j = at[1] + (ends[0] >> 1 & 1), at[1] + (ends[1] >> 1 & 1)
    k = at[2] + (ends[0] & 1), at[2] + (ends[1] & 1)
    low = float(field[i[0], j[0], k[0]])
    high = float(field[i[1], j[1], k[1]])
    part = (0.5 - low) / (high - low)
    slope[:] = 0.0
    for end in range(2):
        weight = part if end else 1.0 - part
        a, b, c = i[end], j[end], k[end]
        slope[0] += weight * (field[a + 1, b, c] - field[a - 1, b, c])
        slope[1] += weight * (field[a, b + 1, c] - field[a, b - 1, c])
        slope[2] += weight * (field[a, b, c + 1] - field[a, b, c - 1])
    point[0] = (1.0 - part) * (ends[0] >> 2) + part * (ends[1] >> 2)
    point[1] = (1.0 - part) * (ends[0] >> 1 & 1) + part * (ends[1] >> 1 & 1)
    point[2] = (1.0 - part) * (ends[0] & 1) + part * (ends[1] & 1)


@compiled
def _triangle(
    counted: NDArray[np.uint8],
    at: tuple[int, int, int],
    corners: tuple[int, int, int],
    spacing: NDArray[np.float64],
    room: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """Add area and growth of one triangle, if its middle lies in a voxel that counts."""
    points, slopes, two = room
    middle = np.zeros(3)
    normal = np.zeros((3, 3))
    for n in range(3):
        length = 0.0
        for axis in range(3):
            middle[axis] += points[corners[n], axis] / 3.0
            normal[n, axis] = -slopes[corners[n], axis] / spacing[axis]
            length += normal[n, axis] ** 2
        if length > 0.0:
            normal[n] /= math.sqrt(length)
    i, j, k = int(middle[0] + 0.5), int(middle[1] + 0.5), int(middle[2] + 0.5)
    if not counted[at[0] + i, at[1] + j, at[2] + k]:
        return
    e = (points[corners[1]] - points[corners[0]]) * spacing
    f = (points[corners[2]] - points[corners[0]]) * spacing
    de, df = normal[1] - normal[0], normal[2] - normal[0]
    across = np.cross(e, f)
    twice = math.sqrt(across[0] ** 2 + across[1] ** 2 + across[2] ** 2)
    if twice <= 0.0:
        return
    change = np.cross(de, f) + np.cross(e, df)
    two[0] += 0.5 * twice
    two[1] += 0.5 * (across[0] * change[0] + across[1] * change[1] + across[2] * change[2]) / twice
