"""Making images that a discriminator takes for true, by least squares."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def taken_for(verdicts: Tensor, true: bool) -> Tensor:
    """Least-squares loss of verdicts that should say true or made (LSGAN).

    Mao 2017, doi:10.1109/ICCV.2017.304.

    Parameters
    ----------
    verdicts : Tensor
        Of a discriminator.
    true : bool
        What they should be: 1 or 0.
    """
    return ((verdicts - float(true)) ** 2).mean()


def tell_apart(true: Tensor, made: Tensor) -> Tensor:
    """Loss of a discriminator from its verdicts on true and on made images."""
    return (taken_for(true, True) + taken_for(made, False)) / 2


class ImagePool:
    """Images made earlier, which a discriminator is shown again (Shrivastava 2017).

    doi:10.1109/CVPR.2017.241. An image is kept while there is room; afterwards every second image
    is exchanged for one of the pool.

    Parameters
    ----------
    room : int
        Images kept; with 0 every image is handed back as it comes. Published: 50.
    images : sequence of Tensor
        What is in it, of a training that goes on.
    """

    def __init__(self, room: int = 50, images: Sequence[Tensor] = ()) -> None:
        self.room = room
        self.images = list(images)

    def exchanged(self, made: Tensor, rng: np.random.Generator) -> Tensor:
        """Images to show instead of `made`, (n, channel, i, j), of the same shape."""
        if self.room == 0:
            return made.detach()
        shown = []
        for image in made.detach():
            if len(self.images) < self.room:
                self.images.append(image.cpu().clone())
                shown.append(image)
            elif rng.random() < 0.5:
                at = int(rng.integers(self.room))
                shown.append(self.images[at].to(image.device))
                self.images[at] = image.cpu().clone()
            else:
                shown.append(image)
        return torch.stack(shown)
