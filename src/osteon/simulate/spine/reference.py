"""How dense the spine of a man or woman is at an age, and what that means as share of bone."""

from typing import Literal

import numpy as np

Sex = Literal["F", "M"]

AGES = (20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0)
"""Ages of the knots below, in years."""

VBMD = {
    "F": (174.0, 169.0, 160.0, 141.0, 113.0, 95.0, 84.0, 78.0),
    "M": (172.0, 164.0, 151.0, 137.0, 124.0, 112.0, 101.0, 93.0),
}
"""Mean trabecular density of the lumbar spine by QCT, mg/cm³ (K2HPO4 phantom).

Young women and the loss before menopause: Buchanan 1988 (doi:10.1002/jbmr.5650030515: 178 and
171 mg/ml in the second and third decades, 158 and 140 in the fourth and fifth). Loss from 20 to 90
of 55 % in women and 46 % in men: Riggs 2004 (doi:10.1359/JBMR.040916). The course between is
assumed to follow menopause in women and to be nearly even in men.
"""

VBMD_SD = 27.0
"""Spread between persons of one age and sex, mg/cm³ (assumed; about 42 HU, as published for L1 of
young women by Hendrickson 2018, not verified, over 1.3 HU per mg/cm³, less the spread that anatomy
adds)."""

CORTEX = {
    "F": (1.05, 1.05, 1.02, 0.95, 0.88, 0.755, 0.67, 0.63),
    "M": (1.0, 1.0, 1.0, 0.98, 0.96, 0.93, 0.89, 0.86),
}
"""Thickness of compact bone against that of an average young man, by the ages above.

Men lose 14 %, mostly after midlife (Riggs 2004: cortical density 18 % down over life). The course
of women is tuned, so that average women read 1.06 g/cm² on Hologic devices when young, 0.993 at
51–60, 0.952 at 61–70 and 0.902 at 71–80, as in NHANES (doi:10.3389/fendo.2026.1748490, table 3);
Riggs 2004 has 25 % of density alone."""

BONE_HU = 1700.0
"""HU of bone tissue without pores at 120 kVp (assumed: 1.15 g/cm³ of mineral in matrix)."""

MARROW_HU = (35.0, -100.0)
"""HU of red and of yellow marrow at 120 kVp (assumed, as for muscle and fat)."""

HU_PER_MG = 1.3
"""HU of one mg/cm³ K2HPO4 in water at 120 kVp (assumed; published phantoms 1.2–1.4)."""

FAT = {"F": (0.30, 0.0055), "M": (0.38, 0.0035)}
"""Share of fat in the marrow of the lumbar spine at 20 years, and its rise a year: about 30 to
65 %; women overtake men after menopause (Griffith 2012, doi:10.1002/jmri.23619, rounded)."""


def mean_vbmd(age: float, sex: Sex) -> float:
    """Mean trabecular density of the lumbar spine by QCT, in mg/cm³."""
    return float(np.interp(age, AGES, VBMD[sex]))


def cortex_left(age: float, sex: Sex) -> float:
    """Mean thickness of compact bone as a share of that of young men."""
    return float(np.interp(age, AGES, CORTEX[sex]))


def mean_fat(age: float, sex: Sex) -> float:
    """Mean share of fat in the marrow, 0–1."""
    start, rise = FAT[sex]
    return start + rise * (age - 20)


def bone_share(vbmd: float, fat: float) -> float:
    """BV/TV that a single-energy QCT at 120 kVp would read as a density.

    Parameters
    ----------
    vbmd : float
        Density in mg/cm³ K2HPO4.
    fat : float
        Share of fat in the marrow, 0–1: fat lowers what QCT reads.

    Returns
    -------
    float
        BV/TV, 0–1.
    """
    marrow = MARROW_HU[0] * (1 - fat) + MARROW_HU[1] * fat
    return (HU_PER_MG * vbmd - marrow) / (BONE_HU - marrow)
