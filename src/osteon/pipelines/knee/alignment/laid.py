"""CT and MR of a knee laid over each other, from what a run has registered."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ....core import HU, Grid, Mask, UnreadableScan, UnusableTable, Volume, resample
from ....io import read_labels
from ....registration import Rigid, merged
from ..cohort import KneeCohort, run_folder


def transforms_of(cohort: KneeCohort, name: str) -> dict[str, Rigid]:
    """Registered bones of a patient that did not fail, from places of the CT to places of the MR.

    Raises
    ------
    UnusableTable
        If the patient was not registered.
    UnreadableScan
        If the file is no registration.
    """
    path = run_folder(cohort) / "registration" / f"{name}.json"
    if not path.is_file():
        raise UnusableTable(f"{name} is not registered; run the registration first.")
    try:
        bones: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["bones"]
        return {
            bone: Rigid(np.array(found["matrix"]))
            for bone, found in bones.items()
            if found["failed"] is None
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableScan(
            f"{path.name} holds no registration of bones; run the registration again."
        ) from None


def bones_of(cohort: KneeCohort, name: str, grid: Grid) -> dict[str, Mask]:
    """Bones of a patient in the CT, by name, from the run folder.

    Raises
    ------
    UnusableTable
        If no bones were found before.
    UnreadableScan
        If the names of the labels cannot be read.
    """
    path = run_folder(cohort) / "bones" / f"{name}_bones.nii.gz"
    if not path.is_file():
        raise UnusableTable(f"{name} has no bones yet; run the registration first.")
    beside = path.with_name(f"{name}_bones.json")
    try:
        named = json.loads(beside.read_text(encoding="utf-8"))["Labels"]
        numbers = {str(bone): int(number) for number, bone in named.items()}
    except (OSError, ValueError, KeyError, AttributeError):
        raise UnreadableScan(
            f"{beside.name} does not name the bones; run the registration again."
        ) from None
    labels, _ = read_labels(path, onto=grid)
    masks = {bone: labels.mask(number) for bone, number in numbers.items()}
    return {bone: mask for bone, mask in masks.items() if mask.voxels}


def bones_on_mr(
    transforms: Mapping[str, Rigid], bones: Mapping[str, Mask], *, onto: Grid
) -> dict[str, Mask]:
    """Bones that have a transform, where the MR has them.

    Parameters
    ----------
    transforms : mapping of str to Rigid
        By bone, from places of the CT to places of the MR.
    bones : mapping of str to Mask
        In the CT.
    onto : Grid
        In the world of the MR.
    """
    there = {}
    for name in transforms.keys() & bones.keys():
        mask = bones[name]
        moved = Grid.from_affine(mask.grid.shape, transforms[name].matrix @ mask.grid.affine)
        there[name] = resample(Mask(mask.values, moved), onto=onto)
    return dict(sorted(there.items()))


def ct_on_mr(
    ct: Volume, transforms: Mapping[str, Rigid], there: Mapping[str, Mask], *, onto: Grid
) -> Volume:
    """The CT on the places of an MR, every bone where the MR has it; NaN where it does not reach.

    Parameters
    ----------
    ct : Volume
        In HU.
    transforms : mapping of str to Rigid
        By bone, from places of the CT to places of the MR.
    there : mapping of str to Mask
        Bones where the MR has them, of `bones_on_mr`.
    onto : Grid
        In the world of the MR.

    Raises
    ------
    EmptyRegion
        If the MR shows none of the bones, or none was registered.
    """
    back = {name: transforms[name].inverse() for name in there}
    return merged(ct.in_unit(HU), back, there, onto=onto, outside=np.nan)
