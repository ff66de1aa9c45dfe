"""The network that tells made images from true ones, patch by patch."""

from torch import Tensor, nn

from .generator import start_small

SLOPE = 0.2
"""Slope of the leaky rectifier below zero."""

SEES = {1: 16, 2: 34, 3: 70}
"""Side in pixels of what one verdict looks at, by number of steps down."""


class Discriminator(nn.Module):
    """PatchGAN: a map of verdicts, each on a square of the image (Isola 2017).

    doi:10.1109/CVPR.2017.632. Published is a square of 70 pixels; where images are small, a verdict
    on 70 pixels is one on the whole image, so fewer steps down are taken (`steps_for`).

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Channels of the first layer. Published: 64.
    steps : int
        Steps down: 3 sees 70 pixels, 2 sees 34, 1 sees 16.
    """

    def __init__(self, channels: int, *, width: int, steps: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, stride=2, padding=1)]
        layers += [nn.LeakyReLU(SLOPE)]
        wide = width
        for step in range(1, steps + 1):
            wider = width * min(2**step, 8)
            stride = 1 if step == steps else 2
            layers += [nn.Conv2d(wide, wider, 4, stride=stride, padding=1, bias=False)]
            layers += [nn.InstanceNorm2d(wider), nn.LeakyReLU(SLOPE)]
            wide = wider
        layers += [nn.Conv2d(wide, 1, 4, padding=1)]
        self.layers = nn.Sequential(*layers)
        self.apply(start_small)

    def forward(self, x: Tensor) -> Tensor:
        """Verdicts (n, 1, i', j') on images (n, channels, i, j); 1 is true, 0 is made."""
        verdicts: Tensor = self.layers(x)
        return verdicts


def steps_for(side: int) -> int:
    """Steps down at which one verdict sees at most half the side of an image, at least 1."""
    return max([steps for steps, sees in SEES.items() if 2 * sees <= side], default=1)
