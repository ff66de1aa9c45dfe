"""Measure the virtual scanner against physics, and its bone against what was asked for.

Each check is that of a test in ``tests/simulate``: what the test measures is measured here and
written down, with what is expected, from where, and how far off it may be. ``make physics`` writes
docs/data/physics.json; docs/concepts/virtual-scanner-checks.md shows it. It takes half a minute.
"""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from scipy.stats import ks_2samp, mannwhitneyu

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
RESULT = ROOT / "docs" / "data" / "physics.json"

Row = dict[str, Any]

NIST = (
    "coefficients of `calibration`: Elam, Ravel & Sieber 2002, doi:10.1016/S0969-806X(01)00227-4, "
    "mixed by NIST's compositions"
)
ELEMENTS = "elements as printed by NIST, doi:10.18434/T4D01F"
TEXTBOOK = "closed form on resonance; written out in the test"
BLOCH = "Bloch equations, pulse by pulse, to the steady state"


def test_module(name: str) -> ModuleType:
    """A module of tests, such as ``"ct/test_noise"``."""
    path = TESTS / "simulate" / name
    for folder in (TESTS, path.parent):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    return importlib.import_module(path.name)


def cases(test: Callable[..., object], mark: int = 0) -> list[Any]:
    """Cases that a test is run with."""
    found: list[Any] = test.pytestmark[mark].args[1]  # type: ignore[attr-defined]
    return found


def row(
    check: str, measured: float, expected: float, allowed: float, relation: str = "within"
) -> Row:
    """One check: `measured` within `allowed` of `expected`, or above or below `expected`."""
    holds = {
        "within": abs(measured - expected) <= allowed,
        "above": measured > expected,
        "below": measured < expected,
    }[relation]
    return {
        "check": check,
        "measured": float(measured),
        "expected": float(expected),
        "allowed": float(allowed),
        "relation": relation,
        "holds": bool(holds),
    }


def group(name: str, unit: str, tolerance: str, source: str, test: str, rows: list[Row]) -> Row:
    """Checks of one kind: what they have in common, and the rows."""
    return {
        "name": name,
        "unit": unit,
        "tolerance": tolerance,
        "source": source,
        "test": f"tests/simulate/{test}.py",
        "rows": rows,
    }


def ct_numbers() -> Iterator[Row]:
    """HU of tissues and solutions, half-value layers and mean energies of beams."""
    test = test_module("ct/test_ct_numbers")
    hu = importlib.import_module("osteon.simulate.ct.hu")
    tissues, salts = [], []
    for material, name, density in cases(test.test_tissues_have_the_ct_numbers_of_another_table, 0):
        for kvp in (80, 100, 120, 140):
            found = float(hu.hu_table([test.pure(material)], kvp, test.FILTER, test.PATH)[0])
            wanted = test.expected_hu(density * test.of_calibration(name), kvp)
            tissues.append(row(f"{name}, {kvp} kVp", found, wanted, 5 + 0.02 * abs(wanted)))
    water = test.of_calibration("water")
    pairs = (("K2HPO4", test.of_calibration("K2HPO4"), 2.44),
             ("calcium", test.of_hydroxyapatite(), 3.156))  # fmt: skip
    for salt, own, density in pairs:
        for milligrams in (50, 100, 200, 400):
            mixed = milligrams / 1000 * own + (1 - milligrams / 1000 / density) * water
            for kvp in (80, 100, 120, 140):
                found = float(
                    hu.hu_at(test.solution(salt, milligrams), kvp, test.FILTER, test.PATH)
                )
                wanted = test.expected_hu(mixed, kvp)
                label = "hydroxyapatite" if salt == "calcium" else salt
                told = f"{label} {milligrams} mg/cm³, {kvp} kVp"
                salts.append(row(told, found, wanted, 5 + 0.02 * abs(wanted)))
    where = "ct/test_ct_numbers"
    yield group("CT numbers of tissues", "HU", "5 HU + 2 %", NIST, where, tissues)
    both = f"{NIST}; hydroxyapatite: {ELEMENTS}"
    yield group("CT numbers of solutions", "HU", "5 HU + 2 %", both, where, salts)
    ratios = [
        row(f"K2HPO4 over hydroxyapatite of equal HU, {kvp} kVp", 1 / value, wanted, 0.1 * wanted)
        for kvp, wanted in test.MEASURED.items()
        for value in (test.k2hpo4_of_equal_hu(kvp),)
    ]
    source = "measured with phantoms: Goodsitt 1992, Bone and Mineral 19:145–158"
    yield group("Solutions as measured", "1", "10 %", source, where, ratios)
    yield beams(test)


