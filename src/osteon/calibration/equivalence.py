"""Densities in K2HPO4 and in hydroxyapatite are not the same number: how to go between them."""

from dataclasses import dataclass

import numpy as np

from ..core import BadSetting, Flag
from .calibration import Equivalent

SLOPES = {80.0: 0.86, 140.0: 0.81}
"""K2HPO4 per hydroxyapatite density by kVp (Goodsitt 1992, doi:10.1016/0169-6009(92)90922-Z)."""

SLOPE_UNCERTAINTY = 0.03
"""Standard uncertainty of the slope.

Our choice: half the distance between 0.81 (Goodsitt 1992 at 140 kVp) and 0.87, the slope of
HA = 1.15·K2HPO4 - 7.32 (Faulkner 1993, quoted at second hand), which other phantoms gave.
"""


@dataclass(frozen=True)
class Converted:
    """A density in another equivalent.

    Attributes
    ----------
    density : float
        In mg/cm³ of the target.
    standard_uncertainty : float or None
        In mg/cm³; None if that of the source was not known.
    equivalent : {"HA", "K2HPO4"}
        The target.
    flags : tuple of Flag
        What was done.
    """

    density: float
    standard_uncertainty: float | None
    equivalent: Equivalent
    flags: tuple[Flag, ...]


def slope(kvp: float | None) -> float:
    """K2HPO4 density per hydroxyapatite density, between 0.86 at 80 kVp and 0.81 at 140 kVp.

    The middle of the two, 0.835, where the tube voltage is not known: the whole range is 6 %.

    Raises
    ------
    BadSetting
        Outside 80 to 140 kVp.
    """
    if kvp is None:
        return float(np.mean(list(SLOPES.values())))
    if not min(SLOPES) <= kvp <= max(SLOPES):
        raise BadSetting(
            f"K2HPO4 and hydroxyapatite were compared from 80 to 140 kVp; this scan has {kvp:g}."
        )
    return float(np.interp(kvp, list(SLOPES), list(SLOPES.values())))


def convert(
    density: float,
    uncertainty: float | None,
    *,
    source: Equivalent,
    target: Equivalent,
    kvp: float | None,
) -> Converted:
    """Density in another equivalent: K2HPO4 = slope · HA, intercept 0 (Goodsitt 1992).

    Parameters
    ----------
    density, uncertainty : float, float or None
        In mg/cm³ of `source`.
    source, target : {"HA", "K2HPO4"}
        From which to which; the same two return the density as it is, unflagged.
    kvp : float or None
        Tube voltage in kV; unknown is allowed, because the slope changes by 6 % over all of them.

    Returns
    -------
    Converted
        With the uncertainty of the slope (0.03) joined, and flagged ``"converted"``.

    Raises
    ------
    BadSetting
        If an equivalent is neither, or `kvp` lies outside 80 to 140.
    """
    for name in (source, target):
        if name not in ("HA", "K2HPO4"):
            raise BadSetting(f"a density is in 'HA' or 'K2HPO4'; got '{name}'.")
    if source == target:
        return Converted(density, uncertainty, target, ())
    per_ha = slope(kvp)
    factor = per_ha if target == "K2HPO4" else 1.0 / per_ha
    joined = None
    if uncertainty is not None:
        share = density * factor * SLOPE_UNCERTAINTY / per_ha
        joined = float(np.hypot(uncertainty * factor, share))
    text = f"Taken from {source} to {target} equivalents with K2HPO4 = {per_ha:.3f} · HA"
    text += "." if kvp is not None else "; the tube voltage is not known."
    return Converted(density * factor, joined, target, (Flag("converted", text),))
