"""Sums of pairs, cluster by cluster: all that resampling of agreement needs."""

import numpy as np

from ..checked import Codes, Numbers
from .anova import MeanSquares
from .coefficients import coefficients


def pair_sums(x: Numbers, y: Numbers, codes: Codes) -> Numbers:
    """Rows, Σx, Σy, Σx², Σy² and Σxy of each cluster, x and y less one common centre.

    The centre is the same for both, so that figures of absolute agreement hold.

    Returns
    -------
    ndarray of float, shape (clusters, 6)
    """
    centre = 0.5 * (x.mean() + y.mean())
    x, y = x - centre, y - centre
    columns = (np.ones_like(x), x, y, x * x, y * y, x * y)
    return np.stack([np.bincount(codes, column) for column in columns], axis=1)


def moments(sums: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers]:
    """Rows, mean difference, and sums of squares of x, of y and of products about their means.

    Parameters
    ----------
    sums : ndarray of float, shape (draws, 6)
        As `pair_sums`, added over clusters.
    """
    n, x, y, xx, yy, xy = sums.T
    return (
        n,
        (x - y) / n,
        np.maximum(xx - x * x / n, 0),
        np.maximum(yy - y * y / n, 0),
        xy - x * y / n,
    )


def squares_of(sums: Numbers) -> MeanSquares:
    """Mean squares of two raters, from sums of shape (draws, 6)."""
    n, apart, xx, yy, xy = moments(sums)
    subjects = np.maximum(xx + yy + 2 * xy, 0) / (2 * (n - 1))
    error = np.maximum(xx + yy - 2 * xy, 0) / (2 * (n - 1))
    raters = n * apart**2 / 2
    return MeanSquares(subjects, raters, error, (raters + (n - 1) * error) / n, n, 2)


def figures(sums: Numbers) -> dict[str, Numbers]:
    """Shares of agreement from sums of shape (draws, 6); NaN where one does not exist.

    Parameters
    ----------
    sums : ndarray of float, shape (draws, 6)
        As `pair_sums`, added over clusters.
    """
    n, apart, xx, yy, xy = moments(sums)
    shares = coefficients(squares_of(sums))
    nothing = np.full(n.shape, np.nan)
    product = np.sqrt(xx * yy)
    total = xx + yy + n * apart**2
    return {
        "ICC(2,1)": shares["ICC(2,1)"],
        "ICC(3,1)": shares["ICC(3,1)"],
        "CCC": np.divide(2 * xy, total, out=nothing.copy(), where=total > 0),
        "Pearson r": np.divide(xy, product, out=nothing.copy(), where=product > 0),
    }
