"""Trabecular parameters of a patch from MR, on the MR's own voxels: what the CT is taught."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ....core import Box, Flag, Grid, Mask, OsteonError, UnsuitableScan, Volume
from ....features.structure import apparent_parameters, srrd_parameters
from ....registration import Rigid
from .places import SIDE_MM, PatchPlace, lattice, reach

STANDARD = ("app.BV/TV", "app.Tb.Th", "app.Tb.Sp", "app.Tb.N")
"""Apparent parameters by test lines (doi:10.1359/jbmr.1997.12.1.111)."""

PUBLISHED = ("srrd.BV/TV", "srrd.Tb.Th", "srrd.Tb.Sp", "srrd.Tb.N")
"""Parameters of the published recipe (doi:10.48550/arXiv.2307.04390)."""

NAMES = (*STANDARD, *PUBLISHED)
"""All eight, in the order of a patch's targets."""

COMPACT_PERCENT = 1.0
"""Percentile of a whole bone's grey values that stands for compact bone, which is black in MR."""

THINNED = 2
"""Every which voxel along each axis of the MR is looked at for that."""

MARROW_PERCENT = 98.0
"""Percentile of a patch's own region that stands for pure marrow; chosen as docs tell."""

MARROW = 1000.0
"""Grey value to which marrow is brought: the published recipe's offset of 1 is in grey values."""

FEWEST_MM3 = 300.0
"""Volume of region a patch needs in the MR."""

FEWEST_SLICES = 4
"""Slices of MR that must meet it."""

RIM = 4
"""Voxels around the region that are kept: the published recipe's window is 1.1 mm wide."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Parameters of a patch.

    Attributes
    ----------
    values : dict of str to (float or None)
        By the names of `NAMES`; None where there is no value, and then `flags` says why.
    marrow : float or None
        Grey value of pure marrow there.
    flags : tuple of Flag
        ``patch-outside-mr``, ``no-contrast``, and those of the features.
    """

    values: dict[str, float | None]
    marrow: float | None
    flags: tuple[Flag, ...] = ()


def compact_grey(mr: Volume, transform: Rigid, bone: Mask) -> float:
    """Grey value of compact bone in a bone of an MR.

    Parameters
    ----------
    mr : Volume
        MR in which bone is dark and marrow bright.
    transform : Rigid
        From places of the CT to places of the MR.
    bone : Mask
        The whole bone, on the CT's grid.

    Returns
    -------
    float
        In the MR's own scale.

    Raises
    ------
    UnsuitableScan
        If the MR does not show the bone.
    """
    i, j, k = (slice(c.start, c.stop, THINNED) for c in reach(mr.grid, bone.grid, transform))
    seen = mr.part((i, j, k))
    inside = carried(bone, transform, seen.grid)
    if inside.voxels == 0:
        raise UnsuitableScan(
            "the MR does not show the bone where the registration puts it; look at the "
            "registration of this patient."
        )
    return float(np.percentile(seen.values[inside.values], COMPACT_PERCENT))


def carried(region: Mask, transform: Rigid, onto: Grid) -> Mask:
    """A region of the CT on the voxels of the MR: each asks where its centre lies in the CT.

    Parameters
    ----------
    region : Mask
        On the CT's grid.
    transform : Rigid
        From places of the CT to places of the MR.
    onto : Grid
        Of the MR, or of a part of it.
    """
    matrix = np.linalg.inv(region.grid.affine) @ transform.inverse().matrix @ onto.affine
    i, j, k = np.ogrid[tuple(slice(n) for n in onto.shape)]
    at = [
        np.rint(row[0] * i + row[1] * j + row[2] * k + row[3]).astype(np.int32)
        for row in matrix[:3]
    ]
    held = np.ones(onto.shape, np.bool_)
    for along, size in zip(at, region.grid.shape, strict=True):
        held &= (along >= 0) & (along < size)
    values = np.zeros(onto.shape, np.bool_)
    values[held] = region.values[at[0][held], at[1][held], at[2][held]]
    return Mask(values, onto)


