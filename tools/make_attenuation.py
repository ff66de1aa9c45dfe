"""Writes the table of mass attenuation that internal calibration reads, from elements.

Needs the package xraydb (4.5), which Osteon itself does not: run it in an environment of its own,

    python -m venv scratch && scratch/bin/pip install xraydb
    scratch/bin/python tools/make_attenuation.py

The table is a sum over elements, weighted by mass. Compositions are those of ICRU Report 44 as
printed by NIST (Hubbell & Seltzer, doi:10.18434/T4D01F), and chemical formulas. Elemental
coefficients are xraydb's total attenuation (Elam, Ravel & Sieber 2002,
doi:10.1016/S0969-806X(01)00227-4). Tests compare the table with the values NIST prints.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TABLE = Path(__file__).parents[1] / "src/osteon/calibration/data/mass_attenuation.csv"

ENERGIES = np.arange(2, 401) * 0.5
"""Photon energies of the rows, in keV: 1 to 200 by 0.5."""

FRACTIONS: dict[str, dict[str, float]] = {
    "adipose": {
        **{"H": 0.114, "C": 0.598, "N": 0.007, "O": 0.278},
        **{"Na": 0.001, "S": 0.001, "Cl": 0.001},
    },
    "air": {"C": 0.000124, "N": 0.755268, "O": 0.231781, "Ar": 0.012827},
    "blood": {
        **{"H": 0.102, "C": 0.110, "N": 0.033, "O": 0.745, "Na": 0.001},
        **{"P": 0.001, "S": 0.002, "Cl": 0.003, "K": 0.002, "Fe": 0.001},
    },
    "bone": {
        **{"H": 0.034, "C": 0.155, "N": 0.042, "O": 0.435, "Na": 0.001},
        **{"Mg": 0.002, "P": 0.103, "S": 0.003, "Ca": 0.225},
    },
    "muscle": {
        **{"H": 0.102, "C": 0.143, "N": 0.034, "O": 0.710, "Na": 0.001},
        **{"P": 0.002, "S": 0.003, "Cl": 0.001, "K": 0.004},
    },
}
"""Mass fractions of the elements."""

FORMULAS: dict[str, dict[str, int]] = {
    "K2HPO4": {"K": 2, "H": 1, "P": 1, "O": 4},
    "triglyceride": {"C": 55, "H": 98, "O": 6},
    "water": {"H": 2, "O": 1},
}
"""Atoms of each element in one molecule."""

HEADER = """\
# Mass attenuation coefficients in cm2/g of the materials of internal calibration, by photon energy.
# Made by tools/make_attenuation.py from elemental coefficients (xraydb {version}; Elam, Ravel &
# Sieber 2002, doi:10.1016/S0969-806X(01)00227-4) and the compositions of ICRU Report 44 as printed
# by NIST (Hubbell & Seltzer, doi:10.18434/T4D01F); K2HPO4, triglyceride C55H98O6 and water from
# their formulas. Checked against the printed NIST values in tests/calibration.
"""


def mass_fractions(atoms: Mapping[str, int], mass_of: Any) -> dict[str, float]:
    """Mass fractions of the elements of a chemical formula."""
    masses = {element: count * float(mass_of(element)) for element, count in atoms.items()}
    whole = sum(masses.values())
    return {element: mass / whole for element, mass in masses.items()}


def main() -> None:
    """Write the table."""
    xraydb = importlib.import_module("xraydb")
    compositions = dict(FRACTIONS)
    for name, atoms in FORMULAS.items():
        compositions[name] = mass_fractions(atoms, xraydb.atomic_mass)
    columns: list[NDArray[Any]] = []
    for fractions in compositions.values():
        elements = [
            share * np.asarray(xraydb.mu_elam(element, ENERGIES * 1e3, kind="total"))
            for element, share in fractions.items()
        ]
        columns.append(np.sum(elements, axis=0))
    lines = ["energy_keV," + ",".join(compositions)]
    for row, energy in enumerate(ENERGIES):
        lines.append(f"{energy:.1f}," + ",".join(f"{column[row]:.6g}" for column in columns))
    header = HEADER.format(version=xraydb.__version__)
    TABLE.write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(ENERGIES)} energies of {len(compositions)} materials in {TABLE}")


if __name__ == "__main__":
    main()
