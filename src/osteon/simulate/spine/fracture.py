"""Fractures of vertebral bodies: who has them, how they are graded, what they do to the endplates.

Grades by loss of height (Genant et al. 1993, doi:10.1002/jbmr.5650080915): 1 above 20 %, 2 above
25 %, 3 above 40 %.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...core import BadSetting, UnknownName
from .implicit import Field

Kind = Literal["none", "wedge", "biconcave", "crush"]

KINDS: tuple[Kind, ...] = ("none", "wedge", "biconcave", "crush")

GRADES = (0.20, 0.25, 0.40)
"""Loss of height from which grades 1, 2 and 3 begin."""

RIM = 0.8
"""Heights in front and at the back are taken this far from the middle, in half depths."""

WHERE = {"T11": 0.6, "T12": 1.4, "L1": 1.5, "L2": 0.8, "L3": 0.6, "L4": 0.5, "L5": 0.3}
"""How often levels break, against each other: most at T12 and L1 (assumed)."""


@dataclass(frozen=True)
class Fracture:
    """A fracture of one body.

    Attributes
    ----------
    kind : str
        "none", "wedge" (in front), "biconcave" (middle) or "crush" (all of it).
    loss : float
        Share of the height that is lost where it is lost most, 0–0.6.

    Raises
    ------
    BadSetting, UnknownName
        If the loss is out of range or the kind unknown.
    """

    kind: Kind
    loss: float

    def __post_init__(self) -> None:
        """Refuse what is no fracture."""
        if self.kind not in KINDS:
            raise UnknownName(f"a fracture is one of {', '.join(KINDS)}; got '{self.kind}'.")
        if not 0 <= self.loss <= 0.6:
            raise BadSetting(f"the loss of height lies between 0 and 0.6; got {self.loss:g}.")

    @property
    def grade(self) -> int:
        """Genant's grade, 0–3."""
        return sum(self.loss >= start for start in GRADES) if self.kind != "none" else 0


NO_FRACTURE = Fracture("none", 0.0)


def draw_fractures(
    rng: np.random.Generator, age: float, vbmd: float, factor: float
) -> dict[str, Fracture]:
    """Fractures of a person by level, often none.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every choice.
    age, vbmd : float
        In years and mg/cm³.
    factor : float
        Factor on the risk of a level.

    Returns
    -------
    dict of str to Fracture
        Odds rise by 1.6 a standard deviation of density lost and by 1.5 a decade (assumed): about
        one in ten women of 65 has one, one in four of 80.
    """
    odds = 0.016 * 1.6 ** ((110 - vbmd) / 27) * 1.5 ** ((age - 65) / 10) * factor
    out: dict[str, Fracture] = {}
    for level, often in WHERE.items():
        chance, kind, grade, within = rng.random(4)
        risk = odds * often * (3.0 if out else 1.0)  # one fracture foretells the next
        if chance >= risk / (1 + risk):
            continue
        start, stop = ((0.20, 0.25), (0.25, 0.40), (0.40, 0.52))[
            int(grade > 0.4) + int(grade > 0.8)
        ]
        which = KINDS[1 + int(kind > 0.55) + int(kind > 0.9)]
        out[level] = Fracture(which, float(start + (stop - start) * (0.05 + 0.9 * within)))
    return out


def sunk(fracture: Fracture, height: Field | float, x: Field, y: Field) -> tuple[Field, Field]:
    """How far a fracture lets the upper and lower endplates sink.

    Parameters
    ----------
    fracture : Fracture
        What broke.
    height : array of float32 or float
        Height of the body before the fracture there, in mm.
    x, y : array of float32
        Place in half widths and half depths; y is −1 in front.

    Returns
    -------
    upper, lower : array of float32
        Towards the middle of the body, in mm.
    """
    lost = np.asarray(fracture.loss * height, np.float32)
    if fracture.kind == "wedge":
        ramp = np.clip((RIM - y) / np.float32(2 * RIM), 0, 1.1) + 0 * x
        return 0.85 * lost * ramp, 0.15 * lost * ramp
    if fracture.kind == "biconcave":
        dent = np.clip(1 - (y / np.float32(RIM)) ** 2, 0, 1) * np.clip(1.15 - x**2, 0, 1)
        return 0.6 * lost * dent, 0.4 * lost * dent
    if fracture.kind == "crush":
        even = np.ones(np.broadcast_shapes(x.shape, y.shape), np.float32)
        return 0.7 * lost * even, 0.3 * lost * even
    none = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    return none, none
