"""Soft tissue laid over soft tissue by a smooth displacement that leaves every bone as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting, EmptyRegion, Grid, Mask, UnsuitableScan, Volume
from .carrying import Carried
from .displaced import Deformed, volumes
from .free_form import Controls
from .levels import Moving, box_around
from .similarity import LEAST_SEEN
from .soft_tissue import Freedom, Pair
from .transforms import Rigid

FIELD_MM = 2.0
"""Distance of the nodes on which a displacement is kept; linear between them."""

LEAST_STILL_MM = 1.75 * FIELD_MM
"""No place is further from the nearest node of its cell than that cell's diagonal."""

VOXELS_A_CONTROL = 8
"""Images are smoothed to so many voxels from one control point to the next."""

LEAST_KEPT = 0.4
"""Part of the gain where a displacement was fitted that must be found at other places too."""

LEAST_PLACES = 200
"""Places of soft tissue that a displacement can be found by."""


@dataclass(frozen=True)
class DeformableSettings:
    """Choices that change the displacement found.

    Attributes
    ----------
    controls_mm : sequence of float
        Distances of control points, from coarse to fine; each adds to what the one before found.
    still_mm : float
        So near a bone nothing is displaced, nor in it.
    free_mm : float
        From so far on nothing is held back; in between, more and more is allowed.
    stiffness : float
        Nats of mutual information that a displacement must bring for being bent; see
        `Controls.bending`.
    places : int
        Places that are compared, at most; as many others judge.
    steps : int
        Steps of a descent, at most.
    seed : int
        Of the draw of places.

    Raises
    ------
    BadSetting
        If one is outside its range.
    """

    controls_mm: Sequence[float] = (24.0, 12.0)
    still_mm: float = 4.0
    free_mm: float = 12.0
    stiffness: float = 5.0
    places: int = 12_000
    steps: int = 60
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        apart = list(self.controls_mm)
        if not apart or min(apart) < 2 * FIELD_MM or apart != sorted(set(apart), reverse=True):
            raise BadSetting(
                f"controls_mm must fall, to no less than {2 * FIELD_MM:g}; got {apart}."
            )
        if not LEAST_STILL_MM <= self.still_mm < self.free_mm:
            raise BadSetting(
                f"still_mm must be at least {LEAST_STILL_MM:g} and below free_mm; got "
                f"{self.still_mm} and {self.free_mm}."
            )
        if self.stiffness < 0 or self.steps < 1 or self.places < LEAST_PLACES:
            raise BadSetting(
                f"stiffness must be at least 0, steps 1 and places {LEAST_PLACES}; got "
                f"{self.stiffness}, {self.steps} and {self.places}."
            )

    @property
    def voxels_mm(self) -> tuple[float, ...]:
        """Voxels to which the images are smoothed for each distance of control points."""
        return tuple(apart / VOXELS_A_CONTROL for apart in self.controls_mm)


def register_deformable(
    fixed: Volume,
    moving: Volume,
    *,
    region: Mask,
    start: Rigid | Mapping[str, Rigid] | None = None,
    rigid: Mapping[str, Mask] | None = None,
    settings: DeformableSettings | None = None,
) -> Deformed:
    """The smooth displacement that makes soft tissue alike, on top of where bones were laid.

    Free-form deformation by mutual information (Rueckert 1999, doi:10.1109/42.796284): cubic
    B-splines between control points, from coarse to fine, each held stiff. It is multiplied by
    0 in and near bone, so bones stay where rigid registration put them. It shows what is alike,
    which is no proof that it is the same tissue: structure is never measured on what it makes.

    Parameters
    ----------
    fixed, moving : Volume
        The images; the world of each is its own.
    region : Mask
        Where soft tissue is compared, on the grid of `fixed`; bone in it is left out.
    start : Rigid, mapping of str to Rigid, or None
        From places of `fixed` to places of `moving`: one transform, or those of bones, which
        between them are mixed as by `merged`. The images as they lie, or merged before, if None.
    rigid : mapping of str to Mask or None
        Bones of the fixed image by name, on its grid; each of `start`, and others as well.
    settings : DeformableSettings or None
        The usual ones if None.

    Returns
    -------
    Deformed
        Also where it failed: then `failed` says why.

    Raises
    ------
    GridMismatch
        If a mask is not on the grid of `fixed`.
    UnknownName
        If a transform has no bone.
    EmptyRegion
        If a bone is empty, or the region has less than 400 voxels away from bone.
    UnsuitableScan
        If an image has voxels that are not finite.
    """
    chosen = settings or DeformableSettings()
    for name, image in (("fixed", fixed), ("moving", moving)):
        if odd := int(np.count_nonzero(~np.isfinite(image.values))):
            raise UnsuitableScan(
                f"the {name} image has {odd} voxels that are not finite; fill them."
            )
    bones = dict(rigid or {})
    freedom = Freedom.around(_all(bones, fixed.grid), chosen.still_mm, chosen.free_mm)
    carried = Carried.by(start or Rigid.identity(), bones, fixed.grid)
    images = Moving(fixed, None), Moving(moving, None)
    region.on(fixed.grid, name="the region")
    compared, judging = _places(region, freedom, chosen)
    grid, shift = _found(images, carried, (region, freedom, compared), chosen)
    found = Deformed(shift, grid, carried, volumes(shift, grid), 0.0, 0.0, None)
    fitted, shown = (
        Pair.of(images, chosen.voxels_mm[-1], carried, points) for points in (compared, judging)
    )
    before, after = _told(shown, found)
    expected = float(np.subtract(*_told(fitted, found)[::-1]))
    failed = _failure(shown.seen, found.jacobian, (after - before, expected))
    return replace(found, before=before, after=after, failed=failed)


