"""Writes the table of mass attenuation that the simulated CT reads, from elements.

Needs the package spekpy (2.5), which Osteon itself does not: run it in an environment of its own,

    python -m venv scratch && scratch/bin/pip install spekpy
    scratch/bin/python tools/make_ct_attenuation.py

Elemental coefficients are those of PENELOPE-2018 as spekpy (MIT licence) brings them, on purpose
not those behind the table of internal calibration (Elam, see make_attenuation.py): what is
simulated and what measures it must not share a source. xraylib would not do: its total is Elam's to
six digits. Compositions and densities stand in materials.csv.
"""

import csv
import importlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parents[1] / "src/osteon/simulate/ct/data"

ENERGIES = np.arange(10, 151) * 1.0
"""Photon energies of the rows, in keV."""

NUMBER = {
    **{"H": 1, "C": 6, "N": 7, "O": 8, "Na": 11, "Mg": 12, "Al": 13, "P": 15, "S": 16, "Cl": 17},
    **{"Ar": 18, "K": 19, "Ca": 20, "Ti": 22, "Fe": 26, "I": 53, "Gd": 64, "W": 74},
}
"""Atomic numbers of the elements in materials.csv."""

HEADER = """\
# Mass attenuation coefficients in cm2/g of what the simulated CT looks through, by photon energy.
# Made by tools/make_ct_attenuation.py from elemental coefficients (PENELOPE-2018, OECD NEA,
# doi:10.1787/32da5043-en, as in spekpy {version}, Poludniowski et al. 2021, doi:10.1002/mp.14945)
# and the compositions of materials.csv. Licence: README.md.
"""


def main() -> None:
    """Write the table."""
    tables = importlib.import_module("spekpy.DataTables").MuData("pene_mu.dat")
    text = (DATA / "materials.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    columns: dict[str, NDArray[Any]] = {}
    for row in csv.DictReader(lines):
        name = row.pop("name")
        shares = {
            NUMBER[key]: float(share) for key, share in row.items() if key in NUMBER and share
        }
        total = sum(shares.values())
        parts = [
            share / total * np.asarray(tables.get_mu_over_rho(number, ENERGIES))
            for number, share in shares.items()
        ]
        columns[name] = np.sum(parts, axis=0)
    table = [",".join(["energy_keV", *columns])]
    for at, energy in enumerate(ENERGIES):
        table.append(f"{energy:g}," + ",".join(f"{mu[at]:.6g}" for mu in columns.values()))
    header = HEADER.format(version=version("spekpy"))
    (DATA / "attenuation.csv").write_text(header + "\n".join(table) + "\n", encoding="utf-8")
    print(f"{len(ENERGIES)} energies of {len(columns)} materials in {DATA}")


if __name__ == "__main__":
    main()
