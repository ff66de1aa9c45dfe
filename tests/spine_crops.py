"""Crops of vertebrae made on paper, stored as those that are cut from scans."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from osteon.pipelines.spine.cohort import read_cohort, run_folder
from osteon.pipelines.spine.crops.cut import BODY, REST
from osteon.pipelines.spine.crops.store import write_crops

SHAPE = (44, 48, 30)
SPACING = 0.8
BOX = (slice(4, 40), slice(4, 34), slice(2, 28))
"""The body; what lies behind it is the arch."""


def crop(seed=0, *, density=150.0, rough=40.0):
    """HU and parts of a vertebra with noise for texture."""
    rng = np.random.default_rng(seed)
    hu = np.full(SHAPE, 40.0)
    parts = np.zeros(SHAPE, np.uint8)
    parts[16:28, 34:44, 8:20] = REST
    hu[parts == REST] = 900.0
    parts[BOX] = BODY
    hu[BOX] = density + rough * rng.standard_normal(SHAPE)[BOX]
    return np.rint(hu).astype(np.int16), parts


def store(run: Path, name: str, vertebrae, *, kvp=120.0, levels=("L1", "L2", "L3", "L4"), flags=()):
    """Keep crops as `osteon spine crops` does; vertebrae are pairs of HU and parts.

    ``flags`` are codes of the first one.
    """
    cut = [SimpleNamespace(hu=hu, parts=parts) for hu, parts in vertebrae]
    told = {
        "participant_id": name,
        "settings": {"spacing_mm": SPACING, "shape": list(SHAPE)},
        "inputs": {"ct": f"{name} {[int(one.hu.sum()) for one in cut]}"},
        "kvp": kvp,
        "rows": [{"level": level} for level, _ in zip(levels, cut, strict=False)],
        "left_out": [],
    }
    told["rows"][0]["flags"] = [{"code": code} for code in flags]
    write_crops(run, name, cut, json.loads(json.dumps(told)))


def cohort(folder: Path, splits):
    """A cohort of patients with images that nobody reads, by name and split."""
    lines = ["participant_id\tsplit", *(f"{name}\t{split}" for name, split in splits.items())]
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
    for name in splits:
        for what in ("ct", "masks"):
            (folder / name / what).mkdir(parents=True, exist_ok=True)
            (folder / name / what / "image.nii.gz").touch()
    return read_cohort(folder)


def with_crops(folder: Path, *, patients=3, vertebrae=2):
    """Unlabelled patients with crops, whose vertebrae differ in density and roughness."""
    people = cohort(folder, {f"sub-{n}": "unlabelled" for n in range(patients)})
    run = run_folder(people)
    for n in range(patients):
        each = [
            crop(10 * n + m, density=60.0 + 40.0 * n + 15.0 * m, rough=20.0 + 15.0 * ((n + m) % 3))
            for m in range(vertebrae)
        ]
        store(run, f"sub-{n}", each)
    return people
