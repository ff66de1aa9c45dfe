"""What every baseline rests on: numbers of each patient, measured once and kept."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .... import __version__
from ....core import HU, Grid, Mask, OsteonError, Volume
from ....features.texture import STUDIED, measure_texture, stable_tags
from ...cohorts.store import write_json
from ...processes import shared_out
from ...voltage import to_120_kvp
from ..cohort import SpineCohort, SpinePatient, run_folder
from ..crops.cut import BODY
from ..crops.store import crops_file, read_crops
from ..crops.usable import left_out
from ..energy import SOFT, mineral_factor, soft_tissue
from ..facts import FACTS, facts_of

Progress = Callable[[str, int, int], None]

FOLDER = "baselines"
"""Folder of what was measured in a run."""

RIM_MM = 4.0
"""What is taken off a body for its core: the cortex and its blur, 2 to 3 mm, and a little more."""

LEAST_VOXELS = 200
"""Voxels of a core, 0.1 cm³ at 0.8 mm; in fewer the mean says little."""

STABLE = 0.75
"""ICC(2,1) from which a feature counts as stable; "good" of Koo & Li 2016
(doi:10.1016/j.jcm.2016.02.012)."""


@dataclass(frozen=True)
class Measured:
    """Numbers of a patient, from crops alone.

    Attributes
    ----------
    name : str
        Patient.
    kvp : float or None
        Tube voltage.
    levels : mapping of str to mapping
        By level: ``core_hu`` (mean HU of the core of the body), ``adipose`` and ``muscle`` (peak
        of the tissue beside it, in HU), each None where there is none, ``left_out``,
        ``texture`` (stable features of the body by tag) and ``facts`` (as
        `osteon.pipelines.spine.facts` measures them).
    """

    name: str
    kvp: float | None
    levels: Mapping[str, Mapping[str, Any]]

    def whole(self) -> list[str]:
        """Levels that are measured and read (`osteon.pipelines.spine.crops.usable`)."""
        return [
            level
            for level, one in self.levels.items()
            if one["core_hu"] is not None and not one["left_out"]
        ]


def measure_cohort(
    cohort: SpineCohort,
    patients: Sequence[SpinePatient],
    *,
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> dict[str, Measured]:
    """Measure patients that have crops, or read what was measured.

    Parameters
    ----------
    cohort : SpineCohort
        With crops made.
    patients : sequence of SpinePatient
        Who.
    jobs : int
        Patients at once, a process each. Changes no number.
    progress : function
        Told what is done, the patients done, and how many there are.

    Returns
    -------
    dict of str to Measured
        In the order of `patients`; who has no crops or no core is left out.
    """
    run = run_folder(cohort)
    names = [patient.name for patient in patients]
    found: dict[str, Measured | None] = {}
    work = partial(_measured, run)
    for done, (name, one) in enumerate(shared_out(work, names, jobs), start=1):
        found[name] = one
        progress(f"numbers of {name}", done, len(names))
    return {name: one for name in names if (one := found[name]) is not None}


def _measured(run: Path, name: str) -> tuple[str, Measured | None]:
    words = crops_file(run, name).with_suffix(".json")
    if not words.is_file():
        return name, None
    path = run / FOLDER / f"{name}.json"
    crops = hashlib.sha256(words.read_bytes()).hexdigest()
    stamp = {
        "osteon": __version__,
        "crops": crops,
        "rim_mm": RIM_MM,
        "facts": list(FACTS),
        "texture": "as at 120 kVp",
    }
    held = _told(path)
    if held.get("stamp") != stamp:
        held = {"stamp": stamp, **_of_crops(read_crops(run, name))}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, held)
    one = Measured(name, held["kvp"], held["levels"])
    return name, one if one.whole() else None


def _told(path: Path) -> dict[str, Any]:
    """What a file of words holds; nothing where it is not whole."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _of_crops(crops: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of every vertebra of a patient."""
    spacing = float(crops["told"]["settings"]["spacing_mm"])
    kvp = crops["told"].get("kvp")
    factor = to_120_kvp(kvp)
    pairs = list(zip(crops["hu"], crops["parts"], strict=True))
    mineral = mineral_factor(pairs, crops["rows"], kvp)
    codes = {row["level"]: [flag["code"] for flag in row["flags"]] for row in crops["rows"]}
    skipped = left_out(codes)
    levels = {}
    for row, hu, parts in zip(crops["rows"], crops["hu"], crops["parts"], strict=True):
        levels[row["level"]] = {
            "core_hu": core_hu(hu, parts, spacing),
            **{name: soft_tissue(hu, parts, name) for name in SOFT},
            "left_out": row["level"] in skipped,
            "texture": body_texture(hu * np.float32(factor), parts, spacing),
            "facts": facts_of(hu, parts, row, spacing, mineral).tolist(),
        }
    return {"kvp": kvp, "levels": levels}


def core_hu(
    hu: NDArray[np.int16], parts: NDArray[np.uint8], spacing_mm: float, rim_mm: float = RIM_MM
) -> float | None:
    """Mean HU of a body without its rim; None where hardly anything is left.

    Parameters
    ----------
    hu : (i, j, k) int16 array
        HU as scanned.
    parts : (i, j, k) uint8 array
        As crops have them.
    spacing_mm, rim_mm : float
        Side of a voxel, and depth of the rim.
    """
    body = parts == BODY
    if not body.any():
        return None
    depth = ndimage.distance_transform_edt(np.pad(body, 1), sampling=spacing_mm)
    core = depth[1:-1, 1:-1, 1:-1] > rim_mm
    if np.count_nonzero(core) < LEAST_VOXELS:
        return None
    return float(hu[core].mean(dtype=np.float64))


def body_texture(
    hu: NDArray[np.floating], parts: NDArray[np.uint8], spacing_mm: float
) -> dict[str, float]:
    """Stable radiomic features of a body by tag; empty where it has none.

    Parameters
    ----------
    hu : (i, j, k) array
        HU as at 120 kVp.
    parts, spacing_mm
        As `core_hu`.

    Returns
    -------
    dict of str to float
        Measured as the study of their stability did (`osteon.features.texture.STUDIED`).
    """
    grid = Grid(hu.shape, np.zeros(3), np.eye(3), np.full(3, spacing_mm))
    stable = stable_tags(STABLE)
    try:
        found = measure_texture(
            Volume(hu.astype(np.float32), grid, HU), Mask(parts == BODY, grid), STUDIED
        )
    except OsteonError:
        return {}
    return {tag: float(f"{value:.7g}") for tag, value in found.items() if tag in stable}
