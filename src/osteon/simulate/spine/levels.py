"""Levels of the spine, and how large the vertebrae of an average adult are."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from ...core import UnknownName

LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
"""Vertebrae that can be built, from above."""

SACRUM = "S1"
"""Name of the sacrum, which lies below every scene."""


@dataclass(frozen=True)
class Size:
    """Dimensions of one vertebra in mm.

    Attributes
    ----------
    width, depth : tuple of 2 float
        Of the upper and of the lower endplate.
    height : float
        Of the body at its back, at the rim.
    front : float
        Height in front over height at the back.
    canal : tuple of 2 float
        Width and depth of the spinal canal.
    pedicle : tuple of 2 float
        Width and height of a pedicle.
    transverse : float
        Between the tips of the transverse processes.
    spinous : float
        From the back of the canal to the tip of the spinous process.
    facets : float
        Distance of the lower joints from the midline.
    disc : float
        Height of the disc below, between the rims, in the middle.
    disc_angle : float
        Angle of that disc in degrees, positive where it is higher in front.
    arch : float
        Thickness of the compact bone of its arch against the mean of L1–L4.
    """

    width: tuple[float, float]
    depth: tuple[float, float]
    height: float
    front: float
    canal: tuple[float, float]
    pedicle: tuple[float, float]
    transverse: float
    spinous: float
    facets: float
    disc: float
    disc_angle: float
    arch: float

    @property
    def mean_height(self) -> float:
        """Height of the body between its rims, in the middle."""
        return 0.5 * self.height * (1 + self.front)

    @property
    def mean_depth(self) -> float:
        """Mean of the depths of the two endplates."""
        return 0.5 * (self.depth[0] + self.depth[1])

    @property
    def mean_width(self) -> float:
        """Mean of the widths of the two endplates."""
        return 0.5 * (self.width[0] + self.width[1])

    def scaled(self, across: float, up: float, disc: float = 1.0) -> "Size":
        """The vertebra, larger by `across` in plane, by `up` in height, with another disc."""
        a = across
        return replace(
            self,
            width=(self.width[0] * a, self.width[1] * a),
            depth=(self.depth[0] * a, self.depth[1] * a),
            height=self.height * up,
            canal=(self.canal[0] * a, self.canal[1] * a),
            pedicle=(self.pedicle[0] * a, self.pedicle[1] * up),
            transverse=self.transverse * a,
            spinous=self.spinous * a,
            facets=self.facets * a,
            disc=self.disc * disc,
        )


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    text = (files(__package__) / "data" / "anatomy.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def average(level: str) -> Size:
    """Size of an average adult vertebra.

    Parameters
    ----------
    level : str
        One of `LEVELS`, or `SACRUM`.

    Returns
    -------
    Size
        In mm. Panjabi et al. 1991 and 1992 (doi:10.1097/00007632-199203000-00010); the head of
        ``data/anatomy.toml`` says what else.

    Raises
    ------
    UnknownName
        If the level is not in the table.
    """
    if level not in _table():
        raise UnknownName(
            f"'{level}' is no vertebra that can be built; known are {', '.join(LEVELS)}."
        )
    row = _table()[level]
    pairs = ("width", "depth", "canal", "pedicle")
    values: dict[str, Any] = {k: tuple(v) if k in pairs else float(v) for k, v in row.items()}
    return Size(**values)
