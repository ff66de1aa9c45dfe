"""The trabecular regions of a vertebral body: core, mid-body oval, anterior half."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Flag, Grid, Mask, Volume, resample
from .body import STEP_MM, Body

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

OVAL_INSIDE = 0.97
"""Share of the oval that must lie in the core; the rest is the edge of a voxel."""

OVAL_SHARES = (1.0, 0.9, 0.8, 0.7)
"""Depths that are tried, as shares of the room there is; the oval of largest area is taken."""

SMALLEST_OVAL_MM = 4.0
"""An oval with a shorter half axis is not given."""

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
        One mask a region that could be placed, all on `box`.
    missing : mapping of str to str
        Why a region could not be placed.
    box : Grid
        The part of the scan's grid around the body.
    start : tuple of 3 int
        Voxel of the scan at which `box` starts.
    depth_into : Volume of shape (i, j, k)
        Distance from the shell in mm on `box`, counted so that endplates are `endplate` mm
        deep where the shell is `shell` mm deep; negative outside.
    flags : tuple of Flag
        What was left out.
    """

    masks: Mapping[str, Mask]
    missing: Mapping[str, str]
    box: Grid
    start: tuple[int, int, int]
    depth_into: Volume
    flags: tuple[Flag, ...]


def find_compartments(body: Body, scan: Volume, margins: Margins) -> Compartments:
    """Place the trabecular regions of a body.

    The regions are laid out along the body's own axes, in mm, and then taken at the voxel
    centres of the scan; grey values are used only to leave out dense foci.

    Parameters
    ----------
    body : Body
        The vertebral body.
    scan : Volume of shape (i, j, k), in HU
        The CT.
    margins : Margins
        What is taken off.

    Returns
    -------
    Compartments
        The regions that could be placed, and why others could not.
    """
    box, start = _box(body, scan.grid)
    room = _depth(body, scan.grid, margins)
    depth = resample(room, onto=box, outside=-50.0)
    local = body.local(box.to_world(np.moveaxis(np.indices(box.shape), 0, -1)))
    half = _half_depth(body)
    core = (depth.values >= margins.shell) & ~_vein(local, half)
    stop = tuple(a + n for a, n in zip(start, box.shape, strict=True))
    values = scan.values[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    core, flags = _without_foci(core, values, box)
    masks = {"core": core, "anterior": core & (local[..., 1] < 0.0)}
    missing = {}
    oval = _oval(body, room, margins, half)
    if oval is None:
        missing["oval"] = (
            f"no ellipse with half axes of {SMALLEST_OVAL_MM:g} mm fits into the core at mid-height"
        )
    else:
        masks["oval"] = core & _in_oval(local, oval, margins.oval_height / 2.0)
    for name in [name for name, mask in masks.items() if not mask.any()]:
        del masks[name]
        missing[name] = (
            f"nothing is left inside {margins.shell:g} mm of shell and {margins.endplate:g} mm of "
            "endplate"
        )
    placed = {name: Mask(mask, box) for name, mask in masks.items()}
    return Compartments(placed, missing, box, start, depth, flags)


def _box(body: Body, scan: Grid) -> tuple[Grid, tuple[int, int, int]]:
    place = scan.to_index(body.inside.grid.to_world(np.argwhere(body.inside.values)))
    low = np.clip(np.floor(place.min(axis=0)).astype(int) - 1, 0, None)
    high = np.minimum(np.ceil(place.max(axis=0)).astype(int) + 2, scan.shape)
    return scan.crop(low, high), (int(low[0]), int(low[1]), int(low[2]))


def _depth(body: Body, scan: Grid, margins: Margins) -> Volume:
    """Distance from the surface in mm, shortened along the axis so that both margins are one.

    Where the scan ends inside the body there is no surface, and none is taken off.
    """
    grid = body.inside.grid
    index = scan.to_index(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)))
    beyond = ((index < -0.5) | (index > np.array(scan.shape) - 0.5)).any(axis=-1)
    # Padded, so that a body at the edge of its grid still ends there.
    solid = np.pad(body.inside.values | beyond, 1)
    sampling = np.array([1.0, 1.0, margins.shell / margins.endplate]) * STEP_MM
    depth = ndimage.distance_transform_edt(solid, sampling=sampling)[1:-1, 1:-1, 1:-1]
    outside = ndimage.distance_transform_edt(~body.inside.values, sampling=sampling)
    # The surface lies half a voxel in front of the first voxel outside.
    signed = np.where(body.inside.values, depth - STEP_MM / 2.0, STEP_MM / 2.0 - outside)
    return Volume(signed.astype(np.float32), grid, "mm")


