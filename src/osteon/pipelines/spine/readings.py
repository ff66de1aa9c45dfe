"""What densitometers read, on one scale, and what each patient is to a training."""

import math
from collections.abc import Mapping

from ...core import UnusableTable
from ...simulate.dxa.devices import OSTEOPENIA, OSTEOPOROSIS, Device, device, device_names
from .cohort import SpinePatient
from .predictions import Part

FOLDS = 5
"""Folds of the cross-validation; training s tests fold s modulo this, and validates on the next."""

NOWHERE = (math.nan, math.nan)


def known_device(patient: SpinePatient) -> Device | None:
    """Mean densitometer of the maker; None where there is no reading or the maker is not known."""
    if patient.device is None or patient.device not in device_names():
        return None
    return device(patient.device)


def standard_bmd(patient: SpinePatient) -> float:
    """Standardised areal density of L1–L4 as read, in g/cm²; NaN where it cannot be had."""
    read = known_device(patient)
    if read is None or patient.abmd is None:
        return math.nan
    return float(read.standard(patient.abmd))


def standard_vertebrae(patient: SpinePatient) -> Mapping[str, float]:
    """The same of each vertebra that was read, by level."""
    read = known_device(patient)
    if read is None:
        return {}
    return {level: float(read.standard(value)) for level, value in patient.vertebrae.items()}


def limits_of(patient: SpinePatient) -> tuple[float, float]:
    """Where osteopenia and osteoporosis begin, as standardised density.

    Parameters
    ----------
    patient : SpinePatient
        Its densitometer and column ``sex`` decide.

    Returns
    -------
    tuple of 2 float
        Standardised density in g/cm² at a T-score of -1 and of -2.5 by the densitometer's own
        reference; NaN where densitometer or sex is not known.
    """
    read, sex = known_device(patient), patient.row.get("sex", "")
    if read is None or sex not in read.young:
        return NOWHERE
    return _limits(read, sex)


def usual_limits(sex: str) -> tuple[float, float]:
    """Limits where the densitometer is not known: the mean of all known makers.

    Parameters
    ----------
    sex : str
        ``"F"`` or ``"M"``; without one of these, the reference of women.
    """
    of_sex = sex if sex in ("F", "M") else "F"
    both = [_limits(device(name), of_sex) for name in device_names()]
    return tuple(math.fsum(one) / len(both) for one in zip(*both, strict=True))  # type: ignore[return-value]


def limits_or_usual(patient: SpinePatient) -> tuple[float, float]:
    """Limits of a patient's densitometer, or the usual ones where it is not known."""
    own = limits_of(patient)
    return own if all(map(math.isfinite, own)) else usual_limits(patient.row.get("sex", ""))


def _limits(read: Device, sex: str) -> tuple[float, float]:
    mean, spread = read.young[sex]
    osteopenia, osteoporosis = (
        float(read.standard(mean + t * spread)) for t in (OSTEOPENIA, OSTEOPOROSIS)
    )
    return osteopenia, osteoporosis


def part_of(patient: SpinePatient, seed: int) -> Part | None:
    """What a patient is to a training.

    Parameters
    ----------
    patient : SpinePatient
        Internal patients need a fold.
    seed : int
        Of the training: fold ``seed % 5`` is tested, the next one validates.

    Returns
    -------
    str or None
        None of patients without a reading, and of those that are not labelled.

    Raises
    ------
    UnusableTable
        If an internal patient has no fold, or one beyond the last.
    """
    if patient.split == "unlabelled" or not patient.labelled:
        return None
    if patient.split == "external":
        return "external"
    if patient.fold is None or not 0 <= patient.fold < FOLDS:
        raise UnusableTable(
            f"{patient.name} has fold {patient.fold}; an internal patient needs a fold from 0 to "
            f"{FOLDS - 1} in column 'fold' of participants.tsv."
        )
    if patient.fold == seed % FOLDS:
        return "test"
    return "validation" if patient.fold == (seed + 1) % FOLDS else "train"
