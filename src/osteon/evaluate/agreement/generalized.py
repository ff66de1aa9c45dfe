"""Interval of absolute agreement for few raters drawn at random: generalized confidence."""

import numpy as np
from scipy import optimize, special, stats

from ..checked import Numbers
from .anova import MeanSquares

GENERALIZED_INTERVAL = (
    "generalized confidence interval for raters drawn at random (Ionan et al. 2014)"
)
GENERALIZED_DOI = "10.1186/1471-2288-14-121"
LOST = 1e-7
"""Probability beyond either end of the quadrature."""

COARSEST = 0.4
"""Step over the logarithm of χ², where both samples are small."""


def generalized_interval(squares: MeanSquares, level: float) -> tuple[float, float]:
    """Ends of the interval of ICC(2,1); never below −1 / (k − 1).

    Each mean square over its expected one is a χ² over its degrees of freedom. Turned round, what
    is expected is distributed as the observed over such a χ², and so the ICC has a distribution of
    its own (its generalized pivotal quantity), of which the ends are quantiles. They are
    integrated, not simulated, so that a table has one interval: over the subjects' χ² exactly, over
    the two others by the trapezoidal rule.

    Parameters
    ----------
    squares : MeanSquares
        Of one table; subjects differ, and raters do not agree perfectly.
    level : float
        Confidence.

    Notes
    -----
    The raters' variance may be negative in the pivotal quantity, as in the estimate.
    """
    n, k = int(squares.n), squares.k
    fine = 0.8 * np.sqrt(2 / max(n - 1, k - 1))
    of_raters, weights = _expected(float(squares.raters[0]), k - 1, fine)
    narrow = 0.8 * np.sqrt(2 / ((n - 1) * (k - 1)))
    of_error, others = _expected(float(squares.error[0]), (n - 1) * (k - 1), narrow)
    weight = weights[:, None] * others
    of_subjects = (n - 1) * float(squares.subjects[0])

    def at_most(icc: float) -> float:
        """Probability that the pivotal quantity is not above this ICC."""
        share = (1 - icc) / k
        noise = icc / n * of_raters[:, None] + (share + icc * (1 - 1 / n)) * of_error
        least = np.full(noise.shape, np.inf)
        np.divide(share * of_subjects, noise, out=least, where=noise > 0)
        return float((weight * special.chdtrc(n - 1, least)).sum())

    def solved(tail: float) -> float:
        smallest = -1 / (k - 1)
        if at_most(smallest) >= tail:
            return smallest
        return float(optimize.brentq(lambda icc: at_most(icc) - tail, smallest, 1, xtol=1e-10))

    return solved(0.5 * (1 - level)), solved(0.5 * (1 + level))


def _expected(square: float, degrees: int, step: float) -> tuple[Numbers, Numbers]:
    """Expected mean squares that may have given this one, and their probabilities.

    Points lie evenly over the logarithm of χ², whose density has no edge there.
    """
    first, last = np.log(stats.chi2.isf([1 - LOST, LOST], degrees))
    points = np.linspace(first, last, int((last - first) / min(step, COARSEST)) + 2)
    chances = np.exp(stats.chi2.logpdf(np.exp(points), degrees) + points)
    return square * degrees / np.exp(points), chances / chances.sum()
