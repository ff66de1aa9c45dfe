"""Every calibration that a scan allows, and the reason for each one that it does not."""

from collections.abc import Sequence

from ..core import BadSetting
from .calibration import Calibration, Unavailable
from .internal import internal, internal_attenuation
from .methods import (
    HU_RELATION,
    INTERNAL_ATTENUATION,
    INTERNAL_MICHALSKI,
    PHANTOM_LIQUID,
    PHANTOM_SOLID,
)
from .phantom import Rod, phantom_liquid, phantom_solid
from .relation import hu_relation
from .tissues import TissueSample, blood_is_enhanced

ORDER = (PHANTOM_SOLID, PHANTOM_LIQUID, INTERNAL_ATTENUATION, INTERNAL_MICHALSKI, HU_RELATION)
"""Methods in the order in which they are tried and told: what was measured most directly first."""


def available_calibrations(
    samples: Sequence[TissueSample],
    *,
    kvp: float | None,
    contrast: bool | None,
    rods: Sequence[Rod] | None = None,
) -> list[Calibration | Unavailable]:
    """Every method, either as a calibration or with the reason why it cannot be had.

    Parameters
    ----------
    samples : sequence of TissueSample
        Tissues of the patient; empty if there are none.
    kvp : float or None
        Tube voltage in kV; None is unknown.
    contrast : bool or None
        Whether contrast agent was given. Blood of the aorta above 100 HU is taken as contrast
        agent whatever is said here; None, unknown, is settled by a sample of blood. With
        contrast agent every calibration is flagged and its uncertainty widened
        (`Calibration.with_contrast`).
    rods : sequence of Rod or None
        Rods of a phantom scanned with the patient; with water equivalents it is of the liquid
        type.

    Returns
    -------
    list of Calibration or Unavailable
        One a method, in the order of `ORDER`.

    Raises
    ------
    UnknownName
        If a tissue is sampled twice.
    """
    enhanced = contrast or blood_is_enhanced(samples)
    unknown = contrast is None and not any(sample.name == "blood" for sample in samples)
    found: list[Calibration | Unavailable] = [*_by_phantom(rods)]
    for build, method in (
        (internal_attenuation, INTERNAL_ATTENUATION),
        (internal, INTERNAL_MICHALSKI),
    ):
        if samples:
            found.append(build(samples))
        else:
            found.append(Unavailable(method, "No tissue of the patient could be sampled."))
    found.append(hu_relation(kvp, contrast=None if unknown else False))
    if enhanced:
        return [one.with_contrast() if isinstance(one, Calibration) else one for one in found]
    return found


def _by_phantom(rods: Sequence[Rod] | None) -> list[Calibration | Unavailable]:
    """The solid and the liquid phantom; at most one of the two can be there."""
    if not rods:
        reason = "No density phantom was named."
        return [Unavailable(PHANTOM_SOLID, reason), Unavailable(PHANTOM_LIQUID, reason)]
    liquid = any(rod.water is not None for rod in rods)
    build, method = (phantom_liquid, PHANTOM_LIQUID) if liquid else (phantom_solid, PHANTOM_SOLID)
    other = PHANTOM_SOLID if liquid else PHANTOM_LIQUID
    kind = "liquid" if liquid else "solid"
    try:
        own: Calibration | Unavailable = build(rods)
    except BadSetting as error:
        own = Unavailable(method, str(error))
    absent = Unavailable(other, f"The phantom that was named is of the {kind} type.")
    return [absent, own] if liquid else [own, absent]
