"""A figure at several sites, against published pooling, R, and simulated sites."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.evaluate import Estimate
from osteon.evaluate.design import external_drop, transport

Z = stats.norm.isf(0.025)
BCG = tomllib.loads(
    (Path(__file__).parents[1] / "reference" / "design_sites.toml").read_text(encoding="utf-8")
)["bcg"]


def sites(values, errors, name="bias"):
    """Estimates with symmetric 95 % intervals."""
    return {
        f"site {n}": Estimate(name, float(y), float(y - Z * se), float(y + Z * se), rows=10)
        for n, (y, se) in enumerate(zip(values, errors, strict=True))
    }


def auc(value, low, high):
    return Estimate("AUC", value, low, high)


def test_pooling_as_published():
    a, b, c, d = np.array(BCG["counts"], float).T
    values = np.log(a / (a + b)) - np.log(c / (c + d))
    errors = np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
    found = transport(sites(values, errors))
    close = {"abs": BCG["tolerance"]}
    assert found.pooled.value == pytest.approx(BCG["mean"], **close)
    assert found.tau2 == pytest.approx(BCG["tau2"], **close)
    assert found.tau2_interval == pytest.approx(BCG["tau2_interval"], **close)
    assert found.i2 == pytest.approx(BCG["i2"], **close)
    assert found.i2_interval == pytest.approx(BCG["i2_interval"], **close)
    assert found.q == pytest.approx(BCG["q"], abs=6e-4)
    assert found.p == pytest.approx(stats.chi2.sf(BCG["q"], 12), rel=0.01)


def test_two_equal_sites_by_hand():
    # equal variances v: τ² is the sample variance less v, or 0; I² is τ²/(τ² + v)
    found = transport(sites([0.0, 2.0], [0.5, 0.5]))
    assert found.tau2 == pytest.approx(2.0 - 0.25, rel=1e-6)
    assert found.i2 == pytest.approx(1.75 / 2, rel=1e-6)
    assert found.pooled.value == pytest.approx(1.0)
    half = stats.t.isf(0.025, 1) * np.sqrt(2.0 / 2)
    assert found.pooled.high - 1.0 == pytest.approx(half, rel=1e-6)
    assert found.q == pytest.approx(8.0)


def test_two_sites_promise_nothing_of_a_third():
    found = transport(sites([0.1, 0.2], [0.1, 0.1]))
    assert found.prediction.low is None
    assert found.prediction.high is None
    assert "three" in found.prediction.note
    assert found.tau2 == found.i2 == 0.0
    assert found.i2_interval[1] > 0.95
    assert "2 sites only" in found.note


def test_alike_sites_have_no_variance_between_them():
    found = transport(sites([1.0] * 6, [0.2] * 6))
    assert (found.tau2, found.i2, found.q, found.p) == (0, 0, 0, 1)
    assert found.tau2_interval == (0, 0)
    # never narrower than the fixed-effect error, however alike the sites
    half = stats.t.isf(0.025, 5) * 0.2 / np.sqrt(6)
    assert found.pooled.high - 1 == pytest.approx(half)


def test_shares_are_pooled_as_logits_and_stay_between_0_and_1():
    given = {"a": auc(0.97, 0.93, 0.999), "b": auc(0.99, 0.95, 0.9985), "c": auc(0.6, 0.5, 0.7)}
    found = transport(given)
    assert found.scale == "logit"
    for one in (found.pooled, found.prediction):
        assert 0 < one.low < one.value < one.high < 1


def test_a_symmetric_interval_of_an_auc_is_carried_over_by_the_slope_of_the_logit():
    errors = 0.02, 0.05
    given = {
        name: auc(value, value - Z * error, value + Z * error)
        for name, value, error in zip("ab", (0.9, 0.7), errors, strict=True)
    }
    spread = (0.02 / (0.9 * 0.1)) ** 2 + (0.05 / (0.7 * 0.3)) ** 2
    by_hand = (logit(0.9) - logit(0.7)) ** 2 / spread
    assert transport(given).q == pytest.approx(by_hand, rel=1e-9)


def test_where_a_fourth_site_lies_by_hand():
    # equal errors: the mean's variance is s²/3, that between sites s² less the error's
    found = transport(sites([0.0, 1.0, 2.0], [0.1, 0.1, 0.1]))
    half = stats.t.isf(0.025, 1) * np.sqrt(1 / 3 + 1 - 0.01)
    assert found.prediction.high - 1 == pytest.approx(half, rel=1e-6)


def test_an_interval_made_on_logits_is_read_back_exactly():
    given = {
        name: auc(expit(y), expit(y - Z * se), expit(y + Z * se))
        for name, (y, se) in {"a": (1.0, 0.3), "b": (2.0, 0.2), "c": (1.2, 0.4)}.items()
    }
    found, plain = transport(given), transport(sites([1.0, 2.0, 1.2], [0.3, 0.2, 0.4]))
    assert logit(found.pooled.value) == pytest.approx(plain.pooled.value, rel=1e-8)
    assert logit(found.pooled.low) == pytest.approx(plain.pooled.low, rel=1e-8)
    assert found.tau2 == pytest.approx(plain.tau2, rel=1e-6)


def test_an_interval_cut_off_at_1_counts_as_what_it_was_before():
    cut = {"a": auc(0.95, 0.88, 1.0), "b": auc(0.8, 0.7, 0.9)}
    whole = {"a": auc(0.95, 0.88, 1.02), "b": auc(0.8, 0.7, 0.9)}
    assert transport(cut).q == pytest.approx(transport(whole).q)


def test_correlations_are_pooled_by_fisher():
    given = {"a": Estimate("ICC(2,1)", 0.9, 0.8, 0.95), "b": Estimate("ICC(2,1)", 0.7, 0.5, 0.83)}
    assert transport(given).scale == "Fisher z"


def test_likelihood_ratios_are_pooled_as_logarithms():
    given = {"a": Estimate("LR+", 2.0, 1.0, 4.0), "b": Estimate("LR+", 8.0, 4.0, 16.0)}
    found = transport(given)
    assert found.scale == "log"
    assert found.pooled.value == pytest.approx(4.0)


def test_intervals_cover_the_mean_and_the_next_site_as_often_as_they_say():
    rng = np.random.default_rng(1)
    draws, number, tau = 600, 25, 0.3
    covered = np.zeros(2)
    for _ in range(draws):
        errors = rng.uniform(0.1, 0.3, number)
        values = rng.normal(rng.normal(0, tau, number), errors)
        found = transport(sites(values, errors))
        covered[0] += found.pooled.low <= 0 <= found.pooled.high
        covered[1] += found.prediction.low <= rng.normal(0, tau) <= found.prediction.high
    # four standard errors of 600 draws; the modified interval may cover more
    assert covered[0] / draws >= 0.95 - 0.036
    assert abs(covered[1] / draws - 0.95) < 0.036


@pytest.mark.parametrize("seed", range(30))
def test_the_search_finds_the_highest_point_of_the_likelihood(seed):
    rng = np.random.default_rng(seed)
    number = int(rng.integers(2, 9))
    errors = rng.uniform(0.05, 2, number)
    values = rng.normal(rng.normal(0, rng.uniform(0, 1), number), errors)

    def height(tau2):
        total = errors**2 + tau2
        mean = (values / total).sum() / (1 / total).sum()
        spread = ((values - mean) ** 2 / total).sum()
        return -0.5 * (np.log(total).sum() + np.log((1 / total).sum()) + spread)

    best = max(height(tau2) for tau2 in np.concatenate(([0], np.geomspace(1e-6, 100, 2000))))
    assert height(transport(sites(values, errors)).tau2) >= best - 1e-9


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "at least 2"),
        ({"a": auc(0.8, 0.7, 0.9)}, "at least 2"),
        ({"a": auc(0.8, 0.7, 0.9), "b": Estimate("ICC", 0.8, 0.7, 0.9)}, "different figures"),
        ({"a": auc(0.8, 0.7, 0.9), "b": auc(0.8, None, None)}, "'b' has no interval"),
        ({"a": auc(0.8, 0.7, 0.9), "b": auc(1.0, 0.9, 1.0)}, "'b' is 1"),
        ({"a": auc(0.8, 0.8, 0.8), "b": auc(0.8, 0.7, 0.9)}, "'a' has no interval"),
        ({"a": auc(0.8, 0.85, 0.9), "b": auc(0.8, 0.7, 0.9)}, "'a' has no interval"),
    ],
)
def test_sites_that_cannot_be_pooled_are_told_in_one_line(given, told):
    with pytest.raises(UnusableTable, match=told) as fault:
        transport(given)
    assert "\n" not in str(fault.value)


def test_unknown_scales_and_levels_are_refused():
    given = sites([0, 1], [1, 1])
    with pytest.raises(UnknownName, match="logit, fisher z, log, identity"):
        transport(given, scale="probit")
    with pytest.raises(BadSetting):
        transport(given, level=95)


def test_an_auc_of_1_can_be_pooled_as_it_is():
    found = transport({"a": auc(1.0, 0.9, 1.0), "b": auc(0.8, 0.7, 0.9)}, scale="identity")
    assert 0.8 < found.pooled.value < 1


def test_a_drop_by_hand():
    # symmetric intervals: the difference of two independent normal figures
    found = external_drop(
        auc(0.9, 0.9 - 0.03 * Z, 0.9 + 0.03 * Z), auc(0.8, 0.8 - 0.04 * Z, 0.8 + 0.04 * Z)
    )
    assert found.statistic == pytest.approx(0.1 / 0.05)
    assert found.p == pytest.approx(2 * stats.norm.sf(2))
    assert found.difference.value == pytest.approx(0.1)
    assert found.difference.low == pytest.approx(0.1 - 0.05 * Z)
    assert found.difference.high == pytest.approx(0.1 + 0.05 * Z)


@pytest.mark.parametrize("external", np.linspace(0.7, 0.95, 101))
def test_p_is_below_5_percent_just_where_the_interval_leaves_out_0(external):
    found = external_drop(auc(0.85, 0.78, 0.89), auc(external, external - 0.08, external + 0.04))
    outside = found.difference.low > 0 or found.difference.high < 0
    assert (found.p < 0.05) == outside
    assert found.difference.low <= found.difference.value <= found.difference.high


def test_no_drop_has_p_1():
    assert external_drop(auc(0.8, 0.7, 0.9), auc(0.8, 0.6, 0.9)).p == 1


@pytest.mark.parametrize(
    "pair",
    [
        (auc(0.8, None, None), auc(0.7, 0.6, 0.8)),
        (auc(0.8, 0.7, 0.9), Estimate("ICC", 0.7, 0.6, 0.8)),
        (auc(0.8, 0.7, 0.9), Estimate("AUC", 0.7, 0.6, 0.8, level=0.9)),
        (auc(1.0, 1.0, 1.0), auc(1.0, 1.0, 1.0)),
    ],
)
def test_drops_that_cannot_be_told_are_told_in_one_line(pair):
    with pytest.raises(UnusableTable) as fault:
        external_drop(*pair)
    assert "\n" not in str(fault.value)


SCRIPT = """
suppressPackageStartupMessages(library(metafor))
d <- read.csv(file("stdin"))
ctl <- list(threshold=1e-14, maxiter=10000, tau2.max=1000, tol=1e-12)
for (part in split(d, d$t)) {
  r <- rma(part$y, sei=part$se, method="REML", test="adhoc", control=ctl)
  q <- confint(r, control=list(tol=1e-12, maxiter=10000, tau2.max=1e6))$random
  told <- c(r$beta, r$ci.lb, r$ci.ub, r$tau2, r$I2/100, r$QE, r$QEp, q[1, 2:3])
  cat(sprintf("%.15g", told), "\\n")
}
"""


@pytest.mark.reference
def test_200_random_tables_agree_with_metafor():
    if shutil.which("Rscript") is None:
        pytest.skip("R is not here")
    rng = np.random.default_rng(11)
    tables = []
    for _ in range(200):
        number = int(rng.integers(3, 12))
        errors = rng.uniform(0.1, 0.4, number)
        tables.append((rng.normal(rng.normal(0, 0.4, number), errors), errors))
    rows = [
        f"{n + 1},{y!r},{se!r}" for n, t in enumerate(tables) for y, se in np.transpose(t).tolist()
    ]
    made = subprocess.run(
        ["Rscript", "-e", SCRIPT],
        input="\n".join(["t,y,se", *rows]),
        capture_output=True,
        text=True,
        check=False,
    )
    if "there is no package" in made.stderr:
        pytest.skip("R has no metafor")
    assert made.returncode == 0, made.stderr
    expected = [line.split() for line in made.stdout.splitlines()]
    assert len(expected) == 200
    for (values, errors), line in zip(tables, expected, strict=True):
        found = transport(sites(values, errors))
        pooled = found.pooled
        ours = (pooled.value, pooled.low, pooled.high, found.tau2, found.i2, found.q, found.p)
        told = [float(x) for x in line[:7]]
        assert ours == pytest.approx(told, rel=1e-8, abs=1e-8)
        if "NA" not in line[7:9]:
            assert found.tau2_interval == pytest.approx([float(x) for x in line[7:9]], abs=2e-4)


def test_transport_is_plain_data():
    told = json.loads(json.dumps(transport(sites([0, 1, 2], [1, 1, 1])).row()))
    assert [row["site"] for row in told["rows"]] == ["site 0", "site 1", "site 2"]
    assert sum(row["weight"] for row in told["rows"]) == pytest.approx(1)
