"""The six ICCs of Shrout and Fleiss, from mean squares."""

import numpy as np

from ..checked import Numbers
from .anova import MeanSquares


def coefficients(squares: MeanSquares) -> dict[str, Numbers]:
    """The six ICCs from mean squares; NaN where a denominator is not positive."""
    s, r, e, w, n, k = (
        squares.subjects,
        squares.raters,
        squares.error,
        squares.within,
        squares.n,
        squares.k,
    )
    return {
        "ICC(1,1)": share(s - w, s + (k - 1) * w),
        "ICC(2,1)": share(s - e, s + (k - 1) * e + k * (r - e) / n),
        "ICC(3,1)": share(s - e, s + (k - 1) * e),
        "ICC(1,k)": share(s - w, s),
        "ICC(2,k)": share(s - e, s + (r - e) / n),
        "ICC(3,k)": share(s - e, s),
    }


def share(top: Numbers, bottom: Numbers) -> Numbers:
    """`top` over `bottom`; NaN unless `bottom` is positive."""
    found = np.full(np.shape(top), np.nan)
    np.divide(top, bottom, out=found, where=bottom > 0)
    return found
