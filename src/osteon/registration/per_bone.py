"""Bones of a joint, each registered for itself, and the moving image brought over with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting, EmptyRegion, Grid, Mask, UnknownName, Volume, resample
from .carrying import FALLS_WITH, distance
from .levels import box_around, own_level
from .quality import sharpness
from .rigid import Registered, RigidSettings, prepared, register_prepared
from .transforms import Rigid, resample_by

JOINT = RigidSettings(levels_mm=(3.0, 1.5), poses=512, descents=8)
"""How a joint as a whole is registered, where nothing else is said."""

BONE = RigidSettings(levels_mm=(1.5, 0.0), reach_mm=8.0, reach_deg=10.0, poses=128, descents=3)
"""How a bone is registered from there, where nothing else is said."""


@dataclass(frozen=True)
class BonesSettings:
    """Choices that change the transforms found.

    Attributes
    ----------
    around_mm : float
        So much around all bones is compared to register the joint as a whole.
    near_mm : float
        So much around one bone, as far as no other is nearer, to register that bone.
    joint : RigidSettings
        Of the joint as a whole; it only has to come near, so fine levels are left out.
    bone : RigidSettings
        Of each bone, from where the joint as a whole puts it. A bone that ends further away
        than their reach has failed.
    least_sharpness : float
        A bone has failed whose `Quality.sharpness` is below this; not looked at where it is 0.

    Raises
    ------
    BadSetting
        If one is below 0.
    """

    around_mm: float = 6.0
    near_mm: float = 4.0
    joint: RigidSettings = JOINT
    bone: RigidSettings = BONE
    least_sharpness: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is below 0."""
        if min(self.around_mm, self.near_mm, self.least_sharpness) < 0:
            raise BadSetting(
                "around_mm, near_mm and least_sharpness must be at least 0; got "
                f"{self.around_mm}, {self.near_mm} and {self.least_sharpness}."
            )


@dataclass(frozen=True)
class BonesRegistered:
    """Where the bones of a joint went.

    Attributes
    ----------
    joint : Registered
        All bones as one body.
    bones : mapping of str to Registered
        Each for itself.
    """

    joint: Registered
    bones: Mapping[str, Registered] = field(default_factory=dict)

    @property
    def transforms(self) -> dict[str, Rigid]:
        """Transforms of the bones that did not fail."""
        return {name: r.transform for name, r in self.bones.items() if r.failed is None}

    @property
    def failed(self) -> dict[str, str]:
        """Why the others failed, in words."""
        return {name: r.failed for name, r in self.bones.items() if r.failed is not None}


def register_bones(
    fixed: Volume,
    moving: Volume,
    bones: Mapping[str, Mask],
    *,
    start: Rigid | None = None,
    settings: BonesSettings | None = None,
    detail: Volume | None = None,
) -> BonesRegistered:
    """One rigid transform a bone: first the joint as a whole, from there each bone.

    Bones do not bend, joints do; so no transform is shared, and none is deformable.

    Parameters
    ----------
    fixed, moving : Volume
        The images, as of `register_rigid`.
    bones : mapping of str to Mask
        Bones in the fixed image, on its grid, by name.
    start : Rigid or None
        About where the answer lies; the images as they lie if None.
    settings : BonesSettings or None
        The usual ones if None.
    detail : Volume or None
        By what sharpness is told, in the world of `moving`, where that is no image as scanned.

    Returns
    -------
    BonesRegistered
        Also where bones failed: look at its `failed`.

    Raises
    ------
    GridMismatch
        If a mask is not on the grid of `fixed`.
    EmptyRegion
        If there is no bone, or one is empty or too small for the coarsest level.
    """
    chosen = settings or BonesSettings()
    if not bones:
        raise EmptyRegion("registering bones needs the mask of at least one; there is none.")
    for name, mask in bones.items():
        _must_hold(mask.on(fixed.grid, name=name), name)
    # only what is near a bone is looked at: a scan of the whole body costs no more
    all_bones = Mask(np.any([mask.values for mask in bones.values()], axis=0), fixed.grid)
    box = box_around(all_bones, chosen.around_mm + 2 * chosen.joint.levels_mm[0])
    fixed = fixed.part(box)
    distances = [distance(mask.part(box)) for mask in bones.values()]
    whole = Mask(np.min(distances, axis=0) <= chosen.around_mm, fixed.grid)
    shared = prepared(moving)
    scanned = shared if detail is None else prepared(detail)
    joint = register_prepared(fixed, whole, shared, start or Rigid.identity(), chosen.joint)
    found = {}
    for at, name in enumerate(bones):
        near = Mask(_nearest(distances, at) & (distances[at] <= chosen.near_mm), fixed.grid)
        try:
            own = register_prepared(fixed, near, shared, joint.transform, chosen.bone)
        except EmptyRegion as error:
            raise EmptyRegion(f"bone {name!r}: {error}") from None
        middle = fixed.grid.to_world(np.argwhere(distances[at] == 0).mean(axis=0))
        own = _within(own, joint, middle, chosen.bone)
        if chosen.least_sharpness > 0:
            fine = own_level(fixed, near, scanned)
            own = _sharp(own, sharpness(fine, own.transform), chosen.least_sharpness)
        found[name] = own
    return BonesRegistered(joint, found)


