"""Whether one method agrees better with a reference than another, on the same subjects."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import UnusableTable
from ..checked import Numbers, confidence, groups, same_rows, varying
from ..estimate import LEVEL, Comparison, Estimate
from .coefficients import coefficients
from .forms import known_key
from .jackknife import DOI, NEARLY_ONE, jackknife_error
from .sums import pair_sums, squares_of

METHOD = "difference of Fisher's z of dependent ICCs, jackknife over patients, t"

PERFECT = (
    "one method agrees perfectly with the reference, where Fisher's z has no end: the difference "
    "itself is tested"
)


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
    the difference of their Fisher's z is that of the jackknife (Miller 1974,
    doi:10.1093/biomet/61.1.1), which leaves out one patient at a time, and so keeps this dependence
    whatever it is.

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
    values, z, plain = [], [], []
    for method in ("a", "b"):
        sums = pair_sums(columns["reference"], columns[method], codes)
        every = sums.sum(axis=0)
        shares = coefficients(squares_of(np.vstack([every, every - sums])))
        values.append(float(shares[key][0]))
        plain.append(shares[key])
        z.append(np.arctanh(np.clip(shares[key.replace("k", "1")], -NEARLY_ONE, NEARLY_ONE)))
    if not np.isfinite([*values, *z[0], *z[1]]).all():
        raise UnusableTable(
            f"{key} of a or b does not exist without one of the patients; there are too few who "
            "differ."
        )
    if (np.max(plain, axis=1) >= NEARLY_ONE).sum() == 1:
        return replace(_tested(key, values, plain[0] - plain[1], rows, level), note=PERFECT)
    return _tested(key, values, z[0] - z[1], rows, level)


def _tested(key: str, values: list[float], apart: Numbers, rows: int, level: float) -> Comparison:
    """The test.

    Parameters
    ----------
    key : str
        Name of the ICC.
    values : list of float
        ICC of a and of b.
    apart : ndarray of float, shape (1 + patients,)
        Difference of z: of all, and without each patient.
    rows : int
        Rows used.
    level : float
        Confidence of the interval.
    """
    n = len(apart) - 1
    value = values[0] - values[1]
    note = ""
    error = jackknife_error(apart[1:])
    if np.ptp(apart[1:]) > 0:
        t = float(apart[0]) / error
        p = float(2 * stats.t.sf(abs(t), n - 1))
    elif value != 0:
        raise UnusableTable(
            f"the {n} patients do not differ in how a and b agree with the reference; {key} cannot "
            "be tested with so few."
        )
    else:
        t, p, error = 0.0, 1.0, 0.0
        note = "a and b agree with the reference alike in every subject"
    width = float(stats.t.ppf(0.5 * (1 + level), n - 1)) * error
    # ICC per z: the chord from b to a, so that the interval holds 0 just where the test does
    chord = value / apart[0] if abs(apart[0]) > 1e-9 else _slope(key, values[0])
    low, high = (float(chord * (apart[0] + side * width)) for side in (-1, 1))
    name = f"{key}, a − b"
    return Comparison(
        name,
        float(t),
        p,
        Estimate(name, value, low, high, level, "1", METHOD, DOI, rows, n, note),
        n - 1,
        method=METHOD,
        doi=DOI,
        note=note,
    )


def _slope(key: str, value: float) -> float:
    """Change of the ICC with z: 1 − ρ² for one rating, 2 (1 − ρ) for the mean of two."""
    return 2 * (1 - value) if "k" in key else 1 - value**2
