"""What is told of one spine by its CT alone, and the same as plain data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from .... import __version__
from ....core import Flag, Measurement, Method, Scan
from ....learn.spine_card import SpineCard
from ...results import flag_dicts, scan_dict
from ..cohort import CLASSES
from ..crops.cut import Crop
from .reading import Reading, TScore

SCHEMA = "osteon-spine-1"

NETWORK, RELATION, T_SCORE = "spine-network", "dxa-hui-1997", "t-score"

METHODS: Mapping[str, Method] = {
    NETWORK: Method(
        NETWORK,
        "Standardised areal density, classes and levels of lumbar vertebrae, read from CT by "
        "networks with experts for densitometers that learned from densitometry of the same "
        "patients; calibrated on patients left out.",
        "doi:10.1007/978-3-032-05182-0_42",
        "Huang et al. Opportunistic osteoporosis diagnosis via texture-preserving "
        "self-supervision, mixture of experts and multi-task integration. MICCAI 2025.",
    ),
    RELATION: Method(
        RELATION,
        "Standardised density in the units of a maker's densitometers, by the published relation "
        "of phantom readings.",
        "doi:10.1359/jbmr.1997.12.9.1463",
        "Hui SL et al. Universal standardization of bone density measurements. J Bone Miner Res "
        "1997;12:1463-70.",
    ),
    T_SCORE: Method(
        T_SCORE,
        "Standard deviations from the mean of young adults by the densitometer's own reference.",
    ),
    "conformal": Method(
        "conformal",
        "Intervals and sets of classes that hold what was read in a given share of patients like "
        "those of the training, by scores of patients left out.",
        "doi:10.48550/arXiv.2107.07511",
        "Angelopoulos AN, Bates S. A gentle introduction to conformal prediction and "
        "distribution-free uncertainty quantification. arXiv 2107.07511, 2021.",
    ),
}
"""How the numbers of a prediction are made."""

BMD, DEVICE_BMD, T = "aBMD standardised", "aBMD as read by", "T-score"
"""Names of rows of the table."""


@dataclass(frozen=True, eq=False)
class VertebraPrediction:
    """What is said of one vertebra.

    Attributes
    ----------
    level : str
        By the labels.
    crop : Crop or None
        None where it could not be cut.
    reason : str
        Why nothing is said of it; ``""`` where something is.
    bmd, bmd_sd : float or None
        Standardised areal density in g/cm², and its standard uncertainty.
    weight : float
        Its share in what is said of the patient.
    said, probability : str, float
        Level that the networks take it for, and the probability of the level that it is
        labelled as.
    flags : tuple of Flag
        What a reader must know about it.
    """

    level: str
    crop: Crop | None
    reason: str = ""
    bmd: float | None = None
    bmd_sd: float | None = None
    weight: float = 0.0
    said: str = ""
    probability: float = 0.0
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, eq=False)
class SpinePrediction:
    """Everything that `osteon spine predict` found.

    Attributes
    ----------
    scan : Scan
        The CT.
    card : SpineCard
        What the model is.
    model_sha256 : str
        Digest of the model, every byte.
    device, sex : str or None
        As given.
    coverage : float
        Of the intervals and of the set of classes.
    bmd, bmd_sd, low, high : float
        Standardised areal density of L1–L4, its standard uncertainty, and its interval, g/cm².
    reading : Reading or None
        The same in the units of the named densitometer.
    t_score : TScore or None
        None where the sex is not given.
    classes : mapping of str to float
        Probability of each class.
    held : tuple of str
        The set of classes.
    vertebrae : tuple of VertebraPrediction
        Head to tail, those left out among them.
    experts : tuple of tuple of float
        Weights of the experts of each network.
    distance, measured : float
        How far the patient lies from the training for the networks and by measured numbers;
        limits stand in the card.
    contrast : bool or None
        Whether contrast agent was given, seen or stated; None where it is not known.
    flags : tuple of Flag
        What bears on the whole scan.
    measurements : tuple of Measurement
        Rows of the table.
    """

    scan: Scan
    card: SpineCard
    model_sha256: str
    device: str | None
    sex: str | None
    coverage: float
    bmd: float
    bmd_sd: float
    low: float
    high: float
    reading: Reading | None
    t_score: TScore | None
    classes: Mapping[str, float]
    held: tuple[str, ...]
    vertebrae: tuple[VertebraPrediction, ...]
    experts: tuple[tuple[float, ...], ...]
    distance: float
    measured: float
    contrast: bool | None
    flags: tuple[Flag, ...]
    measurements: tuple[Measurement, ...]


def spine_dict(
    found: SpinePrediction,
    *,
    subject: str,
    manifest: Mapping[str, Any],
    keep_identifiers: bool = False,
) -> dict[str, Any]:
    """A prediction as plain data, as results.json and the report hold it.

    Parameters
    ----------
    found : SpinePrediction
        From `predict_spine`.
    subject : str
        What the subject is called in tables.
    manifest : mapping of str to object
        Manifest of the run.
    keep_identifiers : bool
        Whether what names the patient is written out.
    """
    return {
        "schema": SCHEMA,
        "osteon": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "subject": subject,
        "notice": found.card.notice,
        "scan": scan_dict(found.scan, found.scan.flags, contrast=found.contrast),
        "model": _model(found),
        "patient": _patient(found),
        "vertebrae": [_vertebra(one) for one in found.vertebrae],
        "measurements": [
            {**asdict(number), "flags": flag_dicts(number.flags)} for number in found.measurements
        ],
        "flags": flag_dicts(found.flags),
        "methods": [asdict(METHODS[key]) for key in _used(found)],
        "settings": {
            "device": found.device,
            "sex": found.sex,
            "coverage": found.coverage,
            "lattice": {**asdict(found.card.lattice), "shape": list(found.card.lattice.shape)},
        },
        "manifest": dict(manifest),
        "identifiers": dict(found.scan.identifiers) if keep_identifiers else {},
    }


def _used(found: SpinePrediction) -> list[str]:
    relation = [RELATION] if found.reading else []
    t_score = [T_SCORE] if found.t_score else []
    return [NETWORK, "conformal", *relation, *t_score]


def _patient(found: SpinePrediction) -> dict[str, Any]:
    return {
        "bmd_g_cm2": found.bmd,
        "bmd_sd_g_cm2": found.bmd_sd,
        "interval_g_cm2": [found.low, found.high],
        "coverage": found.coverage,
        "device": asdict(found.reading) if found.reading else None,
        "t_score": asdict(found.t_score) if found.t_score else None,
        "classes": dict(found.classes),
        "class_set": list(found.held),
        "threshold": found.card.threshold,
        "called": "osteoporosis"
        if found.classes[CLASSES[-1]] >= found.card.threshold
        else "no osteoporosis",
        "vertebrae_used": [one.level for one in found.vertebrae if not one.reason],
        "experts": [list(one) for one in found.experts],
    }


def _vertebra(one: VertebraPrediction) -> dict[str, Any]:
    return {
        "level": one.level,
        "used": not one.reason,
        "reason": one.reason or None,
        "bmd_g_cm2": one.bmd,
        "bmd_sd_g_cm2": one.bmd_sd,
        "weight": one.weight,
        "said_level": one.said or None,
        "level_probability": one.probability if not one.reason else None,
        "flags": flag_dicts(one.flags),
    }


def _model(found: SpinePrediction) -> dict[str, Any]:
    card = found.card
    return {
        "name": card.name,
        "sha256": found.model_sha256,
        "training": asdict(card.training),
        "seen": asdict(card.seen),
        "devices": list(card.devices),
        "intended_use": card.intended_use,
        "metrics": [asdict(one) for one in card.metrics],
        "distance": found.distance,
        "distance_limit": card.embeddings.limit,
        "measured_distance": found.measured,
        "measured_distance_limit": card.measured.limit,
    }
