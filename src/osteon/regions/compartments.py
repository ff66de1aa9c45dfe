"""The trabecular regions of a vertebral body: core, mid-body oval, anterior half."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Flag, Grid, Mask, Volume, resample
from .body import STEP_MM, Body, crossings
from .surface import depth_inside

REGIONS = {
    "core": "The whole body without its shell, endplates, basivertebral vein and dense foci.",
    "oval": "An ellipse in the middle of the body, in the front two thirds, as it is drawn in "
    "opportunistic screening.",
    "anterior": "The part of the core in front of the middle of the body.",
}
"""The regions and what they are."""

VEIN_DEPTH = 0.4
"""How far the basivertebral vein is taken to reach forward, as a share of the body's depth."""

VEIN_HALF_WIDTH_MM = 6.0
VEIN_HALF_HEIGHT_MM = 4.0

OVAL_FRONT = 2.0 / 3.0
"""Share of the body's depth, from the front, in which the oval lies."""

OVAL_SHARES = tuple(np.arange(1.0, 0.49, -0.02))
OVAL_SLIDES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Depths and places that are tried, as shares of the room there is; the oval of largest area is
taken."""

RIM_SHARE = 0.1
"""Share of an oval's rim that may come closer to the shell than its margin; what does is cut
off. The single worst place would make the size of the oval hang on the voxels."""

SMALLEST_OVAL_MM = 4.0
"""An oval with a shorter half axis is not given."""

FINER = 3
"""Points along each side of a voxel at which regions are looked up."""

FOCUS_HU = 300.0
FOCUS_SD = 6.0
FOCUS_MM3 = 10.0
FOCUS_RIM_MM = 1.5


@dataclass(frozen=True)
class Margins:
    """How much is taken off a vertebral body to leave trabecular bone.

    Attributes
    ----------
    shell : float
        Distance from the surface of the body, in mm.
    endplate : float
        The same along the axis of the body, in mm; at least `shell`.
    oval_height : float
        Height of the oval along the axis of the body, in mm.
    """

    shell: float = 4.0
    endplate: float = 5.0
    oval_height: float = 5.0


@dataclass(frozen=True, eq=False)
class Compartments:
    """Trabecular regions of one body in the voxels of the scan.

    Attributes
    ----------
    masks : mapping of str to Mask
        Voxels of which at least half lies in the region, for each that could be placed; all on
        `box`.
    volumes : mapping of str to float
        Volume of each region in mm³, parts of voxels counted as parts.
    missing : mapping of str to str
        Why a region could not be placed.
    box : Grid
        The part of the scan's grid around the body.
    start : tuple of 3 int
        Voxel of the scan at which `box` starts.
    depth_into : Volume of shape (i, j, k)
        Distance from the shell in mm on `box`, counted so that endplates are `endplate` mm
        deep where the shell is `shell` mm deep; 0 outside.
    flags : tuple of Flag
        What was left out.
    """

    masks: Mapping[str, Mask]
    volumes: Mapping[str, float]
    missing: Mapping[str, str]
    box: Grid
    start: tuple[int, int, int]
    depth_into: Volume
    flags: tuple[Flag, ...]


def find_compartments(
    body: Body, scan: Volume, margins: Margins, known: Mask | None = None
) -> Compartments:
    """Place the trabecular regions of a body.

    The regions are laid out along the body's own axes, in mm, and then looked up in the voxels
    of the scan; grey values are used only to leave out dense foci.

    Parameters
    ----------
    body : Body
        The vertebral body.
    scan : Volume of shape (i, j, k), in HU
        The CT.
    margins : Margins
        What is taken off.
    known : Mask of shape (i, j, k), optional
        Where the scan has image and not padding; everywhere if not given.

    Returns
    -------
    Compartments
        The regions that could be placed, and why others could not.
    """
    box, start = _box(body, scan.grid)
    place = tuple(slice(a, a + n) for a, n in zip(start, box.shape, strict=True))
    room = _depth(body, margins)
    half = _half_depth(body)
    ends = "top" in body.cut or "bottom" in body.cut
    oval = None if ends else _oval(body, room, margins, half)
    shares = _shares(body, room, box, margins, half, oval)
    if known is not None:
        shares = {name: share * known.values[place] for name, share in shares.items()}
    focus, flags = _foci(shares["core"] >= 0.5, scan.values[place], box)
    shares = {name: share * ~focus for name, share in shares.items()}
    masks = {name: Mask(share >= 0.5, box) for name, share in shares.items()}
    volumes = {name: float(share.sum()) * box.voxel_volume for name, share in shares.items()}
    missing = {
        name: f"nothing is left inside {margins.shell:g} mm of shell and {margins.endplate:g} mm "
        "of endplate"
        for name in REGIONS
        if name not in masks or masks[name].voxels == 0
    }
    if oval is None:
        missing["oval"] = (
            "the field of view cuts the body, so that its mid-height is not known"
            if ends
            else f"no ellipse with half axes of {SMALLEST_OVAL_MM:g} mm fits into the core at "
            "mid-height"
        )
    placed = {name: mask for name, mask in masks.items() if name not in missing}
    depth = resample(room, onto=box, outside=0.0)
    return Compartments(placed, volumes, missing, box, start, depth, flags)


def _shares(
    body: Body,
    room: Volume,
    box: Grid,
    margins: Margins,
    half: float,
    oval: tuple[float, float, float] | None,
) -> dict[str, NDArray[np.float64]]:
    """Share of each voxel that lies in each region, from FINER³ points in it."""
    index = np.moveaxis(np.indices(box.shape), 0, -1)
    names = ("core", "anterior") if oval is None else tuple(REGIONS)
    shares = {name: np.zeros(box.shape) for name in names}
    offsets = (np.arange(FINER) + 0.5) / FINER - 0.5
    for offset in product(offsets, repeat=3):
        world = box.to_world(index + np.array(offset))
        at = np.moveaxis(room.grid.to_index(world), -1, 0)
        depth = ndimage.map_coordinates(room.values, at, order=1, mode="constant")
        local = body.local(world)
        core = (depth >= margins.shell) & ~_vein(local, half)
        shares["core"] += core
        shares["anterior"] += core & (local[..., 1] < 0.0)
        if oval is not None:
            shares["oval"] += core & _in_oval(local, oval, margins.oval_height / 2.0)
    return {name: share / FINER**3 for name, share in shares.items()}


def _box(body: Body, scan: Grid) -> tuple[Grid, tuple[int, int, int]]:
    place = scan.to_index(body.surface.grid.to_world(np.argwhere(body.surface.values < 0)))
    low = np.clip(np.floor(place.min(axis=0)).astype(int) - 1, 0, None)
    high = np.minimum(np.ceil(place.max(axis=0)).astype(int) + 2, scan.shape)
    return scan.crop(low, high), (int(low[0]), int(low[1]), int(low[2]))


def _depth(body: Body, margins: Margins) -> Volume:
    """Distance from the surface in mm, shortened along the axis so that both margins are one."""
    surface = body.surface.values.astype(np.float64)
    steps = np.array([1.0, 1.0, margins.shell / margins.endplate]) * STEP_MM
    depth = depth_inside(np.pad(surface, 1, constant_values=1.0), steps)[1:-1, 1:-1, 1:-1]
    return Volume(depth.astype(np.float32), body.surface.grid, "mm")


def _half_depth(body: Body) -> float:
    """Half the distance from the front to the back wall in mm, along the middle of the body."""
    i, _, k = np.round(body.surface.grid.to_index(body.centre)).astype(int)
    lines = np.moveaxis(body.surface.values[i - 3 : i + 4, :, k - 3 : k + 4], 1, 2)
    front, back = crossings(lines.reshape(-1, lines.shape[2]).astype(np.float64))
    return float(np.median(back) - np.median(front)) * STEP_MM / 2.0


def _vein(local: NDArray[np.float64], half: float) -> NDArray[np.bool_]:
    """Wedge at mid-height that narrows from the back wall to the front."""
    left, back, up = np.moveaxis(local, -1, 0)
    front = half - 2.0 * half * VEIN_DEPTH
    share = np.clip((back - front) / (half - front), 0.0, 1.0)
    wide = np.abs(left) <= VEIN_HALF_WIDTH_MM * share
    inside: NDArray[np.bool_] = (back > front) & wide & (np.abs(up) <= VEIN_HALF_HEIGHT_MM)
    return inside


def _foci(
    core: NDArray[np.bool_], values: NDArray[np.float64], box: Grid
) -> tuple[NDArray[np.bool_], tuple[Flag, ...]]:
    """Bone islands and the like: far denser than the rest of the core, and compact."""
    nothing = np.zeros_like(core)
    if not core.any():
        return nothing, ()
    middle = np.median(values[core])
    spread = 1.4826 * np.median(np.abs(values[core] - middle))
    above = max(FOCUS_HU, float(middle + FOCUS_SD * spread))
    pieces, _ = ndimage.label(core & (values > above))
    sizes = np.bincount(pieces.ravel()) * box.voxel_volume
    large = np.flatnonzero(sizes >= FOCUS_MM3)
    large = large[large > 0]
    if len(large) == 0:
        return nothing, ()
    far = ndimage.distance_transform_edt(~np.isin(pieces, large), sampling=box.spacing)
    text = (
        f"{len(large)} dense focus or foci above {above:.0f} HU were left out of the core, "
        f"{sizes[large].sum() / 1000:.2f} cm³ and a rim of {FOCUS_RIM_MM:g} mm "
        "(bone island, sclerosis, calcified disc or cement)."
    )
    return far <= FOCUS_RIM_MM, (Flag("dense-focus-left-out", text),)


def _oval(
    body: Body, depth: Volume, margins: Margins, half: float
) -> tuple[float, float, float] | None:
    """Middle (back, in mm) and half axes (to the left, to the back) of the largest oval.

    The oval lies in the plane at mid-height, in the front two thirds, with its rim at least
    the shell's margin away from the surface, but for RIM_SHARE of it.
    """
    front = -half + margins.shell
    back = -half + 2.0 * half * OVAL_FRONT
    best = None
    for share in OVAL_SHARES:
        for slide in OVAL_SLIDES:
            deep = share * (back - front) / 2.0
            middle = front + deep + slide * (back - front - 2.0 * deep)
            wide = _widest(body, depth, margins.shell, (middle, deep)) if deep > 0 else 0.0
            if min(wide, deep) >= SMALLEST_OVAL_MM and (
                best is None or wide * deep > best[1] * best[2]
            ):
                best = (middle, wide, deep)
    return best


def _widest(body: Body, depth: Volume, margin: float, oval: tuple[float, float]) -> float:
    """Largest half axis to the side at which the rim of an oval keeps its margin, in mm."""
    middle, deep = oval
    angle = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    left, posterior, _ = body.surface.grid.direction.T
    low, high = 0.0, 40.0
    for _ in range(12):
        wide = (low + high) / 2.0
        across = wide * np.cos(angle)[:, None] * left
        world = body.centre + across + (middle + deep * np.sin(angle))[:, None] * posterior
        rim = ndimage.map_coordinates(
            depth.values, depth.grid.to_index(world).T, order=1, mode="constant"
        )
        # The front end lies on the margin by construction; half a voxel is forgiven.
        if np.quantile(rim, RIM_SHARE) >= margin - STEP_MM / 2.0:
            low = wide
        else:
            high = wide
    return low


def _in_oval(
    local: NDArray[np.float64], oval: tuple[float, float, float], half_height: float
) -> NDArray[np.bool_]:
    middle, wide, deep = oval
    left, back, up = np.moveaxis(local, -1, 0)
    inside: NDArray[np.bool_] = ((left / wide) ** 2 + ((back - middle) / deep) ** 2 <= 1.0) & (
        np.abs(up) <= half_height
    )
    return inside
