"""What is told of one knee by its CT alone, and the same as plain data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .... import __version__
from ....core import Flag, Labels, Mask, Measurement, Method, Scan, Volume
from ....learn.knee_model import KneeCard, Opinion
from ...results import flag_dicts, scan_dict
from ..patches.places import PatchPlace

SCHEMA = "osteon-knee-1"

STUDENT, LOGISTIC = "knee-student", "knee-logistic"

METHODS: Mapping[str, Method] = {
    STUDENT: Method(
        STUDENT,
        "Trabecular parameters of subchondral patches, read from CT by networks that learned them "
        "from MR of the same bone; calibrated, with the networks' own uncertainty.",
        "doi:10.48550/arXiv.2307.04390",
        "Hu Y et al. CT-based subchondral bone microstructural analysis in knee osteoarthritis via "
        "MR-guided distillation learning. arXiv 2307.04390, 2023.",
    ),
    LOGISTIC: Method(
        LOGISTIC,
        "Probability of osteoarthritis (Kellgren-Lawrence grade 2 or more) by logistic regression "
        "on the mean of each parameter in each region; interval over coefficients of resampled "
        "patients.",
    ),
}
"""How the numbers of a prediction are made."""

OA = "osteoarthritis probability"
"""Name of the row of the diagnosis."""


@dataclass(frozen=True, eq=False)
class PatchPrediction:
    """What the networks say of one patch.

    Attributes
    ----------
    place : PatchPlace
        Where it is.
    values, uncertainties : (parameters,) array
        In the order of the model's parameters.
    """

    place: PatchPlace
    values: NDArray[np.float64]
    uncertainties: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KneePrediction:
    """Everything that `osteon knee predict` found.

    Attributes
    ----------
    scan : Scan
        The CT.
    card : KneeCard
        What the model is.
    model_sha256 : str
        Digest of the model, every byte.
    side : str
        ``"left"`` or ``"right"``.
    bones : Labels
        Bones in view.
    regions : mapping of str to Mask
        Subchondral regions on the scan's grid; a region that is not in view is empty.
    patches : tuple of PatchPrediction
    maps : mapping of str to Volume
        By parameter, on the scan's grid; 0 outside the regions.
    measurements : tuple of Measurement
        By region and parameter, then the probability of osteoarthritis.
    opinion : Opinion or None
        None where the model has none.
    distance : float
        How far the scan lies from the training, of which ``card.embeddings.limit`` is the limit.
    flags : tuple of Flag
        What bears on the whole scan.
    """

    scan: Scan
    card: KneeCard
    model_sha256: str
    side: str
    bones: Labels
    regions: Mapping[str, Mask]
    patches: tuple[PatchPrediction, ...]
    maps: Mapping[str, Volume]
    measurements: tuple[Measurement, ...]
    opinion: Opinion | None
    distance: float
    flags: tuple[Flag, ...]

    def region_labels(self) -> Labels:
        """The regions in one map: 1, 2 … in their order, with their names."""
        values = np.zeros(self.scan.volume.grid.shape, np.uint8)
        for number, mask in enumerate(self.regions.values(), start=1):
            values[mask.values] = number
        names = dict(enumerate(self.regions, start=1))
        return Labels(values, self.scan.volume.grid, names)


def map_file(parameter: str) -> str:
    """Name of the file of a parameter's map, such as ``map-app.BV-TV.nii.gz``."""
    return f"map-{parameter.replace('/', '-')}.nii.gz"


def knee_dict(
    found: KneePrediction,
    *,
    subject: str,
    manifest: Mapping[str, Any],
    keep_identifiers: bool = False,
) -> dict[str, Any]:
    """A prediction as plain data, as results.json and the report hold it.

    Parameters
    ----------
    found : KneePrediction
        From `predict_knee`.
    subject : str
        What the subject is called in tables.
    manifest : mapping of str to object
        Manifest of the run.
    keep_identifiers : bool
        Whether what names the patient is written out.
    """
    used = [STUDENT, *([LOGISTIC] if found.opinion else [])]
    return {
        "schema": SCHEMA,
        "osteon": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "subject": subject,
        "notice": found.card.notice,
        "scan": scan_dict(found.scan, found.scan.flags),
        "side": found.side,
        "model": _model(found),
        "compartments": [
            {"label": number, **_compartment(found, name)}
            for number, name in enumerate(found.regions, start=1)
        ],
        "osteoarthritis": asdict(found.opinion) if found.opinion else None,
        "patches": [_patch(found, one) for one in found.patches],
        "measurements": [
            {**asdict(number), "flags": flag_dicts(number.flags)} for number in found.measurements
        ],
        "maps": {name: map_file(name) for name in found.maps},
        "flags": flag_dicts(found.flags),
        "methods": [asdict(METHODS[key]) for key in used],
        "settings": {"side": found.side, "lattice": asdict(found.card.lattice)},
        "manifest": dict(manifest),
        "identifiers": dict(found.scan.identifiers) if keep_identifiers else {},
    }


def _model(found: KneePrediction) -> dict[str, Any]:
    card = found.card
    return {
        "name": card.name,
        "sha256": found.model_sha256,
        "training": asdict(card.training),
        "seen": asdict(card.seen),
        "intended_use": card.intended_use,
        "parameters": [asdict(one) for one in card.parameters],
        "metrics": [asdict(one) for one in card.metrics],
        "distance": found.distance,
        "distance_limit": card.embeddings.limit,
    }


def _compartment(found: KneePrediction, region: str) -> dict[str, Any]:
    """One region with its parameters."""
    mask = found.regions[region]
    here = [one for one in found.measurements if region_of(one) == region]
    return {
        "region": region,
        "voxels": mask.voxels,
        "volume_mm3": round(mask.volume_mm3, 3),
        "patches": sum(one.place.region == region for one in found.patches),
        "parameters": [
            {
                "name": one.name,
                "value": one.value,
                "uncertainty": one.uncertainty,
                "unit": one.unit,
                "flags": flag_dicts(one.flags),
            }
            for one in here
        ],
    }


def region_of(number: Measurement) -> str:
    """The region that a number is of, such as ``"medial femur"``; ``""`` for the whole knee."""
    return f"{number.region} {number.level}".strip()


def _patch(found: KneePrediction, one: PatchPrediction) -> dict[str, Any]:
    names = found.card.names
    return {
        "region": one.place.region,
        "number": one.place.number,
        "centre_mm": [round(float(x), 3) for x in one.place.centre_mm],
        "values": dict(zip(names, map(float, one.values), strict=True)),
        "uncertainties": dict(zip(names, map(float, one.uncertainties), strict=True)),
    }
