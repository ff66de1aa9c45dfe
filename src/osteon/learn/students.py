"""Teacher and student: regressors of trabecular parameters, trained on patches."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core import BadSetting, UnusableTable
from .fit import FitSettings, Tell, fit
from .networks.trunk import Regressed, Regressor, TrunkSettings
from .objectives.distillation import KINDS, Features, Output, Variational
from .regressors import PatchImages, Trained

LEAST = 8
"""PatchImages a training needs at least."""


@dataclass(frozen=True)
class StudentSettings:
    """Choices of a training of a teacher or a student.

    Attributes
    ----------
    trunk : TrunkSettings
        Size of the network.
    fit : FitSettings
        Of the loop.
    distillation : str
        "none", "features", "output" or "variational".
    weight : float
        Of the distillation's loss, beside a loss of the targets of about 1.
    stages : tuple of float
        Relative weights of the stages whose maps are compared, from fine to coarse.
    gain, shift, noise : float
        Augmentation of the input, in units of its scale: SD of a factor and an offset a patch, and
        of the noise a voxel. 0 leaves one out.
    """

    trunk: TrunkSettings = field(default_factory=TrunkSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    distillation: str = "none"
    weight: float = 1.0
    stages: tuple[float, ...] = (0.0, 0.5, 1.0)
    gain: float = 0.0
    shift: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.distillation not in KINDS:
            raise BadSetting(
                f"no distillation is called '{self.distillation}'; there are {', '.join(KINDS)}."
            )
        if len(self.stages) != len(self.trunk.widths):
            raise BadSetting(
                f"the trunk has {len(self.trunk.widths)} stages, stages has {len(self.stages)}."
            )

    def seeded(self, seed: int) -> "StudentSettings":
        """The same with another seed."""
        return replace(self, fit=replace(self.fit, seed=seed))


def train_regressor(
    patches: PatchImages,
    targets: NDArray[np.float64],
    settings: StudentSettings,
    *,
    teacher: tuple[Trained, PatchImages] | None = None,
    checkpoint: Path | None = None,
    tell: Tell = lambda done, epochs, value: None,
) -> Trained:
    """Train a teacher on MR patches, or a student on CT patches.

    Parameters
    ----------
    patches : PatchImages
        Of the training patients alone.
    targets : (n, p) array
        Reference parameters; NaN where there is none, which costs that parameter of that patch.
    settings : StudentSettings
        Choices.
    teacher : tuple of Trained and PatchImages, optional
        Teacher, and its patches of the same places in the same order; needed by distillation.
    checkpoint : Path, optional
        File that lets an interrupted training go on.
    tell : function
        Told of every epoch.

    Returns
    -------
    Trained
        The regressor.

    Raises
    ------
    UnusableTable
        If there are too few patches, or a parameter is the same or missing in all of them.
    BadSetting
        If distillation has no teacher, or one of another kind or place.
    """
    middle, spread = _scaling(targets, len(patches))
    torch.manual_seed(settings.fit.seed)
    trunk = replace(settings.trunk, outputs=targets.shape[1])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = Regressor(trunk, patches.values.shape[1]).to(device)
    further = _further(settings, trunk, teacher, len(patches)).to(device)
    both = nn.ModuleDict({"network": network, "further": further})
    wanted = torch.from_numpy(((targets - middle) / spread).astype(np.float32)).to(device)

    def loss(items: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        axes = [axis for axis in (2, 3, 4) if rng.random() < 0.5]
        seen = _varied(patches.input(items), settings, rng).flip(axes)
        student: Regressed = network(seen.to(device))
        value = _regression(student, wanted[items])
        if teacher is not None and settings.distillation != "none":
            with torch.no_grad():
                said = teacher[0].network(teacher[1].input(items).flip(axes).to(device))
            value = value + further(student, said)
        return value

    losses = fit(both, loss, len(patches), settings.fit, checkpoint=checkpoint, tell=tell)
    return Trained(network, middle, spread, patches.scale, losses)


def _scaling(
    targets: NDArray[np.float64], many: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and SD of each parameter, where they can be learnt from."""
    if targets.shape[0] != many:
        raise UnusableTable(f"there are {many} patches and targets for {targets.shape[0]}.")
    known = np.isfinite(targets)
    if many < LEAST or (known.sum(axis=0) < LEAST).any():
        raise UnusableTable(
            f"a training needs {LEAST} patches with each parameter; there are {many} patches and "
            f"{known.sum(axis=0).min() if many else 0} with the rarest one."
        )
    middle = np.nanmean(targets, axis=0)
    spread = np.nanstd(targets, axis=0)
    if (spread <= 0).any():
        raise UnusableTable("a parameter is the same in all patches; nothing can be learnt of it.")
    return middle, spread


def _further(
    settings: StudentSettings,
    trunk: TrunkSettings,
    teacher: tuple[Trained, PatchImages] | None,
    many: int,
) -> nn.Module:
    """The distillation asked for."""
    if settings.distillation == "none":
        return nn.Identity()
    if teacher is None or len(teacher[1]) != many:
        raise BadSetting(
            f"distillation by {settings.distillation} needs a teacher with a patch for each of the "
            f"student's {many}; got {0 if teacher is None else len(teacher[1])}."
        )
    if settings.distillation == "features":
        return Features([settings.weight * stage for stage in settings.stages])
    if settings.distillation == "output":
        return Output(settings.weight)
    return Variational(settings.weight, trunk.widths[-1])


def _varied(seen: Tensor, settings: StudentSettings, rng: np.random.Generator) -> Tensor:
    """Input whose grey values are changed as scanners might."""
    if not (settings.gain or settings.shift or settings.noise):
        return seen
    one = (seen.shape[0], 1, 1, 1)

    def drawn(sd: float, shape: Sequence[int]) -> Tensor:
        return torch.from_numpy((sd * rng.standard_normal(shape, np.float32)).astype(np.float32))

    grey = seen[:, 0] * (1.0 + drawn(settings.gain, one)) + drawn(settings.shift, one)
    if settings.noise:
        strength = np.float32(settings.noise) * rng.random(one, np.float32)
        grey = grey + torch.from_numpy(strength) * drawn(
            1.0, tuple(seen.shape[:1] + seen.shape[2:])
        )
    return torch.stack([grey, seen[:, 1]], dim=1)


def _regression(said: Regressed, wanted: Tensor) -> Tensor:
    """Squared error, and the likelihood of the spread given the error, where there is a target."""
    known = torch.isfinite(wanted)
    target = torch.where(known, wanted, said.mean.detach())
    squared = (said.mean - target).square()
    spread = said.log_variance.clamp(-6.0, 6.0)
    likely = 0.5 * (spread + squared.detach() * torch.exp(-spread))
    share = known.float()
    return ((squared + likely) * share).sum() / share.sum().clamp_min(1.0)