def reference_parameters(
    mr: Volume, transform: Rigid, region: Mask, place: PatchPlace, compact: float
) -> Reference:
    """Parameters of the part of a region that lies in a patch, without interpolating the MR.

    The share of bone in a voxel is (marrow − grey) / (marrow − compact), cut to 0…1. Marrow is
    the 98th percentile of the patch's own region, so that the coil's shading cancels.

    Parameters
    ----------
    mr : Volume
        MR in which bone is dark and marrow bright, any scale.
    transform : Rigid
        From places of the CT to places of the MR, of the bone of the region.
    region : Mask
        The region, on the CT's grid.
    place : PatchPlace
        The patch.
    compact : float
        Grey value of compact bone, as of `compact_grey` for the same bone.

    Returns
    -------
    Reference
        Eight values by the names of `NAMES`.
    """
    part = mr.part(reach(mr.grid, lattice(place, side="left", side_mm=SIDE_MM), transform))
    inside = carried(_cube(region, place, SIDE_MM), transform, part.grid)
    across = int(np.argmax(part.grid.spacing))
    slices = int(inside.values.any(axis=tuple({0, 1, 2} - {across})).sum())
    if inside.volume_mm3 < FEWEST_MM3 or slices < FEWEST_SLICES:
        return _nothing(
            "patch-outside-mr",
            f"The MR shows {inside.volume_mm3:.0f} mm³ of the region of this patch in {slices} "
            f"slices; {FEWEST_MM3:.0f} mm³ in {FEWEST_SLICES} slices are needed.",
        )
    grey = part.values.astype(np.float32)
    marrow = float(np.percentile(grey[inside.values], MARROW_PERCENT))
    if not np.isfinite(grey).all() or not marrow > max(compact, 0.0):
        return _nothing(
            "no-contrast",
            f"Marrow has grey value {marrow:.4g} and compact bone {compact:.4g}; marrow must "
            "be brighter.",
        )
    box = _box(inside)
    near, within = part.grid.part(box), inside.part(box)
    share = np.clip((marrow - grey[box]) / (marrow - compact), 0.0, 1.0)
    standard, own = _standard(Volume(share.astype(np.float32), near, "1"), within)
    scaled = Volume(grey[box] * np.float32(MARROW / marrow), near, "1")
    published, theirs = _published(scaled, within)
    found = {**standard, **published}
    values = {name: _finite(found.get(name)) for name in NAMES}
    return Reference(values, marrow, own + theirs)


def _cube(mask: Mask, place: PatchPlace, side_mm: float) -> Mask:
    """The part of a mask in a cube about a place."""
    part = mask.part(reach(mask.grid, lattice(place, side="left", side_mm=side_mm)))
    away = part.grid.to_world(np.moveaxis(np.indices(part.grid.shape), 0, -1)) - place.centre_mm
    return Mask(part.values & (np.abs(away).max(axis=-1) <= 0.5 * side_mm), part.grid)


def _box(inside: Mask) -> Box:
    """Box of a mask with the voxels around it that the recipes look at."""
    i, j, k = (
        slice(max(cut.start - RIM, 0), cut.stop + RIM)
        for cut in ndimage.find_objects(inside.values.astype(np.uint8))[0]
    )
    return (i, j, k)


Found = tuple[Mapping[str, float | None], tuple[Flag, ...]]


def _standard(share: Volume, inside: Mask) -> Found:
    found = apparent_parameters(share, region=inside)
    return found.named(), found.flags


def _published(scaled: Volume, inside: Mask) -> Found:
    try:
        found = srrd_parameters(scaled, region=inside)
    except OsteonError as fault:
        return {}, (Flag("no-srrd", str(fault)),)
    return found.named(), found.flags


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _nothing(code: str, text: str) -> Reference:
    return Reference(dict.fromkeys(NAMES), None, (Flag(code, text),))
