"""Scores of patients left out, from which sets of classes and intervals of density follow."""

import numpy as np

from ....core import UnusableTable
from ....learn.spine_card import CLASSES, Conformal, SaidScale
from .left_out import LeftOut

COVERAGE = 0.9
"""Share of patients whose density, and of each class whose class, is to be held, if not told."""


def conformal_scores(said: LeftOut, scale: SaidScale) -> Conformal:
    """Scores by split-conformal prediction (Angelopoulos 2021, doi:10.48550/arXiv.2107.07511).

    What they promise holds for patients drawn as these were: of the sites, scanners and
    densitometers of the training. At another site the share held is what it is; it is measured.

    Parameters
    ----------
    said : LeftOut
        Patients that no network which is scored had learned from.
    scale : SaidScale
        Calibration. Learned on the same patients, it makes the scores a little too small; with
        five numbers learned from a hundred patients and more, by less than they scatter.

    Returns
    -------
    Conformal

    Raises
    ------
    UnusableTable
        If no patient has a density that was read, or none a class.
    """
    read, known = np.isfinite(said.read), said.diagnosis >= 0
    if not read.any() or not known.any():
        raise UnusableTable("conformal sets need patients left out with density and diagnosis.")
    away = np.abs(said.read - scale.density(said.bmd)) / scale.uncertainty(said.bmd_sd)
    chances = scale.chances(said.classes, said.bmd, said.bmd_sd, said.limits)
    scores = tuple(1 - chances[said.diagnosis == number, number] for number in range(CLASSES))
    return Conformal(away[read], scores)
