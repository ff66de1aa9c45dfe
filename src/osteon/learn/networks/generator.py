"""The network that makes an image of one kind out of another, slice by slice."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

GAIN = 0.02
"""Standard deviation of weights before training, as published with CycleGAN."""

LEAST = 1e-5
"""Added to a variance before it divides."""


class VolumeNorm(nn.Module):
    """Takes mean and spread out of every channel, over all slices that are given together.

    Instance normalisation does so for each slice alone, and so forgets how bright a slice is
    beside its neighbour: they come out with steps between them. Here a batch is slices of one
    volume, and one mean and spread a channel is taken out of all of them. `statistics_of` keeps
    what it found in some slices for all others of that volume.
    """

    def __init__(self) -> None:
        super().__init__()
        self.keeps = False
        self.kept: tuple[Tensor, Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Normalised (n, channel, i, j)."""
        if self.kept is not None:
            mean, scale = self.kept
        else:
            mean = x.mean((0, 2, 3), keepdim=True)
            scale = torch.rsqrt(x.var((0, 2, 3), keepdim=True, correction=0) + LEAST)
            if self.keeps:
                self.kept = mean, scale
        return (x - mean) * scale


class _Block(nn.Module):
    """Two convolutions, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inside = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect", bias=False),
            VolumeNorm(),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect", bias=False),
            VolumeNorm(),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.inside(x)
        return out


class Generator(nn.Module):
    """ResNet generator: two steps down, blocks, two steps up (Johnson 2016).

    As in CycleGAN (Zhu 2017, doi:10.1109/ICCV.2017.244), but for `VolumeNorm` in place of instance
    normalisation, and for steps up by interpolation, which leave no chequerboard (Odena 2016,
    doi:10.23915/distill.00003).

    Parameters
    ----------
    channels_in, channels_out : int
        Channels of what comes in and of what is made.
    width : int
        Channels of the first layer; four times as many in the blocks. Published: 64.
    blocks : int
        Number of blocks. Published: 9.
    """

    def __init__(self, channels_in: int, channels_out: int, *, width: int, blocks: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(channels_in, width, 7, padding=3, padding_mode="reflect", bias=False),
            VolumeNorm(),
            nn.ReLU(),
        ]
        for wide in (width, 2 * width):
            down = nn.Conv2d(wide, 2 * wide, 3, stride=2, padding=1, bias=False)
            layers += [down, VolumeNorm(), nn.ReLU()]
        layers += [_Block(4 * width) for _ in range(blocks)]
        for wide in (4 * width, 2 * width):
            up = nn.Conv2d(wide, wide // 2, 3, padding=1, padding_mode="reflect", bias=False)
            # the convolution first: four times fewer pixels to go over
            layers += [up, nn.Upsample(scale_factor=2, mode="bilinear"), VolumeNorm(), nn.ReLU()]
        layers += [nn.Conv2d(width, channels_out, 7, padding=3, padding_mode="reflect"), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(start_small)

    def forward(self, x: Tensor) -> Tensor:
        """Images of (n, channels_in, i, j), sides divisible by 4: (n, channels_out, i, j), ±1."""
        made: Tensor = self.layers(x)
        return made


def start_small(layer: nn.Module) -> None:
    """Draw the weights of a convolution as CycleGAN does."""
    if isinstance(layer, nn.Conv2d):
        nn.init.normal_(layer.weight, 0.0, GAIN)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


@contextmanager
def statistics_of(network: nn.Module, some: Tensor) -> Iterator[None]:
    """Within it, all slices of a volume are normalised by what was found in some of them.

    Parameters
    ----------
    network : Module
        With `VolumeNorm` in it.
    some : (n, channel, i, j) Tensor
        Slices from all over the volume, about as many as in a batch of the training.
    """
    norms = [layer for layer in network.modules() if isinstance(layer, VolumeNorm)]
    try:
        for norm in norms:
            norm.keeps = True
        with torch.no_grad():
            network(some)
        yield
    finally:
        for norm in norms:
            norm.keeps, norm.kept = False, None
