"""Tests that only shuffle which model said what, and the correction for having many tests."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import BadSetting, UnknownName, UnusableTable
from ..checked import Numbers, Truth, groups, probabilities, same_rows
from ..estimate import Comparison, Estimate
from .placements import area
from .precision_recall import average
from .sweep import scored, swept

Metric = Callable[[Truth, Numbers], float]
PERMUTATIONS = 2000
P_DOI = "10.2202/1544-6115.1585"


def permutation_test(  # noqa: PLR0913 - two models, their metric and the shuffling
    labels: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    metric: str | Metric,
    *,
    clusters: ArrayLike | None = None,
    permutations: int = PERMUTATIONS,
    rng: np.random.Generator,
) -> Comparison:
    """Test whether two models are exchangeable, by any metric.

    In each permutation the two scores of a patient are exchanged, or not, by the toss of a coin;
    all rows of a patient together.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    a, b : array_like of shape (rows,)
        Scores of the two models; higher is more suspicious.
    metric : {"auc", "average precision", "brier"} or callable
        A callable gets labels (bool) and scores of shape (rows,) and gives a number. For the two
        that depend on ranks only, ranks within each model are exchanged, so that the models may
        have different scales (Bandos, Rockette & Gur 2005, doi:10.1002/sim.2149). ``"brier"`` and
        a callable need scores on one scale.
    clusters : array_like of shape (rows,), optional
        The patient each row comes from; every row is one if None.
    permutations : int
        Number of permutations, at least 100.
    rng : Generator
        Source of chance.

    Returns
    -------
    Comparison
        The statistic is the difference ``a − b``. p counts the observed table among the
        permutations, so it is never 0 (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585). There is
        no interval: the test is of no difference at all.

    Raises
    ------
    UnusableTable
        If a class or a value is missing, scores are all equal, probabilities (for ``"brier"``) are
        outside 0–1, fewer than 2 patients are there, or the metric gives no number.
    UnknownName
        If the metric is none of the names.
    BadSetting
        If there are fewer than 100 permutations.
    """
    if permutations < 100:
        raise BadSetting(f"a test needs at least 100 permutations; got {permutations}.")
    (case, first), (_, second) = scored(labels, a, "a"), scored(labels, b, "b")
    figure, name = _metric(metric)
    if name in ("AUC", "average precision"):
        first, second = stats.rankdata(first), stats.rankdata(second)
    if name == "Brier score":
        first, second = probabilities(a, "a"), probabilities(b, "b")
    codes = np.arange(case.size) if clusters is None else groups(clusters, "clusters")
    same_rows(labels=case, clusters=codes)
    many = int(codes.max()) + 1
    met = _difference(figure, case, first, second)
    as_far = 0
    for _ in range(permutations):
        swap = rng.integers(0, 2, many).astype(np.bool_)[codes]
        shuffled = np.where(swap, second, first), np.where(swap, first, second)
        # Sums in another order round differently: equal is equal to 12 digits.
        as_far += abs(_difference(figure, case, *shuffled)) >= abs(met) * (1 - 1e-12)
    p = (as_far + 1) / (permutations + 1)
    method = f"permutation test, {permutations} exchanges of scores within patients"
    told = Estimate(
        f"{name}, a − b",
        met,
        method=method,
        doi=P_DOI,
        rows=case.size,
        clusters=many,
        note="a permutation test has no interval",
    )
    return Comparison(told.name, met, p, told, method=method, doi=P_DOI)


def holm(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """Correct the p values of a family of tests, in the order given (Holm 1979).

    The chance of any false finding among them stays at the level of one test, whatever their
    dependence (Scandinavian Journal of Statistics 6:65–70).

    Parameters
    ----------
    comparisons : iterable of Comparison
        All tests that were made, not only those that came out well.

    Returns
    -------
    tuple of Comparison
        The same, with `adjusted`.
    """
    tests = tuple(comparisons)
    p = np.array([test.p for test in tests])
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(1.0, stepped)
    return tuple(
        replace(test, adjusted=float(value)) for test, value in zip(tests, adjusted, strict=True)
    )


def _metric(metric: str | Metric) -> tuple[Metric, str]:
    """The metric, and its name for a table."""
    named: dict[str, tuple[Metric, str]] = {
        "auc": (area, "AUC"),
        "average precision": (_average_precision, "average precision"),
        "brier": (_brier, "Brier score"),
    }
    if callable(metric):
        return metric, str(getattr(metric, "__name__", "metric"))
    if metric not in named:
        raise UnknownName(f"a metric is a callable or one of {', '.join(named)}; got '{metric}'.")
    return named[metric]


def _difference(figure: Metric, case: Truth, first: Numbers, second: Numbers) -> float:
    """Metric of the first less that of the second."""
    found = float(figure(case, first)) - float(figure(case, second))
    if not np.isfinite(found):
        raise UnusableTable(
            "the metric gives no number for these rows, or for a permutation of them; use one that "
            "exists for every order of the scores."
        )
    return found


def _average_precision(case: Truth, scores: Numbers) -> float:
    """Average precision of scores."""
    return average(*swept(case, scores).called())


def _brier(case: Truth, scores: Numbers) -> float:
    """Mean squared error of probabilities."""
    return float(((scores - case) ** 2).mean())
