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
    skips : bool
        Add what was seen at full and at half size to what is made of it at a quarter, which keeps
        trabeculae (Ronneberger 2015, doi:10.1007/978-3-319-24574-4_28). Published: no.
    """

    def __init__(
        self, channels_in: int, channels_out: int, *, width: int, blocks: int, skips: bool = False
    ) -> None:
        super().__init__()
        self.skips = skips
        first = nn.Conv2d(channels_in, width, 7, padding=3, padding_mode="reflect", bias=False)
        self.first = nn.Sequential(first, VolumeNorm(), nn.ReLU())
        self.down = nn.ModuleList(_down(wide) for wide in (width, 2 * width))
        self.blocks = nn.Sequential(*[_Block(4 * width) for _ in range(blocks)])
        self.up = nn.ModuleList(_up(wide) for wide in (4 * width, 2 * width))
        # what passes by brings the detail along: a small neighbourhood is enough
        side = 3 if skips else 7
        last = nn.Conv2d(width, channels_out, side, padding=side // 2, padding_mode="reflect")
        self.last = nn.Sequential(last, nn.Tanh())
        self.apply(start_small)

    def forward(self, x: Tensor) -> Tensor:
        """Images of (n, channels_in, i, j), sides divisible by 4: (n, channels_out, i, j), ±1."""
        full = self.first(x)
        half = self.down[0](full)
        deep = self.blocks(self.down[1](half))
        up = self.up[0](deep)
        up = self.up[1](up + half if self.skips else up)
        made: Tensor = self.last(up + full if self.skips else up)
        return made


def _down(wide: int) -> nn.Sequential:
    step = nn.Conv2d(wide, 2 * wide, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(step, VolumeNorm(), nn.ReLU())


def _up(wide: int) -> nn.Sequential:
    """Half the channels, then twice the size: in this order there are fewer pixels to go over."""
    narrow = nn.Conv2d(wide, wide // 2, 3, padding=1, padding_mode="reflect", bias=False)
    return nn.Sequential(
        narrow, nn.Upsample(scale_factor=2, mode="bilinear"), VolumeNorm(), nn.ReLU()
    )


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
