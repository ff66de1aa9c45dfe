"""Synthetic CT from MR: trained slice by slice, made volume by volume."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..core import HU, UnusableTable, Volume, resample
from .checkpoints import load_checkpoint, save_checkpoint
from .networks.generator import Generator, statistics_of
from .synthesis_settings import SynthesisSettings
from .synthesis_slices import (
    AIR,
    KneeSlices,
    Slices,
    drawn,
    mr_slices,
    neighbours,
    sagittal_grid,
    to_hu,
)
from .synthesis_steps import Cycle, Pairs, channels, generator_of
from .threads import one_thread

Progress = Callable[[str, int, int], None]

AT_ONCE = 16
"""Slices that go through the network together."""

SQUARES, PARTS = 24, 6
"""Squares that mean and spread of a volume are taken from, and how many have one place in it."""


@dataclass(frozen=True, eq=False)
class Synthesizer:
    """A trained synthesis.

    Attributes
    ----------
    settings : SynthesisSettings
        Of its training.
    generator : Generator
        The network.
    about : mapping
        What it was trained on (``"ground"``) and how losses went (``"losses"``).
    """

    settings: SynthesisSettings
    generator: Generator
    about: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, mr: Volume) -> Volume:
        """Synthetic CT of an MR in HU (int16), on the MR's grid.

        Mean and spread of every layer are taken from slices all over the volume and held, so that
        a slice comes out the same whatever lies beside it in the batch; with `slices` above 1 each
        is the mean of the predictions it is part of.
        """
        lattice = sagittal_grid(mr.grid, self.settings.pixel_mm)
        hu = to_hu(self.unit(mr_slices(mr, lattice)))
        made = resample(Volume(hu, lattice, HU), onto=mr.grid, outside=AIR)
        return Volume(np.rint(made.values).astype(np.int16), mr.grid, HU)

    def unit(self, slices: Slices) -> Slices:
        """Slices (n, i, j) from −1 to 1 as CT slices from −1 to 1."""
        n, i, j = slices.shape
        count = self.settings.slices
        padded = np.pad(slices, [(0, 0), (0, -i % 4), (0, -j % 4)], mode="edge")

        def seen(at: Sequence[int]) -> torch.Tensor:
            return self._seen(neighbours(padded, at, count))

        total = np.zeros((n + count - 1, *padded.shape[1:]), np.float32)
        times = np.zeros(n + count - 1, np.float32)
        # cut as in training: with more border or less in view, mean and spread are others
        with (
            one_thread(),
            torch.inference_mode(),
            statistics_of(self.generator, self._some(slices)),
        ):
            for first in range(0, n, AT_ONCE):
                at = list(range(first, min(first + AT_ONCE, n)))
                made = self.generator(seen(at)).cpu().numpy()
                for channel in range(count):
                    here = slice(first + channel, first + channel + len(at))
                    total[here] += made[:, channel]
                    times[here] += 1
        inner = slice(count // 2, count // 2 + n)
        return np.asarray((total[inner] / times[inner, None, None])[:, :i, :j])

    def _some(self, slices: Slices) -> torch.Tensor:
        """Squares from all over a volume."""
        rng, crop = np.random.default_rng(0), self.settings.crop
        some = [
            drawn([slices], rng, batch=PARTS, crop=crop, count=self.settings.slices)[0]
            for _ in range(SQUARES // PARTS)
        ]
        return self._seen(np.concatenate(some))

    def _seen(self, slices: Slices) -> torch.Tensor:
        """What goes into the network of (n, count, i, j) slices."""
        where = next(self.generator.parameters()).device
        return channels(torch.from_numpy(slices).to(where), self.settings, mr=True)

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        state = {"settings": asdict(self.settings), "about": dict(self.about)}
        save_checkpoint(path, state | {"to_ct": self.generator.state_dict()})


def load_synthesizer(path: Path) -> Synthesizer | None:
    """A synthesis as it was saved; None where there is no file.

    Raises
    ------
    UnusableTable
        If the file is something else.
    """
    state = load_checkpoint(path)
    if state is None:
        return None
    try:
        settings = SynthesisSettings(**state["settings"])
        generator = generator_of(settings)
        generator.load_state_dict(state["to_ct"])
    except (KeyError, TypeError, RuntimeError):
        raise UnusableTable(f"{path} holds no synthesis; remove it and train anew.") from None
    return Synthesizer(settings, generator.to(device()).eval(), state["about"])


def train_synthesis(
    knees: Sequence[KneeSlices],
    settings: SynthesisSettings,
    *,
    ground: str,
    checkpoint: Path | None = None,
    every_s: float = 60.0,
    progress: Progress = lambda what, done, steps: None,
) -> Synthesizer:
    """Train a synthesis, or go on with one that was interrupted, to the same numbers.

    Parameters
    ----------
    knees : sequence of KneeSlices
        What to learn from; pairs where `settings.paired`.
    settings : SynthesisSettings
        Of it.
    ground : str
        Tells one set of knees from another: a training goes on only with the one it began with.
    checkpoint : Path or None
        File for its state, at most every `every_s` seconds, and after the last step.
    every_s : float
        See above.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    Synthesizer
        On the GPU where there is one.

    Raises
    ------
    UnusableTable
        If there is no knee.
    """
    if not knees:
        raise UnusableTable("a synthesis learns from at least one knee; there is none.")
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        trainer = (Pairs if settings.paired else Cycle)(settings, device())
    told = {"settings": asdict(settings), "ground": ground}
    state = load_checkpoint(checkpoint) if checkpoint else None
    begin, losses = 0, []
    if state is not None and {name: state.get(name) for name in told} == told:
        begin, losses = state["step"], state["losses"]
        _restore(trainer, state)
    saved = time.monotonic()
    for step in range(begin, settings.steps):
        _pace(trainer, settings, step)
        # draws depend on the step alone, so what was interrupted draws as if it was not
        with one_thread():
            now = trainer.step(knees, np.random.default_rng([settings.seed, step]))
        if step % max(1, settings.steps // 100) == 0:
            losses.append({"step": step, **now})
        last = step + 1 == settings.steps
        if checkpoint and (last or time.monotonic() - saved >= every_s):
            save_checkpoint(checkpoint, told | {"step": step + 1, "losses": losses, **_of(trainer)})
            saved = time.monotonic()
        progress("training synthesis", step + 1, settings.steps)
    about = {"ground": ground, "losses": losses}
    return Synthesizer(settings, trainer.to_ct.eval(), about)


def device() -> str:
    """Where to compute: the GPU, if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def _pace(trainer: Pairs | Cycle, settings: SynthesisSettings, step: int) -> None:
    """The full rate for half of the steps, then falling to 0 in a line."""
    left = 2 * (1 - step / settings.steps)
    for optimiser in (trainer.makes, trainer.judges):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * min(1.0, left)


def _of(trainer: Pairs | Cycle) -> dict[str, Any]:
    """Everything in a training that changes."""
    parts = {name: part.state_dict() for name, part in trainer.parts.items()}
    return {"parts": parts, "pools": {name: pool.images for name, pool in trainer.pools.items()}}


def _restore(trainer: Pairs | Cycle, state: Mapping[str, Any]) -> None:
    for name, part in trainer.parts.items():
        part.load_state_dict(state["parts"][name])
    for name, pool in trainer.pools.items():
        pool.images = list(state["pools"][name])
