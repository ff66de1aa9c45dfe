"""Choices of a pre-training without labels."""

from dataclasses import dataclass, field, replace

from ..core import BadSetting
from .fit import FitSettings
from .networks.vertebra import EncoderSettings

KINDS = ("tp-swav", "radiomic", "swav", "mae")
"""Kinds of pre-training: the one that keeps texture, and those it is compared with."""

LEAST = 8
"""Vertebrae that a pre-training needs at least, and windows a batch."""


@dataclass(frozen=True)
class PretrainSettings:
    """Choices of a pre-training.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    encoder : EncoderSettings
        Size of the encoder.
    fit : FitSettings
        Epochs, windows a batch, learning rate, seed.
    steps : int
        Batches an epoch, each of windows drawn at random, so that cost does not grow with the
        pool.
    prototypes : int
        Clusters of the two kinds of SwAV.
    queue : int
        Windows of past batches over which their assignment is balanced as well.
    near : float
        How near descriptors must be to share a texture (`osteon.learn.objectives.partners`).
    partners : int
        Windows at most among which the second view is drawn.
    noise : float
        Largest SD of added noise, in units of 250 HU.
    masked : float
        Share of a window that masked autoencoding hides.
    dropped : float
        Share of a window that the regression of radiomic features does not see.
    """

    kind: str = "tp-swav"
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    fit: FitSettings = field(default_factory=lambda: FitSettings(epochs=20, batch=64, rate=2e-3))
    steps: int = 50
    prototypes: int = 64
    queue: int = 0
    near: float = 0.4
    partners: int = 3
    noise: float = 0.08
    masked: float = 0.75
    dropped: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.kind not in KINDS:
            raise BadSetting(f"kind must be one of {', '.join(KINDS)}; got '{self.kind}'.")
        if min(self.steps, self.partners) < 1 or self.prototypes < 2 or self.fit.batch < LEAST:
            raise BadSetting(
                "steps and partners must be at least 1, prototypes at least 2 and a batch at "
                f"least {LEAST}; got {self.steps}, {self.partners}, {self.prototypes} and "
                f"{self.fit.batch}."
            )
        if min(self.near, self.noise, self.queue) < 0 or not (
            0 < self.masked < 1 and 0 < self.dropped < 1
        ):
            raise BadSetting(
                "near, noise and queue must be at least 0, masked and dropped between 0 and 1; got "
                f"{self.near:g}, {self.noise:g}, {self.queue}, {self.masked:g} and "
                f"{self.dropped:g}."
            )

    def seeded(self, seed: int) -> "PretrainSettings":
        """The same with another seed."""
        return replace(self, fit=replace(self.fit, seed=seed))
