"""Patients as figures need them: what is known of each, in columns."""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import UnusableTable
from ...cohorts.store import DONE, TRUTH, read_truth
from ..cohort import SpineCohort, SpinePatient
from ..predictions import class_number
from ..readings import standard_bmd

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Patients:
    """n labelled patients of a cohort.

    Attributes
    ----------
    names, sites, devices : (n,) arrays of str
    external : (n,) bool array
        Whether of the external site.
    diagnosis : (n,) int64 array
        0 normal, 1 osteopenia, 2 osteoporosis.
    bmd : (n,) float64 array
        Standardised areal density as read, in g/cm²; NaN where it cannot be had.
    true_bmd : (n,) float64 array
        True standardised areal density, in g/cm²; NaN of people.
    true_t : (n,) float64 array
        T-score that the densitometer would print without error; NaN of people.
    """

    names: NDArray[np.str_]
    sites: NDArray[np.str_]
    devices: NDArray[np.str_]
    external: NDArray[np.bool_]
    diagnosis: NDArray[np.int64]
    bmd: Numbers
    true_bmd: Numbers
    true_t: Numbers

    @property
    def osteoporosis(self) -> NDArray[np.bool_]:
        """Whether each has osteoporosis by the printed T-score."""
        return np.asarray(self.diagnosis == 2)

    @property
    def rows(self) -> dict[str, int]:
        """Row of each name."""
        return {str(name): row for row, name in enumerate(self.names)}


def labelled_patients(cohort: SpineCohort) -> Patients:
    """Internal and external patients with a reading.

    Parameters
    ----------
    cohort : SpineCohort
        Virtual or of people; of a virtual one the truth is read, for ceilings and errors only.

    Raises
    ------
    UnusableTable
        If there is none.
    """
    found = [one for one in cohort.patients if one.labelled and one.split != "unlabelled"]
    if not found:
        raise UnusableTable(
            f"{cohort.root.name} has no patient with a densitometer's reading (columns dxa_device, "
            "abmd and diagnosis of participants.tsv), so there is nothing to judge by."
        )
    truth = np.array([_truth(cohort, one) for one in found])
    return Patients(
        np.array([one.name for one in found]),
        np.array([one.site for one in found]),
        np.array([str(one.device) for one in found]),
        np.array([one.split == "external" for one in found]),
        np.array([class_number(str(one.diagnosis)) for one in found], np.int64),
        np.array([standard_bmd(one) for one in found]),
        truth[:, 0],
        truth[:, 1],
    )


def _truth(cohort: SpineCohort, patient: SpinePatient) -> tuple[float, float]:
    """True standardised density and T-score of a virtual patient."""
    if not (cohort.root / TRUTH / patient.name / DONE).is_file():
        return np.nan, np.nan
    try:
        dxa = read_truth(cohort.root, patient.name)["truth"]["dxa"]
        return float(dxa["standard_abmd"]), float(dxa["true_t_score"])
    except (KeyError, TypeError, ValueError, json.JSONDecodeError) as fault:
        raise UnusableTable(
            f"the truth of {patient.name} has no dxa.standard_abmd and dxa.true_t_score "
            f"({type(fault).__name__}); simulate the cohort with this version of Osteon."
        ) from None
