"""How far a predicted measurement is from the reference, with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from . import checked
from .bootstrap import RESAMPLES, bca_interval, drawn_counts, drawn_sums, existing
from .checked import Codes, Numbers
from .estimate import LEVEL, Estimate

BCA = "10.1080/01621459.1987.10478410"
SPEARMAN = "10.1007/BF02294183"

JACKKNIFE = 200
"""Most parts that are left out in turn for the skew of Spearman's rho; each costs a ranking."""

PERFECT = "the ranks or values agree perfectly, so that the interval has no width"


def regression(  # noqa: PLR0913 - the choices of one table, all by name
    reference: ArrayLike,
    predicted: ArrayLike,
    *,
    unit: str,
    clusters: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    rng: np.random.Generator,
    level: float = LEVEL,
) -> dict[str, Estimate]:
    """Error, explained variance and correlation of a predicted measurement.

    Parameters
    ----------
    reference : array_like of shape (rows,)
        Measured values, in `unit`.
    predicted : array_like of shape (rows,)
        Predicted values, in `unit`.
    unit : str
        UCUM unit of both.
    clusters : array_like of shape (rows,), optional
        Patient of each row. Where one patient has several, every interval is a BCa bootstrap of
        patients.
    resamples : int
        Resamples, at least 100.
    rng : Generator
        Source of chance.
    level : float
        Confidence.

    Returns
    -------
    dict of str to Estimate
        ``"bias"`` (mean of predicted − reference; t interval), ``"MAE"``, ``"RMSE"`` (about 0, not
        about the bias), ``"R2"`` (1 − residual / total sum of squares about the mean of the
        reference: at most 1, below 0 where the mean would predict better, and not the square of
        the correlation), ``"Pearson r"`` (Fisher's z) and ``"Spearman rho"`` (Bonett & Wright
        2000). MAE, RMSE and R2 have BCa intervals.

    Raises
    ------
    UnusableTable
        If a column is constant or has missing values, has fewer than 4 rows, or there is one
        cluster only.
    BadSetting
        If `level` or `resamples` is out of range.
    """
    checked.confidence(level)
    truth = checked.varying(reference, "reference", least=4)
    guess = checked.varying(predicted, "predicted", least=4)
    checked.same_rows(reference=truth, predicted=guess)
    where = np.arange(truth.size)
    if clusters is not None:
        where = checked.groups(clusters, "clusters")
        checked.same_rows(reference=truth, clusters=where)
    nested = int(where.max()) + 1 < where.size  # one row each: independent
    table = _Table(truth, guess, where, nested, level)
    sums = _sums(truth, guess, where)
    drawn = drawn_sums(sums, resamples, rng)
    found = {name: _resampled(table, name, unit, (sums, drawn)) for name in FIGURES}
    if table.nested:
        found["Spearman rho"] = _spearman_of_clusters(table, resamples, rng)
    else:
        found["bias"] = _bias(table, unit)
        found["Pearson r"] = _fisher(table, "Pearson r", found["Pearson r"].value)
        found["Spearman rho"] = _fisher(table, "Spearman rho", _spearman(truth, guess))
    return found


@dataclass(frozen=True, eq=False)
class _Table:
    truth: Numbers
    guess: Numbers
    where: Codes
    nested: bool
    level: float

    @property
    def clusters(self) -> int:
        """Independent units."""
        return int(self.where.max()) + 1


def _sums(truth: Numbers, guess: Numbers, where: Codes) -> Numbers:
    """All that the figures rest on, added up in each cluster.

    What is squared for correlations is centred and scaled, so that no unit is too small.
    """
    off = guess - truth
    x, y = stats.zscore(truth), stats.zscore(guess)
    apart = off / truth.std()
    columns = [np.ones(x.size), off, np.abs(off), off**2, x, y, x * x, y * y, x * y, apart**2]
    return np.stack([np.bincount(where, column) for column in columns], axis=1)


def _ratio(over: Numbers, under: Numbers) -> Numbers:
    """NaN where nothing varies but by rounding."""
    some = under > 1e-12
    return np.where(some, over / np.where(some, under, 1), np.nan)


def _r_squared(s: Numbers) -> Numbers:
    return 1 - _ratio(s[..., 9], s[..., 6] - s[..., 4] ** 2 / s[..., 0])


def _pearson(s: Numbers) -> Numbers:
    count = s[..., 0]
    spread = (s[..., 6] - s[..., 4] ** 2 / count) * (s[..., 7] - s[..., 5] ** 2 / count)
    shared = s[..., 8] - s[..., 4] * s[..., 5] / count
    return np.clip(_ratio(shared, np.sqrt(np.maximum(spread, 0))), -1, 1)


