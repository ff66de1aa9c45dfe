"""Density in the words of a densitometer: its own units, its T-score, its limits of classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, UnknownName
from ....simulate.dxa.devices import OSTEOPENIA, OSTEOPOROSIS, Device, device, device_names

SEXES = ("F", "M")


@dataclass(frozen=True)
class TScore:
    """A T-score with its interval.

    Attributes
    ----------
    value, low, high : float
        At the density and at the ends of its interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Reading:
    """What a densitometer would print.

    Attributes
    ----------
    device : str
        Maker.
    abmd, abmd_sd, low, high : float
        Density of L1–L4 in the densitometer's own g/cm², its standard uncertainty, and the ends
        of its interval.
    """

    device: str
    abmd: float
    abmd_sd: float
    low: float
    high: float


def checked_device(name: str | None) -> str | None:
    """A densitometer as we write it.

    Raises
    ------
    UnknownName
        If there is no published relation for it.
    """
    if name is None:
        return None
    if (found := name.strip().casefold()) in device_names():
        return found
    raise UnknownName(
        f"'{name}' is no densitometer that we know; known are {', '.join(device_names())}. Leave "
        "--device out to have the standardised density alone."
    )


def checked_sex(sex: str | None) -> str | None:
    """Sex as we write it.

    Raises
    ------
    BadSetting
        If it is neither F nor M.
    """
    if sex is not None and sex not in SEXES:
        raise BadSetting(f"references are of F and M; got '{sex}'.")
    return sex


def limits(name: str | None, sex: str | None, known: Sequence[str]) -> NDArray[np.float64]:
    """Standardised densities at which osteopenia and osteoporosis begin.

    Parameters
    ----------
    name : str or None
        Densitometer; where None, the mean over `known`.
    sex : str or None
        Where None, a row for each sex.
    known : sequence of str
        Densitometers of the model.

    Returns
    -------
    (sexes, 2) array
        In g/cm².
    """
    devices = _devices(name, known)
    rows = []
    for of in SEXES if sex is None else (sex,):
        each = [
            [one.standard(_young(one, of, t)) for t in (OSTEOPENIA, OSTEOPOROSIS)]
            for one in devices
        ]
        rows.append(np.mean(each, axis=0))
    return np.asarray(rows, np.float64)


def t_score(
    densities: tuple[float, float, float], name: str | None, sex: str, known: Sequence[str]
) -> TScore:
    """T-score of a standardised density and of the ends of its interval.

    Parameters
    ----------
    densities : tuple of 3 float
        Density and interval in g/cm², standardised.
    name : str or None
        Densitometer whose reference is used; where None, the mean over `known`.
    sex : str
        ``"F"`` or ``"M"``.
    known : sequence of str
        Densitometers of the model.
    """
    each = [
        [one.t_score(one.reads(value), sex) for value in densities] for one in _devices(name, known)
    ]
    value, low, high = np.mean(each, axis=0)
    return TScore(float(value), float(low), float(high))


def reading(bmd: float, bmd_sd: float, ends: tuple[float, float], name: str) -> Reading:
    """A standardised density in the units of a densitometer.

    By the published relation of its maker: a single device may read some percent beside it.
    """
    one = device(name)
    steep = one.reads(bmd + 0.5) - one.reads(bmd - 0.5)
    low, high = (one.reads(end) for end in ends)
    return Reading(name, one.reads(bmd), steep * bmd_sd, low, high)


def _devices(name: str | None, known: Sequence[str]) -> list[Device]:
    wanted = [name] if name else [one for one in known if one in device_names()]
    return [device(one) for one in wanted or device_names()]


def _young(one: Device, sex: str, t: float) -> float:
    mean, spread = one.young[sex]
    return mean + t * spread
