"""Published screening thresholds, and what a value on one side of them indicates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..core import BadSetting, Flag
from .methods import PHANTOM_LIQUID, PHANTOM_SOLID
from .relation import STANDARD_KVP
from .tables import rows

QCT_LEVELS = ("L1", "L2", "L3", "T12", "L4")
"""Levels of which QCT thresholds take the mean of two, the customary ones first."""

CAVEAT = "screening indication, not a diagnosis"


@dataclass(frozen=True)
class Threshold:
    """A published screening threshold.

    Attributes
    ----------
    name : str
        What it is called in reports.
    quantity : {"HU", "vBMD"}
        What it is compared with.
    level : str
        Vertebra it was found for.
    value : float
        The threshold, in `unit`.
    unit : str
        UCUM unit.
    direction : {"below", "above"}
        Side on which it speaks.
    says : str
        What was published for that side; completes "below 110 HU, at which …".
    doi, citation : str
        Source.
    transfer : str
        How well it holds elsewhere, one sentence.
    """

    name: str
    quantity: Literal["HU", "vBMD"]
    level: str
    value: float
    unit: str
    direction: Literal["below", "above"]
    says: str
    doi: str
    citation: str
    transfer: str

    def speaks_of(self, value: float) -> bool:
        """Whether a value lies on the side of which the threshold speaks, or on it."""
        return value <= self.value if self.direction == "below" else value >= self.value


THRESHOLDS: dict[str, Threshold] = {
    key: Threshold(**row) for key, row in rows("thresholds.toml").items()
}
"""Published thresholds by key."""


DECIDING = {"HU": ("pickhardt-specific", "pickhardt-sensitive"), "vBMD": ("qct-low", "qct-normal")}
"""Thresholds at and below, at and above which the words change; in between is indeterminate."""


@dataclass(frozen=True)
class Screened:
    """A value that thresholds are held against.

    Attributes
    ----------
    level : str
        Vertebra, such as ``"L1"``.
    quantity : str
        ``"HU mean"`` or ``"HU median"`` in HU, ``"vBMD"`` in mg/cm³.
    value : float
        The number.
    uncertainty : float or None
        Its standard uncertainty, in the same unit.
    method : str
        Key of the method; for vBMD the calibration.
    equivalent : str
        Mineral of a vBMD: ``"HA"`` or ``"K2HPO4"``.
    flags : tuple of Flag
        What stands against the value: coarse slices, a vertebra that is cut or deformed.
    """

    level: str
    quantity: str
    value: float
    uncertainty: float | None = None
    method: str = ""
    equivalent: str = ""
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class Indication:
    """What a value indicates, in words.

    Attributes
    ----------
    level : str
        Vertebra, or the two of a mean joined by ``+``.
    quantity : str
        As in `Screened`.
    value : float
        The number compared.
    text : str
        One or more sentences for a report; never a diagnosis.
    thresholds : tuple of str
        Names of the thresholds that speak of a value on this side.
    flags : tuple of Flag
        Why the thresholds do not transfer as printed; empty if nothing is known against it.
    """

    level: str
    quantity: str
    value: float
    text: str
    thresholds: tuple[str, ...]
    flags: tuple[Flag, ...]


def indications(
    values: Sequence[Screened], *, contrast: bool | None, kvp: float | None
) -> list[Indication]:
    """What the values of a scan indicate against the published thresholds.

    HU thresholds are held against L1 only, the level they were found for. QCT thresholds are
    held against the mean of two vertebrae of one calibration, customary levels first; a single
    vertebra is not judged. Values between thresholds are called indeterminate. With contrast
    agent, at an unknown or another tube voltage than 120 kVp, or with flags of the value, the
    text says that thresholds do not transfer as printed.

    Parameters
    ----------
    values : sequence of Screened
        Values of the scan, in any order.
    contrast : bool or None
        Whether contrast agent was given; None is unknown.
    kvp : float or None
        Tube voltage in kV; None is unknown.

    Returns
    -------
    list of Indication
        HU first; empty if nothing can be compared.

    Raises
    ------
    BadSetting
        If a quantity is none of the three.
    """
    for value in values:
        if value.quantity not in ("HU mean", "HU median", "vBMD"):
            raise BadSetting(
                f"no threshold is held against '{value.quantity}'; there are 'HU mean', "
                "'HU median' and 'vBMD'."
            )
    doubts = _doubts(contrast, kvp)
    found = [
        _judged(value, "HU", (*doubts, *value.flags))
        for value in values
        if value.quantity != "vBMD" and value.level == "L1"
    ]
    calibrations = dict.fromkeys((v.method, v.equivalent) for v in values if v.quantity == "vBMD")
    for method, equivalent in calibrations:
        pair = _pair([v for v in values if (v.method, v.equivalent) == (method, equivalent)])
        if pair is not None:
            found.append(_judged(pair, "vBMD", (*_qct_doubts(pair, contrast), *pair.flags)))
    return found


def _doubts(contrast: bool | None, kvp: float | None) -> tuple[Flag, ...]:
    """Why HU thresholds may not hold for this scan."""
    found = []
    if contrast:
        found.append(Flag("contrast", "Contrast agent was given, which raises HU."))
    elif contrast is None:
        found.append(Flag("contrast-unknown", "Whether contrast agent was given is not known."))
    if kvp is None:
        found.append(Flag("kvp-unknown", "The tube voltage is not known."))
    elif kvp != STANDARD_KVP:
        text = f"The tube voltage is {kvp:g} kV, the thresholds were found at {STANDARD_KVP:g} kV."
        found.append(Flag("kvp-not-120", text))
    return tuple(found)


def _qct_doubts(pair: Screened, contrast: bool | None) -> tuple[Flag, ...]:
    """Why QCT thresholds may not hold for this density."""
    found = []
    if contrast:
        found.append(Flag("contrast", "Contrast agent was given, which raises density."))
    elif contrast is None:
        found.append(Flag("contrast-unknown", "Whether contrast agent was given is not known."))
    if pair.method not in (PHANTOM_SOLID.key, PHANTOM_LIQUID.key):
        text = "The density is not calibrated by a phantom, as the thresholds require."
        found.append(Flag("no-phantom", text))
    return tuple(found)


def _pair(values: Sequence[Screened]) -> Screened | None:
    """Mean of two vertebrae of one calibration, the customary levels first; None if there is one.

    The uncertainties are taken as fully shared, for the calibration is the same.
    """
    of = {value.level: value for value in values}
    two = [of[level] for level in QCT_LEVELS if level in of][:2]
    if len(two) < 2:
        return None
    known = [value.uncertainty for value in two if value.uncertainty is not None]
    return replace(
        two[0],
        level="+".join(value.level for value in two),
        value=sum(value.value for value in two) / 2,
        uncertainty=sum(known) / 2 if len(known) == 2 else None,
        flags=tuple(dict.fromkeys(flag for value in two for flag in value.flags)),
    )


def _judged(value: Screened, quantity: str, doubts: tuple[Flag, ...]) -> Indication:
    """One value against all thresholds of its quantity."""
    held = [threshold for threshold in THRESHOLDS.values() if threshold.quantity == quantity]
    unit = "HU" if quantity == "HU" else f"mg/cm³ {value.equivalent}".strip()
    subject = f"{value.level} {value.quantity} {value.value:.0f} {unit}"
    low_key, high_key = DECIDING[quantity]
    below, above = THRESHOLDS[low_key], THRESHOLDS[high_key]
    low, high = below.value, above.value
    if value.value <= low:
        text = f"{subject}: at or below {low:g} {unit}, at which {below.says}; {CAVEAT}."
    elif value.value >= high:
        text = (
            f"{subject}: at or above {high:g} {unit}, at which {above.says}; no screening "
            "indication from this value, which does not exclude low density."
        )
    else:
        text = f"{subject}: between {low:g} and {high:g} {unit}: indeterminate; {CAVEAT}."
    return Indication(
        value.level,
        value.quantity,
        value.value,
        text + _nearness(value, held) + _transfer(doubts),
        tuple(threshold.name for threshold in held if threshold.speaks_of(value.value)),
        doubts,
    )


def _nearness(value: Screened, held: Sequence[Threshold]) -> str:
    """A sentence if the value is within its standard uncertainty of a threshold."""
    if value.uncertainty is None:
        return ""
    near = [t.value for t in held if abs(value.value - t.value) < value.uncertainty]
    if not near:
        return ""
    words = ", ".join(f"{number:g}" for number in sorted(near))
    spread = f" With a standard uncertainty of {value.uncertainty:.0f}"
    return f"{spread} it may lie on either side of {words}."


def _transfer(doubts: tuple[Flag, ...]) -> str:
    if not doubts:
        return ""
    return " The thresholds do not transfer as printed: " + " ".join(flag.text for flag in doubts)
