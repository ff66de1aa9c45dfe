"""What is true of a virtual cohort; read for figures only, never by a run."""

from collections.abc import Sequence

import numpy as np

from ...registration import Rigid
from ..cohorts.store import TRUTH, read_truth
from .cohort import KneeCohort
from .diagnosis.bag import Bag

NAMES = ("BV/TV", "Tb.Th", "Tb.Sp", "Tb.N")
"""True parameters of a region."""


def has_truth(cohort: KneeCohort) -> bool:
    """Whether the cohort is a virtual one."""
    return (cohort.root / TRUTH).is_dir()


def true_regions(cohort: KneeCohort, names: Sequence[str]) -> tuple[Bag, ...] | None:
    """True parameters of the regions of patients, a bag each; None of a cohort of people."""
    if not has_truth(cohort):
        return None
    bags = []
    for name in names:
        regions = read_truth(cohort.root, name)["regions"]
        values = np.array([[row[key] for key in NAMES] for row in regions], np.float64)
        told = tuple(str(row["region"]) for row in regions)
        bags.append(Bag(name, told, np.zeros((len(told), 3)), values))
    return tuple(bags)


def true_poses(cohort: KneeCohort, name: str) -> dict[str, Rigid]:
    """Where the scanner of the MR had each bone: from places of the CT to places of the MR."""
    poses = read_truth(cohort.root, name)["truth"]["mr_pose"]
    return {bone: Rigid(np.array(pose)) for bone, pose in poses.items()}