def beams(test: ModuleType) -> Row:
    """Half-value layers and mean energies of beams against a detailed model."""
    rows = []
    filters = test.Filtration(6.5, 0.4)
    for kvp, layer, mean in cases(test.test_spectra_are_near_those_of_a_detailed_model):
        found = test.half_value_layer(kvp, filters)
        rows.append(row(f"half-value layer, mm Al, {kvp} kVp", found, layer, 0.05 * layer))
        found = test.spectrum(kvp, filters) @ test.energies()
        rows.append(row(f"mean energy, keV, {kvp} kVp", found, mean, 0.05 * mean))
    source = "spekpy 2.5.4 at the same filtration, doi:10.1002/mp.14945"
    return group("Beams", "", "5 %", source, "ct/test_ct_numbers", rows)


def sharpness() -> Iterator[Row]:
    """MTF of every kernel at an edge; mass of a small object."""
    test = test_module("ct/test_blur")
    rows = []
    for name, kernel in test.KERNELS.items():
        for level, found, asked in zip(
            ("0.5", "0.1"), test.frequency_of(name, 0.3), (kernel.half, kernel.tenth), strict=True
        ):
            rows.append(row(f"{name}, MTF {level}", found, asked, 0.02 * asked))
    source = "the kernel asked for; slanted edge, pixels of 0.3 mm"
    yield group("Modulation transfer", "lp/mm", "2 %", source, "ct/test_blur", rows)
    mass = []
    for kernel in ("soft", "bone", "ultrasharp"):
        for thickness, place in ((0.6, 0.0), (0.6, 0.31), (3.0, 0.17)):
            found, wanted = test.excess_of(kernel, thickness, place)
            told = f"{kernel}, slices of {thickness:g} mm, ball moved by {place:g} mm"
            mass.append(row(told, found / wanted, 1.0, 0.02))
    source = "volume of a ball of bone of 0.8 mm radius times its HU"
    yield group("Partial volume keeps mass", "1", "2 %", source, "ct/test_blur", mass)


def noise() -> Iterator[Row]:
    """Power of CT noise, and how it follows dose."""
    test = test_module("ct/test_noise")
    power = []
    for name in ("soft", "standard", "bone"):
        peak, expected, slope = test.peak_and_slope(name)
        power.append(row(f"{name}, peak, lp/mm", peak, expected, 0.1 * expected))
        power.append(row(f"{name}, slope of log power over MTF²", slope, 1.0, 0.1))
    source = (
        "ramp and kernel: f·MTF²(f), Riederer, Pelc & Chesler 1978, doi:10.1088/0031-9155/23/3/008"
    )
    yield group("Noise power", "", "peak 10 %, slope 0.1", source, "ct/test_noise", power)
    found = {dose: test.sd_of(dose=dose) ** 2 * dose for dose in test.DOSES}
    rows = [
        row(f"{dose:g} mGy, over that of 10 mGy", value / found[10.0], 1.0, 0.05)
        for dose, value in found.items()
        if dose != 10.0
    ]
    rows.append(row("SD in water, 320 mm, HU", test.sd_of(), 8.0, 0.4))
    source = "photon counting: variance × dose is constant; noise stated in the profile"
    yield group("Noise and dose", "", "5 %", source, "ct/test_noise", rows)


def mr_signal() -> Iterator[Row]:
    """Balanced echo against Bloch and closed form; noise against Rice."""
    test = test_module("mr/test_signals")
    apart = []
    for t1, t2 in cases(test.test_a_balanced_echo_is_that_of_turning_and_relaxing_step_by_step, 1):
        for hertz in (0.0, 12.0, -35.0, 69.0, 100.0):
            steady = test.steady(t1, t2, test.BFFE, hertz, alternating=True)
            m = test.later(steady, test.BFFE.te, t1, t2, hertz)
            apart.append(abs(test.balanced(t1, t2, test.BFFE, hertz) - (m[0] + 1j * m[1])))
    e1, e2, flip = np.exp(-9.2 / 900), np.exp(-9.2 / 50), np.radians(35)
    top = np.sin(flip) * (1 - e1) * np.exp(-4.6 / 50)
    closed = top / (1 - (e1 - e2) * np.cos(flip) - e1 * e2)
    got = complex(test.balanced(900, 50, test.BFFE))
    echo = [
        row(f"largest difference of {len(apart)} cases from Bloch", max(apart), 0.0, 1e-9),
        row("T1 900, T2 50, TR 9.2, TE 4.6 ms, 35°, in M0", abs(got), closed, 1e-12 * closed),
    ]
    source = f"{BLOCH}; {TEXTBOOK}"
    yield group("Balanced echo", "M0", "1e-9; 1e-12 of it", source, "mr/test_signals", echo)
    found = test_module("mr/test_acquire").ratios_of_noise()
    names = {
        "mean": ("mean of air over σ·√(π/2)", 0.02),
        "sd": ("SD of air over σ·√(2 − π/2)", 0.03),
        "power": ("mean square of marrow over S² + 2σ²", 0.01),
    }
    rice = [row(told, found[key], 1.0, allowed) for key, (told, allowed) in names.items()]
    source = "Rice distribution: Gudbjartsson & Patz 1995, doi:10.1002/mrm.1910340618"
    yield group("Rician noise", "1", "2 %, 3 %, 1 %", source, "mr/test_acquire", rice)


