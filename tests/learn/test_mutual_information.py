"""What one image tells of another."""

import numpy as np
import torch

from osteon.learn.objectives.mutual_information import mutual_information


def by_counting(a: np.ndarray, b: np.ndarray, bins: int) -> float:
    """Mutual information in nats of two images by a histogram that is filled value by value."""
    spread = [(x - x.min()) / (x.max() - x.min()) * (bins - 1) for x in (a.ravel(), b.ravel())]
    counts = np.zeros((bins, bins))
    for p, q in zip(*spread, strict=True):
        near = [np.exp(-2 * (v - np.arange(bins)) ** 2) for v in (p, q)]
        counts += np.outer(near[0] / near[0].sum(), near[1] / near[1].sum())
    joint = counts / counts.sum()
    alone = joint.sum(1)[:, None] * joint.sum(0)[None, :]
    return float((joint * np.log(joint / alone)).sum())


def test_it_is_what_counting_value_by_value_gives() -> None:
    """Two pairs at once: related, and not."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(2, 1, 12, 11))
    b = np.stack([np.abs(a[0]) + 0.1 * rng.normal(size=a[0].shape), rng.normal(size=a[0].shape)])
    found = mutual_information(torch.from_numpy(a), torch.from_numpy(b), bins=9).numpy()
    assert np.allclose(found, [by_counting(a[n], b[n], 9) for n in range(2)], atol=2e-4)
    assert found[0] > 2 * found[1]


def test_its_slope_is_that_of_finite_differences() -> None:
    """At every value of a small image."""
    rng = np.random.default_rng(1)
    a, b = (torch.from_numpy(rng.normal(size=(1, 10))) for _ in range(2))
    a.requires_grad_(True)
    (slope,) = torch.autograd.grad(mutual_information(a, b, bins=5).sum(), a)
    step = 1e-6
    for n in range(10):
        up, down = a.detach().clone(), a.detach().clone()
        up[0, n] += step
        down[0, n] -= step
        wanted = (mutual_information(up, b, bins=5) - mutual_information(down, b, bins=5)) / (
            2 * step
        )
        assert abs(float(slope[0, n]) - float(wanted[0])) < 1e-5


def test_it_does_not_ask_which_of_two_tissues_is_brighter_and_a_flat_image_tells_nothing() -> None:
    """A negative tells as much."""
    image = torch.rand(1, 400, generator=torch.Generator().manual_seed(0))
    same, negative = mutual_information(image, image), mutual_information(image, -image)
    assert torch.allclose(same, negative, atol=1e-4)
    assert abs(float(mutual_information(image, torch.zeros(1, 400))[0])) < 1e-5
