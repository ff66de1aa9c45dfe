"""What a cohort's data card tells: who is in it, what it looks like, how well it can be told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import Grid, Volume
from ...io import read_scan
from ...simulate.cohort.make import columns_of
from ...simulate.cohort.plan import CohortSettings
from .run import CohortRun

SHOWN = 6
"""Patients in the gallery."""

WINDOW = {"ct": (-200.0, 900.0), "microct": (0.0, 1.0)}
"""Values shown as black and as white; of an MR, 0 and its 99.5th percentile."""

WARNING = (
    "These are virtual patients. They show whether a method works on bone whose truth is known; "
    "they show nothing about patients, and models trained on them are for research only."
)

SUMMARY = {
    "knee": "Knees with and without osteoarthritis, each seen by CT and, in another pose, by MR.",
    "spine": "Lumbar spines seen by CT, with the reading of a densitometer.",
    "bone": "Blocks of spongy bone of stated structure.",
}

PARAMETERS = {
    "BV/TV": ("BV/TV", ""),
    "Tb.Th": ("Tb.Th", "mm"),
    "Tb.Sp": ("Tb.Sp", "mm"),
    "Tb.N": ("Tb.N", "/mm"),
    "asked BV/TV": ("BV/TV asked for", ""),
    "plate_mm": ("subchondral plate", "mm"),
    "magnify": ("magnification", ""),
    "mineral_mg_cm3": ("bone mineral", "mg/cm3"),
    "height_anterior_mm": ("anterior height", "mm"),
    "height_middle_mm": ("middle height", "mm"),
    "height_posterior_mm": ("posterior height", "mm"),
    "osteophyte_mm": ("osteophytes", "mm"),
    "facets": ("wear of the facet joints, 0–1", ""),
    "sclerosis": ("sclerosis, 0–1", ""),
    "stretch": ("stretch along the main direction", ""),
    "character": ("plates 0 … rods 1", ""),
}
"""Words and unit of the true parameters that the card shows."""

FILES = (
    ("participants.tsv", "one row a patient, what a study would know"),
    ("participants.json", "data dictionary of that table"),
    ("sub-*/", "images with sidecars, readings"),
    ("truth/", "what no scanner tells: structure, labels, transforms, ceilings; not for training"),
    ("cohort.json", "settings of the cohort: the same ones go on with a run that was stopped"),
    ("manifest.json", "versions, settings, seed, time"),
)


@dataclass(frozen=True, eq=False)
class Shot:
    """A plane of one image for the gallery; fields as of `report.CardPicture`."""

    subject: str
    title: str
    caption: str
    shades: NDArray[np.uint8]
    pixel_mm: tuple[float, float]
    group: str


def card_of(run: CohortRun, settings: CohortSettings, command: str) -> dict[str, Any]:
    """Data of the card.

    Parameters
    ----------
    run : CohortRun
        The cohort on disk.
    settings : CohortSettings
        What was asked for.
    command : str
        The command that made it.

    Returns
    -------
    dict
        As `report.write_cohort_card` reads it.
    """
    kind = settings.kind
    counts = Counter(row.get("site") for row in run.participants)
    sites = [
        {
            "name": site.name,
            "external": site.external,
            "scanner": site.scanner,
            "sequence": site.sequence,
            "dxa_device": site.dxa_device,
            "patients": counts[site.name],
        }
        for site in settings.sites
    ]
    columns = {
        name: {
            "description": told["Description"],
            "unit": told.get("Units", ""),
            **({"levels": told["Levels"]} if "Levels" in told else {}),
        }
        for name, told in columns_of(kind, run.participants).items()
    }
    label = {"knee": "oa", "spine": "osteoporosis"}.get(kind)
    return {
        "schema": "osteon-cohort-1",
        "kind": kind,
        "title": f"Virtual {kind} cohort, seed {settings.seed}",
        "summary": SUMMARY[kind],
        "warning": WARNING,
        "settings": {
            "subjects": settings.subjects,
            "unlabelled": settings.unlabelled,
            "seed": settings.seed,
            "preset": settings.preset,
            "missing": settings.missing,
            **{f"asked {name}": value for name, value in settings.requested.items()},
        },
        "sites": [] if kind == "bone" else sites,
        "participants": run.participants,
        "columns": columns,
        **({"label": label} if label else {}),
        "ceilings": [
            {**found, "columns": [], "note": found["role"]}  # what is seen is told in words
            for found in run.ceilings["ceilings"]
        ],
        "agreement": run.ceilings["agreement"],
        "regions": _parameters(run.regions, kind),
        "manifest": {**run.manifest, "command": command},
        "files": [{"path": path, "what": what} for path, what in FILES],
    }


def _parameters(rows: Sequence[Mapping[str, Any]], kind: str) -> list[dict[str, Any]]:
    """True parameters in words; the Tb.Sp of a block of bone is what was asked for."""
    told = []
    for row in rows:
        if row["parameter"] in PARAMETERS:
            name, unit = PARAMETERS[row["parameter"]]
            if kind == "bone" and name == "Tb.Sp":
                name = "Tb.Sp asked for"
            told.append({**row, "parameter": name, "unit": unit})
    return told


def gallery_of(run: CohortRun) -> list[Shot]:
    """Planes of some patients' images.

    Parameters
    ----------
    run : CohortRun
        The cohort on disk.

    Returns
    -------
    list of Shot
        Sagittal and axial or coronal planes, seen as radiologists do.
    """
    made = []
    for row in _chosen(
        [row for row in run.participants if row["participant_id"] not in run.failed]
    ):
        name = str(row["participant_id"])
        caption = _caption(row)
        for path in sorted((run.out / name).glob("*/*.nii.gz")):
            modality = path.parent.name
            made += _planes(name, modality, caption, read_scan(path).volume)
    return made


def _chosen(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Patients of different sites and labels, in turn."""
    asked = ("oa", "osteoporosis", "source", "split")
    label = next((key for key in asked if rows and key in rows[0]), "split")
    groups: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row.get("site"), row.get(label)), []).append(row)
    turn = [group[n] for n in range(SHOWN) for group in groups.values() if n < len(group)]
    return turn[:SHOWN]


