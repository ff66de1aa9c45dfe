"""A knee patient: CT, MR in another pose, and what is true of the bone."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..ct import CTView, scan_ct
from ..knee import KneeModel, KneePatient, build_knee, draw_knee
from ..mr import KNEE_MOTION, MRView, pose_for_mr, scan_mr
from .devices import DAYS, scanner_at, sequence_at, tiles_at
from .images import mean_values, objects_in, regions_in
from .plan import CohortSettings, Place
from .subject import Image, Probe, Subject

FIELD = {"small": (100.0, 80.0), "full": (140.0, 130.0)}
"""Width and height of the images by preset, in mm."""

OA_FROM = 2
"""Kellgren–Lawrence grade from which a knee has osteoarthritis."""

COLUMNS: Mapping[str, dict[str, Any]] = {
    "participant_id": {"Description": "Patient"},
    "age": {"Description": "Age", "Units": "a"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
    "bmi": {"Description": "Body mass index", "Units": "kg/m2"},
    "side": {"Description": "Knee that was scanned"},
    "site": {"Description": "Hospital"},
    "split": {"Description": "internal, external (opened once), or unlabelled"},
    "fold": {"Description": "Fold of cross-validation, by patient"},
    "scanner": {"Description": "CT profile"},
    "kvp": {"Description": "Tube voltage", "Units": "kV"},
    "kernel": {"Description": "Reconstruction kernel"},
    "sequence": {"Description": "MR sequence"},
    "kl_grade": {"Description": "Kellgren–Lawrence grade as a reader gave it, 0–4"},
    "oa": {"Description": "Osteoarthritis: Kellgren–Lawrence grade 2 or more"},
}
"""Data dictionary of ``participants.tsv``."""


def make_knee(settings: CohortSettings, place: Place) -> Subject:
    """Everything there is of one knee patient.

    Parameters
    ----------
    settings : CohortSettings
        The cohort.
    place : Place
        The patient's place in it.

    Returns
    -------
    Subject
        CT, MR where it is not missing, row, truth.
    """
    seed = settings.seed
    patient = draw_knee(place.rng(seed, "patient"))
    tiles = tiles_at(settings, place)
    model = build_knee(patient, tiles, place.rng(seed, "body"))
    width, height = FIELD[settings.preset]
    scanner = scanner_at(settings, place)
    middle = (model.scene.size["x"], model.scene.size["y"]) if not patient.both_legs else (0.0, 0.0)
    view = CTView(middle, width, -height / 2, height / 2, place.year * DAYS)
    ct = scan_ct(model.scene, scanner, view, place.rng(seed, "ct"))
    posed = pose_for_mr(model.scene, model.groups, place.rng(seed, "pose"), KNEE_MOTION)
    images = [Image("ct", "", ct.volume, ct.settings)]
    labels = {"ct": objects_in(model.scene, ct.volume.grid)}
    regions = regions_in(model.scene, list(model.regions.items()), ct.volume.grid)
    labels["ct_regions"] = regions
    sequence = sequence_at(settings, place)
    if place.missing != "mr":
        x, y, z, _ = (float(v) for v in posed.moves["femur"] @ (0, 0, 0, 1))
        frame = MRView((x, y, z), (width * 0.8, width, height))
        mr = scan_mr(posed.scene, sequence, frame, place.rng(seed, "mr"))
        images.append(Image("mr", "acq-bffe", mr.volume, mr.settings))
        labels["mr"] = objects_in(posed.scene, mr.volume.grid)
    truth = {
        "patient": dict(model.truth),
        "tiles": [tile.name for tile in tiles],
        "ct": dict(ct.truth),
        "mr_pose": {name: move.tolist() for name, move in posed.moves.items()},
        "mean_hu": dict(mean_values(ct.volume.values, regions)),
    }
    row = _row(place, patient, scanner.kvp, str(ct.settings["ConvolutionKernel"]))
    rows = [{"region": name, **_asked(model.truth["bone"][name])} for name in model.truth["bone"]]
    return Subject(
        {
            **row,
            "sequence": sequence.name if place.missing != "mr" else None,
            **_reading(None if place.split == "unlabelled" else patient),
        },
        images,
        truth=truth,
        truth_labels=labels,
        regions=rows,
        probes=_probes(model),
        scene=model.scene,
    )


def _row(place: Place, patient: KneePatient, kvp: float, kernel: str) -> dict[str, Any]:
    """Row of ``participants.tsv``."""
    return {
        "participant_id": place.subject,
        "age": round(patient.age, 1),
        "sex": patient.sex,
        "bmi": None if place.missing == "bmi" else round(patient.bmi, 1),
        "side": patient.side,
        "site": place.site.name,
        "split": place.split,
        "fold": place.fold,
        "scanner": place.site.scanner,
        "kvp": kvp,
        "kernel": kernel,
    }


def _reading(patient: KneePatient | None) -> dict[str, Any]:
    """What the reader of the radiograph says; nothing where nobody read it."""
    if patient is None:
        return {"kl_grade": None, "oa": None}
    return {"kl_grade": patient.kl, "oa": patient.kl >= OA_FROM}


def _asked(bone: Mapping[str, Any]) -> dict[str, Any]:
    """Requested structure of one place."""
    return {
        "asked BV/TV": float(np.mean(bone["bvtv_asked"])),
        "plate_mm": float(bone["plate_mm"]),
        "magnify": float(bone["magnify"]),
    }


def _probes(model: KneeModel) -> list[Probe]:
    """A region to be measured finely for each side of femur and tibia."""
    made = []
    for labels, bone in ((model.regions[bone], bone) for bone in model.regions):
        for side in ("medial", "lateral"):
            wanted = tuple(n for n, name in labels.names.items() if name.startswith(side))
            made.append(Probe(f"{side} {bone}", bone, labels.mask(*wanted)))
    return made
