"""Whether a scan is like those that a model learned from, and what else makes it doubtful."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ....core import Flag, Scan
from ....learn.spine_card import SpineCard, SpineSeen
from ..crops.cut import Crop

ALLOWANCE = 0.02
"""Share of the ends of a range by which a scan may lie beyond it: files round."""

FEWEST = 2
"""Vertebrae below which densitometry makes no diagnosis."""

VESSEL_HU = 100.0
"""HU of the brightest twentieth in front of the vertebrae, the median of all, above which contrast
agent was given: in 200 virtual patients it was 45 to 69 without and 130 to 499 with it."""

SURE = 0.9
"""Probability of another level from which on the labels are doubted."""


def unlike_training(
    scan: Scan, card: SpineCard, distance: float, measured: float, bmd: float
) -> tuple[Flag, ...]:
    """What sets a scan apart from the training of a model, one flag each.

    Parameters
    ----------
    scan : Scan
        The CT, with what its file says of the scanner.
    card : SpineCard
        The model, and what it has seen.
    distance, measured : float
        How far the patient lies from the training for the networks, and by measured numbers.
    bmd : float
        Standardised density that is said, in g/cm².
    """
    flags = [*_slices(scan, card.seen), *_scanner(scan, card.seen)]
    for far, limit, how in (
        (distance, card.embeddings.limit, "as the network sees it"),
        (measured, card.measured.limit, "by size and HU of the vertebrae"),
    ):
        if far > limit:
            text = (
                f"The patient is unlike the training cohort {how}: {far:.1f} away from its middle, "
                f"99 % of the training within {limit:.1f}. The numbers may be far off."
            )
            flags.append(Flag("unlike-training", text))
    low, high = card.seen.bmd
    if not low <= bmd <= high:
        text = f"Density {bmd:.3f} g/cm²; patients of the training had {low:.3f} to {high:.3f}."
        flags.append(Flag("density-outside-training", text))
    return tuple(flags)


def _slices(scan: Scan, seen: SpineSeen) -> Iterable[Flag]:
    """Voxels and slices."""
    sides = np.sort(scan.volume.grid.spacing)
    thick = max(scan.acquisition.slice_thickness or 0.0, float(sides[-1]))
    low, high = seen.slice_mm
    if beyond(thick, seen.slice_mm):
        text = f"Slices of {thick:.2f} mm; those of the training were {low:.2f} to {high:.2f} mm."
        yield Flag("slices-not-seen", text)
    low, high = seen.pixel_mm
    if beyond(float(sides[0]), seen.pixel_mm):
        text = f"Pixels of {sides[0]:.2f} mm; those of the training had {low:.2f} to {high:.2f} mm."
        yield Flag("pixels-not-seen", text)


def _scanner(scan: Scan, seen: SpineSeen) -> Iterable[Flag]:
    """Tube voltage and kernel."""
    kvp, kernel = scan.acquisition.kvp, scan.acquisition.kernel
    if kvp is None:
        text = "The tube voltage is not known; 120 kV is taken. HU of bone change with it by 5 %."
        yield Flag("kvp-unknown", text)
    elif beyond(kvp, seen.kvp):
        low, high = seen.kvp
        text = f"Tube voltage {kvp:g} kV; scans of the training were made at {low:g} to {high:g}."
        yield Flag("kvp-not-seen", text)
    if kernel is None:
        yield Flag("kernel-unknown", "The reconstruction kernel is not known; it sets the blur.")
    elif kernel.casefold() not in {one.casefold() for one in seen.kernels}:
        known = ", ".join(seen.kernels) or "none"
        text = f"Reconstruction kernel '{kernel}'; the training had {known}."
        yield Flag("kernel-not-seen", text)


def beyond(value: float, ends: tuple[float, float]) -> bool:
    """Whether a value lies outside a range, by more than rounding."""
    room = ALLOWANCE * max(abs(ends[0]), abs(ends[1]))
    return not ends[0] - room <= value <= ends[1] + room


def contrast(scan: Scan, crops: Sequence[Crop]) -> tuple[bool | None, tuple[Flag, ...]]:
    """Whether contrast agent was given, and a flag where it was or may have been.

    Parameters
    ----------
    scan : Scan
        Its file may say it.
    crops : sequence of Crop
        Vessels in front of each are looked at.

    Returns
    -------
    bool or None
        What is seen, and what the file says where nothing is seen; None where neither tells.
    tuple of Flag
    """
    stated = scan.acquisition.contrast
    seen = [one.beside.vessel_hu for one in crops if one.beside.vessel_hu is not None]
    vessels = float(np.median(seen)) if seen else None
    effect = "it raises HU of bone, and patients with and without it were in the training"
    if vessels is not None and vessels > VESSEL_HU:
        text = (
            f"Contrast agent: the brightest twentieth in front of the spine has {vessels:.0f} HU, "
            f"where blood without it has 30 to 60; {effect}."
        )
        return True, (Flag("contrast", text),)
    if stated:
        return True, (Flag("contrast", f"The file states contrast agent; {effect}."),)
    if vessels is None and stated is None:
        text = "Whether contrast agent was given is not known: no vessel is in view."
        return None, (Flag("contrast-unknown", text),)
    return False, ()


def who(
    device: str | None, sex: str | None, card: SpineCard, used: Sequence[str]
) -> tuple[Flag, ...]:
    """What is not known of densitometer and patient, and what follows.

    Parameters
    ----------
    device, sex : str or None
        As given.
    card : SpineCard
        The model.
    used : sequence of str
        Levels that were read.
    """
    flags = []
    known = ", ".join(card.devices)
    if device is None:
        text = (
            f"No densitometer is named: the standardised density alone is given, as for a "
            f"densitometer that is not known. The model has learned from {known}."
        )
        flags.append(Flag("device-not-given", text))
    elif device not in card.devices:
        text = (
            f"The model has not learned from {device}, only from {known}: the density is said as "
            "for a densitometer that is not known, and put into its units by a published relation."
        )
        flags.append(Flag("device-not-seen", text))
    if sex is None:
        text = (
            "The sex is not given: there is no T-score, and probabilities of classes are the mean "
            "of those of a woman and of a man."
        )
        flags.append(Flag("sex-not-given", text))
    if len(used) < FEWEST:
        text = f"Only {used[0]} was read; densitometry makes no diagnosis of one vertebra."
        flags.append(Flag("few-vertebrae", text))
    return tuple(flags)


def level_flags(
    level: str, probabilities: NDArray[np.float64], card: SpineCard
) -> tuple[Flag, ...]:
    """A flag where the networks take a vertebra for another level.

    Parameters
    ----------
    level : str
        As labelled.
    probabilities : (levels,) array
        Of each level of the card.
    card : SpineCard
        The model.
    """
    best = int(np.argmax(probabilities))
    chance = float(probabilities[best])
    if card.levels[best] == level or chance < SURE:
        return ()
    text = (
        f"Labelled {level}, but the networks take it for {card.levels[best]} "
        f"({100 * chance:.0f} %): check the labels."
    )
    return (Flag("level-doubtful", text),)
