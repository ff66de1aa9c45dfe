"""CT scanners as profiles: everything by which one site's images differ from another's."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Self

from ...core import BadSetting, UnknownName
from .kernels import KERNELS, Kernel
from .spectrum import LEAST_KVP, MOST_KVP, Filtration

RANGES: Mapping[str, tuple[float, float]] = {
    "kvp": (LEAST_KVP, MOST_KVP),
    "aluminium": (0.0, 30.0),
    "titanium": (0.0, 5.0),
    "thickness": (0.2, 20.0),
    "increment": (0.1, 20.0),
    "pixel": (0.05, 5.0),
    "dose": (0.01, 1000.0),
    "noise": (0.0, 1000.0),
    "phantom": (50.0, 600.0),
    "electronic": (0.0, 1.0),
    "modulation": (0.0, 1.0),
    "arc": (180.0, 360.0),
    "offset": (-200.0, 200.0),
    "gain": (0.5, 1.5),
    "drift": (-50.0, 50.0),
    "wander": (0.0, 50.0),
    "bone_correction": (0.0, 1.0),
    "tilt": (-30.0, 30.0),
}
"""Least and largest value of each setting."""


FINEST = 0.83
"""Largest product of a pixel and the frequency at which the MTF is 0.1: the fine lattice under the
pixels shows no more."""


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """A CT scanner with its protocol.

    Attributes
    ----------
    name : str
        Name of the profile.
    manufacturer, model : str
        As written into the sidecar.
    kvp : float
        Tube voltage, 80–140.
    aluminium, titanium : float
        Filtration before the patient, mm (bow tie on the central ray included).
    kernel : str or Kernel
        A name of `KERNELS`, or frequencies of its own.
    thickness, increment : float
        Full width at half maximum of a slice and distance of slices, mm.
    pixel : float
        Pixel, mm.
    dose : float
        CTDIvol in `phantom`, mGy.
    noise : float
        SD of HU amid a water phantom of `phantom` mm at 10 mGy, ``standard`` kernel, 5 mm slice.
        8 in 320 mm and 3.5 in 200 mm match the image quality Q₂ of ImPACT's reports.
    phantom : float
        Diameter of that phantom, for which the bow tie is made, mm.
    electronic : float
        Electronic noise there, as a share of the variance of the photons.
    modulation : float
        How far the tube current follows the patient's attenuation: 0 not at all, 1 fully.
    arc : float
        Degrees of rotation that go into a slice: 360, or less for half-scan.
    offset : float
        Error of all HU.
    gain : float
        Factor on what bone adds to HU: another effective energy than the profile's. 1 is right.
    drift : float
        Change of the offset, HU a year.
    wander : float
        SD of the offset from day to day, HU.
    bone_correction : float
        Share of the hardening by bone that the scanner corrects: 0 none, 1 all.
    tilt : float
        Gantry tilt, degrees; positive tips the top of the gantry towards the feet.
    streaks : bool
        Whether metal throws streaks.

    Raises
    ------
    BadSetting
        If a number is outside its range, or the kernel much sharper than the pixels.
    UnknownName
        If the kernel is not known.
    """

    name: str
    manufacturer: str = "Generic"
    model: str = "CT"
    kvp: float = 120.0
    aluminium: float = 6.0
    titanium: float = 0.4
    kernel: str | Kernel = "standard"
    thickness: float = 1.25
    increment: float = 1.25
    pixel: float = 0.7
    dose: float = 10.0
    noise: float = 8.0
    phantom: float = 320.0
    electronic: float = 0.01
    modulation: float = 0.5
    arc: float = 360.0
    offset: float = 0.0
    gain: float = 1.0
    drift: float = 0.0
    wander: float = 0.0
    bone_correction: float = 0.0
    tilt: float = 0.0
    streaks: bool = True

    def __post_init__(self) -> None:
        """Refuse settings that no scanner has."""
        for key, (least, most) in RANGES.items():
            value = getattr(self, key)
            if not least <= value <= most:
                raise BadSetting(
                    f"{key} of scanner '{self.name}' must be {least:g} to {most:g}; got {value:g}."
                )
        if isinstance(self.kernel, str) and self.kernel not in KERNELS:
            raise UnknownName(
                f"scanner '{self.name}' has no kernel '{self.kernel}'; known are "
                f"{', '.join(KERNELS)}."
            )
        if self.blur.tenth * self.pixel > FINEST:
            raise BadSetting(
                f"the kernel of scanner '{self.name}' shows {self.blur.tenth:g} lp/mm; its pixels "
                f"must be at most {FINEST / self.blur.tenth:.3g} mm; got {self.pixel:g} mm."
            )

    @property
    def blur(self) -> Kernel:
        """The kernel itself."""
        return KERNELS[self.kernel] if isinstance(self.kernel, str) else self.kernel

    @property
    def filtration(self) -> Filtration:
        """Filters before the patient."""
        return Filtration(self.aluminium, self.titanium)

    def to_dict(self) -> dict[str, Any]:
        """Settings as plain data, for TOML."""
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Scanner of plain data; what is not told keeps its default.

        Raises
        ------
        UnknownName
            If a setting is not known.
        BadSetting
            If a number is outside its range, or no name is given.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(settings) - known):
            raise UnknownName(
                f"a scanner has no setting '{unknown[0]}'; known are {', '.join(sorted(known))}."
            )
        if "name" not in settings:
            raise BadSetting("a scanner needs a name; got none.")
        told = dict(settings)
        if isinstance(told.get("kernel"), Mapping):
            told["kernel"] = Kernel(**told["kernel"])
        for key in RANGES:
            if key in told and (isinstance(told[key], bool | str)):
                raise BadSetting(f"{key} of scanner '{told['name']}' must be a number.")
        return cls(**told)


@cache
def scanners() -> Mapping[str, Scanner]:
    """Scanner profiles that come with the package, by name (data/scanners.toml)."""
    text = (files(__package__) / "data" / "scanners.toml").read_text(encoding="utf-8")
    return {
        name: Scanner.from_dict({"name": name, **told})
        for name, told in tomllib.loads(text).items()
    }


def scanner_named(name: str) -> Scanner:
    """A profile of the package.

    Raises
    ------
    UnknownName
        If there is none of that name.
    """
    profiles = scanners()
    if name not in profiles:
        raise UnknownName(f"no scanner '{name}'; known are {', '.join(profiles)}.")
    return profiles[name]
