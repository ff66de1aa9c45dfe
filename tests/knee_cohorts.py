"""A cohort of knees with made-up patches, small enough to train on in a test."""

import json

import numpy as np

from osteon.core import HU, Grid, Volume
from osteon.io import write_volume
from osteon.learn.fit import FitSettings
from osteon.learn.networks.trunk import TrunkSettings
from osteon.learn.students import StudentSettings
from osteon.pipelines.knee.cohort import read_cohort, run_folder
from osteon.pipelines.knee.patches.reference import NAMES
from osteon.pipelines.knee.patches.store import write_patches
from osteon.pipelines.knee.students.training import TrainingSettings

TINY = TrainingSettings(
    student=StudentSettings(
        trunk=TrunkSettings(lattice=8, first=2, widths=(2, 4)),
        fit=FitSettings(epochs=2, batch=8),
        stages=(0.5, 1.0),
    ),
    kinds=("none", "output"),
    seeds=(0,),
    sizes=(3,),
    curve=("none",),
)
REGIONS = ("medial femur", "lateral femur", "medial tibia", "lateral tibia")


def with_ct(cohort):
    """The same with a CT for everyone, of which only the scanner and the voxels matter."""
    grid = Grid((6, 6, 6), np.zeros(3), np.eye(3), np.array([0.5, 0.5, 0.8]))
    values = np.linspace(-1000, 1500, 216).reshape(grid.shape).astype(np.int16)
    for number, patient in enumerate(cohort.patients):
        folder = cohort.root / patient.name / "ct"
        folder.mkdir(parents=True)
        write_volume(folder / f"{patient.name}_ct.nii.gz", Volume(values, grid, HU))
        told = {"Modality": "CT", "KVP": 120.0 - 20.0 * (number % 2), "ConvolutionKernel": "bone"}
        (folder / f"{patient.name}_ct.json").write_text(json.dumps(told), encoding="utf-8")
    return read_cohort(cohort.root)


def cohort_of_patches(folder, inside=5, outside=2, folds=2):
    """Patients of whom every fourth is healthy, four patches each whose HU tell the parameters."""
    rng = np.random.default_rng(0)
    lines = ["participant_id\tsplit\tfold\toa"]
    for number in range(inside + outside):
        external = number >= inside
        fold = "n/a" if external else str(number % folds)
        split = "external" if external else "internal"
        diseased = "true" if number % 4 else "false"
        lines.append(f"sub-{number:02d}\t{split}\t{fold}\t{diseased}")
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    cohort = read_cohort(folder)
    for patient in cohort.patients:
        level = rng.uniform(0, 1, 4) + 0.5 * bool(patient.oa)
        grey = 600 * level[:, None, None, None] + 30 * rng.standard_normal((4, 8, 8, 8))
        rows = [
            {
                "participant_id": patient.name,
                "region": REGIONS[n],
                "number": n,
                "centre_mm": [0.0, 0.0, float(n)],
                "reference": {
                    name: float((1 + k / 10) * level[n] + 0.1 * rng.standard_normal())
                    for k, name in enumerate(NAMES)
                },
            }
            for n in range(4)
        ]
        arrays = {"ct": grey.astype(np.float16), "mr": grey.astype(np.float16)}
        arrays["mask"] = np.ones((4, 8, 8, 8), bool)
        told = {"settings": {}, "inputs": {}, "rows": rows}
        write_patches(run_folder(cohort), patient.name, told, arrays)
    return cohort
