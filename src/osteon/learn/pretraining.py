"""Encoders of vertebrae that learn from windows which nobody has labelled."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..core import UnusableTable
from .encoders import effective_rank, embed, read_encoder, write_encoder
from .fit import Tell, fit
from .networks.vertebra import VertebraEncoder
from .objectives.masked import Masked
from .objectives.pretext import Pretext
from .objectives.radiomic import Radiomic
from .objectives.swapped import Swapped
from .pretrain_settings import KINDS, LEAST, PretrainSettings
from .threads import one_thread
from .view_draws import Drawn, groups_of
from .windows import Views

__all__ = [
    "KINDS",
    "PretrainSettings",
    "Views",
    "Watched",
    "effective_rank",
    "embed",
    "pretrain",
    "read_encoder",
    "write_encoder",
]

SETTLING = 40
"""Batches of whole windows over which the statistics of the kept encoder are taken."""

WATCHED = 512
"""Windows by which it is told whether the representation has collapsed."""


@dataclass(frozen=True)
class Watched:
    """Whether a representation has collapsed.

    Attributes
    ----------
    losses : list of float
        Mean loss of each epoch.
    rank : float
        Dimensions that embeddings of windows use (`effective_rank`), of `width`.
    width : int
        Dimensions there are.
    use : float or None
        Share of the prototypes in use, by the perplexity; None without prototypes.
    """

    losses: list[float]
    rank: float
    width: int
    use: float | None

    def told(self) -> dict[str, object]:
        """Ready for JSON."""
        return asdict(self)


def pretrain(
    views: Views,
    settings: PretrainSettings,
    *,
    checkpoint: Path | None = None,
    tell: Tell = lambda done, epochs, value: None,
    watch: Callable[[Watched], None] = lambda seen: None,
) -> VertebraEncoder:
    """Train an encoder on windows that nobody has labelled, or go on with it.

    Parameters
    ----------
    views : Views
        Windows of `LEAST` vertebrae and more.
    settings : PretrainSettings
        Choices.
    checkpoint : Path, optional
        File that keeps the state after each epoch.
    tell : function
        Told of every epoch.
    watch : function
        Told at the end whether the representation has collapsed.

    Returns
    -------
    VertebraEncoder
        In evaluation mode. With the same seed, the same numbers, interrupted or not.

    Raises
    ------
    UnusableTable
        If there are too few vertebrae, or no radiomic features where they are regressed.
    """
    groups = groups_of(views.group)
    if len(groups) < LEAST:
        raise UnusableTable(
            f"a pre-training needs windows of {LEAST} vertebrae; the pool has {len(groups)}."
        )
    draw = Drawn(views, groups, settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.fit.seed)
        pretext = _pretext(settings, views)
    losses = fit(
        pretext,
        lambda batch, rng: pretext(draw(len(batch), rng), rng),
        settings.steps * settings.fit.batch,
        settings.fit,
        checkpoint=checkpoint,
        tell=tell,
    )
    with one_thread(), torch.no_grad():
        _settle(pretext.encoder, draw, settings)
        chosen = np.random.default_rng(settings.fit.seed).permutation(len(views))[:WATCHED]
        use = pretext.use(views.input(chosen))
    seen = embed(pretext.encoder, views.hu[chosen], views.parts[chosen], views.factor[chosen])
    watch(Watched(losses, effective_rank(seen), seen.shape[1], use))
    return pretext.encoder


def _pretext(settings: PretrainSettings, views: Views) -> Pretext:
    """The objective asked for, with an encoder of its own."""
    encoder = VertebraEncoder(settings.encoder)
    if settings.kind == "mae":
        return Masked(encoder, share=settings.masked)
    if settings.kind == "radiomic":
        if not np.isfinite(views.radiomics).any():
            raise UnusableTable("no radiomic feature is defined in any window to be regressed.")
        return Radiomic(encoder, features=views.radiomics.shape[1], share=settings.dropped)
    return Swapped(
        encoder, prototypes=settings.prototypes, queue=settings.queue, still=settings.steps
    )


def _settle(encoder: VertebraEncoder, draw: Drawn, settings: PretrainSettings) -> None:
    """Take the statistics of the normalisation over whole windows, as the encoder will see them.

    In training they were those of crops, or of windows with parts hidden.
    """
    norms = [one for one in encoder.modules() if isinstance(one, nn.BatchNorm3d)]
    held = {one: one.momentum for one in norms}
    for one in norms:
        one.reset_running_stats()
        one.momentum = None  # a plain mean over the batches
    rng = np.random.default_rng(settings.fit.seed)
    encoder.train()
    for _ in range(SETTLING):
        encoder(draw.views.input(draw.windows(settings.fit.batch, rng)))
    encoder.eval()
    for one in norms:
        one.momentum = held[one]