def merged(
    volume: Volume,
    transforms: Mapping[str, Rigid],
    masks: Mapping[str, Mask],
    *,
    onto: Grid,
    method: Literal["linear", "bspline"] = "linear",
    outside: float = 0.0,
) -> Volume:
    """The moving image with every bone where the fixed image has it.

    The image is resampled once a bone. In a bone there is that bone's image alone; between bones
    their images are mixed, by the inverse fourth power of the distance from each (Shepard 1968,
    doi:10.1145/800186.810616). Soft tissue is thereby in about the right place, and no more.

    Parameters
    ----------
    volume : Volume
        Moving image.
    transforms : mapping of str to Rigid
        By bone, from places of the fixed image to places of the moving one.
    masks : mapping of str to Mask
        Bones in the fixed image, one for each transform; more are left alone.
    onto : Grid
        Grid of the fixed image, or any other in its world.
    method : {"linear", "bspline"}
        Interpolation, as of `osteon.core.resample`.
    outside : float
        Value where the nearest bone's image does not reach.

    Returns
    -------
    Volume
        On `onto`, float32, in the unit of `volume`.

    Raises
    ------
    UnknownName
        If a transform has no mask.
    EmptyRegion
        If there is no transform, or `onto` shows none of the bones.
    """
    if lost := [name for name in transforms if name not in masks]:
        raise UnknownName(f"no mask is called {lost[0]!r}; there are {sorted(masks)}.")
    shown = {name: resample(masks[name], onto=onto) for name in transforms}
    shown = {name: mask for name, mask in shown.items() if mask.voxels}
    if not shown:
        raise EmptyRegion("merging needs a bone on the target grid; there is none on it.")
    distances = [distance(mask) for mask in shown.values()]
    least = np.min(distances, axis=0)
    total = np.zeros(onto.shape, np.float32)
    weights = np.zeros(onto.shape, np.float32)
    hidden = np.zeros(onto.shape, bool)
    for name, away in zip(shown, distances, strict=True):
        own = resample_by(volume, transforms[name], onto=onto, method=method, outside=np.nan)
        there = np.isfinite(own.values)
        nearest = away == least
        hidden |= nearest & ~there
        part = np.divide(least, away, out=np.ones_like(least), where=away > 0)
        part = np.where(there, part**FALLS_WITH, 0)
        total += part * np.where(there, own.values, 0)
        weights += part
    known = (weights > 0) & ~hidden
    values = np.full(onto.shape, outside, np.float32)
    values[known] = total[known] / weights[known]
    return Volume(values, onto, volume.unit)


def _must_hold(mask: Mask, name: str) -> None:
    if mask.voxels == 0:
        raise EmptyRegion(f"the mask of {name!r} has no voxel; draw it, or leave it out.")


def _nearest(distances: Sequence[NDArray[np.float32]], at: int) -> NDArray[np.bool_]:
    """Where no other distance is smaller than the one numbered `at`."""
    nearest = np.ones(distances[at].shape, bool)
    for number, other in enumerate(distances):
        if number != at:
            nearest &= distances[at] < other
    return nearest


def _within(
    found: Registered, joint: Registered, middle: NDArray[np.float64], settings: RigidSettings
) -> Registered:
    """The same, failed if the joint failed or the bone is too far from where that puts it."""
    if found.failed is not None:
        return found
    if joint.failed is not None:
        return replace(found, failed=f"the joint as a whole was not found: {joint.failed}")
    away = joint.transform.inverse() @ found.transform
    shift = float(np.linalg.norm(away.shift_at(middle)))
    if shift <= settings.reach_mm and away.angle_deg <= settings.reach_deg:
        return found
    return replace(
        found,
        failed=(
            f"the bone ends {shift:.1f} mm and {away.angle_deg:.1f} degrees from where the joint "
            f"as a whole puts it, at most {settings.reach_mm:g} mm and {settings.reach_deg:g} "
            "degrees are looked at: it was taken for another bone, or the joint was not found."
        ),
    )


def _sharp(found: Registered, sharp: float, least: float) -> Registered:
    """The same with its sharpness, failed if that is too low."""
    told = replace(found, quality=replace(found.quality, sharpness=sharp))
    if found.failed is not None or sharp >= least:
        return told
    return replace(
        told,
        failed=(
            f"the images are only {sharp:.2f} times as alike where they were laid as 2 mm beside "
            f"it, at least {least:g} is needed: most likely they show bones of different people."
        ),
    )
