"""The table of attenuation against the values that NIST prints."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from osteon.calibration.tables import mass_attenuation

PRINTED = tomllib.loads((Path(__file__).parent / "reference" / "attenuation.toml").read_text())
CASES = [
    (material, float(energy), value)
    for material, values in PRINTED.items()
    if isinstance(values, dict)
    for energy, value in values.items()
]


@pytest.mark.parametrize(("material", "energy", "printed"), CASES)
def test_the_table_agrees_with_what_nist_prints(material, energy, printed):
    table = mass_attenuation()
    found = table[material][table["energy_keV"] == energy]
    assert found == pytest.approx([printed], rel=PRINTED["tolerance"]), PRINTED["source"]


def test_the_energies_are_those_of_the_published_search():
    assert mass_attenuation()["energy_keV"] == pytest.approx(np.arange(1.0, 200.5, 0.5))


def test_nobody_can_change_the_table():
    with pytest.raises(ValueError, match="read-only"):
        mass_attenuation()["water"][0] = 0.0
