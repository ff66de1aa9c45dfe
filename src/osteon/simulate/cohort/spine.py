"""A spine patient: CT, a densitometer's reading, and what is true of the bone."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core import Labels
from ..ct import CTView, scan_ct
from ..dxa import Device, SpineReading, mean_density, project, read_hip, read_projection
from ..scene import Bone
from ..spine import SpineModel, SpinePatient, SpineSettings, build_spine, draw_spine
from ..spine.reference import VBMD_SD, mean_vbmd
from .devices import DAYS, densitometer_at, scanner_at, tiles_at
from .drawn import drawn_vertebrae
from .images import mean_values, objects_in, regions_in
from .plan import CohortSettings, Place
from .subject import Image, Probe, Subject

READ = ("L1", "L2", "L3", "L4")
"""Vertebrae that a densitometer reads."""

WIDTH = {"small": 115.0, "full": 360.0}
"""Width of the images by preset, in mm."""

BEYOND = 22.0
"""How far the images reach beyond the middles of the outermost vertebrae, in mm."""

BEHIND = 12.0
"""How far behind the middles of the bodies the small images are centred, in mm."""

CORE = 0.5
"""Part of a body's width, depth and height that its core takes up."""

ACCURACY = 0.03
"""Spread of how far a person's fat misleads a device; see `dxa.reading`."""

REFERRED = (82.0, 8.0)
"""Trabecular density in mg/cm³ at which half of the patients are sent for a densitometry, and how
sharply that falls off (assumed): studies that pair CT with DXA see the patients at risk, and find
osteoporosis in a quarter of them rather than in a tenth."""

LABELLED = SpineSettings(ages=(50.0, 85.0), women=0.7)
"""From whom patients with a densitometry are drawn."""

MOST_DRAWN = 500
"""Persons drawn until one is referred; then the last one is taken."""