def _half_depth(body: Body) -> float:
    """Half the distance from the front to the back wall in mm, along the middle of the body."""
    i, _, k = np.round(body.inside.grid.to_index(body.centre)).astype(int)
    slab = body.inside.values[i - 2 : i + 3, :, k - 2 : k + 3].any(axis=(0, 2))
    return float(slab.sum()) * STEP_MM / 2.0


def _vein(local: NDArray[np.float64], half: float) -> NDArray[np.bool_]:
    """Wedge at mid-height that narrows from the back wall to the front."""
    left, back, up = np.moveaxis(local, -1, 0)
    front = half - 2.0 * half * VEIN_DEPTH
    share = np.clip((back - front) / (half - front), 0.0, 1.0)
    wide = np.abs(left) <= VEIN_HALF_WIDTH_MM * share
    inside: NDArray[np.bool_] = (back > front) & wide & (np.abs(up) <= VEIN_HALF_HEIGHT_MM)
    return inside


def _without_foci(
    core: NDArray[np.bool_], values: NDArray[np.float64], box: Grid
) -> tuple[NDArray[np.bool_], tuple[Flag, ...]]:
    """Leave out bone islands and the like: far denser than the rest of the core, and compact."""
    if not core.any():
        return core, ()
    middle = np.median(values[core])
    spread = 1.4826 * np.median(np.abs(values[core] - middle))
    above = max(FOCUS_HU, float(middle + FOCUS_SD * spread))
    pieces, _ = ndimage.label(core & (values > above))
    sizes = np.bincount(pieces.ravel()) * box.voxel_volume
    large = np.flatnonzero(sizes >= FOCUS_MM3)
    large = large[large > 0]
    if len(large) == 0:
        return core, ()
    far = ndimage.distance_transform_edt(~np.isin(pieces, large), sampling=box.spacing)
    kept = core & (far > FOCUS_RIM_MM)
    text = (
        f"{len(large)} dense focus or foci above {above:.0f} HU were left out of the core, "
        f"{sizes[large].sum() / 1000:.2f} cm³ and a rim of {FOCUS_RIM_MM:g} mm "
        "(bone island, sclerosis, calcified disc or cement)."
    )
    return kept, (Flag("dense-focus-left-out", text),)


def _oval(
    body: Body, depth: Volume, margins: Margins, half: float
) -> tuple[float, float, float] | None:
    """Middle (back, in mm) and half axes (to the left, to the back) of the largest oval."""
    local = body.local(depth.grid.to_world(np.moveaxis(np.indices(depth.grid.shape), 0, -1)))
    slab = np.abs(local[..., 2]) <= STEP_MM
    local, room = local[slab], depth.values[slab] >= margins.shell
    room &= ~_vein(local, half)
    front = -half + margins.shell
    back = -half + 2.0 * half * OVAL_FRONT
    best = None
    for share in OVAL_SHARES:
        middle, deep = (front + back) / 2.0, share * (back - front) / 2.0
        for wide in np.arange(2.0 * half, SMALLEST_OVAL_MM, -STEP_MM / 2.0):
            inside = _in_oval(local, (middle, wide, deep), margins.oval_height)
            larger = best is None or wide * deep > best[1] * best[2]
            if deep >= SMALLEST_OVAL_MM and larger and room[inside].mean() >= OVAL_INSIDE:
                best = (middle, float(wide), deep)
                break
    return best


def _in_oval(
    local: NDArray[np.float64], oval: tuple[float, float, float], half_height: float
) -> NDArray[np.bool_]:
    middle, wide, deep = oval
    left, back, up = np.moveaxis(local, -1, 0)
    inside: NDArray[np.bool_] = ((left / wide) ** 2 + ((back - middle) / deep) ** 2 <= 1.0) & (
        np.abs(up) <= half_height
    )
    return inside
