"""Numbers that come with the package: attenuation by energy, rods of phantoms, thresholds."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray


def rows(name: str) -> dict[str, dict[str, Any]]:
    """Tables of a TOML file of the package's data, by their heading, in the order of the file."""
    text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def mass_attenuation() -> Mapping[str, NDArray[np.float64]]:
    """Mass attenuation coefficients by material, in cm²/g, one a photon energy.

    Materials are adipose, air, blood, bone (cortical) and muscle (skeletal) of ICRU Report 44,
    K2HPO4, triglyceride (C55H98O6) and water; ``"energy_keV"`` holds the energies, 1 to 200 keV
    by 0.5. Values agree with those printed by NIST (Hubbell & Seltzer, doi:10.18434/T4D01F) to
    0.1 %; the head of the file says how it was made.
    """
    text = (files(__package__) / "data" / "mass_attenuation.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    values = np.loadtxt(lines[1:], delimiter=",").T
    values.setflags(write=False)
    return dict(zip(lines[0].split(","), values, strict=True))