def densitometers() -> Iterator[Row]:
    """Areal density through each device and back; scatter of repeated readings."""
    test = test_module("dxa/test_devices")
    rows = []
    for maker in ("hologic", "lunar", "norland"):
        machine = test.device(maker).drawn(np.random.default_rng(1)).after(3.0)
        off = max(
            abs(machine.standard(machine.reads(density, site), site) - density)
            for site in ("spine", "hip", "neck")
            for density in (0.5, 0.8, 1.0436, 1.4)
        )
        rows.append(row(f"{maker}, there and back, g/cm², largest of 12", off, 0.0, 1e-6))
        machine, rng = test.device(maker), np.random.default_rng(2)
        read = [test.read_projection(test.SEEN, machine, rng, sex="F").bmd for _ in range(3000)]
        wanted = machine.reads(1.02)
        rows.append(
            row(f"{maker}, mean of 3000 readings, g/cm²", np.mean(read), wanted, 1e-3 * wanted)
        )
        wanted = machine.precision[0]
        spread = np.std(read) / np.mean(read)
        rows.append(row(f"{maker}, precision error", spread, wanted, 0.06 * wanted))
    source = "Hui 1997, doi:10.1359/jbmr.1997.12.9.1463; the density projected, 1.02 g/cm²"
    tolerance = "1e-6; 0.1 %; 6 %"
    yield group("Densitometers", "", tolerance, source, "dxa/test_devices", rows)


def blocks() -> Iterator[Row]:
    """BV/TV, Tb.Sp and direction of blocks of bone."""
    test = test_module("bone/test_block")
    rows = []
    for name, asked in test.ASKED.items():
        amount, separation, degrees = test.found_in(asked)
        rows += [
            row(f"{name}, BV/TV", amount, asked.bvtv, 0.005),
            row(f"{name}, Tb.Sp, mm", separation, asked.tb_sp, 0.05 * asked.tb_sp),
            row(f"{name}, degrees off the direction", degrees, 0.0, 5.0),
        ]
    source = "what was asked for; measured by `features`, which shares no code with `simulate`"
    tolerance = "0.005; 5 %; 5°"
    yield group("Blocks of bone", "", tolerance, source, "bone/test_block", rows)


def seams() -> Iterator[Row]:
    """Two-sample tests of windows at seams and inside."""
    test = test_module("bone/test_seams")
    cells, numbers = test.cells_and_structure()
    at_seams, inside = test.measured(cells, numbers)
    rows = []
    for what, seam, other in zip(("BV/TV", "thickness"), at_seams, inside, strict=True):
        told = f"{what} of {seam.size} windows at seams, {other.size} inside"
        found = ks_2samp(seam, other).pvalue
        rows.append(row(f"{told}: p, Kolmogorov–Smirnov", found, test.REFUTED, 0, "above"))
        found = mannwhitneyu(seam, other).pvalue
        rows.append(row(f"{told}: p, Mann–Whitney", found, test.REFUTED, 0, "above"))
    at_seams, inside = test.measured(cells, test.naive(cells, numbers))
    told = "the same of BV/TV, blended without keeping the variance: p"
    for name, which in (("Kolmogorov–Smirnov", ks_2samp), ("Mann–Whitney", mannwhitneyu)):
        found = which(at_seams[0], inside[0]).pvalue
        rows.append(row(f"{told}, {name}", found, test.REFUTED, 0, "below"))
    source = "two-sample tests; blending after Heitz & Neyret 2018, doi:10.1145/3233304"
    yield group("Seams", "p", "above 0.01; naive below", source, "bone/test_seams", rows)


FIGURES: dict[str, tuple[Callable[[], Iterator[Row]], ...]] = {
    "Physics": (ct_numbers, sharpness, noise, mr_signal, densitometers),
    "Bone": (blocks, seams),
}


def main() -> int:
    """Measure and write."""
    told = {name: [one for part in parts for one in part()] for name, parts in FIGURES.items()}
    made = {"command": "make physics", "figures": told}
    RESULT.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    failing = 0
    for one in (one for groups in told.values() for one in groups):
        for line in one["rows"]:
            failing += not line["holds"]
            fault = "" if line["holds"] else "  DOES NOT HOLD"
            figures = f"{line['measured']:.6g} ({line['relation']} {line['expected']:.6g})"
            print(f"{one['name']}: {line['check']}: {figures}{fault}")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
