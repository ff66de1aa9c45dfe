"""The vertebrae of a scan as a model takes them, and which of them it must not look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ....core import BadSetting, EmptyRegion, Labels, Scan, UnsuitableScan
from ....learn.spine_card import SpineCard
from ....learn.spine_folder import PatientInput
from ...voltage import to_120_kvp
from ..crops.cut import Crop, CropSettings, cut_vertebrae
from ..facts import FACTS, facts_of

UNUSABLE: Mapping[str, str] = {
    "metal": "metal in or beside it",
    "cement-or-sclerosis": "cement or dense sclerosis in it",
    "cut-by-field-of-view": "the field of view cuts it",
}
"""Flags of a crop with which it says nothing of bone density, and why."""

DEFORMED = "-deformity-suspected"
"""How flags of suspected fractures end."""

ENOUGH = 2
"""Vertebrae from which on one that may be fractured is left out: densitometry needs two."""


@dataclass(frozen=True, eq=False)
class PatientVertebrae:
    """Vertebrae of one scan.

    Attributes
    ----------
    crops : mapping of str to Crop
        By level, head to tail.
    left_out : mapping of str to str
        Levels that nothing is said of, with the reason; some have a crop.
    given : PatientInput
        What the networks take.
    """

    crops: Mapping[str, Crop]
    left_out: Mapping[str, str]
    given: PatientInput

    @property
    def used(self) -> tuple[str, ...]:
        """Levels that the networks look at."""
        return tuple(level for level in self.crops if level not in self.left_out)


def patient_vertebrae(scan: Scan, labels: Labels, card: SpineCard) -> PatientVertebrae:
    """Cut the vertebrae that a model reads, and leave out those that would mislead it.

    Parameters
    ----------
    scan : Scan
        In HU.
    labels : Labels
        Vertebrae on the scan's grid.
    card : SpineCard
        The model.

    Returns
    -------
    PatientVertebrae

    Raises
    ------
    EmptyRegion, UnknownName, UnsuitableScan
        If no vertebra of the model can be cut, or all of them must be left out.
    BadSetting
        If the model takes other facts than this version measures.
    """
    if card.facts != FACTS:
        raise BadSetting(
            f"the model takes {', '.join(card.facts)}; this version of Osteon measures "
            f"{', '.join(FACTS)}. Use a model of this version."
        )
    lattice = card.lattice
    settings = CropSettings(lattice.spacing_mm, lattice.shape, lattice.behind_mm, card.levels)
    cut, missing = cut_vertebrae(scan, labels, settings)
    crops = {one.level: one for one in cut}
    if not crops:
        told = " ".join(f"{level}: {why}" for level, why in missing.items())
        raise EmptyRegion(f"none of {', '.join(card.levels)} can be cut out of the scan. {told}")
    left_out = {**missing, **_unusable(cut)}
    used = [one for one in cut if one.level not in left_out]
    if not used:
        told = "; ".join(f"{level}: {left_out[level]}" for level in crops)
        raise UnsuitableScan(f"no vertebra can be read: {told}. Use another scan.")
    return PatientVertebrae(crops, left_out, _given(used, to_120_kvp(scan.acquisition.kvp), card))


def _unusable(crops: Sequence[Crop]) -> dict[str, str]:
    """Levels to leave out, and why."""
    found = {}
    for one in crops:
        if reasons := [UNUSABLE[flag.code] for flag in one.flags if flag.code in UNUSABLE]:
            found[one.level] = " and ".join(dict.fromkeys(reasons))
    sound = [one.level for one in crops if one.level not in found and not deformed(one)]
    if len(sound) >= ENOUGH:
        for one in crops:
            if one.level not in found and deformed(one):
                found[one.level] = "its shape is that of a fracture"
    return found


def deformed(crop: Crop) -> bool:
    """Whether a vertebra may be fractured."""
    return any(flag.code.endswith(DEFORMED) for flag in crop.flags)


def _given(crops: Sequence[Crop], factor: float, card: SpineCard) -> PatientInput:
    many = len(card.levels)
    hu = np.zeros((many, *card.lattice.shape), np.int16)
    parts = np.zeros(hu.shape, np.uint8)
    present = np.zeros(many, bool)
    facts = np.zeros((many, len(card.facts)), np.float32)
    for one in crops:
        slot = card.levels.index(one.level)
        hu[slot], parts[slot], present[slot] = one.hu, one.parts, True
        beside = {
            "heights_mm": one.shape.heights,
            "vessel_hu": one.beside.vessel_hu,
            "fat_hu": one.beside.fat_hu,
        }
        facts[slot] = facts_of(one.hu, one.parts, beside, card.lattice.spacing_mm, factor)
    return PatientInput(hu, parts, present, factor, facts)
