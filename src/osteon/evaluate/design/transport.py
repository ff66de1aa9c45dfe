"""How well a figure carries over from site to site."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
from scipy import optimize, stats

from ...core import UnusableTable
from ..checked import Numbers, confidence
from ..estimate import LEVEL, Comparison, Estimate
from .scale import Scale, on_scale, scale_of

HARTUNG_KNAPP = "10.1186/s12874-015-0091-1"
"""Röver, Knapp & Friede 2015: Hartung–Knapp interval that is never too narrow."""

PREDICTION = "10.1111/j.1467-985X.2008.00552.x"
"""Higgins, Thompson & Spiegelhalter 2009: where the figure of a new site lies."""

MANY = 20
"""Sites from which a prediction interval covers about as often as it says."""

NARROW = "With fewer than 20 sites it covers less often than it says (91 %, not 95 %, at 6 to 10)."
"""Measured on simulated sites; known of few sites since Partlett & Riley 2017."""

FEW = 5
"""Sites below which the variance between sites can hardly be told."""


@dataclass(frozen=True)
class Transport:
    """A figure at several sites.

    Attributes
    ----------
    pooled : Estimate
        Mean over the sites, each weighted by what it tells.
    prediction : Estimate
        The same mean, with the interval in which the figure of a further site lies; without one
        for two sites.
    tau2, i2 : float
        Variance between sites on the scale, and its share of the whole variance, 0–1.
    tau2_interval, i2_interval : pair of float
        Their intervals, by Q profiles; both 0 where the sites differ less than by chance.
    q, p : float
        Cochran's Q, chi-square of one degree fewer than sites, and its p value.
    scale : str
        Scale of `tau2`, on which the sites were pooled.
    rows : tuple of dict
        Site by site: ``site``, ``value``, ``low``, ``high``, ``weight`` (0–1), ``rows``,
        ``clusters``.
    note : str
        What a reader must know.
    """

    pooled: Estimate
    prediction: Estimate
    tau2: float
    tau2_interval: tuple[float, float]
    i2: float
    i2_interval: tuple[float, float]
    q: float
    p: float
    scale: str
    rows: tuple[dict[str, Any], ...]
    note: str

    def row(self) -> dict[str, Any]:
        """The table as plain data; a checklist reads it under ``"transport"``."""
        return asdict(self)


@dataclass(frozen=True)
class _Sites:
    """Figures of the sites on the scale, and their variances."""

    y: Numbers
    v: Numbers

    def mean(self, tau2: float) -> tuple[float, Numbers]:
        """Weighted mean, and the weights."""
        weights = 1 / (self.v + tau2)
        return float(weights @ self.y / weights.sum()), weights

    def q(self, tau2: float) -> float:
        """Weighted sum of squares around the mean."""
        mean, weights = self.mean(tau2)
        return float(weights @ (self.y - mean) ** 2)

    def likelihoods(self, tau2: Numbers) -> Numbers:
        """Restricted log likelihoods, but for a constant."""
        total = self.v + tau2[:, np.newaxis]
        weights = 1 / total
        means = weights @ self.y / weights.sum(axis=1)
        apart = (weights * (self.y - means[:, np.newaxis]) ** 2).sum(axis=1)
        found = np.log(total).sum(axis=1) + np.log(weights.sum(axis=1)) + apart
        return np.asarray(-0.5 * found)

    def slope(self, tau2: float) -> float:
        """Slope of the restricted log likelihood, times 2."""
        mean, weights = self.mean(tau2)
        squares = float((weights**2).sum())
        return (
            float(weights**2 @ (self.y - mean) ** 2)
            - float(weights.sum())
            + squares / float(weights.sum())
        )

    @property
    def typical(self) -> float:
        """Typical variance within sites (Higgins & Thompson 2002)."""
        w = 1 / self.v
        return float((self.y.size - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum()))


def transport(
    estimates: Mapping[str, Estimate], *, scale: str | None = None, level: float = LEVEL
) -> Transport:
    """One figure at several sites: its mean, how far the sites differ, what a new site will see.

    Parameters
    ----------
    estimates : mapping of str to Estimate
        The same figure with its interval at each site, at least two; other patients at each.
    scale : {"logit", "fisher z", "log", "identity"}, optional
        Scale to pool on; that of the figure's name where not given: shares such as the AUC on
        logits, correlations such as the ICC on Fisher z, likelihood ratios on logarithms.
    level : float
        Confidence of the intervals.

    Returns
    -------
    Transport
        Random-effects mean by restricted maximum likelihood with the modified Hartung–Knapp
        interval (doi:10.1186/s12874-015-0091-1); I² of Higgins & Thompson 2002
        (doi:10.1002/sim.1186); Q profiles of Viechtbauer 2007 (doi:10.1002/sim.2514).

    Raises
    ------
    UnusableTable
        If there is one site only, the sites have different figures, a site has no interval, or its
        figure lies on the limit of its range.
    UnknownName
        If there is no such scale.
    BadSetting
        If the level is none.
    """
    confidence(level)
    found = _same_figure(estimates)
    on = scale_of(scale, found)
    pairs = [on_scale(f"'{site}'", one, on) for site, one in estimates.items()]
    values, errors = np.array(pairs, np.float64).T
    sites = _Sites(values, errors**2)
    tau2 = _reml(sites)
    mean, weights = sites.mean(tau2)
    spread = max(1.0, sites.q(tau2) / (values.size - 1))
    error = sqrt(spread / float(weights.sum()))
    shares = weights / weights.sum()
    rows = tuple(
        {
            "site": site,
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "weight": float(share),
            "rows": one.rows,
            "clusters": one.clusters,
        }
        for (site, one), share in zip(estimates.items(), shares, strict=True)
    )
    return Transport(
        _pooled(found, on, (mean, error), level),
        _prediction(found, on, (mean, sqrt(error**2 + tau2)), level),
        *_heterogeneity(sites, tau2, level),
        on.name,
        rows,
        _note(values.size),
    )


def external_drop(internal: Estimate, external: Estimate) -> Comparison:
    """How much lower a figure is in patients from elsewhere.

    Parameters
    ----------
    internal, external : Estimate
        The same figure with intervals of one level, in different patients.

    Returns
    -------
    Comparison
        Difference internal − external; the interval recovers the variances from the two intervals
        (MOVER, Zou & Donner 2008, doi:10.1002/sim.3095), and p is below 0.05 just where a 95 %
        interval leaves out 0.

    Raises
    ------
    UnusableTable
        If the figures, their levels or units differ, or one has no interval.
    """
    _same_figure({"internal": internal, "external": external})
    if internal.level != external.level:
        raise UnusableTable(
            f"the intervals have confidence {internal.level:g} and {external.level:g}; work both "
            "out at one."
        )
    a, b = (_ends(one) for one in (internal, external))
    drop = a[1] - b[1]
    below = sqrt((a[1] - a[0]) ** 2 + (b[2] - b[1]) ** 2)
    above = sqrt((a[2] - a[1]) ** 2 + (b[1] - b[0]) ** 2)
    towards = below if drop > 0 else above
    if not towards > 0:
        raise UnusableTable(
            f"the intervals of '{internal.name}' have no width; the two cannot be compared."
        )
    z = float(stats.norm.isf((1 - internal.level) / 2)) * drop / towards
    name = f"{internal.name}, internal − external"
    return Comparison(
        name,
        statistic=z,
        p=float(2 * stats.norm.sf(abs(z))),
        difference=Estimate(
            name,
            drop,
            drop - below,
            drop + above,
            level=internal.level,
            unit=internal.unit,
            method="variances recovered from both intervals (MOVER)",
            doi="10.1002/sim.3095",
            rows=internal.rows + external.rows,
            clusters=internal.clusters + external.clusters,
        ),
        method="z of the recovered variances, two-sided",
        doi="10.1002/sim.3095",
        note="For different patients only; figures of the same patients are compared in pairs.",
    )


def _ends(one: Estimate) -> tuple[float, float, float]:
    """Low end, figure and high end."""
    if one.low is None or one.high is None or not one.low <= one.value <= one.high:
        raise UnusableTable(f"'{one.name}' has no interval around it; both figures need one.")
    return one.low, one.value, one.high


def _same_figure(estimates: Mapping[str, Estimate]) -> tuple[Estimate, ...]:
    """Refuse fewer than two sites, and sites of different figures."""
    found = tuple(estimates.values())
    if len(found) < 2:
        raise UnusableTable(f"{len(found)} site tells nothing of others; at least 2 are needed.")
    met = {(one.name, one.unit): site for site, one in estimates.items()}
    if len(met) > 1:
        (first, one), (second, two) = list(met.items())[:2]
        raise UnusableTable(
            f"the sites have different figures: {first[0]} ({first[1]}) at '{one}', {second[0]} "
            f"({second[1]}) at '{two}'."
        )
    return found


def _reml(sites: _Sites) -> float:
    """Variance between sites by restricted maximum likelihood, at least 0.

    The likelihood may have more than one peak; the search begins at the highest point of a grid.
    """
    top = float(np.ptp(sites.y) ** 2 + sites.v.max())
    grid = np.concatenate(([0.0], np.geomspace(1e-8 * top, 10 * top, 400)))
    best = int(np.argmax(sites.likelihoods(grid)))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)])
    if sites.slope(low) <= 0 or sites.slope(high) >= 0:
        return float(grid[best])
    return float(optimize.brentq(sites.slope, low, high, xtol=1e-14 * top))


def _pooled(
    found: tuple[Estimate, ...], scale: Scale, mean: tuple[float, float], level: float
) -> Estimate:
    """Mean over the sites with its interval, on the figure's own scale."""
    half = float(stats.t.isf((1 - level) / 2, len(found) - 1)) * mean[1]
    return Estimate(
        found[0].name,
        scale.back(mean[0]),
        scale.back(mean[0] - half),
        scale.back(mean[0] + half),
        level=level,
        unit=found[0].unit,
        method=f"random effects (REML), modified Hartung–Knapp interval, scale: {scale.name}",
        doi=HARTUNG_KNAPP,
        rows=sum(one.rows for one in found),
        clusters=sum(one.clusters for one in found),
    )


