"""CT numbers of tissues and solutions against another source of attenuation; hardness of beams."""

import numpy as np
import pytest
from numpy.typing import NDArray

from osteon.calibration.tables import mass_attenuation
from osteon.core import BadSetting, UnknownName
from osteon.simulate.ct.attenuation import (
    attenuation_in,
    density_of,
    energies,
    mineral_in,
    mineral_of,
    solution,
)
from osteon.simulate.ct.hu import as_water_and_bone, hu_at, hu_table
from osteon.simulate.ct.spectrum import Filtration, detected, half_value_layer, spectrum
from osteon.simulate.materials import Material, Tissue, pure

FILTER = Filtration()
PATH = 200.0

# Printed by NIST, Hubbell & Seltzer, doi:10.18434/T4D01F, cm²/g
NIST_KEV = [20, 30, 40, 50, 60, 80, 100, 150]
NIST = {
    "H": [0.3695, 0.3570, 0.3458, 0.3355, 0.3260, 0.3091, 0.2944, 0.2651],
    "O": [0.8651, 0.3779, 0.2585, 0.2132, 0.1907, 0.1678, 0.1551, 0.1361],
    "P": [5.385, 1.700, 0.8096, 0.4916, 0.3494, 0.2324, 0.1865, 0.1432],
    "Ca": [13.06, 4.080, 1.830, 1.019, 0.6578, 0.3656, 0.2571, 0.1674],
}
HYDROXYAPATITE = {"Ca": 0.39894, "P": 0.18499, "O": 0.41406, "H": 0.00201}


def of_calibration(name: str) -> NDArray[np.float64]:
    table = mass_attenuation()
    return np.asarray(np.interp(energies(), table["energy_keV"], table[name]))


def of_hydroxyapatite() -> NDArray[np.float64]:
    logs = [
        share * np.exp(np.interp(np.log(energies()), np.log(NIST_KEV), np.log(NIST[element])))
        for element, share in HYDROXYAPATITE.items()
    ]
    return np.asarray(np.sum(logs, axis=0))


def expected_hu(mu: NDArray[np.float64], kvp: float) -> float:
    seen = detected(kvp, FILTER, PATH)
    water = of_calibration("water") @ seen
    return float(1000 * (mu @ seen - water) / (water - 0.001205 * of_calibration("air") @ seen))


def agrees(hu: float, expected: float) -> bool:
    return abs(hu - expected) <= 5 + 0.02 * abs(expected)


@pytest.mark.parametrize("kvp", [80, 100, 120, 140])
@pytest.mark.parametrize(
    ("material", "name", "density"),
    [
        (Material.WATER, "water", 1.0),
        (Material.AIR, "air", 0.001205),
        (Material.ADIPOSE, "adipose", 0.95),
        (Material.MUSCLE, "muscle", 1.05),
        (Material.BLOOD, "blood", 1.06),
        (Material.BONE, "bone", 1.95),
    ],
)
def test_tissues_have_the_ct_numbers_of_another_table(
    material: Material, name: str, density: float, kvp: float
) -> None:
    hu = float(hu_table([pure(material)], kvp, FILTER, PATH)[0])
    assert agrees(hu, expected_hu(density * of_calibration(name), kvp))


@pytest.mark.parametrize("kvp", [80, 100, 120, 140])
@pytest.mark.parametrize("milligrams", [50, 100, 200, 400])
def test_solutions_have_the_ct_numbers_of_another_table(milligrams: float, kvp: float) -> None:
    water = of_calibration("water")
    grams = milligrams / 1000
    salt = of_calibration("K2HPO4")
    potassium = grams * salt + (1 - grams / 2.44) * water
    assert agrees(
        float(hu_at(solution("K2HPO4", milligrams), kvp, FILTER, PATH)),
        expected_hu(potassium, kvp),
    )
    mineral = grams * of_hydroxyapatite() + (1 - grams / 3.156) * water
    assert agrees(
        float(hu_at(solution("calcium", milligrams), kvp, FILTER, PATH)),
        expected_hu(mineral, kvp),
    )


MEASURED = {80: 0.86, 140: 0.81}
"""K2HPO4 over hydroxyapatite of the same HU, by kVp, one scanner and one maker's solid standards:
Goodsitt 1992, Bone and Mineral 19:145–158, abstract."""


