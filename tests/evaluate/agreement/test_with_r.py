"""ICC and kappa against R's psych, variance components against lme4."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from osteon.evaluate.agreement import icc, mixed_icc, weighted_kappa

pytestmark = pytest.mark.reference

MISSING = 77
TABLES = """
d <- jsonlite::fromJSON(file("stdin"), simplifyDataFrame = FALSE)
out <- lapply(d, function(one) {
  m <- one$table
  r <- suppressMessages(psych::ICC(m, lmer = FALSE)$results)
  r[, c("ICC", "lower bound", "upper bound")]
})
cat(jsonlite::toJSON(lapply(out, as.matrix), digits = I(16)))
"""
GRADES = """
d <- jsonlite::fromJSON(file("stdin"), simplifyDataFrame = FALSE)
out <- lapply(d, function(one) {
  m <- one$table
  k <- suppressWarnings(psych::cohen.kappa(m))
  c(k$kappa, k$weighted.kappa, k$var.kappa)
})
cat(jsonlite::toJSON(out, digits = I(16)))
"""
NESTED = """
d <- jsonlite::fromJSON(file("stdin"), simplifyDataFrame = FALSE)
out <- lapply(d, function(one) {
  n <- length(one$x)
  long <- data.frame(v = c(one$x, one$y), method = factor(rep(1:2, each = n)),
    patient = factor(rep(one$patient, 2)), site = factor(rep(1:n, 2)))
  control <- lme4::lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
  fit <- lme4::lmer(v ~ method + (1 | patient) + (1 | site) + (1 | patient:method), long,
    control = control)
  v <- as.data.frame(lme4::VarCorr(fit))
  setNames(v$vcov, v$grp)[c("patient", "site", "patient:method", "Residual")]
})
cat(jsonlite::toJSON(out, digits = I(16)))
"""


def rscript(script, text=""):
    return subprocess.run(
        ["Rscript", "-e", script], input=text, capture_output=True, text=True, check=False
    )


def with_r(script, data, package):
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not here")
    there = " && ".join(f"requireNamespace('{name}')" for name in (package, "jsonlite"))
    done = rscript(f"if (!({there})) quit(status = {MISSING})\n{script}", json.dumps(data))
    if done.returncode == MISSING:
        pytest.skip(f"R's packages {package} and jsonlite are not both here")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_hundred_tables_have_the_iccs_and_intervals_of_psych():
    rng = np.random.default_rng(11)
    tables = []
    for _ in range(200):
        n, k = rng.integers(5, 40), rng.integers(2, 6)
        noise = rng.normal(0, rng.uniform(0.2, 1.2), (n, k))
        raters = rng.normal(0, rng.uniform(0, 1), (1, k))
        tables.append(10 + rng.normal(0, 1, (n, 1)) + raters + noise)
    expected = with_r(TABLES, [{"table": table.tolist()} for table in tables], "psych")
    for table, rows in zip(tables, expected, strict=True):
        for one, row in zip(icc(table).values(), rows, strict=True):
            ends = [one.value, one.low, one.high]
            if one.low is None:  # beyond the pole of Spearman and Brown
                ends, row = [one.value, one.high], [row[0], row[2]]  # noqa: PLW2901
            assert ends == pytest.approx(row, rel=1e-8, abs=1e-8)


def test_two_hundred_pairs_of_grades_have_the_kappas_of_psych():
    rng = np.random.default_rng(12)
    pairs = []
    for _ in range(200):
        a = rng.integers(0, 4, 60)
        b = np.where(rng.random(60) < 0.6, a, rng.integers(0, 4, 60))
        pairs.append(np.column_stack([np.r_[a, range(4)], np.r_[b, range(4)]]))
    expected = with_r(GRADES, [{"table": pair.tolist()} for pair in pairs], "psych")
    for pair, row in zip(pairs, expected, strict=True):
        plain = weighted_kappa(*pair.T, weights="none")
        assert plain.value == pytest.approx(row[0], rel=1e-8)
        error = (plain.value - plain.low) / 1.959963984540054
        assert error**2 == pytest.approx(row[2], rel=1e-8)
        # psych's variance of the weighted one is not that of Fleiss, Cohen & Everitt;
        # test_kappa holds it to statsmodels
        assert weighted_kappa(*pair.T).value == pytest.approx(row[1], rel=1e-8)


def test_unbalanced_components_are_those_of_lme4():
    rng = np.random.default_rng(13)
    tables = []
    for _ in range(5):
        patient = np.repeat(np.arange(30), rng.integers(1, 7, 30))
        base = rng.normal(0, 1, 30)[patient] + rng.normal(0, 0.8, patient.size)
        own = 0.5 * rng.normal(size=(2, 30))[:, patient]
        x, y = base + own + rng.normal(0, 0.4, (2, patient.size))
        tables.append({"x": x.tolist(), "y": y.tolist(), "patient": patient.tolist()})
    names = ("patient", "site", "patient × method", "residual")
    for table, row in zip(tables, with_r(NESTED, tables, "lme4"), strict=True):
        found = mixed_icc(table["x"], table["y"], table["patient"])
        values = [found[f"variance of {name}"].value for name in names]
        assert values == pytest.approx(row, rel=1e-3, abs=1e-4)  # lme4's own search stops there
