"""Calibration by a density phantom that was scanned with the patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting, Flag, UnknownName
from .calibration import Calibration, Equivalent
from .methods import PHANTOM_LIQUID, PHANTOM_SOLID
from .tables import rows

WATER_DISPLACED = 0.2174
"""Water that K2HPO4 displaces in solution, in mg of water per mg of K2HPO4 (QCT PRO User Guide)."""

WATER_DENSITY = 999.6
"""Water in 1 cm³ of a solution without K2HPO4, in mg (QCT PRO User Guide)."""

TWO_RODS = Flag(
    "no-uncertainty",
    "Two rods fix the line exactly and leave nothing to judge it by; its uncertainty is unknown.",
)


@dataclass(frozen=True)
class Rod:
    """One rod of a phantom.

    Attributes
    ----------
    hu : float
        Mean HU measured inside the rod.
    density : float
        Its density as certified, in mg/cm³ of hydroxyapatite or K2HPO4; negative is possible.
    water : float or None
        Its water equivalent in mg/cm³ for a rod of the liquid type, else None.
    """

    hu: float
    density: float
    water: float | None = None


@dataclass(frozen=True)
class Phantom:
    """A density phantom with the certified densities of its rods.

    Attributes
    ----------
    name : str
        What its maker calls it.
    equivalent : {"HA", "K2HPO4"}
        Mineral in which its densities are expressed.
    serial : str
        Serial numbers that the densities belong to.
    density : tuple of float
        Densities of the rods in mg/cm³.
    water : tuple of float or None
        Water equivalents of the rods in mg/cm³, for a phantom of the liquid type.
    """

    name: str
    equivalent: Equivalent
    serial: str
    density: tuple[float, ...]
    water: tuple[float, ...] | None

    def rods(self, hu: Sequence[float]) -> tuple[Rod, ...]:
        """Rods with their measured mean HU, in the order of `density`.

        Raises
        ------
        BadSetting
            If there are not as many values as rods.
        """
        if len(hu) != len(self.density):
            raise BadSetting(
                f"{self.name} has {len(self.density)} rods, {len(hu)} mean HU were given; give one "
                "a rod, in the order of the certificate."
            )
        water = self.water or (None,) * len(hu)
        return tuple(Rod(*row) for row in zip(hu, self.density, water, strict=True))


PHANTOMS: dict[str, Phantom] = {
    key: Phantom(
        row["name"],
        row["equivalent"],
        row["serial"],
        tuple(row["density"]),
        tuple(row["water"]) if "water" in row else None,
    )
    for key, row in rows("phantoms.toml").items()
}
"""Phantoms by key. The certificate of your own phantom goes before this list."""


def phantom(key: str) -> Phantom:
    """Phantom of this key in `PHANTOMS`.

    Raises
    ------
    UnknownName
        If there is none.
    """
    if key not in PHANTOMS:
        raise UnknownName(f"no phantom is called '{key}'; there are {sorted(PHANTOMS)}.")
    return PHANTOMS[key]


def phantom_solid(rods: Sequence[Rod]) -> Calibration:
    """Calibration by solid hydroxyapatite rods: ρ = m·HU + b by least squares over the rods.

    The standard uncertainty is that of the line at the region's HU, from the scatter of the rods
    about it (n - 2 degrees of freedom: a 95 % interval is Student's t times it). It does not
    contain errors of the certified densities, nor the difference between the phantom's place
    under the patient and the place of the bone.

    Parameters
    ----------
    rods : sequence of Rod
        At least two; three or more for an uncertainty.

    Returns
    -------
    Calibration
        In hydroxyapatite. With two rods its uncertainty is None, and flagged.

    Raises
    ------
    BadSetting
        If there are fewer than two rods, values are not finite, the rods do not differ, or
        density falls with HU.
    """
    hu, density = _checked(rods)
    line = _line(hu, density)
    _must_rise(line.slope, "mg/cm³ per HU")
    return Calibration(
        PHANTOM_SOLID,
        "HA",
        {
            "slope_mg_cm3_per_HU": line.slope,
            "intercept_mg_cm3": line.intercept,
            "residual_sd_mg_cm3": line.residual,
            "r2": line.r2,
            "degrees_of_freedom": float(len(rods) - 2),
        },
        (line.slope, line.intercept),
        line.covariance,
        flags=(TWO_RODS,) if line.covariance is None else (),
    )


def phantom_liquid(rods: Sequence[Rod]) -> Calibration:
    """Calibration by rods of the liquid (K2HPO4) type, as in Mindways QCT Pro.

    Fits HU - water = σ_ref·K2HPO4 + β_ref over the rods. A solution holds 999.6 - 0.2174·ρ mg
    of water a cm³, so that HU = σ_CT·ρ + β_CT with σ_CT = σ_ref - 0.2174 and
    β_CT = β_ref + 999.6, and ρ = (HU - β_CT)/σ_CT. Water lies at β_CT, near 0 HU.

    The standard uncertainty is propagated from the covariance of σ_ref and β_ref, with the
    same limits as in `phantom_solid`.

    Parameters
    ----------
    rods : sequence of Rod
        At least two, each with its water equivalent.

    Returns
    -------
    Calibration
        In K2HPO4. With two rods its uncertainty is None, and flagged.

    Raises
    ------
    BadSetting
        As in `phantom_solid`; also if a rod has no water equivalent.
    """
    hu, density = _checked(rods)
    water = np.array([np.nan if rod.water is None else rod.water for rod in rods])
    if not np.isfinite(water).all():
        raise BadSetting(
            f"{int((~np.isfinite(water)).sum())} of {len(rods)} rods have no water equivalent; a "
            "liquid-type phantom needs it for each: see its certificate."
        )
    line = _line(density, hu - water)
    sigma = line.slope - WATER_DISPLACED
    beta = line.intercept + WATER_DENSITY
    _must_rise(sigma, "HU per mg/cm³")
    covariance = None
    if line.covariance is not None:
        change = np.array([[-1.0 / sigma**2, 0.0], [beta / sigma**2, -1.0 / sigma]])
        covariance = change @ line.covariance @ change.T
    return Calibration(
        PHANTOM_LIQUID,
        "K2HPO4",
        {
            "sigma_ref_HU_per_mg_cm3": line.slope,
            "beta_ref_HU": line.intercept,
            "sigma_ct_HU_per_mg_cm3": sigma,
            "beta_ct_HU": beta,
            "residual_sd_HU": line.residual,
            "r2": line.r2,
            "degrees_of_freedom": float(len(rods) - 2),
        },
        (1.0 / sigma, -beta / sigma),
        covariance,
        flags=(TWO_RODS,) if covariance is None else (),
    )


@dataclass(frozen=True)
class _Line:
    """A fitted line; `residual` is the SD about it, 0 where two points fix it."""

    slope: float
    intercept: float
    residual: float
    r2: float
    covariance: NDArray[np.float64] | None


def _checked(rods: Sequence[Rod]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """HU and densities of the rods, having refused those that no line can be drawn through."""
    if len(rods) < 2:
        raise BadSetting(f"a phantom needs at least two rods; got {len(rods)}.")
    hu = np.array([rod.hu for rod in rods], np.float64)
    density = np.array([rod.density for rod in rods], np.float64)
    if not (np.isfinite(hu).all() and np.isfinite(density).all()):
        raise BadSetting("HU and density of each rod must be finite numbers.")
    for name, values, unit in (("HU", hu, "HU"), ("density", density, "mg/cm³")):
        if np.ptp(values) < 1.0:
            raise BadSetting(
                f"the rods' {name} differ by {np.ptp(values):.3g} {unit}, at least 1 is needed to "
                "draw a line; are they the right rods?"
            )
    return hu, density


def _must_rise(slope: float, unit: str) -> None:
    if slope <= 0:
        raise BadSetting(
            f"the rods give {slope:.3g} {unit}, above 0 is needed; are the rods in the order of "
            "the certificate?"
        )


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> _Line:
    """Least-squares line y(x) with the covariance of slope and intercept."""
    design = np.stack([x, np.ones_like(x)], axis=1)
    (slope, intercept), *_ = np.linalg.lstsq(design, y, rcond=None)
    rest = float(((y - slope * x - intercept) ** 2).sum())
    whole = float(((y - y.mean()) ** 2).sum())
    free = len(x) - 2
    variance = rest / free if free else 0.0
    covariance = variance * np.linalg.inv(design.T @ design) if free else None
    r2 = 1.0 - rest / whole if whole > 0 else 0.0
    return _Line(float(slope), float(intercept), float(np.sqrt(variance)), r2, covariance)
