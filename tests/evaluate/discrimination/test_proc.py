"""The same numbers as pROC, run as a program of its own."""

import shutil
import subprocess

import numpy as np
import pytest

from osteon.evaluate.discrimination import auc, compare_auc, compare_auc_unpaired
from osteon.evaluate.discrimination.partial import area_of_part
from osteon.evaluate.discrimination.sweep import swept

pytestmark = pytest.mark.reference
TABLES = 200
SCRIPT = """
suppressMessages(library(pROC))
rows <- read.csv(file("stdin"))
for (n in unique(rows$table)) {
  one <- rows[rows$table == n, ]
  curve <- function(part, score) roc(part$label, part[[score]], levels = c(0, 1),
                                     direction = "<", quiet = TRUE)
  a <- curve(one, "a"); b <- curve(one, "b")
  half <- one$half == 1
  c1 <- curve(one[half, ], "a"); c2 <- curve(one[!half, ], "a")
  ends <- ci.auc(a, method = "delong")
  paired <- roc.test(a, b, method = "delong", paired = TRUE)
  apart <- roc.test(c1, c2, method = "delong", paired = FALSE)
  part <- function(...) auc(a, ...)
  cat(sprintf("%.17g", c(auc(a), ends[1], ends[3], paired$statistic, paired$p.value,
    apart$statistic, apart$parameter, apart$p.value,
    part(partial.auc = c(1, 0.9)), part(partial.auc = c(0.9, 0.6), partial.auc.correct = TRUE),
    part(partial.auc = c(1, 0.8), partial.auc.focus = "sensitivity"),
    part(partial.auc = c(0.95, 0.5), partial.auc.focus = "sensitivity", partial.auc.correct = TRUE)
    )), sep = ",")
  cat("\\n")
}
"""


def tables():
    """Tables of 30 to 80 rows, half of them with many ties."""
    rng = np.random.default_rng(20)
    for n in range(TABLES):
        rows = int(rng.integers(30, 80))
        labels = rng.permutation(np.arange(rows) % 3 == 0)
        shared = rng.normal(size=rows) + rng.uniform(0.3, 1.5) * labels
        a, b = shared + rng.normal(size=(2, rows))
        half = np.arange(rows) % 2 == 0
        if n % 2:
            a, b = np.round(2 * a) / 2, np.round(2 * b) / 2
        if all(labels[part].sum() > 1 for part in (half, ~half)):
            yield labels, a, b, half


def ours(labels, a, b, half):
    counts = swept(labels, a).called()
    whole = auc(labels, a, interval="delong")
    paired = compare_auc(labels, a, b)
    apart = compare_auc_unpaired(labels[half], a[half], labels[~half], a[~half])
    parts = [
        area_of_part(*settings)(*counts)
        for settings in (
            ("specificity", 0.9, 1, False),
            ("specificity", 0.6, 0.9, True),
            ("sensitivity", 0.8, 1, False),
            ("sensitivity", 0.5, 0.95, True),
        )
    ]
    return [
        whole.value, whole.low, whole.high, paired.statistic, paired.p, apart.statistic,
        apart.degrees, apart.p, *parts,
    ]  # fmt: skip


def proc(text):
    """What pROC makes of the tables, one row a table."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not here")
    check = [rscript, "-e", "quit(status = !requireNamespace('pROC', quietly = TRUE))"]
    if subprocess.run(check, check=False, capture_output=True).returncode:
        pytest.skip("the R package pROC is not here")
    run = subprocess.run(
        [rscript, "-e", SCRIPT], input=text, capture_output=True, text=True, check=True
    )
    return np.array(
        [
            [float(cell.replace("NA", "nan")) for cell in line.split(",")]
            for line in run.stdout.split()
        ]
    )


def test_two_hundred_tables_agree_with_proc():
    made = list(tables())
    assert len(made) >= TABLES - 5
    lines = ["table,label,a,b,half"]
    for n, columns in enumerate(made):
        lines += [
            f"{n},{int(y)},{x!r},{z!r},{int(h)}"
            for y, x, z, h in zip(*(c.tolist() for c in columns), strict=True)
        ]
    wanted = proc("\n".join(lines) + "\n")
    found = np.array([ours(*columns) for columns in made])
    assert found.shape == wanted.shape
    # pROC gives no corrected area to a curve below chance there; ours is below one half.
    below = np.isnan(wanted)
    assert not below[:, [n for n in range(12) if n not in (9, 11)]].any()
    assert (found[below] < 0.5).all()
    assert below.sum() < 0.1 * 2 * TABLES
    assert found[~below] == pytest.approx(wanted[~below], abs=1e-8, rel=1e-8)
