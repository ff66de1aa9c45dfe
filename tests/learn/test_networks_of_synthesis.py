"""Networks and objectives that a synthesis is put together from."""

import numpy as np
import pytest
import torch

from osteon.learn.networks.discriminator import SEES, Discriminator, steps_for
from osteon.learn.networks.generator import Generator, statistics_of
from osteon.learn.objectives.adversarial import ImagePool, taken_for
from osteon.learn.objectives.edges import edge_map


def test_a_slice_comes_out_the_same_whatever_lies_beside_it() -> None:
    """With statistics of the volume held; without them it does not."""
    torch.manual_seed(0)
    network = Generator(1, 1, width=4, blocks=1)
    volume = torch.randn(6, 1, 16, 16)
    with torch.no_grad(), statistics_of(network, volume):
        together, alone = network(volume), network(volume[2:3])
    assert torch.allclose(together[2:3], alone, atol=1e-6)
    with torch.no_grad():
        assert not torch.allclose(together[2:3], network(volume[2:3]), atol=1e-4)
        assert torch.allclose(together, network(volume), atol=1e-6)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_verdict_sees_the_square_that_is_told(steps: int) -> None:
    """By the gradient of one verdict, without the normalisation, which sees everything."""
    judge = Discriminator(1, width=2, steps=steps)
    for name, layer in list(judge.layers.named_children()):
        if isinstance(layer, torch.nn.InstanceNorm2d):
            setattr(judge.layers, name, torch.nn.Identity())
    image = torch.randn(1, 1, 144, 144, requires_grad=True)
    verdicts = judge(image)
    middle = verdicts.shape[2] // 2
    (slope,) = torch.autograd.grad(verdicts[0, 0, middle, middle], image)
    rows = np.flatnonzero(slope[0, 0].abs().sum(1).numpy())
    assert rows[-1] - rows[0] + 1 == SEES[steps]


def test_small_images_are_judged_by_smaller_squares() -> None:
    """Published is 70 pixels."""
    assert [steps_for(side) for side in (320, 140, 80, 16)] == [3, 3, 2, 1]


def test_edges_are_found_in_the_dark_of_an_mr_but_not_where_nothing_changes() -> None:
    """A dim step beside a bright one."""
    image = torch.full((1, 1, 24, 24), -1.0)
    image[..., 8:] = -0.96
    image[..., 16:] = 1.0
    plain, dark = edge_map(image)[0, 0, 12], edge_map(image, dark_first=True)[0, 0, 12]
    assert plain[8] < 0.15
    assert plain[16] > 0.5
    assert dark[8] > 0.5
    assert float(plain.max()) <= 1
    assert torch.equal(edge_map(torch.zeros(1, 1, 9, 9)), torch.zeros(1, 1, 9, 9))


def test_edges_have_a_slope_everywhere_also_where_nothing_changes() -> None:
    """No root of zero."""
    image = torch.zeros(1, 1, 8, 8, requires_grad=True)
    (slope,) = torch.autograd.grad(edge_map(image).sum(), image)
    assert bool(torch.isfinite(slope).all())


def test_a_pool_shows_older_images_and_no_more_than_it_has_room_for() -> None:
    """Images are numbered by their value."""
    pool, rng = ImagePool(3), np.random.default_rng(0)
    shown = [
        float(pool.exchanged(torch.full((1, 1, 1, 1), float(n)), rng).squeeze()) for n in range(40)
    ]
    assert shown[:3] == [0.0, 1.0, 2.0]
    assert len(pool.images) == 3
    older = [n for n in range(3, 40) if shown[n] != n]
    assert 8 < len(older) < 30
    assert all(shown[n] < n for n in older)


def test_verdicts_are_held_to_one_for_true_and_zero_for_made() -> None:
    """By squares."""
    verdicts = torch.tensor([1.0, 0.5])
    assert float(taken_for(verdicts, True)) == pytest.approx(0.125)
    assert float(taken_for(verdicts, False)) == pytest.approx(0.625)
