"""How strongly materials attenuate X-rays, how dense they are, and how much mineral they hold."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from ...core import UnknownName
from ..materials import Material, Tissue


def _lines(name: str) -> list[str]:
    """Lines of a table of the package, without its comments."""
    text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


@cache
def _attenuation() -> Mapping[str, NDArray[np.float64]]:
    """Columns of attenuation.csv."""
    lines = _lines("attenuation.csv")
    values = np.loadtxt(lines[1:], delimiter=",").T
    values.setflags(write=False)
    return dict(zip(lines[0].split(","), values, strict=True))


@cache
def _materials() -> Mapping[str, tuple[float, float]]:
    """Density and hydroxyapatite of materials.csv."""
    rows = [line.split(",")[:3] for line in _lines("materials.csv")[1:]]
    return {name: (float(density), float(mineral)) for name, density, mineral in rows}


def energies() -> NDArray[np.float64]:
    """Photon energies of all spectra and coefficients, 10 to 150 keV by 1."""
    return _attenuation()["energy_keV"]


def density_of(material: str) -> float:
    """Density of a material in g/cm³.

    Parameters
    ----------
    material : str
        A `Material`, ``"K2HPO4"``, ``"aluminium"``, ``"tungsten"`` or ``"scintillator"``.

    Raises
    ------
    UnknownName
        If the material has no row.
    """
    return _row(material)[0]


def mineral_of(material: str) -> float:
    """Hydroxyapatite in a material, g/cm³ of its volume; 0 in soft tissue.

    Parameters
    ----------
    material : str
        As for `density_of`. Bone tissue without pores holds 1.10 g/cm³, by the calcium of ICRU
        Report 44's cortical bone at 1.95 g/cm³.

    Raises
    ------
    UnknownName
        If the material has no row.
    """
    return _row(material)[1]


def mineral_in(tissue: Tissue) -> float:
    """Hydroxyapatite in a tissue, g/cm³ of its volume."""
    return sum(share * mineral_of(material) for material, share in tissue.parts.items())


def attenuation_of(material: str) -> NDArray[np.float64]:
    """Linear attenuation of a material at `energies`, 1/cm.

    Parameters
    ----------
    material : str
        As for `density_of`.

    Raises
    ------
    UnknownName
        If the material has no column.
    """
    density, _ = _row(material)
    return np.asarray(density * _attenuation()[material])


def attenuation_in(tissue: Tissue) -> NDArray[np.float64]:
    """Linear attenuation of a tissue at `energies`, 1/cm: its materials by volume."""
    parts = [share * attenuation_of(material) for material, share in tissue.parts.items()]
    return np.asarray(np.sum(parts, axis=0))


def solution(salt: str, milligrams: float) -> NDArray[np.float64]:
    """Linear attenuation of a salt in water, 1/cm, the salt taking its own volume.

    Parameters
    ----------
    salt : str
        ``"K2HPO4"`` or ``"calcium"`` (hydroxyapatite).
    milligrams : float
        Salt in 1 cm³ of the mixture, at least 0 and below its own density.
    """
    share = milligrams / 1000 / density_of(salt)
    return share * attenuation_of(salt) + (1 - share) * attenuation_of(Material.WATER)


def _row(material: str) -> tuple[float, float]:
    """Density and hydroxyapatite of a material."""
    rows = _materials()
    if material not in rows:
        raise UnknownName(f"no material '{material}'; known are {', '.join(sorted(rows))}.")
    return rows[material]
