"""CT numbers of tissues: what a scanner calibrated on water shows of a little of them in a body."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..materials import Material, Tissue
from .attenuation import attenuation_in, attenuation_of
from .spectrum import Filtration, detected


def hu_at(
    attenuation: NDArray[np.float64], kvp: float, filtration: Filtration, water_mm: float
) -> NDArray[np.float64]:
    """CT numbers of attenuation coefficients, behind a path through water.

    The scanner turns the logarithm of its signal into the length of water that gives the same
    signal (water correction). A little of a material then adds lengths in the ratio of its
    attenuation to that of water, both weighted by what the detector sees behind the body.

    Parameters
    ----------
    attenuation : (..., energies) array
        Linear attenuation, 1/cm.
    kvp : float
        Tube voltage, 80–140 kVp.
    filtration : Filtration
        Filters before the patient.
    water_mm : float
        Path through the body around it, as mm of water.

    Returns
    -------
    (...,) array of float64
        HU: water 0, air −1000.
    """
    seen = detected(kvp, filtration, water_mm)
    water = attenuation_of(Material.WATER) @ seen
    air = attenuation_of(Material.AIR) @ seen
    return np.asarray(1000 * (attenuation @ seen - water) / (water - air))


def hu_table(
    tissues: Sequence[Tissue], kvp: float, filtration: Filtration, water_mm: float = 200.0
) -> NDArray[np.float32]:
    """CT numbers of tissues.

    Parameters
    ----------
    tissues : sequence of Tissue
        Mixtures by volume.
    kvp : float
        Tube voltage, 80–140 kVp.
    filtration : Filtration
        Filters before the patient.
    water_mm : float
        Mean path through the patient, as mm of water; about 0.8 of a body's diameter.

    Returns
    -------
    (tissues,) array of float32
        HU.

    Raises
    ------
    BadSetting
        If voltage or path is outside its range.
    """
    mu = np.array([attenuation_in(tissue) for tissue in tissues])
    return hu_at(mu, kvp, filtration, water_mm).astype(np.float32)


def as_water_and_bone(
    tissues: Sequence[Tissue], kvp: float, filtration: Filtration, water_mm: float = 200.0
) -> NDArray[np.float32]:
    """Tissues as water and bone that attenuate like them at all energies.

    Parameters
    ----------
    tissues, kvp, filtration, water_mm
        As for `hu_table`.

    Returns
    -------
    (tissues, 2) array of float32
        Volume shares of water and of bone tissue, by least squares over the detected energies;
        a share may be negative (fat is water less a little bone) or above 1 (metal).
    """
    weight = np.sqrt(detected(kvp, filtration, water_mm))
    base = np.stack([attenuation_of(m) * weight for m in (Material.WATER, Material.BONE)], axis=1)
    mu = np.array([attenuation_in(tissue) for tissue in tissues]) * weight
    shares, *_ = np.linalg.lstsq(base, mu.T, rcond=None)
    return np.ascontiguousarray(shares.T, np.float32)
