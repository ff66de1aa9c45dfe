"""What networks said of patients left out of their training, beside what was read of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ....core import UnusableTable
from ..cohort import SpineCohort, SpinePatient
from ..crops.cut import CropSettings
from ..predictions import Part, Predictions, VertebraSaid, class_number
from ..readings import limits_or_usual, standard_bmd, standard_vertebrae

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeftOut:
    """n patients, each said of by a network that had not learned from them.

    Attributes
    ----------
    bmd, bmd_sd : (n,) array
        Density as said and its standard uncertainty, in g/cm², standardised, not calibrated.
    read : (n,) array
        Density as read, standardised; NaN where it was not read.
    classes : (n, 3) array
        Probabilities as said, not calibrated.
    limits : (n, 2) array
        Standardised densities at which the patient's classes begin, in g/cm².
    diagnosis : (n,) int array
        Number of the class, or -1 where it is not known.
    vertebra_bmd, vertebra_sd, vertebra_read : (n, s) array
        The same of each vertebra; NaN where none was present or read.
    """

    bmd: Numbers
    bmd_sd: Numbers
    read: Numbers
    classes: Numbers
    limits: Numbers
    diagnosis: NDArray[np.int64]
    vertebra_bmd: Numbers
    vertebra_sd: Numbers
    vertebra_read: Numbers

    def __post_init__(self) -> None:
        """Refuse arrays of different patients, and words that are no numbers."""
        many = {one.name: len(getattr(self, one.name)) for one in fields(self)}
        if len(set(many.values())) != 1 or not len(self.bmd):
            raise UnusableTable(f"what was said and what was read are of other patients: {many}.")
        said = (self.bmd, self.bmd_sd, self.classes)
        if not all(np.isfinite(one).all() for one in said) or not (self.bmd_sd > 0).all():
            raise UnusableTable("a network said no density, uncertainty or class of a patient.")

    def __len__(self) -> int:
        """Patients."""
        return len(self.bmd)


def left_out_of(
    cohort: SpineCohort, said: Sequence[Predictions], part: Part = "validation"
) -> LeftOut:
    """What several trainings said of the patients of one part, whoever read them.

    Parameters
    ----------
    cohort : SpineCohort
        Whose readings are the truth.
    said : sequence of Predictions
        One a training; a patient may stand in several of them.
    part : str
        What the patients were to the training.

    Raises
    ------
    UnusableTable
        If there is no such patient, or one is not of the cohort.
    """
    people = {one.name: one for one in cohort.patients}
    levels = CropSettings().levels
    rows, vertebrae = [], []
    for one in said:
        each = {(v.patient, v.level): v for v in one.vertebrae}
        for patient in one.patients:
            if patient.part != part:
                continue
            if patient.patient not in people:
                raise UnusableTable(f"{patient.patient} is no patient of {cohort.root.name}.")
            known = people[patient.patient]
            rows.append(
                (
                    patient.bmd,
                    patient.bmd_sd,
                    standard_bmd(known),
                    (patient.normal, patient.osteopenia, patient.osteoporosis),
                    limits_or_usual(known),
                    -1 if known.diagnosis is None else class_number(known.diagnosis),
                )
            )
            vertebrae.append([_vertebra(known, each, level) for level in levels])
    if not rows:
        raise UnusableTable(f"no training said anything of patients of its {part} part.")
    bmd, spread, read, classes, limits, diagnosis = zip(*rows, strict=True)
    single = np.array(vertebrae, np.float64)
    return LeftOut(
        bmd=np.array(bmd),
        bmd_sd=np.array(spread),
        read=np.array(read),
        classes=np.array(classes),
        limits=np.array(limits),
        diagnosis=np.array(diagnosis, np.int64),
        vertebra_bmd=single[..., 0],
        vertebra_sd=single[..., 1],
        vertebra_read=single[..., 2],
    )


def _vertebra(
    patient: SpinePatient, said: Mapping[tuple[str, str], VertebraSaid], level: str
) -> tuple[float, float, float]:
    """Density as said, its uncertainty, and density as read; NaN where there is none."""
    one = said.get((patient.name, level))
    read = standard_vertebrae(patient).get(level, math.nan)
    return (math.nan, math.nan, read) if one is None else (one.bmd, one.bmd_sd, read)
