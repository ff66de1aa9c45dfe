"""What an MR scanner is told to do: times, angles, voxels, and how good it is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from ...core import BadSetting, UnknownName
from ..materials import Material
from .relaxation import FIELDS

Sides = tuple[float, float, float]
W = TypeVar("W", bound=StrEnum)


class Kind(StrEnum):
    """How the signal is made."""

    BALANCED = "balanced"  # balanced steady-state free precession (BFFE)
    SPOILED = "spoiled"  # gradient echo, transverse magnetisation spoiled
    UNBALANCED = "unbalanced"  # first echo of DESS
    SPIN_ECHO = "spin echo"


class Plane(StrEnum):
    """Plane of the slices."""

    SAGITTAL = "sagittal"
    CORONAL = "coronal"
    AXIAL = "axial"


class Coil(StrEnum):
    """Where the receiving coils lie."""

    AROUND = "around"  # all around the limb
    BEHIND = "behind"  # in the table, behind the back


@dataclass(frozen=True)
class Sequence:
    """Settings of an MR scan.

    Attributes
    ----------
    name : str
        What it is called.
    kind : Kind
        How the signal is made.
    field : float
        Field strength: 1.5 or 3 T.
    tr, te : float
        Repetition and echo time in ms.
    flip : float
        Flip angle in degrees, above 0, at most 180.
    voxel : 3 float
        Voxel as acquired, in mm: along a row, along a column (phase encoding), across slices.
    spacing : 3 float
        Distances of the voxels of the picture (zero filling), in mm; of slices, from centre to
        centre.
    plane : Plane
        Plane of the slices.
    volumetric : bool
        Slices are encoded as a third direction of one volume; otherwise they are excited singly,
        ``voxel[2]`` thick.
    snr : float
        Signal of `snr_of` over the standard deviation of the noise, in the middle of the coil.
    snr_of : Material
        Material in which `snr` holds.
    bias : float
        Coil's sensitivity at the best place of the view over that at the worst, at least 1.
    coil : Coil
        Where the receiving coils lie.
    b0_ppm : float
        Standard deviation of the field left by shimming, in ppm.
    partial : float
        Share of the phase encoding steps acquired, above 0.5, at most 1.
    window : float
        Share of the acquired frequencies, along each axis, that is tapered off; 0 rings most.
    fat_suppressed : bool
        Signal of fat is suppressed.

    Raises
    ------
    BadSetting
        If a setting is outside its range.
    """

    name: str
    kind: Kind
    field: float
    tr: float
    te: float
    flip: float
    voxel: Sides
    spacing: Sides
    plane: Plane = Plane.SAGITTAL
    volumetric: bool = True
    snr: float = 20.0
    snr_of: Material = Material.MUSCLE
    bias: float = 2.0
    coil: Coil = Coil.AROUND
    b0_ppm: float = 0.1
    partial: float = 1.0
    window: float = 0.3
    fat_suppressed: bool = False

    def __post_init__(self) -> None:
        """Refuse settings no scanner could run."""
        if self.field not in FIELDS:
            raise BadSetting(f"{self.name}: field must be 1.5 or 3 T; got {self.field:g} T.")
        for name, sides in (("voxel", self.voxel), ("spacing", self.spacing)):
            if len(sides) != 3 or not min(sides) > 0:
                raise BadSetting(f"{self.name}: {name} needs three sides above 0 mm; got {sides}.")
        ranges = {
            "tr": (0, 1e5, "ms"),
            "te": (0, self.tr, "ms"),
            "flip": (0, 180, "degrees"),
            "snr": (0, float("inf"), ""),
            "partial": (0.5, 1, ""),
        }
        for name, (low, high, unit) in ranges.items():
            if not low < (value := getattr(self, name)) <= high:
                wanted = f"above {low:g} and at most {high:g}"
                raise BadSetting(f"{self.name}: {name} must be {wanted} {unit}; got {value:g}.")
        if not (self.bias >= 1 and self.b0_ppm >= 0 and 0 <= self.window <= 1):
            raise BadSetting(
                f"{self.name}: bias must be at least 1, b0_ppm at least 0 and window 0–1; got "
                f"{self.bias:g}, {self.b0_ppm:g} and {self.window:g}."
            )
        if any(s > v * 1.5 for s, v in zip(self.spacing[:2], self.voxel[:2], strict=True)):
            raise BadSetting(
                f"{self.name}: spacing {self.spacing[:2]} is coarser than the acquired voxel "
                f"{self.voxel[:2]} allows; zero filling only makes it finer."
            )

    @property
    def phase_time(self) -> float:
        """Time in ms over which protons off resonance have turned at the echo."""
        return 0.0 if self.kind is Kind.SPIN_ECHO else self.te

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain data, as a TOML table takes them."""
        plain = asdict(self)
        for name, value in plain.items():
            if isinstance(value, StrEnum):
                plain[name] = value.value
            elif isinstance(value, tuple):
                plain[name] = list(value)
        return plain

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> "Sequence":
        """Sequence from plain data.

        Parameters
        ----------
        settings : mapping of str to number, text or list
            As `as_dict` writes them; ``base`` names one of `SEQUENCES` to start from.

        Returns
        -------
        Sequence
            The settings, checked.

        Raises
        ------
        UnknownName
            If a setting, a kind, a plane, a coil, a material or the base is none of ours.
        BadSetting
            If a setting is missing or outside its range.
        """
        own = dict(settings)
        start = sequence_named(own.pop("base")).as_dict() if "base" in own else {}
        known = [field.name for field in fields(cls)]
        if odd := sorted(set(own) - set(known)):
            raise UnknownName(f"a sequence has no {odd[0]!r}; it has {', '.join(known)}.")
        merged = start | own
        for name, words in (("kind", Kind), ("plane", Plane), ("snr_of", Material), ("coil", Coil)):
            if name in merged:
                merged[name] = _word(words, merged[name], name)
        for name in ("voxel", "spacing"):
            if name in merged:
                merged[name] = tuple(merged[name])
        try:
            return cls(**merged)
        except TypeError as error:
            raise BadSetting(
                f"sequence {merged.get('name', '')!r} lacks or garbles a setting: {error}."
            ) from None