def _prediction(
    found: tuple[Estimate, ...], scale: Scale, mean: tuple[float, float], level: float
) -> Estimate:
    """Where the figure of a further site lies: t with two degrees fewer than sites."""
    name, degrees = f"{found[0].name}, a further site", len(found) - 2
    value, unit, method = scale.back(mean[0]), found[0].unit, "prediction interval, random effects"
    if degrees == 0:
        note = "Two sites tell nothing of a third; a prediction interval needs three."
        return Estimate(name, value, level=level, unit=unit, method=method, note=note)
    half = float(stats.t.isf((1 - level) / 2, degrees)) * mean[1]
    low, high = scale.back(mean[0] - half), scale.back(mean[0] + half)
    note = NARROW if len(found) < MANY else ""
    return Estimate(name, value, low, high, level, unit, method, PREDICTION, note=note)


def _heterogeneity(
    sites: _Sites, tau2: float, level: float
) -> tuple[float, tuple[float, float], float, tuple[float, float], float, float]:
    """Variance between sites and I², each with its interval by Q profiles; Q and its p."""
    tail, degrees = (1 - level) / 2, sites.y.size - 1
    low = _profile(sites, float(stats.chi2.isf(tail, degrees)))
    high = _profile(sites, float(stats.chi2.ppf(tail, degrees)))
    within, q = sites.typical, sites.q(0.0)
    share, least, most = (t / (t + within) for t in (tau2, low, high))
    return tau2, (low, high), share, (least, most), q, float(stats.chi2.sf(q, degrees))


def _profile(sites: _Sites, wanted: float) -> float:
    """Variance between sites at which Q has a stated value; Q falls with the variance."""
    if sites.q(0.0) <= wanted:
        return 0.0
    high = float(sites.v.max())
    while sites.q(high) > wanted:
        high *= 2
    found = optimize.brentq(lambda tau2: sites.q(tau2) - wanted, 0.0, high, xtol=1e-14 * high)
    return float(found)


def _note(sites: int) -> str:
    """What a reader must know."""
    if sites >= FEW:
        return ""
    return (
        f"{sites} sites only: how far sites differ (tau2, I2) can hardly be told, and Q may miss "
        "a difference that matters; read the sites one by one."
    )
