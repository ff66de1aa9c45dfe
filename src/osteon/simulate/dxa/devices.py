"""Densitometers: what each reads where the standardised areal density is known, and its T-score."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np

from ...core import BadSetting, UnknownName

MIDDLE = 1.0436
"""Standardised density of the spine around which the relations of Hui 1997 are written, g/cm²."""

OSTEOPENIA, OSTEOPOROSIS = -1.0, -2.5
"""T-scores at which the classes of the WHO begin."""

Class = Literal["normal", "osteopenia", "osteoporosis"]


@dataclass(frozen=True)
class Device:
    """One densitometer.

    Attributes
    ----------
    maker : str
        "hologic", "lunar" or "norland".
    spine : tuple of 2 float
        Slope and centre: sBMD = slope · (BMD − centre) + 1.0436, in g/cm².
    spine_1994 : float
        The older relation: sBMD = factor · BMD (Genant 1994); for comparison.
    hip, neck : tuple of 2 float
        a and b: sBMD = a + b · BMD, of the total hip and the femoral neck.
    precision : tuple of 2 float
        Coefficient of variation of L1–L4 and of the hip between two days.
    scatter : float
        Spread of the calibration between devices of the maker.
    drift : float
        Change of the calibration a year, as a share.
    young, young_hip : mapping of str to 2 float
        Mean and spread of young adults by sex ("F", "M"), as this device reads them.
    calibration : float
        What this device's readings are multiplied by; 1 is the maker's mean.
    """

    maker: str
    spine: tuple[float, float]
    spine_1994: float
    hip: tuple[float, float]
    neck: tuple[float, float]
    precision: tuple[float, float]
    scatter: float
    drift: float
    young: Mapping[str, tuple[float, float]]
    young_hip: Mapping[str, tuple[float, float]]
    calibration: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a calibration that would read nothing."""
        if not self.calibration > 0:
            raise BadSetting(f"a calibration is above 0; got {self.calibration:g}.")

    def drawn(self, rng: np.random.Generator) -> "Device":
        """One device of the maker, with a calibration of its own."""
        return replace(self, calibration=self.calibration * float(rng.normal(1, self.scatter)))

    def after(self, years: float) -> "Device":
        """The device after years of drift."""
        return replace(self, calibration=self.calibration * (1 + self.drift * years))

    def reads(self, standard: float, site: str = "spine") -> float:
        """Reading in g/cm² where the standardised density is known, without error.

        Parameters
        ----------
        standard : float
            Standardised density, g/cm².
        site : str
            "spine", "hip" or "neck".
        """
        if self._known(site) == "spine":
            slope, centre = self.spine
            return self.calibration * ((standard - MIDDLE) / slope + centre)
        a, b = self.hip if site == "hip" else self.neck
        return self.calibration * (standard - a) / b

    def standard(self, reading: float, site: str = "spine") -> float:
        """Standardised density in g/cm² of a reading; undoes `reads`."""
        reading = reading / self.calibration
        if self._known(site) == "spine":
            slope, centre = self.spine
            return slope * (reading - centre) + MIDDLE
        a, b = self.hip if site == "hip" else self.neck
        return a + b * reading

    def t_score(self, reading: float, sex: str, site: str = "spine") -> float:
        """T-score of a reading by the device's own reference, at the spine or the total hip.

        Raises
        ------
        UnknownName
            If the sex is not F or M, or there is no reference at the site.
        """
        table = {"spine": self.young, "hip": self.young_hip}.get(site)
        if table is None or sex not in table:
            raise UnknownName(
                f"a T-score needs sex F or M and site spine or hip; got '{sex}' and '{site}'."
            )
        mean, spread = table[sex]
        return (reading - mean) / spread

    def _known(self, site: str) -> str:
        if site not in ("spine", "hip", "neck"):
            raise UnknownName(f"a site is spine, hip or neck; got '{site}'.")
        return site


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    text = (files(__package__) / "data" / "devices.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def device_names() -> tuple[str, ...]:
    """Makers that are known."""
    return tuple(_table())


def device(maker: str) -> Device:
    """Mean device of a maker.

    Parameters
    ----------
    maker : str
        One of `device_names`.

    Returns
    -------
    Device
        By the published relations; the head of ``data/devices.toml`` names them.

    Raises
    ------
    UnknownName
        If the maker is not known.
    """
    if maker not in _table():
        raise UnknownName(
            f"'{maker}' is no densitometer that we know; known are {', '.join(_table())}."
        )
    row = dict(_table()[maker])
    for name in ("young", "young_hip"):
        row[name] = {sex: tuple(pair) for sex, pair in row[name].items()}
    for name in ("spine", "hip", "neck", "precision"):
        row[name] = tuple(row[name])
    return Device(maker=maker, **row)


def class_of(t_score: float) -> Class:
    """Class of the WHO by T-score: osteoporosis from −2.5 down, osteopenia below −1."""
    if t_score <= OSTEOPOROSIS:
        return "osteoporosis"
    return "osteopenia" if t_score < OSTEOPENIA else "normal"
