"""Magnetic constants of body materials at 1.5 and 3 T: protons, T1, T2, fat, susceptibility."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...core import BadSetting
from ..materials import Material, Tissue

FIELDS = (1.5, 3.0)
"""Field strengths with measured constants, in T."""

FAT_SHIFT = -3.4
"""Main line of fat against water, in ppm (Hamilton 2011, doi:10.1002/nbm.1622)."""

HZ_PER_TESLA = 42.577e6
"""Precession of protons, in Hz for each T."""


@dataclass(frozen=True)
class Relaxation:
    """Magnetic constants of a material at one field strength; times in ms.

    Attributes
    ----------
    protons : float
        Protons that give signal, by volume, water being 1.
    fat : float
        Share of them in fat, 0–1.
    t1, t2 : float
        Relaxation times of its water.
    fat_t1, fat_t2 : float
        Relaxation times of its fat.
    t2prime : float
        Time constant of the dephasing within the material itself; infinite where there is none.
    source : str
        Where the numbers are from; "assumed" where we chose them.
    """

    protons: float
    fat: float
    t1: float
    t2: float
    fat_t1: float
    fat_t2: float
    t2prime: float
    source: str


def relaxation(material: Material, field: float) -> Relaxation:
    """Magnetic constants of a material.

    Parameters
    ----------
    material : Material
        Which.
    field : float
        Field strength: 1.5 or 3 T.

    Returns
    -------
    Relaxation
        Protons, times in ms, fat.

    Raises
    ------
    BadSetting
        At another field strength.
    """
    if field not in FIELDS:
        raise BadSetting(f"field strength must be 1.5 or 3 T; got {field:g} T.")
    return _relaxations()[material, field]


def susceptibility(tissue: Tissue) -> float:
    """Volume susceptibility of a tissue against water, in ppm (SI): its materials' by share."""
    return sum(share * _susceptibilities()[part] for part, share in tissue.parts.items())


@cache
def _relaxations() -> Mapping[tuple[Material, float], Relaxation]:
    table = {}
    for row in _rows("relaxation.csv"):
        protons, fat, t1, t2, fat_t1, fat_t2, t2prime = (float(cell) for cell in row[2:9])
        lasting = t2prime or float("inf")
        constants = Relaxation(protons, fat, t1, t2, fat_t1, fat_t2, lasting, row[9])
        table[Material(row[0]), float(row[1])] = constants
    return table


@cache
def _susceptibilities() -> Mapping[Material, float]:
    return {Material(row[0]): float(row[1]) for row in _rows("susceptibility.csv")}


def _rows(name: str) -> list[list[str]]:
    """Cells of a table of the package's data, without remarks and headings."""
    text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [line.split(",") for line in lines[1:]]
