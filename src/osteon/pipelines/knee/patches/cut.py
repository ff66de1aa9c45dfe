"""The patches of one knee, with the parameters that the MR gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, Labels, Mask, OsteonError, Scan, Volume
from ....registration import Rigid
from .places import PatchPlace, cut_ct, cut_mr, patch_places
from .reference import MARROW, compact_grey, reference_parameters

BONES = {"femur": 1, "tibia": 2}
"""Bones that have regions, and their numbers in the label map of a run."""


@dataclass(frozen=True)
class PatchSettings:
    """What decides which patches there are and what they hold.

    Attributes
    ----------
    spacing_mm : float
        Least distance of patches of one region.
    most : int
        Patches a region, at most.
    mr_voxels : int
        Voxels along a side of an MR patch, 32 or 64.
    deepest_mm, plate_mm : float
        Depth below the joint surface where regions end and begin.

    Raises
    ------
    BadSetting
        If one is outside its range.
    """

    spacing_mm: float = 6.0
    most: int = 6
    mr_voxels: int = 32
    deepest_mm: float = 12.0
    plate_mm: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what cannot be cut."""
        if self.mr_voxels not in (32, 64):
            raise BadSetting(f"patches of MR have 32 or 64 voxels a side; got {self.mr_voxels}.")
        if not (self.spacing_mm > 0.0 and self.most >= 1):
            raise BadSetting(
                "patches need spacing_mm above 0 and most at least 1; got "
                f"{self.spacing_mm:g} and {self.most}."
            )
        if not 0.0 <= self.plate_mm < self.deepest_mm:
            raise BadSetting(
                "regions lie from plate_mm, 0 or more, to deepest_mm, more than that; got "
                f"{self.plate_mm:g} and {self.deepest_mm:g}."
            )


@dataclass(frozen=True, eq=False)
class Knee:
    """Everything that patches of one knee are cut from.

    Attributes
    ----------
    name : str
        Patient.
    side : {"left", "right"}
        Which knee.
    ct : Scan
        In HU.
    mr : Volume
        Any scale with marrow bright.
    bones : Labels
        On the CT's grid, by the numbers of `BONES`.
    regions : mapping of str to Mask
        On the CT's grid, by names that end in that of the bone.
    transforms : mapping of str to (Rigid or str)
        By bone: from places of the CT to places of the MR, or the reason why there is none.
    """

    name: str
    side: str
    ct: Scan
    mr: Volume
    bones: Labels
    regions: Mapping[str, Mask]
    transforms: Mapping[str, Rigid | str]


@dataclass(eq=False)
class Cut:
    """Patches of a knee.

    Attributes
    ----------
    rows : list of dict
        What each patch is.
    left_out : list of dict
        Regions and patches that were not cut, with the ``reason``.
    ct, mr, mask : list of array
        Of each patch.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    ct: list[NDArray[np.float16]] = field(default_factory=list)
    mr: list[NDArray[np.float16]] = field(default_factory=list)
    mask: list[NDArray[np.bool_]] = field(default_factory=list)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """By their names, first axis the patch."""
        return {"ct": np.stack(self.ct), "mr": np.stack(self.mr), "mask": np.stack(self.mask)}


def cut_knee(knee: Knee, settings: PatchSettings) -> Cut:
    """All patches of a knee; a bone without a transform, and a patch outside the MR, is left out.

    Parameters
    ----------
    knee : Knee
        Its images, regions and transforms.
    settings : PatchSettings
        Which patches.

    Returns
    -------
    Cut
    """
    cut = Cut()
    for bone, number in BONES.items():
        own = {name: mask for name, mask in knee.regions.items() if name.split()[-1] == bone}
        transform = knee.transforms.get(bone, "it is missing in the registration")
        if isinstance(transform, str):
            _leave_out(cut, own, f"the {bone} is not registered: {transform}")
            continue
        try:
            compact = compact_grey(knee.mr, transform, knee.bones.mask(number))
        except OsteonError as fault:
            _leave_out(cut, own, str(fault))
            continue
        for place in patch_places(own, spacing_mm=settings.spacing_mm, most=settings.most):
            _one(cut, knee, place, transform, compact, settings.mr_voxels)
    return cut


def _leave_out(cut: Cut, regions: Mapping[str, Mask], reason: str) -> None:
    cut.left_out += [{"region": name, "reason": reason} for name in regions]


def _one(
    cut: Cut, knee: Knee, place: PatchPlace, transform: Rigid, compact: float, mr_voxels: int
) -> None:
    """Add a patch, or the reason why there is none."""
    found = reference_parameters(knee.mr, transform, knee.regions[place.region], place, compact)
    what = {"participant_id": knee.name, "region": place.region, "number": place.number}
    if found.marrow is None:
        cut.left_out.append(what | {"reason": found.flags[0].text})
        return
    ct, mask = cut_ct(knee.ct, knee.regions, place, side=knee.side)
    mr = cut_mr(knee.mr, transform, place, side=knee.side, voxels=mr_voxels)
    cut.ct.append(ct.astype(np.float16))
    cut.mr.append((mr * np.float32(MARROW / found.marrow)).astype(np.float16))
    cut.mask.append(mask)
    cut.rows.append(
        what
        | {
            "centre_mm": [round(float(x), 3) for x in place.centre_mm],
            "voxels": int(mask.sum()),
            "marrow": found.marrow,
            "reference": found.values,
            "flags": [flag.code for flag in found.flags],
        }
    )
