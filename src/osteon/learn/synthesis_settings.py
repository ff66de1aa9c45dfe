"""Choices of a synthesis of CT from MR."""

from dataclasses import dataclass
from typing import Any, Literal, Self

from ..core import BadSetting

Variant = Literal["cyclegan", "supervised", "2.5d", "2.5d-cyclegan"]

VARIANTS: tuple[Variant, ...] = ("cyclegan", "supervised", "2.5d", "2.5d-cyclegan")
"""``"cyclegan"`` learns from images of different people; ``"supervised"`` from pairs laid over each
other; with ``2.5d`` three neighbouring slices come in and go out together."""

FULL: dict[str, Any] = {
    "pixel_mm": 0.3,
    "crop": 320,
    "width": 64,
    "blocks": 9,
    "batch": 4,
    "steps": 40000,
    "rate": 2e-4,
    "knees": 1000,
}
"""What differs with a GPU: sizes as published."""

CYCLES: dict[str, dict[str, Any]] = {
    "small": {"steps": 400, "batch": 3, "rate": 1e-3},
    "full": {},
}
"""What differs for a cycle, of which a step costs five times as much."""


@dataclass(frozen=True)
class SynthesisSettings:
    """Everything that changes a synthetic CT.

    Attributes
    ----------
    variant : str
        One of `VARIANTS`.
    pixel_mm : float
        Pixels of the sagittal slices that the network sees.
    crop : int
        Side in pixels of what it is trained on; divisible by 4, at least 16.
    width, blocks : int
        Of the generator; the discriminator is as wide.
    batch : int
        Slices in a step, all of one knee; at least 2.
    steps : int
        Steps of training: half at `rate`, half falling to 0.
    rate : float
        Step size of Adam.
    adversarial : float
        Weight of being taken for true; published 1.
    pixelwise : float
        Weight of the absolute error of pairs, 100 as with pix2pix (doi:10.1109/CVPR.2017.632).
    cycle : float
        Weight of the absolute error after the way there and back; published 1.
    mutual_information : float
        Weight of what a made image tells of its source: 0 switches it off, published 1, times 7
        for MR to CT and times 1 for CT to MR. Of pairs it is not needed and not used.
    structure : bool
        Whether a map of edges comes in as a further channel.
    knees : int
        At most so many knees are trained on.
    seed : int
        Of weights and of draws.
    """

    variant: Variant = "supervised"
    pixel_mm: float = 0.7
    crop: int = 112
    width: int = 16
    blocks: int = 3
    batch: int = 4
    steps: int = 2400
    rate: float = 2e-3
    adversarial: float = 1.0
    pixelwise: float = 100.0
    cycle: float = 1.0
    mutual_information: float = 1.0
    structure: bool = True
    knees: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.variant not in VARIANTS:
            raise BadSetting(
                f"no synthesis is called '{self.variant}'; there are {list(VARIANTS)}."
            )
        if self.crop < 16 or self.crop % 4:
            raise BadSetting(f"crop must be divisible by 4 and at least 16; got {self.crop}.")
        for name, least in (("batch", 2), ("steps", 1), ("knees", 1), ("width", 1), ("blocks", 0)):
            if getattr(self, name) < least:
                raise BadSetting(f"{name} must be at least {least}; got {getattr(self, name)}.")
        for name in ("pixel_mm", "rate"):
            if not getattr(self, name) > 0:
                raise BadSetting(f"{name} must be above 0; got {getattr(self, name)}.")
        for name in ("adversarial", "pixelwise", "cycle", "mutual_information"):
            if not getattr(self, name) >= 0:
                raise BadSetting(f"{name} must be 0 or more; got {getattr(self, name)}.")

    @classmethod
    def preset(
        cls,
        name: Literal["small", "full"],
        variant: Variant = "supervised",
        *,
        mutual_information: float = 1.0,
        structure: bool = True,
        seed: int = 0,
    ) -> Self:
        """Settings for two cores (``"small"``) or for a GPU (``"full"``).

        Raises
        ------
        BadSetting
            If there is no such preset or variant.
        """
        if name not in CYCLES:
            raise BadSetting(f"no preset is called '{name}'; there are {sorted(CYCLES)}.")
        chosen = dict(FULL) if name == "full" else {}
        if variant.endswith("cyclegan"):
            chosen |= CYCLES[name]
        return cls(
            variant=variant,
            mutual_information=mutual_information,
            structure=structure,
            seed=seed,
            **chosen,
        )

    @property
    def paired(self) -> bool:
        """Whether it learns from pairs laid over each other."""
        return not self.variant.endswith("cyclegan")

    @property
    def name(self) -> str:
        """The variant, and what was left out of it."""
        mutual = "" if self.paired or self.mutual_information else "-no-mi"
        return f"{self.variant}{mutual}{'' if self.structure else '-no-structure'}"

    @property
    def slices(self) -> int:
        """Neighbouring slices that come in and go out together."""
        return 3 if self.variant.startswith("2.5d") else 1
