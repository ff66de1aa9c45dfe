"""What leaves an X-ray tube, and what the detector makes of it behind a body.

Bremsstrahlung of a thick tungsten target after Kramers (1923, doi:10.1080/14786442308565244), each
layer of the target filtered by the tungsten above it (electrons slow down by Thomson's and
Whiddington's law, as in Birch & Marshall 1979, doi:10.1088/0031-9155/24/3/002), with the K lines of
tungsten (Green & Cosslett 1968, doi:10.1088/0022-3727/1/4/302). Compared once with spekpy 2.5
(Poludniowski et al. 2021, doi:10.1002/mp.14945) at the same filtration: half-value layers within
5 % at 80–140 kVp.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting
from .attenuation import attenuation_of, density_of, energies

LEAST_KVP, MOST_KVP = 80.0, 140.0
"""Tube voltages that the simulated CT can run at."""

SLOWING = 0.9e6
"""Thomson-Whiddington constant of tungsten at CT voltages, keV² cm²/g (Birch & Marshall use 0.5 to
0.9e6, growing with the voltage)."""

TIP_LOSS = 0.5
"""Share by which an electron's spectrum falls from soft photons to its own energy; Kramers has
none. Set once by the half-value layers of spekpy."""

ANODE_DEGREES = 10.0
"""Angle of the target, degrees; CT tubes have 7–12."""

K_EDGE = 69.5
"""Binding energy of tungsten's K shell, keV."""

K_LINES = {59.3: 1.0, 58.0: 0.58, 67.2: 0.33, 69.1: 0.09}
"""K lines of tungsten, keV: intensity relative to the strongest (X-ray Data Booklet, LBNL)."""

K_YIELD = 2.6
"""K photons to bremsstrahlung; set once so that 11 % of the photons at 120 kVp behind 6.5 mm of
aluminium and 0.4 mm of titanium are K photons, as spekpy has it."""

SCINTILLATOR_CM = 0.14
"""Thickness of Gd2O2S in a CT detector, cm (assumed; common is 1–2 mm)."""


@dataclass(frozen=True)
class Filtration:
    """What stands between tube and patient on the central ray.

    Attributes
    ----------
    aluminium : float
        Inherent, added and bow-tie filtration together, as mm of aluminium.
    titanium : float
        Titanium, mm.
    """

    aluminium: float = 6.0
    titanium: float = 0.4

    def __post_init__(self) -> None:
        """Refuse negative filters."""
        if self.aluminium < 0 or self.titanium < 0:
            raise BadSetting(
                f"filters must be at least 0 mm thick; got {self.aluminium:g} mm of aluminium and "
                f"{self.titanium:g} mm of titanium."
            )


@cache
def spectrum(kvp: float, filtration: Filtration) -> NDArray[np.float64]:
    """Photons at `energies` that reach the patient, adding up to 1.

    Parameters
    ----------
    kvp : float
        Tube voltage, 80–140 kVp.
    filtration : Filtration
        Filters before the patient.

    Raises
    ------
    BadSetting
        If the voltage is outside its range.
    """
    if not LEAST_KVP <= kvp <= MOST_KVP:
        raise BadSetting(f"the tube runs at {LEAST_KVP:g} to {MOST_KVP:g} kVp; got {kvp:g}.")
    photons = _target(kvp)
    photons *= np.exp(-0.1 * filtration.aluminium * attenuation_of("aluminium"))
    photons *= np.exp(-0.1 * filtration.titanium * attenuation_of("metal"))
    photons /= photons.sum()
    photons.setflags(write=False)
    return photons


def _target(kvp: float) -> NDArray[np.float64]:
    """Photons at `energies` that leave the target."""
    energy = energies()
    mu = attenuation_of("tungsten")
    slowed = np.linspace(0, 1, 201) * kvp
    depth = (kvp**2 - slowed**2) / (SLOWING * density_of("tungsten"))
    way = depth / np.tan(np.radians(ANODE_DEGREES))
    tip = energy[:, None] / np.maximum(slowed, energy[0])
    through = np.exp(-mu[:, None] * way) * (1 - TIP_LOSS * tip) * (tip < 1)
    brems = through.sum(axis=1) * (kvp / 200) / energy
    photons = np.asarray(brems, np.float64)
    if kvp > K_EDGE:
        total = K_YIELD * (kvp / K_EDGE - 1) ** 1.63 * np.log(kvp / energy[0])
        for line, share in K_LINES.items():
            at = round(line - energy[0])
            above = np.exp(-mu[at] * way[slowed > K_EDGE]).mean()
            photons[at] += total * share / sum(K_LINES.values()) * above
    return photons


@cache
def detected(kvp: float, filtration: Filtration, water_mm: float = 0.0) -> NDArray[np.float64]:
    """Share of each energy in the signal of the detector, adding up to 1.

    Parameters
    ----------
    kvp : float
        Tube voltage, 80–140 kVp.
    filtration : Filtration
        Filters before the patient.
    water_mm : float
        Water that the beam has passed, mm, at least 0.

    Returns
    -------
    (energies,) array of float64
        Photons times their energy times the share that 1.4 mm of Gd2O2S absorbs.

    Raises
    ------
    BadSetting
        If the voltage or the path is outside its range.
    """
    if water_mm < 0:
        raise BadSetting(f"a path through water is at least 0 mm long; got {water_mm:g} mm.")
    absorbed = 1 - np.exp(-SCINTILLATOR_CM * attenuation_of("scintillator"))
    signal = spectrum(kvp, filtration) * energies() * absorbed
    signal = signal * np.exp(-0.1 * water_mm * attenuation_of("water"))
    signal /= signal.sum()
    signal.setflags(write=False)
    return np.asarray(signal)


def half_value_layer(kvp: float, filtration: Filtration) -> float:
    """Aluminium, in mm, that halves the air kerma of a beam.

    Air kerma is the energy fluence times the mass energy-absorption of air.
    """
    energy = energies()
    kerma = spectrum(kvp, filtration) * energy * _air_absorption(energy)
    thickness = np.linspace(0, 20, 2001)
    left = np.exp(-0.1 * thickness[:, None] * attenuation_of("aluminium")) @ kerma / kerma.sum()
    return float(np.interp(-0.5, -left, thickness))


AIR_ABSORPTION = {
    **{10.0: 4.742, 15.0: 1.334, 20.0: 0.5389, 30.0: 0.1537, 40.0: 0.06833, 50.0: 0.04098},
    **{60.0: 0.03041, 80.0: 0.02407, 100.0: 0.02325, 150.0: 0.02496},
}
"""Mass energy-absorption of dry air, cm²/g by keV (Hubbell & Seltzer, doi:10.18434/T4D01F)."""


def _air_absorption(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mass energy-absorption of air, interpolated on logarithms."""
    known, values = (np.log(list(part)) for part in (AIR_ABSORPTION, AIR_ABSORPTION.values()))
    return np.asarray(np.exp(np.interp(np.log(energy), known, values)))