COLUMNS: Mapping[str, dict[str, Any]] = {
    "participant_id": {"Description": "Patient"},
    "age": {"Description": "Age", "Units": "a"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
    "height": {"Description": "Stature", "Units": "cm"},
    "weight": {"Description": "Body weight", "Units": "kg"},
    "site": {"Description": "Hospital"},
    "split": {"Description": "internal, external (opened once), or unlabelled"},
    "fold": {"Description": "Fold of cross-validation, by patient"},
    "scanner": {"Description": "CT profile"},
    "kvp": {"Description": "Tube voltage", "Units": "kV"},
    "kernel": {"Description": "Reconstruction kernel"},
    "contrast_phase": {"Description": "Contrast agent in the vessels"},
    "dxa_device": {"Description": "Maker of the densitometer"},
    "abmd": {"Description": "Areal density of L1–L4 as printed", "Units": "g/cm2"},
    "t_score": {"Description": "T-score of L1–L4 as printed"},
    "diagnosis": {"Description": "Class of the WHO by that T-score"},
    "osteoporosis": {"Description": "T-score of −2.5 or below"},
}
"""Data dictionary of ``participants.tsv``."""


def make_spine(settings: CohortSettings, place: Place) -> Subject:
    """Everything there is of one spine patient.

    Parameters
    ----------
    settings : CohortSettings
        The cohort.
    place : Place
        The patient's place in it.

    Returns
    -------
    Subject
        CT, masks of the vertebrae, reading where there is one, row, truth.
    """
    seed = settings.seed
    patient = _patient(place, place.rng(seed, "patient"))
    tiles = tiles_at(settings, place)
    model = build_spine(patient, tuple(enumerate(tiles)), place.rng(seed, "body"))
    scanner = scanner_at(settings, place)
    view = _view(model, settings, place)
    ct = scan_ct(model.scene, scanner, view, place.rng(seed, "ct"))
    objects = objects_in(model.scene, ct.volume.grid)
    cores = regions_in(
        model.scene, [(name, _core(model, name)) for name in model.vertebrae], ct.volume.grid
    )
    reading, known = _readings(settings, place, model)
    truth = {
        "patient": _told(patient),
        "tiles": [tile.name for tile in tiles],
        "ct": dict(ct.truth),
        "dxa": known,
        "mean_hu": dict(mean_values(ct.volume.values, cores)),
        "vertebrae": {name: _vertebra(model, name) for name in model.vertebrae},
    }
    rows = [{"region": name, **_numbers(model, name)} for name in model.vertebrae]
    shown = place.split != "unlabelled" and place.missing != "dxa"
    return Subject(
        {
            **_row(place, patient, scanner.kvp, str(ct.settings["ConvolutionKernel"])),
            **_printed(reading if shown else None, place),
        },
        [Image("ct", "", ct.volume, {**ct.settings, "ContrastPhase": patient.phase})],
        documents={"dxa/dxa.json": _document(reading)} if shown else {},
        masks={"vertebrae": drawn_vertebrae(objects)},
        truth=truth,
        truth_labels={"ct": objects, "ct_cores": cores},
        regions=rows,
        probes=[
            Probe(name, name, _core(model, name).mask(1))
            for name in (("L1",) if settings.preset == "small" else READ)
        ],
        scene=model.scene,
    )


def _patient(place: Place, rng: np.random.Generator) -> SpinePatient:
    """Whoever had a CT; with labels, whoever was sent for a densitometry as well."""
    if place.split == "unlabelled":
        return draw_spine(rng, SpineSettings())
    middle, width = REFERRED
    for _ in range(MOST_DRAWN):
        patient = draw_spine(rng, LABELLED)
        if rng.random() < 1 / (1 + np.exp((patient.vbmd - middle) / width)):
            break
    return patient


def _view(model: SpineModel, settings: CohortSettings, place: Place) -> CTView:
    """Around L1–L4 in the small preset; the whole body from T12 to L5 in the full one."""
    small = settings.preset == "small"
    names = READ if small else tuple(model.vertebrae)
    middles = np.array([model.vertebrae[name].centroid for name in names])
    size = model.scene.size
    x, y = float(middles[:, 0].mean()), float(middles[:, 1].mean()) + BEHIND
    if not small:
        x, y = float(size["x"]), float(size["y"])
    low, high = float(middles[:, 2].min()) - BEYOND, float(middles[:, 2].max()) + BEYOND
    width = WIDTH[settings.preset]
    return CTView((x, y), width, low, high, place.year * DAYS)


def _core(model: SpineModel, name: str) -> Labels:
    """Middle of a body, in the vertebra's own coordinates: spongy bone only."""
    bone, known = model.scene.named(name), model.vertebrae[name]
    if not isinstance(bone, Bone):
        raise TypeError(f"{name} is no bone.")
    half = 0.5 * CORE * np.array([known.width, known.depth, min(known.heights)])
    index = [np.arange(n) for n in bone.grid.shape]
    axes = [
        np.abs(o + s * n)
        for o, s, n in zip(bone.grid.origin, bone.grid.spacing, index, strict=True)
    ]
    inside = (
        (axes[0] <= half[0])[:, None, None]
        & (axes[1] <= half[1])[None, :, None]
        & (axes[2] <= half[2])[None, None, :]
    )
    return Labels((inside & (bone.inside > bone.shell)).astype(np.uint8), bone.grid, {1: name})


def _readings(
    settings: CohortSettings, place: Place, model: SpineModel
) -> tuple[SpineReading, dict[str, Any]]:
    """What the densitometer prints, and what is true: density without error, a second visit."""
    machine: Device = densitometer_at(settings, place)
    seen = project(model.scene, READ)
    broken = [name for name in READ if model.vertebrae[name].grade > 0][: len(READ) - 2]
    rng = place.rng(settings.seed, "dxa")
    personal = float(rng.normal(1, ACCURACY))
    sex = model.patient.sex
    first, second = (
        read_projection(seen, machine, rng, sex=sex, broken=broken, personal=personal)
        for _ in range(2)
    )
    counted = {name: seen.contents[name] for name in READ if name not in broken}
    standard = mean_density(counted)
    score = (model.patient.vbmd - mean_vbmd(model.patient.age, model.patient.sex)) / VBMD_SD
    known = {
        "standard_abmd": standard,
        "true_t_score": machine.t_score(machine.reads(standard), sex),
        "second_abmd": second.bmd,
        "second_t_score": second.t_score,
        "second_diagnosis": second.diagnosis,
        "excluded": list(broken),
        "personal_factor": personal,
        "calibration": machine.calibration,
        "hip": vars(read_hip(model.patient.age, sex, score, machine, rng)),
    }
    return first, known


def _row(place: Place, patient: SpinePatient, kvp: float, kernel: str) -> dict[str, Any]:
    """Row of ``participants.tsv`` but for the reading."""
    return {
        "participant_id": place.subject,
        "age": round(patient.age, 1),
        "sex": patient.sex,
        "height": None if place.missing == "height" else round(patient.stature / 10, 1),
        "weight": None if place.missing == "weight" else round(patient.weight, 1),
        "site": place.site.name,
        "split": place.split,
        "fold": place.fold,
        "scanner": place.site.scanner,
        "kvp": kvp,
        "kernel": kernel,
        "contrast_phase": patient.phase,
    }


def _printed(reading: SpineReading | None, place: Place) -> dict[str, Any]:
    """The reading's part of the row; nothing where there is none."""
    if reading is None or reading.bmd is None or reading.t_score is None:
        return dict.fromkeys(("dxa_device", "abmd", "t_score", "diagnosis", "osteoporosis"))
    return {
        "dxa_device": place.site.dxa_device,
        "abmd": round(reading.bmd, 3),
        "t_score": round(reading.t_score, 1),
        "diagnosis": reading.diagnosis,
        "osteoporosis": reading.diagnosis == "osteoporosis",
    }


def _document(reading: SpineReading) -> dict[str, Any]:
    """What the densitometer prints, by vertebra."""
    return {
        "Manufacturer": reading.maker,
        "L1-L4": {
            "abmd_g_cm2": None if reading.bmd is None else round(reading.bmd, 3),
            "t_score": None if reading.t_score is None else round(reading.t_score, 1),
            "diagnosis": reading.diagnosis,
        },
        "excluded": list(reading.excluded),
        "vertebrae": {
            name: {
                "bmc_g": round(one.bmc, 2),
                "area_cm2": round(one.area, 2),
                "abmd_g_cm2": round(one.bmd, 3),
                "t_score": round(one.t_score, 1),
            }
            for name, one in reading.vertebrae.items()
        },
    }


def _told(patient: SpinePatient) -> dict[str, Any]:
    """The latent patient as plain data."""
    names = ("age", "sex", "stature", "weight", "vbmd", "share", "magnify", "cortex", "fat")
    more = ("size", "lordosis", "scoliosis", "wear", "calcification", "phase")
    return {name: getattr(patient, name) for name in (*names, *more)}


def _vertebra(model: SpineModel, name: str) -> dict[str, Any]:
    """Everything that is true of a vertebra."""
    known = model.vertebrae[name]
    return {
        **_numbers(model, name),
        "kind": known.kind,
        "pose": known.pose.tolist(),
        "centroid": known.centroid.tolist(),
    }


def _numbers(model: SpineModel, name: str) -> dict[str, Any]:
    """Numbers that are true of a vertebra."""
    known = model.vertebrae[name]
    traits = model.patient.vertebrae[name]
    anterior, middle, posterior = known.heights
    return {
        "asked BV/TV": float(known.share),
        "mineral_mg_cm3": float(known.mineral),
        "height_anterior_mm": float(anterior),
        "height_middle_mm": float(middle),
        "height_posterior_mm": float(posterior),
        "grade": known.grade,
        "osteophyte_mm": float(traits.osteophytes),
        "facets": float(traits.facets),
        "sclerosis": float(traits.sclerosis),
    }
