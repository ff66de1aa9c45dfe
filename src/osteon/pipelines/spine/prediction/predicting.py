"""From the CT of a spine and labels of its vertebrae to what densitometry would have said."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ....core import HU, Flag, Labels, Measurement, Scan, Volume
from ....learn.spine_card import SpineCard
from ....learn.spine_folder import PatientValues, SpineModelFolder
from ...measure import Progress
from ..cohort import CLASSES
from .conformal import COVERAGE
from .patient import PatientVertebrae, patient_vertebrae
from .predicted import (
    BMD,
    DEVICE_BMD,
    NETWORK,
    RELATION,
    T_SCORE,
    SpinePrediction,
    T,
    VertebraPrediction,
)
from .reading import Reading, TScore, checked_device, checked_sex, limits, reading, t_score
from .unlike import contrast, level_flags, unlike_training, who

STEPS = 4


class Asked(NamedTuple):
    """Whom a prediction is for.

    Attributes
    ----------
    device : str or None
        Densitometer whose words are wanted; one that the model has not learned from is as an
        unknown one. None: the standardised density alone.
    sex : {"F", "M"} or None
        Whose reference T-scores are by; None: no T-score.
    coverage : float
        Of intervals and of the set of classes.
    """

    device: str | None = None
    sex: str | None = None
    coverage: float = COVERAGE


def predict_spine(
    ct: Scan | Volume,
    labels: Labels,
    model: SpineModelFolder,
    asked: Asked | None = None,
    *,
    label_flags: Sequence[Flag] = (),
    progress: Progress = lambda what, done, steps: None,
) -> SpinePrediction:
    """Areal density, class and flags of a spine from CT alone.

    Parameters
    ----------
    ct : Scan or Volume
        CT in HU. Of a volume alone nothing is known of the scanner, which is flagged.
    labels : Labels
        Vertebrae on the scan's grid.
    model : SpineModelFolder
        From `read_spine_model`.
    asked : Asked
        Densitometer, sex, coverage.
    label_flags : sequence of Flag
        Oddities of the labels.
    progress : callable
        Called as ``progress(what, done, steps)``.

    Returns
    -------
    SpinePrediction

    Raises
    ------
    UnitMismatch
        If the values are not HU.
    GridMismatch
        If the labels lie on another grid.
    EmptyRegion, UnsuitableScan, UnknownName
        If no vertebra can be cut, all must be left out, the labels or the densitometer are not
        known, or a network gives no number.
    BadSetting, UnusableTable
        If the sex is neither F nor M, the model is of another version, or the coverage is beyond
        what its patients left out can promise.
    """
    asked = _checked(asked or Asked())
    device, sex, card = asked.device, asked.sex, model.card
    half = card.conformal.half_width(asked.coverage)
    scan = ct if isinstance(ct, Scan) else Scan(ct)
    scan = replace(scan, volume=scan.volume.in_unit(HU))
    labels.on(scan.volume.grid, name="the label map")
    progress("cutting the vertebrae", 0, STEPS)
    spine = patient_vertebrae(scan, labels, card)
    progress("reading the vertebrae", 2, STEPS)
    said = model.say(spine.given, limits(device, sex, card.devices), device)
    ends = (said.bmd - half * said.bmd_sd, said.bmd + half * said.bmd_sd)
    given, seen = contrast(scan, list(spine.crops.values()))
    far = _distances(spine, said, card)
    flags = (*scan.flags, *label_flags, *seen, *unlike_training(scan, card, *far, said.bmd))
    flags = tuple(dict.fromkeys((*flags, *who(device, sex, card, spine.used))))
    words = reading(said.bmd, said.bmd_sd, ends, device) if device else None
    score = t_score((said.bmd, *ends), device, sex, card.devices) if sex else None
    vertebrae = _vertebrae(spine, said, card)
    return SpinePrediction(
        scan=scan,
        card=card,
        model_sha256=model.sha256,
        device=device,
        sex=sex,
        coverage=asked.coverage,
        bmd=said.bmd,
        bmd_sd=said.bmd_sd,
        low=ends[0],
        high=ends[1],
        reading=words,
        t_score=score,
        classes=dict(zip(CLASSES, map(float, said.classes), strict=True)),
        held=_held(said, card, asked.coverage),
        vertebrae=vertebrae,
        experts=tuple(tuple(map(float, row)) for row in said.experts),
        distance=far[0],
        measured=far[1],
        contrast=given,
        flags=flags,
        measurements=_measurements(said, words, score, vertebrae, flags),
    )


def _checked(asked: Asked) -> Asked:
    """What is asked, refused where it cannot be answered of anybody."""
    return Asked(checked_device(asked.device), checked_sex(asked.sex), asked.coverage)


def _distances(
    spine: PatientVertebrae, said: PatientValues, card: SpineCard
) -> tuple[float, float]:
    """How far the patient lies from the training for the networks, and by measured numbers."""
    facts = np.asarray(spine.given.facts[spine.given.present], np.float64).mean(axis=0)
    return card.embeddings.distance(said.embedding), card.measured.distance(facts)


def _held(said: PatientValues, card: SpineCard, coverage: float) -> tuple[str, ...]:
    """The set of classes."""
    inside = card.conformal.holds(said.classes, coverage)
    return tuple(name for name, within in zip(CLASSES, inside, strict=True) if within)


def _vertebrae(
    spine: PatientVertebrae, said: PatientValues, card: SpineCard
) -> tuple[VertebraPrediction, ...]:
    """Every level that the model reads, those that were not read with the reason."""
    found = []
    for slot, level in enumerate(card.levels):
        crop = spine.crops.get(level)
        flags = crop.flags if crop else ()
        if level in spine.left_out:
            found.append(VertebraPrediction(level, crop, spine.left_out[level], flags=flags))
            continue
        chances = said.levels[slot]
        found.append(
            VertebraPrediction(
                level,
                crop,
                bmd=float(said.vertebra_bmd[slot]),
                bmd_sd=float(said.vertebra_sd[slot]),
                weight=float(said.attention[slot]),
                said=card.levels[int(np.argmax(chances))],
                probability=float(chances[slot]),
                flags=(*flags, *level_flags(level, chances, card)),
            )
        )
    return tuple(found)


UNSURE = ("unlike-training", "slices-not-seen", "kvp-not-seen", "few-vertebrae", "device-not-seen")
"""Flags of the scan that every number carries."""


def _measurements(
    said: PatientValues,
    words: Reading | None,
    score: TScore | None,
    vertebrae: Sequence[VertebraPrediction],
    flags: Sequence[Flag],
) -> tuple[Measurement, ...]:
    """Rows of the table: of the patient, then of each vertebra."""
    odd = tuple(flag for flag in flags if flag.code in UNSURE)
    rows = [Measurement("", "L1-L4", BMD, said.bmd, "g/cm2", NETWORK, said.bmd_sd, odd)]
    if words is not None:
        name = f"{DEVICE_BMD} {words.device}"
        rows.append(
            Measurement("", "L1-L4", name, words.abmd, "g/cm2", RELATION, words.abmd_sd, odd)
        )
    if score is not None:
        rows.append(Measurement("", "L1-L4", T, score.value, "1", T_SCORE, None, odd))
    for name, chance in zip(CLASSES, said.classes, strict=True):
        rows.append(
            Measurement("", "", f"probability of {name}", float(chance), "1", NETWORK, None, odd)
        )
    for one in vertebrae:
        why = (Flag("not-available", f"Not available: {one.reason}."),) if one.reason else ()
        rows.append(
            Measurement(
                one.level,
                "vertebra",
                BMD,
                one.bmd,
                "g/cm2",
                NETWORK,
                one.bmd_sd,
                (*why, *one.flags, *odd),
            )
        )
    return tuple(rows)