def _caption(row: Mapping[str, Any]) -> str:
    """Who is shown."""
    told = []
    for key, words in (("site", "site {}"), ("age", "{:.0f} y"), ("sex", "{}"),
                       ("kl_grade", "KL {}"), ("t_score", "T {}"), ("source", "{}")):  # fmt: skip
        if row.get(key) is not None:
            told.append(words.format(row[key]))
    return ", ".join(told)


def _planes(name: str, modality: str, caption: str, volume: Volume) -> list[Shot]:
    """The planes of one image that are shown."""
    values = volume.values
    low, high = WINDOW.get(modality, (0.0, float(np.percentile(values[::4, ::4, ::4], 99.5))))
    share = (values.astype(np.float32) - low) / max(high - low, 1e-6)
    shades = (np.clip(share, 0, 1) * 255).astype(np.uint8)
    group = {"ct": "CT", "mr": "MR", "microct": "micro-CT"}.get(modality, modality)
    views = _views(volume.grid, modality)
    return [
        Shot(name, view, caption, _plane(shades, cut, flip), pixel, group)
        for view, cut, flip, pixel in views
    ]


View = tuple[str, tuple[int, int], bool, tuple[float, float]]


def _views(grid: Grid, modality: str) -> list[View]:
    """Name, (axis, index), whether head is up after a flip, and pixel of every view."""
    di, dj, dk = (float(s) for s in grid.spacing)
    ni, nj, nk = grid.shape
    if modality == "mr":
        return [("sagittal", (2, nk // 3), False, (dj, di))]
    return [
        ("sagittal", (0, ni // 3 if modality == "ct" and dk < 1.2 else ni // 2), True, (dk, dj)),
        ("coronal", (1, nj // 2), True, (dk, di)),
    ]


def _plane(shades: NDArray[np.uint8], cut: tuple[int, int], flip: bool) -> NDArray[np.uint8]:
    """One plane as rows and columns."""
    plane = np.take(shades, cut[1], axis=cut[0]).T
    return np.ascontiguousarray(plane[::-1] if flip else plane)
