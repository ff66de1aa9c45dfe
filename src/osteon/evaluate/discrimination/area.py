"""The interval of an area under the curve, also where it is 1."""

from typing import Literal

import numpy as np
from scipy import stats

from ...core import UnknownName, UnusableTable
from ..checked import Codes, Truth

Scale = Literal["delong", "logit"]
"""Where the interval is symmetric: on the scale of the area, or on that of its log odds."""

LOGIT_DOI = "10.1177/0962280207087173"
EXACT = ("exact interval of independent pairs", "10.1093/biomet/26.4.404")
SEPARATED = (
    "the scores order every pair without fault, so the variance is estimated as zero; the interval "
    "is the exact one for {pairs} pairs that share no patient (Clopper & Pearson 1934), and wide"
)


def area_interval(
    value: float, variance: float, level: float, scale: Scale, pairs: int, degrees: float = np.inf
) -> tuple[float, float, str]:
    """Ends of the interval of an area, and a note where it was made in another way.

    Parameters
    ----------
    value : float
        The area, 0–1.
    variance : float
        Its estimated variance.
    level : float
        Confidence.
    scale : {"delong", "logit"}
        Wald interval of the area itself, cut at 0 and 1 (DeLong et al. 1988), or of its log odds
        (Qin & Hotilovac 2008).
    pairs : int
        Pairs of a case and a control that share no patient. Where the area is 1, all of them are
        in order, which an area below ``(1 - level) / 2`` to the power of ``1 / pairs`` would give
        by chance in less than ``(1 - level) / 2`` of all samples.
    degrees : float
        Degrees of freedom of Student's t; the normal law without.

    Returns
    -------
    low, high : float
    note : str

    Raises
    ------
    UnknownName
        If `scale` is neither.
    UnusableTable
        If the area is neither 0 nor 1 and its variance is not positive.
    """
    if scale not in ("delong", "logit"):
        raise UnknownName(f"an interval of the AUC is 'delong' or 'logit'; got '{scale}'.")
    tail = 0.5 * (1 - level)
    if value in (0.0, 1.0):
        least = tail ** (1 / pairs)
        low, high = (least, 1.0) if value == 1.0 else (0.0, 1 - least)
        return low, high, SEPARATED.format(pairs=pairs)
    if variance <= 0:
        raise UnusableTable(
            f"the variance of this AUC of {value:.3g} comes out as {variance:.3g}, as all patients "
            "contribute alike; there are too few to tell. Use a bootstrap, or more patients."
        )
    half = float(stats.t.ppf(1 - tail, degrees)) * variance**0.5
    if scale == "delong":
        return max(0.0, value - half), min(1.0, value + half), ""
    odds = np.log(value / (1 - value))
    ends = odds + np.array([-1, 1]) * half / (value * (1 - value))
    low, high = 1 / (1 + np.exp(-ends))
    return float(low), float(high), ""


def disjoint_pairs(labels: Truth, clusters: Codes) -> int:
    """Pairs of a case and a control that can be formed without using a cluster twice."""
    with_cases, with_controls = np.unique(clusters[labels]), np.unique(clusters[~labels])
    either = np.union1d(with_cases, with_controls).size
    return max(1, min(with_cases.size, with_controls.size, either // 2))
