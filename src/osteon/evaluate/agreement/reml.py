"""One-way random effects of unequal groups by REML, for many left-out groups at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..checked import Codes, Numbers

STEPS = 60
"""Golden sections; each leaves 0.618 of the range."""

GOLDEN = (5**0.5 - 1) / 2
LARGEST = 1 - 1e-9


@dataclass(frozen=True)
class OneWay:
    """Estimates of y = mean + group + rest, each of shape (fits,).

    Attributes
    ----------
    mean : ndarray of float
        Weighted mean.
    between, within : ndarray of float
        Variance of groups, and of the rest.
    error : ndarray of float
        Variance of `mean`.
    """

    mean: Numbers
    between: Numbers
    within: Numbers
    error: Numbers


def one_way(values: Numbers, codes: Codes, blocks: Codes) -> OneWay:
    """Restricted maximum likelihood of the one-way model, of all and without each block of groups.

    Given the ratio of the two variances, mean and variance have closed forms (Searle, Casella &
    McCulloch 1992, doi:10.1002/9780470316856); the ratio is then searched as the share t of the
    group in the variance, from 0 to 1. Groups of equal size share a weight, so that their sums are
    enough.

    Parameters
    ----------
    values : ndarray of float, shape (rows,)
        What was measured, about zero.
    codes : ndarray of int, shape (rows,)
        Group of each row, from 0.
    blocks : ndarray of int, shape (groups,)
        Block of each group, from 0.

    Returns
    -------
    OneWay
        The first fit is that of all groups, fit 1 + b that without block b.
    """
    counts = np.bincount(codes)
    means = np.asarray(np.bincount(codes, values) / counts, np.float64)
    squares = np.asarray(np.bincount(codes, (values - means[codes]) ** 2), np.float64)
    sizes, kind = np.unique(counts.astype(np.float64), return_inverse=True)
    shape = int(blocks.max()) + 1, len(sizes)

    def summed(each: Numbers) -> Numbers:
        """Sums over groups of one size, shape (fits, sizes)."""
        found = np.bincount(blocks * shape[1] + kind, each, shape[0] * shape[1]).reshape(shape)
        every = found.sum(axis=0)
        return np.vstack([every, every - found])

    many, first, second = (summed(each) for each in (np.ones_like(means), means, means**2))
    rows = (many * sizes).sum(axis=1)
    inside = np.maximum(summed(squares).sum(axis=1), 0)

    def fitted(share: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Minus twice the log-likelihood, mean, residual variance and sum of weights."""
        scaled = 1 + sizes * (share / (1 - share))[:, None]
        weights = sizes / scaled
        total = (weights * many).sum(axis=1)
        mean = (weights * first).sum(axis=1) / total
        away = second - 2 * mean[:, None] * first + mean[:, None] ** 2 * many
        rest = inside + (weights * np.maximum(away, 0)).sum(axis=1)
        rest = np.maximum(rest, np.finfo(float).tiny)
        loss = (rows - 1) * np.log(rest) + (many * np.log(scaled)).sum(axis=1) + np.log(total)
        return loss, mean, rest / (rows - 1), total

    share = _lowest(lambda t: fitted(t)[0], len(many))
    _, mean, within, total = fitted(share)
    return OneWay(mean, within * share / (1 - share), within, within / total)


def _lowest(loss: Callable[[Numbers], Numbers], fits: int) -> Numbers:
    """Where each loss is lowest from 0 to 1, by golden sections; 0 itself is tried at the end."""
    low, high = np.zeros(fits), np.full(fits, LARGEST)
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(STEPS):
        down = at_left < at_right
        high, low = np.where(down, right, high), np.where(down, low, left)
        kept = np.where(down, left, right)
        kept_loss = np.where(down, at_left, at_right)
        new = np.where(down, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        new_loss = loss(new)
        left, right = np.where(down, new, kept), np.where(down, kept, new)
        at_left, at_right = np.where(down, new_loss, kept_loss), np.where(down, kept_loss, new_loss)
    middle = 0.5 * (low + high)
    nothing = np.zeros(fits)
    return np.where(loss(nothing) <= loss(middle), nothing, middle)
