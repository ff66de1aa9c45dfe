"""Interval of absolute agreement between the very raters of a table."""

import numpy as np

from ..checked import Numbers
from .anova import MeanSquares, mean_squares
from .coefficients import coefficients
from .jackknife import jackknife_ends

FIXED_INTERVAL = (
    "raters fixed (two-way mixed); jackknife over subjects of Fisher's z, t (Miller 1974)"
)
FEWEST = 5


def fixed_interval(ratings: Numbers, level: float) -> tuple[float, float]:
    """Ends of the interval of ICC(2,1) for fixed raters; NaN where there is none.

    Fisher's z is that of k raters, ½ ln((1 + (k − 1) ρ) / (1 − ρ)), of which the inverse
    hyperbolic tangent is the case of two.

    Parameters
    ----------
    ratings : ndarray of float, shape (n, k)
        Finite; not in perfect agreement.
    level : float
        Confidence.
    """
    n, k = ratings.shape
    if n < FEWEST:
        return np.nan, np.nan
    every = coefficients(mean_squares(ratings[None]))["ICC(2,1)"]
    shares = np.concatenate([every, coefficients(without_each(ratings))["ICC(2,1)"]])
    if not ((shares > -1 / (k - 1)) & (shares < 1)).all():
        return np.nan, np.nan
    z = 0.5 * np.log((1 + (k - 1) * shares) / (1 - shares))
    low, high = np.exp(2 * np.array(jackknife_ends(float(z[0]), z[1:], level)))
    return float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))


def without_each(ratings: Numbers) -> MeanSquares:
    """Mean squares of a table without each of its subjects in turn.

    Parameters
    ----------
    ratings : ndarray of float, shape (n, k)
        Three subjects at least.

    Notes
    -----
    Without a subject of residuals e, a sum of squares loses n / (n − 1) times theirs.
    """
    n, k = ratings.shape
    of_raters = ratings.mean(axis=0)
    rest = ratings - of_raters
    of_subjects = rest.mean(axis=1)
    rest -= of_subjects[:, None]
    lost = n / (n - 1)
    subjects = np.maximum(k * ((of_subjects**2).sum() - lost * of_subjects**2), 0)
    error = np.maximum((rest**2).sum() - lost * (rest**2).sum(axis=1), 0)
    means = of_raters - of_raters.mean() - rest / (n - 1)
    raters = (n - 1) * (means**2).sum(axis=1)
    left = n - 1
    return MeanSquares(
        subjects / (left - 1),
        raters / (k - 1),
        error / ((left - 1) * (k - 1)),
        (raters + error) / (left * (k - 1)),
        left,
        k,
    )
