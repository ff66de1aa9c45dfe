"""The vertebrae of a scan as a model takes them, and which of them it must not look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....core import BadSetting, EmptyRegion, Labels, Scan, UnsuitableScan
from ....learn.spine_card import SpineCard
from ....learn.spine_folder import PatientInput
from ...voltage import to_120_kvp
from ..crops.cut import Crop, CropSettings, cut_vertebrae
from ..crops.usable import left_out as left_out_of
from ..energy import mineral_factor
from ..facts import FACTS, facts_of


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
    left_out = {
        **missing,
        **left_out_of({one.level: [flag.code for flag in one.flags] for one in cut}),
    }
    used = [one for one in cut if one.level not in left_out]
    if not used:
        told = "; ".join(f"{level}: {left_out[level]}" for level in crops)
        raise UnsuitableScan(f"no vertebra can be read: {told}. Use another scan.")
    kvp = scan.acquisition.kvp
    mineral = mineral_factor([(one.hu, one.parts) for one in cut], [_row(one) for one in cut], kvp)
    given = _given(used, (to_120_kvp(kvp), mineral), card)
    return PatientVertebrae(crops, left_out, given)


def _row(crop: Crop) -> dict[str, Any]:
    """What stands beside a crop, as in a run."""
    return {"heights_mm": crop.shape.heights, "vessel_hu": crop.beside.vessel_hu}


def _given(crops: Sequence[Crop], factors: tuple[float, float], card: SpineCard) -> PatientInput:
    """Vertebrae in their places; factors of bone for the network and of mineral for the facts."""
    many = len(card.levels)
    hu = np.zeros((many, *card.lattice.shape), np.int16)
    parts = np.zeros(hu.shape, np.uint8)
    present = np.zeros(many, bool)
    facts = np.zeros((many, len(card.facts)), np.float32)
    for one in crops:
        slot = card.levels.index(one.level)
        hu[slot], parts[slot], present[slot] = one.hu, one.parts, True
        facts[slot] = facts_of(one.hu, one.parts, _row(one), card.lattice.spacing_mm, factors[1])
    return PatientInput(hu, parts, present, factors[0], facts)
