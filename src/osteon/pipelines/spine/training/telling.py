"""What a network says, in the format of all methods."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....learn.spine_model import SpineSaid
from ..predictions import PatientSaid, Predictions, VertebraSaid
from .arrays import LEVELS


def told_predictions(
    name: str, seed: int, patients: Sequence[str], parts: NDArray[np.str_], said: SpineSaid
) -> Predictions:
    """Predictions of a training.

    Parameters
    ----------
    name : str
        Configuration.
    seed : int
        Of the training.
    patients : sequence of str
        Names, in the order of `said`.
    parts : (n,) array of str
        What each patient was to the training.
    said : SpineSaid
        What the network says.

    Returns
    -------
    Predictions
        The score is the probability of osteoporosis.
    """
    people = tuple(_patient(one, str(parts[n]), n, said) for n, one in enumerate(patients))
    vertebrae = tuple(
        _vertebra(one, place, n, said)
        for n, one in enumerate(patients)
        for place in range(len(LEVELS))
        if np.isfinite(said.vertebra_bmd[n, place])
    )
    return Predictions(name, seed, people, vertebrae)


def _patient(patient: str, part: str, n: int, said: SpineSaid) -> PatientSaid:
    normal, osteopenia, osteoporosis = (float(one) for one in said.classes[n])
    return PatientSaid(
        patient,
        part,
        score=osteoporosis,
        bmd=float(said.bmd[n]),
        bmd_sd=float(said.bmd_sd[n]),
        normal=normal,
        osteopenia=osteopenia,
        osteoporosis=osteoporosis,
        experts=tuple(float(weight) for weight in said.experts[n]),
    )


def _vertebra(patient: str, place: int, n: int, said: SpineSaid) -> VertebraSaid:
    levels = said.levels[n, place]
    return VertebraSaid(
        patient,
        LEVELS[place],
        LEVELS[int(levels.argmax())] if np.isfinite(levels).all() else "",
        float(said.vertebra_bmd[n, place]),
        float(said.vertebra_sd[n, place]),
        float(said.attention[n, place]),
    )