def k2hpo4_of_equal_hu(kvp: float) -> float:
    """K2HPO4 in solution over the hydroxyapatite in solution that has the same HU."""
    salts = [float(hu_at(solution(salt, 100), kvp, FILTER, PATH)) for salt in ("K2HPO4", "calcium")]
    return salts[1] / salts[0]


@pytest.mark.parametrize(("kvp", "measured"), MEASURED.items())
def test_k2hpo4_and_hydroxyapatite_compare_as_measured(kvp: float, measured: float) -> None:
    # a tenth is left for the plastic of the solid standards
    assert 1 / k2hpo4_of_equal_hu(kvp) == pytest.approx(measured, rel=0.1)


def test_bone_holds_the_mineral_of_its_calcium() -> None:
    assert mineral_of(Material.BONE) == pytest.approx(0.225 * 1.95 / 0.39894, rel=1e-3)
    assert 1.05 < mineral_of(Material.BONE) < 1.2
    assert mineral_of(Material.RED_MARROW) == 0
    half = Tissue("spongy", {Material.BONE: 0.5, Material.YELLOW_MARROW: 0.5})
    assert mineral_in(half) == pytest.approx(0.5 * mineral_of(Material.BONE))


def test_every_material_has_a_density_and_a_coefficient() -> None:
    for material in Material:
        assert density_of(material) > 0
        assert (attenuation_in(pure(material)) > 0).all()
    with pytest.raises(UnknownName, match="no material 'wood'"):
        density_of("wood")


def test_a_mixture_lies_between_its_parts() -> None:
    parts = [pure(Material.BONE), pure(Material.YELLOW_MARROW)]
    mixed = Tissue("spongy", {Material.BONE: 0.2, Material.YELLOW_MARROW: 0.8})
    bone, marrow, both = hu_table([*parts, mixed], 120, FILTER)
    assert both == pytest.approx(0.2 * bone + 0.8 * marrow, abs=0.1)


@pytest.mark.parametrize(("kvp", "least", "most"), [(80, 4.5, 6), (120, 6.5, 9), (140, 7.5, 10.5)])
def test_beams_are_as_hard_as_those_of_ct_scanners(kvp: float, least: float, most: float) -> None:
    # wide bounds: what beams of clinical scanners are known to have, mm Al; no table was at hand
    assert least < half_value_layer(kvp, FILTER) < most


@pytest.mark.parametrize(
    ("kvp", "layer", "mean"),
    [(80, 5.55, 51.0), (100, 6.77, 57.8), (120, 7.80, 63.4), (140, 8.69, 68.4)],
)
def test_spectra_are_near_those_of_a_detailed_model(kvp: float, layer: float, mean: float) -> None:
    # spekpy 2.5.4: Spek(kvp, th=10), filter Al 6.5 mm, Ti 0.4 mm; get_hvl1(), get_emean()
    filters = Filtration(6.5, 0.4)
    assert half_value_layer(kvp, filters) == pytest.approx(layer, rel=0.05)
    assert spectrum(kvp, filters) @ energies() == pytest.approx(mean, rel=0.05)


def test_a_longer_path_hardens_the_beam_and_lowers_bone() -> None:
    values = [float(hu_table([pure(Material.BONE)], 120, FILTER, mm)[0]) for mm in (50, 200, 350)]
    assert values[0] > values[1] > values[2]


def test_water_and_bone_stand_for_all_tissues() -> None:
    tissues = [pure(m) for m in (Material.MUSCLE, Material.ADIPOSE, Material.CARTILAGE)]
    shares = as_water_and_bone(tissues, 120, FILTER)
    base = np.array([attenuation_in(pure(m)) for m in (Material.WATER, Material.BONE)])
    again = hu_at(shares @ base, 120, FILTER, 200.0)
    assert again == pytest.approx(hu_table(tissues, 120, FILTER), abs=1)


def test_impossible_beams_are_refused_in_one_line() -> None:
    with pytest.raises(BadSetting, match=r"80 to 140 kVp; got 60"):
        spectrum(60, FILTER)
    with pytest.raises(BadSetting, match="at least 0 mm"):
        Filtration(-1)
    with pytest.raises(BadSetting, match="at least 0 mm long"):
        detected(120, FILTER, -5)