def _word(words: type[W], value: str, name: str) -> W:
    try:
        return words(value)
    except ValueError:
        raise UnknownName(f"{name} {value!r} is none of {', '.join(words)}.") from None


def sequence_named(name: str) -> Sequence:
    """Sequence of `SEQUENCES` by name.

    Raises
    ------
    UnknownName
        If there is none of that name.
    """
    if name not in SEQUENCES:
        raise UnknownName(f"there is no sequence {name!r}; there are {', '.join(SEQUENCES)}.")
    return SEQUENCES[name]


_SE, _MARROW = Kind.SPIN_ECHO, Material.YELLOW_MARROW
_LISTED = (
    Sequence(
        "bffe",
        Kind.BALANCED,
        3.0,
        9.2,
        4.6,
        35,
        (0.28, 0.3, 1.0),
        (0.2188, 0.2188, 0.75),
        snr=14,
        snr_of=_MARROW,
    ),
    Sequence(
        "bffe-coarse",
        Kind.BALANCED,
        3.0,
        9.2,
        4.6,
        35,
        (0.42, 0.46, 1.3),
        (0.35, 0.35, 1.0),
        snr=22,
        snr_of=_MARROW,
    ),
    Sequence(
        "dess",
        Kind.UNBALANCED,
        3.0,
        20,
        7.5,
        30,
        (0.42, 0.5, 1.8),
        (0.3125, 0.3125, 1.5),
        bias=3.0,
        snr=26,
        fat_suppressed=True,
    ),
    Sequence(
        "t1-se",
        _SE,
        3.0,
        600,
        12,
        90,
        (0.4, 0.5, 3.0),
        (0.3125, 0.3125, 3.3),
        volumetric=False,
        snr=40,
        snr_of=_MARROW,
    ),
    Sequence(
        "t1-se-axial",
        _SE,
        1.5,
        550,
        12,
        90,
        (1.1, 1.3, 3.0),
        (0.9766, 0.9766, 3.27),
        Plane.AXIAL,
        volumetric=False,
        snr=40,
        snr_of=_MARROW,
    ),
    Sequence(
        "spine-t1-se",
        _SE,
        1.5,
        500,
        10,
        90,
        (0.8, 1.0, 4.0),
        (0.55, 0.55, 4.4),
        volumetric=False,
        bias=4.0,
        coil=Coil.BEHIND,
        snr=25,
        snr_of=Material.RED_MARROW,
    ),
    Sequence(
        "spine-t2",
        _SE,
        1.5,
        3500,
        100,
        90,
        (0.8, 1.0, 4.0),
        (0.55, 0.55, 4.4),
        volumetric=False,
        bias=4.0,
        coil=Coil.BEHIND,
        snr=12,
        snr_of=Material.RED_MARROW,
    ),
)

SEQUENCES: Mapping[str, Sequence] = MappingProxyType({each.name: each for each in _LISTED})
"""Sequences by name; times are common ones for their kind, voxels those of the images named in
the docs, the rest is assumed."""