def _found(
    images: tuple[Moving, Moving],
    carried: Carried,
    where: tuple[Mask, Freedom, NDArray[np.float64]],
    chosen: DeformableSettings,
) -> tuple[Grid, NDArray[np.float32]]:
    """Nodes, and their displacements in mm: the sum of what each distance of controls adds."""
    region, freedom, points = where
    box = region.grid.part(box_around(region, 0.0))
    onto = _nodes(box, region.grid, chosen.controls_mm[0])
    total, before = np.zeros((*onto.shape, 3)), np.zeros_like(points)
    for apart, spacing in zip(chosen.controls_mm, chosen.voxels_mm, strict=True):
        pair = Pair.of(images, spacing, carried, points)
        if pair.seen < LEAST_SEEN:
            break
        controls = Controls.over(box, apart)
        own = pair.descend(controls, before, freedom, chosen.stiffness, chosen.steps)
        before = before + controls.basis(points) @ own
        total += controls.on(onto, own)
    nodes = onto.to_world(np.moveaxis(np.indices(onto.shape), 0, -1).reshape(-1, 3))
    total *= freedom.at(nodes).reshape(*onto.shape, 1)
    return onto, total.astype(np.float32)


def _told(pair: Pair, found: Deformed) -> tuple[float, float]:
    """Mutual information without and with a displacement."""
    return pair.value(np.zeros_like(pair.points)), pair.value(found.shift(pair.points))


def _all(bones: Mapping[str, Mask], grid: Grid) -> Mask:
    """All bones as one mask."""
    held = np.zeros(grid.shape, bool)
    for name, mask in bones.items():
        if mask.on(grid, name=name).voxels == 0:
            raise EmptyRegion(f"the mask of {name!r} has no voxel; draw it, or leave it out.")
        held |= mask.values
    return Mask(held, grid)


def _places(
    region: Mask, freedom: Freedom, settings: DeformableSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places to find a displacement by, and as many others to judge it by."""
    points = region.grid.to_world(np.argwhere(region.values))
    points = points[freedom.at(points) > 0]
    if len(points) < 2 * LEAST_PLACES:
        raise EmptyRegion(
            f"the region has {len(points)} voxels {settings.still_mm:g} mm and more from bone, at "
            f"least {2 * LEAST_PLACES} are needed; give one with soft tissue."
        )
    drawn = np.random.default_rng(settings.seed).permutation(len(points))
    half = min(settings.places, len(points) // 2)
    return points[drawn[:half]], points[drawn[half : 2 * half]]


def _nodes(box: Grid, grid: Grid, apart: float) -> Grid:
    """Nodes over all that the control points of a box can move, as far as the image shows it."""
    room = 3.5 * apart
    ends = (np.array(grid.shape) - 1) * grid.spacing
    low = (grid.to_index(box.origin)) * grid.spacing
    high = low + (np.array(box.shape) - 1) * box.spacing
    low, high = np.maximum(low - room, 0), np.minimum(high + room, ends)
    i, j, k = (int(np.ceil(length / FIELD_MM)) + 1 for length in high - low)
    origin = grid.to_world(low / grid.spacing)
    return Grid((i, j, k), origin, grid.direction, np.full(3, FIELD_MM))


def _failure(seen: float, jacobian: tuple[float, float], gains: tuple[float, float]) -> str | None:
    """Why a displacement must not be used, in words."""
    gain, expected = gains
    if seen < LEAST_SEEN:
        return (
            f"the moving image shows {seen:.0%} of the region, at least {LEAST_SEEN:.0%} is "
            "needed: the images show different places, or the start is too far off."
        )
    if jacobian[0] <= 0:
        return (
            f"the displacement folds tissue over itself (Jacobian down to {jacobian[0]:.2f}): give "
            "control points that are further apart, or more stiffness."
        )
    if gain <= LEAST_KEPT * expected:
        return (
            f"tissue became {expected:.3f} nats more alike where it was fitted and {gain:.3f} "
            "elsewhere: it was fitted to noise, or there is nothing to displace it by."
        )
    return None
