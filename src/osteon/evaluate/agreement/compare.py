"""Whether one method agrees better with a reference than another, on the same subjects."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import UnusableTable
from ..checked import confidence, groups, same_rows, varying
from ..estimate import LEVEL, Comparison, Estimate
from .forms import known_key
from .icc import coefficients
from .sums import pair_sums, squares_of

METHOD = "difference of dependent ICCs, jackknife over subjects, t"


def compare_icc(
    reference: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    form: str = "ICC(2,1)",
    clusters: ArrayLike | None = None,
    level: float = LEVEL,
) -> Comparison:
    """Test whether a and b agree equally well with the reference.

    The two ICCs are dependent: they share the reference and the subjects. The standard error of
    their difference is that of the jackknife, which leaves out one patient at a time, and so keeps
    this dependence whatever it is.

    Parameters
    ----------
    reference, a, b : array_like of shape (rows,)
        Measurements of the same subjects.
    form : str
        Which ICC, in either naming.
    clusters : array_like of shape (rows,), optional
        The patient that each row comes from; without it each row is a patient.
    level : float
        Confidence of the interval of the difference.

    Returns
    -------
    Comparison
        ICC of a less that of b; statistic t on one degree of freedom less than there are patients.

    Raises
    ------
    UnusableTable
        If a value is missing, a column is constant, or there are fewer than five patients.
    UnknownName
        If no ICC is called `form`.
    BadSetting
        If `level` is outside its range.
    """
    confidence(level)
    key = known_key(form)
    columns = {"reference": varying(reference, "reference", least=5)}
    columns |= {"a": varying(a, "a", least=5), "b": varying(b, "b", least=5)}
    same_rows(**columns)
    rows = len(columns["a"])
    codes = np.arange(rows) if clusters is None else groups(clusters, "clusters", least=5)
    same_rows(a=columns["a"], clusters=codes)
    found, without = [], []
    for method in ("a", "b"):
        sums = pair_sums(columns["reference"], columns[method], codes)
        total = sums.sum(axis=0)
        found.append(coefficients(squares_of(total[None]))[key])
        without.append(coefficients(squares_of(total - sums))[key])
    if not all(np.isfinite(part).all() for part in (*found, *without)):
        raise UnusableTable(
            f"{key} of a or b does not exist without one of the patients; there are too few who "
            "differ."
        )
    n = len(without[0])
    value = float(found[0][0] - found[1][0])
    apart = without[0] - without[1]
    error = float(np.sqrt((n - 1) ** 2 / n * apart.var(ddof=1)))
    return _tested(key, value, error if np.ptp(apart) > 0 else 0.0, (rows, n), level)


def _tested(
    key: str, value: float, error: float, sizes: tuple[int, int], level: float
) -> Comparison:
    """The test, from a difference and its standard error."""
    rows, n = sizes
    note = ""
    if error > 0:
        t = value / error
        p = float(2 * stats.t.sf(abs(t), n - 1))
    elif value != 0:
        raise UnusableTable(
            f"the {n} patients do not differ in how a and b agree with the reference; {key} cannot "
            "be tested with so few."
        )
    else:
        t, p = 0.0, 1.0
        note = "a and b agree with the reference alike in every subject"
    width = float(stats.t.ppf(0.5 * (1 + level), n - 1)) * error
    name = f"{key}, a − b"
    return Comparison(
        name,
        float(t),
        p,
        Estimate(name, value, value - width, value + width, level, "1", METHOD, "", rows, n, note),
        n - 1,
        method=METHOD,
        note=note,
    )
