"""Internal calibration: the patient's own tissues in place of a phantom."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import Flag, Method
from .calibration import Calibration, Unavailable
from .methods import INTERNAL_ATTENUATION, INTERNAL_MICHALSKI
from .phantom import WATER_DENSITY, WATER_DISPLACED
from .tables import mass_attenuation
from .tissues import TISSUES, TissueSample, usable

LOWEST_R2 = 0.99
"""Coefficient of determination below which a fit is not used. Our choice."""

LARGEST_MISFIT = 3.0
"""Distance of a tissue from the fit, in its own spreads, above which it is not used. Our choice."""

AGREEMENT = 0.078
"""Root-mean-square difference of an internal calibration to QCT, as a fraction.

Of another internal calibration than ours (Kaesmacher 2017, doi:10.1097/RCT.0000000000000518,
abstract, scans without contrast agent): the best figure there is for what the fit cannot know.
"""

HIGHEST_VOLTAGE = 150.0
"""Highest tube voltage of clinical CT in kV; no photon of a scan has more keV."""

CLINICAL_ENERGIES = (40.0, 100.0)
"""Effective energies in keV among which the attenuation recipe looks.

Our choice, wide: a 120 kVp beam has a mean of about 71 keV (AAPM 2026 abstract 1859).
"""

DRAWS = 400
SEED = 20

Array = NDArray[np.float64]

FIT_PARAMETER = Flag(
    "energy-is-a-fit-parameter",
    "The effective energy of this recipe is the one at which HU and mass attenuation are most "
    "linear; it lies well above the mean energy of the beam, and densities of known K2HPO4 "
    "solutions are not recovered (docs/calibration.md).",
)
OWN_RECIPE = Flag(
    "not-clinically-validated",
    "This recipe is Osteon's own: it is exact on computed scans and has been compared with no "
    "phantom scan.",
)


@dataclass(frozen=True)
class _Tissues:
    """Samples as arrays, one row a tissue; `mu` has one column an energy."""

    names: tuple[str, ...]
    hu: Array
    spread: Array
    density: Array
    mu: Array
    flags: tuple[Flag, ...]

    def draws(self) -> Array:
        """HU as they might also have been, (DRAWS, tissues): the spread of people and the noise."""
        noise = np.random.default_rng(SEED).standard_normal((DRAWS, len(self.names)))
        return self.hu + noise * self.spread


def internal(samples: Sequence[TissueSample]) -> Calibration | Unavailable:
    """Internal calibration as published by Michalski 2020 (doi:10.1016/j.medengphy.2020.01.009).

    The effective energy is the one of 1 to 200 keV (step 0.5) at which the tissues' HU and
    tabulated mass attenuation have the highest r². There, lines through the tissues give mass
    attenuation and mass density of any HU, and a voxel is split into K2HPO4 and triglyceride:
    ρ_K2HPO4 = ρ · (μ/ρ - μ/ρ_tg) / (μ/ρ_K2HPO4 - μ/ρ_tg).

    The standard uncertainty is that of 400 repetitions (fixed seed) with the tissues' HU drawn
    anew from the noise of their means and their spread between people (`TISSUES`), joined with
    the 7.8 % by which an internal calibration differed from QCT (`AGREEMENT`). It does not
    contain the error of the model itself, which `docs/calibration.md` shows to be large for
    solutions of known content.

    Parameters
    ----------
    samples : sequence of TissueSample
        Bone, and air or adipose, and at least one more; blood above 100 HU is left out.

    Returns
    -------
    Calibration or Unavailable
        In K2HPO4. Unavailable if tissues are missing, r² is below 0.99, or the energy lies at
        the lower end of the grid or at 150 keV and more, beyond any clinical beam. The density
        is a parabola of HU; below about -650 HU, where no bone is, it turns.
    """
    tissues = _tissues(samples)
    if (missing := _missing(tissues, either=("air", "adipose"))) is not None:
        return Unavailable(INTERNAL_MICHALSKI, missing)
    energies = mass_attenuation()["energy_keV"]
    at, r2 = _most_linear(tissues.hu[None], tissues.mu)
    reason = _poor(float(r2[0]), int(at[0]), energies)
    if reason is not None:
        return Unavailable(INTERNAL_MICHALSKI, reason)
    found = _two_component(tissues.hu, tissues.mu, int(at[0]))
    draws = tissues.draws()
    energy_of_draw, _ = _most_linear(draws, tissues.mu)
    again = [
        _two_component(hu, tissues.mu, int(index)).coefficients
        for hu, index in zip(draws, energy_of_draw, strict=True)
    ]
    fitted = {
        "effective_energy_keV": float(energies[at[0]]),
        "effective_energy_sd_keV": float(energies[energy_of_draw].std()),
        "r2": float(r2[0]),
        "attenuation_slope_cm2_g_per_HU": found.attenuation[0],
        "attenuation_intercept_cm2_g": found.attenuation[1],
        "density_slope_g_cm3_per_HU": found.density[0],
        "density_intercept_g_cm3": found.density[1],
    }
    return _calibration(INTERNAL_MICHALSKI, tissues, fitted, found.coefficients, again)


def internal_attenuation(samples: Sequence[TissueSample]) -> Calibration | Unavailable:
    """Internal calibration by linear attenuation: scale, offset and energy of the scan at once.

    A tissue of density ρ should show h(E) = 1000·(ρ·μ/ρ(E) / μ_water(E) - 1) HU. The energy is
    the one of 40 to 100 keV at which HU = offset + scale·h(E) fits best, each tissue weighted
    by its spread between people. A solution of K2HPO4 then lies at
    h = ρ·(μ/ρ_K2HPO4 / μ_water - 0.2174) - 0.4, with the water that it displaces as in
    `phantom_liquid`; solved for ρ, this is the calibration. Attenuation is that of ICRU Report
    44 materials (doi:10.18434/T4D01F).

    The standard uncertainty is that of 400 repetitions (fixed seed) with the tissues' HU drawn
    anew as in `internal`, joined with `AGREEMENT`. It contains neither a loss of cortical HU to
    partial volume beyond its spread (which makes the energy, and the density, too high) nor
    beam hardening.

    Parameters
    ----------
    samples : sequence of TissueSample
        Bone and air, and at least one more; blood above 100 HU is left out.

    Returns
    -------
    Calibration or Unavailable
        In K2HPO4. Unavailable if tissues are missing, one lies 3 spreads off the fit, or the
        energy lies at the end of the grid.
    """
    tissues = _tissues(samples)
    if (missing := _missing(tissues, either=("air",))) is not None:
        return Unavailable(INTERNAL_ATTENUATION, missing)
    table = mass_attenuation()
    inside = (table["energy_keV"] >= CLINICAL_ENERGIES[0]) & (
        table["energy_keV"] <= CLINICAL_ENERGIES[1]
    )
    energies, water = table["energy_keV"][inside], table["water"][inside]
    shown = 1000.0 * (tissues.density[:, None] * tissues.mu[:, inside] / water - 1.0)
    found = _weighted_lines(tissues.hu[None], shown, tissues.spread)
    at = int(found.at[0])
    if at in (0, len(energies) - 1):
        return Unavailable(INTERNAL_ATTENUATION, _edge(float(energies[at])))
    if found.misfit[0] > LARGEST_MISFIT:
        reason = (
            f"The tissues do not fit tabulated attenuation: one lies {found.misfit[0]:.1f} times "
            f"its spread off, at most {LARGEST_MISFIT:g} is accepted."
        )
        return Unavailable(INTERNAL_ATTENUATION, reason)
    rise = table["K2HPO4"][inside] / water - WATER_DISPLACED
    again = _weighted_lines(tissues.draws(), shown, tissues.spread)
    fitted = {
        "effective_energy_keV": float(energies[at]),
        "effective_energy_sd_keV": float(energies[again.at].std()),
        "scale": float(found.scale[0]),
        "offset_HU": float(found.offset[0]),
        "largest_misfit_spreads": float(found.misfit[0]),
    }
    lines = _solution(found, rise), _solution(again, rise)
    return _calibration(INTERNAL_ATTENUATION, tissues, fitted, tuple(lines[0][0]), lines[1])


def _tissues(samples: Sequence[TissueSample]) -> _Tissues:
    """Usable samples as arrays, in the order of their names so that draws do not depend on it."""
    kept, flags = usable(samples)
    kept = tuple(sorted(kept, key=lambda sample: sample.name))
    table = mass_attenuation()
    spread = [np.hypot(TISSUES[s.name].spread, s.sd_hu / np.sqrt(s.voxels)) for s in kept]
    return _Tissues(
        tuple(sample.name for sample in kept),
        np.array([sample.mean_hu for sample in kept]),
        np.array(spread),
        np.array([TISSUES[sample.name].density for sample in kept]),
        np.array([table[s.name] for s in kept]).reshape(len(kept), len(table["energy_keV"])),
        flags,
    )


def _missing(tissues: _Tissues, either: tuple[str, ...]) -> str | None:
    """Which tissue is missing, in words, or None."""
    left_out = "".join(f" {flag.text}" for flag in tissues.flags)
    if "bone" not in tissues.names:
        return f"No usable sample of cortical bone.{left_out}"
    if not set(either) & set(tissues.names):
        words = " or ".join(TISSUES[name].name for name in either)
        return f"No usable sample of {words}.{left_out}"
    if len(tissues.names) < 3:
        got = " and ".join(TISSUES[name].name for name in tissues.names)
        return f"Three tissues are needed, only {got} could be used.{left_out}"
    return None


def _most_linear(hu: Array, mu: Array) -> tuple[NDArray[np.intp], Array]:
    """For each row of HU, the energy at which r² with `mu` is highest, and that r²."""
    hu = hu - hu.mean(axis=1, keepdims=True)
    mu = mu - mu.mean(axis=0)
    r2 = (hu @ mu) ** 2 / ((hu**2).sum(axis=1, keepdims=True) * (mu**2).sum(axis=0))
    at = r2.argmax(axis=1)
    return at, np.take_along_axis(r2, at[:, None], axis=1)[:, 0]


def _poor(r2: float, at: int, energies: Array) -> str | None:
    """Why a fit must not be used, or None."""
    if at == 0 or energies[at] >= HIGHEST_VOLTAGE:
        return _edge(float(energies[at]))
    if r2 < LOWEST_R2:
        return (
            f"HU and tabulated attenuation of the tissues agree with r² {r2:.3f} at best, at least "
            f"{LOWEST_R2:g} is needed."
        )
    return None


def _edge(energy: float) -> str:
    return (
        f"The tissues fit best at {energy:g} keV, beyond the beams of clinical CT: the samples are "
        "not the tissues that they are taken for (bone too thin, for one), or HU are off."
    )


@dataclass(frozen=True)
class _TwoComponent:
    """Lines HU to mass attenuation and to mass density, and the parabola of K2HPO4."""

    attenuation: tuple[float, float]
    density: tuple[float, float]
    coefficients: tuple[float, ...]


def _two_component(hu: Array, mu: Array, at: int) -> _TwoComponent:
    """The published voxel model at one energy."""
    table = mass_attenuation()
    fat, mineral = table["triglyceride"][at], table["K2HPO4"][at]
    attenuation = np.polyfit(hu, mu[:, at], 1)
    density = np.polyfit(hu, (hu / 1000.0 + 1.0) * table["water"][at] / mu[:, at], 1)
    share = (attenuation - [0.0, fat]) / (mineral - fat)
    found = 1000.0 * np.polymul(density, share)
    return _TwoComponent(
        (float(attenuation[0]), float(attenuation[1])),
        (float(density[0]), float(density[1])),
        tuple(float(value) for value in found),
    )


@dataclass(frozen=True)
class _Lines:
    """For each row of HU, the best energy and HU = offset + scale · h(energy)."""

    at: NDArray[np.intp]
    scale: Array
    offset: Array
    misfit: Array


def _weighted_lines(hu: Array, shown: Array, spread: Array) -> _Lines:
    """Best energy of each row of `hu` (rows, tissues) for `shown` (tissues, energies)."""
    weight = spread**-2.0 / (spread**-2.0).sum()
    h = shown - weight @ shown
    y = hu - (hu @ weight)[:, None]
    scale = (y * weight) @ h / (weight @ h**2)
    left = ((y[:, :, None] - scale[:, None, :] * h) / spread[:, None]) ** 2
    at = left.sum(axis=1).argmin(axis=1)
    row = np.arange(len(hu))
    best = scale[row, at]
    offset = hu @ weight - best * (weight @ shown)[at]
    return _Lines(at, best, offset, np.sqrt(left[row, :, at].max(axis=1)))


def _solution(lines: _Lines, rise: Array) -> Array:
    """Slope and intercept (rows, 2) of K2HPO4 in mg/cm³ over HU; 1000 HU is the water scale."""
    slope = 1.0 / (lines.scale * rise[lines.at])
    zero = lines.offset + lines.scale * (WATER_DENSITY - 1000.0)
    return np.stack([slope, -zero * slope], axis=1)


def _calibration(
    method: Method,
    tissues: _Tissues,
    fitted: dict[str, float],
    coefficients: tuple[float, ...],
    again: Sequence[tuple[float, ...]] | Array,
) -> Calibration:
    """Calibration with the covariance of its coefficients over the draws."""
    for name, hu in zip(tissues.names, tissues.hu, strict=True):
        fitted[f"{name}_HU"] = float(hu)
    covariance = np.cov(np.asarray(again, np.float64).T)
    own = OWN_RECIPE if method is INTERNAL_ATTENUATION else FIT_PARAMETER
    return Calibration(
        method,
        "K2HPO4",
        fitted,
        tuple(float(value) for value in coefficients),
        covariance,
        relative=AGREEMENT,
        flags=(*tissues.flags, own),
    )
