"""Batches of views, drawn as each kind of pre-training wants them."""

import numpy as np
import torch
from numpy.typing import NDArray

from .objectives.partners import partners
from .objectives.pretext import Seen
from .objectives.varied import Variation, varied
from .pretrain_settings import PretrainSettings
from .windows import Views

CROPPED = 0.3
"""Least share of a window that plain SwAV's random crops keep, by volume."""


class Drawn:
    """Batches of views, as a kind of pre-training wants them."""

    def __init__(
        self, views: Views, groups: list[NDArray[np.int64]], settings: PretrainSettings
    ) -> None:
        self.views, self.groups = views, groups
        crop = CROPPED if settings.kind == "swav" else 1.0
        self.how = Variation(noise=settings.noise, smallest=crop)
        self.two = settings.kind in ("tp-swav", "swav")
        own = np.arange(len(views), dtype=np.int64)[:, None]
        self.partners = (
            own
            if settings.kind != "tp-swav"
            else partners(
                views.descriptor,
                views.group,
                views.group if views.patient is None else views.patient,
                near=settings.near,
                most=settings.partners,
            )
        )

    def windows(self, many: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """One window of each of so many vertebrae, all different where there are enough."""
        chosen = rng.choice(len(self.groups), many, replace=many > len(self.groups))
        return np.array([rng.choice(self.groups[one]) for one in chosen], np.int64)

    def __call__(self, many: int, rng: np.random.Generator) -> Seen:
        """Views of so many windows, and their texture."""
        first = self.windows(many, rng)
        seen = self.views.input(first)
        one = varied(seen, self.how, rng)
        other = one
        if self.two:
            beside = self.partners[first, rng.integers(self.partners.shape[1], size=many)]
            again = seen if np.array_equal(beside, first) else self.views.input(beside)
            other = varied(again, self.how, rng)
        radiomics = torch.from_numpy(np.asarray(self.views.radiomics[first], np.float32))
        return Seen(one, other, radiomics)


def groups_of(group: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """Numbers of the windows of each vertebra."""
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(np.asarray(group)[order])) + 1)