FIGURES: dict[str, Callable[[Numbers], Numbers]] = {
    "bias": lambda s: s[..., 1] / s[..., 0],
    "MAE": lambda s: s[..., 2] / s[..., 0],
    "RMSE": lambda s: np.sqrt(s[..., 3] / s[..., 0]),
    "R2": _r_squared,
    "Pearson r": _pearson,
}
"""Figures that are functions of sums over rows."""

IN_UNIT = ("bias", "MAE", "RMSE")


def _resampled(
    table: _Table, name: str, unit: str, sums_and_draws: tuple[Numbers, Numbers]
) -> Estimate:
    """A figure of sums with its BCa interval."""
    sums, drawn = sums_and_draws
    figure = FIGURES[name]
    value = float(figure(sums.sum(axis=0)))
    draws, left = existing(figure(drawn)), figure(sums.sum(axis=0) - sums)
    low, high = bca_interval(draws, value, left[np.isfinite(left)], table.level)
    method = _bootstrap_of(table, len(drawn))
    return Estimate(
        name, value, low, high, table.level, unit if name in IN_UNIT else "1", method, BCA,
        table.truth.size, table.clusters,
    )  # fmt: skip


def _bootstrap_of(table: _Table, resamples: int) -> str:
    return f"BCa bootstrap of {'clusters' if table.nested else 'rows'}, {resamples} resamples"


def _bias(table: _Table, unit: str) -> Estimate:
    """Mean difference with the interval of Student's t."""
    off = table.guess - table.truth
    value, error = float(off.mean()), float(off.std(ddof=1) / np.sqrt(off.size))
    wide = error * float(stats.t.ppf(0.5 * (1 + table.level), off.size - 1))
    return Estimate(
        "bias", value, value - wide, value + wide, table.level, unit,
        "mean difference, interval of Student's t", "", off.size, off.size,
    )  # fmt: skip


def _fisher(table: _Table, name: str, value: float) -> Estimate:
    """A correlation with its interval on the scale of Fisher's z."""
    rows = table.truth.size
    rank = name.startswith("Spearman")
    error = np.sqrt((1 + value**2 / 2 if rank else 1) / (rows - 3))
    wide = float(stats.norm.ppf(0.5 * (1 + table.level)) * error)
    perfect = abs(value) > 1 - 1e-12
    centre = 0.0 if perfect else float(np.arctanh(value))
    low, high = (value, value) if perfect else np.tanh([centre - wide, centre + wide])
    method = "Fisher's z" + (", standard error of Bonett & Wright" if rank else "")
    return Estimate(
        name, value, float(low), float(high), table.level, "1", method, SPEARMAN if rank else "",
        rows, rows, PERFECT if perfect else "",
    )  # fmt: skip


def _spearman(truth: Numbers, guess: Numbers) -> float:
    """Correlation of ranks, ties sharing their mean rank."""
    return float(np.corrcoef(stats.rankdata(truth), stats.rankdata(guess))[0, 1])


def _spearman_of_clusters(table: _Table, resamples: int, rng: np.random.Generator) -> Estimate:
    """Spearman's rho with a BCa interval over clusters."""
    _, x = np.unique(table.truth, return_inverse=True)
    _, y = np.unique(table.guess, return_inverse=True)

    def weighted(counts: Numbers) -> float:
        """Of rows drawn so many times each."""
        times = counts[table.where]
        ranks = []
        for value in (x, y):
            each = np.bincount(value, times)
            ranks.append((np.cumsum(each) - 0.5 * each)[value])
        a, b = (rank - np.average(rank, weights=times) for rank in ranks)
        spread = float(np.sqrt((times * a * a).sum() * (times * b * b).sum()))
        return float((times * a * b).sum() / spread) if spread > 0 else np.nan

    parts = np.array_split(np.arange(resamples), max(1, resamples // 100))
    draws = [
        weighted(row.astype(np.float64))
        for part in parts
        for row in drawn_counts(table.clusters, len(part), rng)
    ]
    one = np.ones(table.clusters)
    part_of = np.arange(one.size) % JACKKNIFE
    left = np.array([weighted(one - (part_of == out)) for out in range(part_of.max() + 1)])
    value = weighted(one)
    left = left[np.isfinite(left)]
    low, high = bca_interval(existing(np.array(draws)), value, left, table.level)
    return Estimate(
        "Spearman rho", value, low, high, table.level, "1", _bootstrap_of(table, resamples), BCA,
        table.truth.size, table.clusters,
    )  # fmt: skip
