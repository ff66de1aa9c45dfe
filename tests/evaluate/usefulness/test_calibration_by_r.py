"""Two hundred random tables against R's glm."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from scipy import special

from osteon.evaluate.usefulness import calibration

TABLES = 200

R = r"""
input <- file("stdin")
lines <- readLines(input)
close(input)
exact <- glm.control(epsilon = 1e-14, maxit = 100)
for (line in lines) {
  values <- as.numeric(strsplit(line, " ")[[1]])
  y <- values[seq_along(values) %% 2 == 1]
  x <- values[seq_along(values) %% 2 == 0]
  free <- glm(y ~ x, family = binomial, control = exact)
  held <- glm(y ~ 1 + offset(x), family = binomial, control = exact)
  # once more from there: the standard errors that R keeps are those of the last step but one
  free <- update(free, start = coef(free))
  held <- update(held, start = coef(held))
  wide <- qnorm(0.975)
  rows <- rbind(coef(summary(free))[, 1:2], coef(summary(held))[, 1:2])
  ends <- cbind(rows[, 1], rows[, 1] - wide * rows[, 2], rows[, 1] + wide * rows[, 2])
  cat(sprintf("%.15g", t(ends)), "\n")
}
"""


@pytest.mark.reference
def test_intercept_and_slope_are_those_of_r():
    if not shutil.which("Rscript"):
        pytest.skip("R (Debian: r-base-core) is not here")
    rng = np.random.default_rng(20)
    tables = []
    while len(tables) < TABLES:
        odds = rng.normal(rng.normal(), rng.uniform(0.3, 2), int(rng.integers(30, 200)))
        labels = rng.random(odds.size) < special.expit(rng.normal() + rng.uniform(0, 2) * odds)
        sick, well = odds[labels], odds[~labels]
        if min(sick.size, well.size) > 4 and sick.min() < well.max() and well.min() < sick.max():
            tables.append((labels, special.expit(odds)))
    rows = [
        " ".join(f"{int(y)} {float(x)!r}" for y, x in zip(labels, special.logit(p), strict=True))
        for labels, p in tables
    ]
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", R],
        input="\n".join(rows), capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    theirs = [json.loads("[" + ",".join(line.split()) + "]") for line in done.stdout.splitlines()]
    assert len(theirs) == TABLES
    for (labels, predicted), expected in zip(tables, theirs, strict=True):
        found = calibration(labels, predicted)
        ours = [
            end
            for one in (found.intercept, found.slope, found.in_the_large)
            for end in (one.value, one.low, one.high)
        ]
        assert ours == pytest.approx(expected, rel=1e-8, abs=1e-8)
