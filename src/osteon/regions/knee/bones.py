"""Femur, tibia, patella and fibula of a knee, out of its CT."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core import HU, EmptyRegion, Flag, Labels, Mask, Volume
from .checks import coarse_flags, cut_flags, refuse_metal
from .parts import Bools, Lattice, Numbers
from .roles import Wanted, described, part_joint, split_off
from .solid import smoothed, solid_bone

NAMES = {1: "femur", 2: "tibia", 3: "patella", 4: "fibula"}
"""Labels of the bones."""

COARSE_MM = 1.0
"""Bones are parted on a lattice of about this step."""

LEAST_CM3 = 3.0
"""Less bone than this is no knee."""


@dataclass(frozen=True, eq=False)
class KneeBones:
    """The bones of one knee, solid: cortex, spongy bone and marrow.

    Attributes
    ----------
    femur, tibia : Mask of shape (i, j, k)
        On one grid; either may be empty where one bone was allowed to be missing.
    patella, fibula : Mask of shape (i, j, k) or None
        None where not in view.
    flags : tuple of Flag
        What a reader must know.
    """

    femur: Mask
    tibia: Mask
    patella: Mask | None = None
    fibula: Mask | None = None
    flags: tuple[Flag, ...] = ()

    def labels(self) -> Labels:
        """One map of all bones: 1 femur, 2 tibia, 3 patella, 4 fibula."""
        values = np.zeros(self.femur.grid.shape, np.uint8)
        for number, name in NAMES.items():
            mask = getattr(self, name)
            if mask is not None:
                values[mask.values] = number
        return Labels(values, self.femur.grid, dict(NAMES))

    @classmethod
    def from_labels(cls, labels: Labels) -> "KneeBones":
        """The bones of a map, by its names where it has any, else by the numbers of `labels()`.

        Parameters
        ----------
        labels : Labels of shape (i, j, k)
            Structures other than the four bones are left aside.

        Returns
        -------
        KneeBones
            Without flags.

        Raises
        ------
        EmptyRegion
            If neither femur nor tibia is among them.
        """
        names: Mapping[int, str] = labels.names or NAMES
        found = {}
        for bone in NAMES.values():
            numbers = [number for number, name in names.items() if name == bone]
            found[bone] = labels.mask(*numbers)
        if not found["femur"].voxels and not found["tibia"].voxels:
            raise EmptyRegion(
                "neither femur nor tibia is among the labels; one voxel of either is needed: name "
                "them 'femur' and 'tibia', or number them 1 and 2."
            )
        small = {
            bone: found[bone] if found[bone].voxels else None for bone in ("patella", "fibula")
        }
        return cls(found["femur"], found["tibia"], small["patella"], small["fibula"])


def find_knee_bones(ct: Volume, *, both: bool = True) -> KneeBones:
    """Femur, tibia, patella and fibula of a CT of one knee.

    Bone is what is bright and all that it encloses, up to half the height of its edge. Bones
    that touch are parted at the neck between them: at the depth at which two large pieces, one
    above the other, come apart, these are grown back, deep places first. Patella and fibula come
    off femur and tibia in the same way.

    Parameters
    ----------
    ct : Volume of shape (i, j, k), in HU
        One knee, the leg within 45° of the patient's z axis. Shafts may be cut.
    both : bool
        Whether femur and tibia must both be in view; False allows one to be missing, its mask
        is then empty.

    Returns
    -------
    KneeBones
        Solid masks on the scan's grid, with flags.

    Raises
    ------
    UnitMismatch
        If the values are not HU.
    UnsuitableScan
        If there is metal in view.
    EmptyRegion
        If no bone is in view, or only one where both are needed.
    """
    ct = ct.in_unit(HU)
    refuse_metal(ct)
    steps = ct.grid.spacing
    solid = solid_bone(smoothed(ct), steps)
    lattice, thin = _lattice(solid, ct)
    if solid.sum() * ct.grid.voxel_volume < LEAST_CM3 * 1000.0:
        raise EmptyRegion(
            f"no knee in view: {solid.sum() * ct.grid.voxel_volume / 1000.0:.1f} cm³ of bone, at "
            f"least {LEAST_CM3:g} cm³ are needed. Check that the scan shows a knee."
        )
    coarse = _named(lattice, both)
    values = _carried(coarse, thin, solid, steps)
    masks = {name: Mask(values == number, ct.grid) for number, name in NAMES.items()}
    flags = coarse_flags(ct.grid)
    for name in ("femur", "tibia"):
        flags += cut_flags(name, masks[name])
    small = {name: masks[name] if masks[name].voxels else None for name in ("patella", "fibula")}
    return KneeBones(masks["femur"], masks["tibia"], small["patella"], small["fibula"], flags)


def _lattice(solid: Bools, ct: Volume) -> tuple[Lattice, tuple[slice, ...]]:
    """Bone on nearly cubic voxels of about COARSE_MM, and how the scan was thinned out."""
    thin = tuple(
        slice(int(n > 1), None, n)
        for n in np.maximum(np.round(COARSE_MM / ct.grid.spacing), 1).astype(int)
    )
    grid = ct.grid.part(thin)  # type: ignore[arg-type]
    few = solid[thin]
    depth = ndimage.distance_transform_edt(np.pad(few, 8, mode="edge"), sampling=grid.spacing)
    index = np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij", sparse=True)
    columns = grid.direction * grid.spacing
    place = np.stack(
        [sum(columns[row, n] * index[n] for n in range(3)) + grid.origin[row] for row in range(3)]
    )
    return Lattice(few, depth[8:-8, 8:-8, 8:-8], place, grid.voxel_volume), thin


def _named(lattice: Lattice, both: bool) -> Numbers:
    """Numbers of NAMES on the coarse lattice."""
    named = np.zeros(lattice.solid.shape, np.int16)
    joint = part_joint(lattice)
    if joint is None:
        return _alone(lattice, both)
    numbers, femur, tibia = joint
    named[numbers == femur.number] = 1
    named[numbers == tibia.number] = 2
    for number, name, beside in ((3, "patella", femur), (4, "fibula", tibia)):
        _name_small(lattice, numbers, named, number, Wanted(name, beside))
    _join_rest(numbers, named)
    return named


def _name_small(
    lattice: Lattice, numbers: Numbers, named: Numbers, number: int, wanted: Wanted
) -> None:
    """Name patella or fibula: a part of its own, else what comes off the bone beside it."""
    rest = described(lattice, np.where(named > 0, 0, numbers).astype(np.int16))
    alone = wanted.among(rest)
    if alone is not None:
        named[numbers == alone.number] = number
        return
    off = split_off(lattice, numbers == wanted.beside.number, wanted)
    if off is not None:
        named[off] = number


def _join_rest(numbers: Numbers, named: Numbers) -> None:
    """Give what touches a named bone to the bone that it touches most."""
    for number in np.unique(numbers[(numbers > 0) & (named == 0)]):
        part = numbers == number
        beside = ndimage.binary_dilation(part) & ~part
        counts = np.bincount(named[beside], minlength=5)[1:5]
        if counts.any():
            named[part] = counts.argmax() + 1


def _alone(lattice: Lattice, both: bool) -> Numbers:
    """The one bone in view: the femur is wide below, the tibia above."""
    pieces, _ = ndimage.label(lattice.solid)
    largest = described(lattice, pieces.astype(np.int16))[0]
    bone = pieces == largest.number
    height = np.round(np.broadcast_to(lattice.place[2], bone.shape)[bone] / 3.0).astype(int)
    heights, sizes = np.unique(height, return_counts=True)
    widest = heights[sizes > 0.9 * sizes.max()].mean()
    is_femur = bool(widest < heights.mean())
    here, missing = ("femur", "tibia") if is_femur else ("tibia", "femur")
    if both:
        raise EmptyRegion(
            f"one large bone is in view, by its shape a {here}, and no {missing}; both are needed. "
            "Use a scan that shows the whole joint."
        )
    return np.where(bone, 1 if is_femur else 2, 0).astype(np.int16)


def _carried(
    coarse: Numbers, thin: tuple[slice, ...], solid: Bools, steps: NDArray[np.float64]
) -> Numbers:
    """Numbers at every voxel of the scan's bone, from the nearest voxel of the coarse lattice."""
    values = np.zeros(solid.shape, np.int16)
    every = np.repeat(
        np.repeat(np.repeat(coarse, thin[0].step, 0), thin[1].step, 1), thin[2].step, 2
    )
    box = tuple(slice(0, min(a, b)) for a, b in zip(every.shape, solid.shape, strict=True))
    values[box] = every[box]
    values[~solid] = 0
    near = ndimage.generate_binary_structure(3, 1)
    for _ in range(2 * max(cut.step for cut in thin)):
        free = solid & (values == 0)
        values[free] = ndimage.maximum_filter(values, footprint=near)[free]
    return values
