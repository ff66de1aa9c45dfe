"""Count how often intervals hold the truth, and how often tests reject what is true.

Tables of 80 patients are drawn 2,000 times from populations whose figures are known; each is
evaluated by `osteon.evaluate` as any user's table. ``make coverage`` writes
docs/data/coverage.json, which docs/concepts/coverage.md shows. It takes a few minutes.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage_populations as populations
import numpy as np
from numpy.typing import NDArray

from osteon.evaluate import Comparison, Estimate
from osteon.evaluate.agreement import bland_altman, clustered_agreement, compare_icc, icc
from osteon.evaluate.discrimination import auc, clustered_auc, compare_auc, compare_clustered_auc
from osteon.evaluate.usefulness.calibration import calibration

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "docs" / "data" / "coverage.json"
DRAWS = 2000
PATIENTS = 80
SEED = 5
ALLOWED = {"interval": (0.93, 0.97), "test": (0.04, 0.06)}
"""Share of intervals that must hold the truth, and of tests that may reject it."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Trial:
    """One population and what is worked out from a table of it.

    Attributes
    ----------
    figure, population : str
        What is worked out, and from whom.
    truth : float
        The figure in the population.
    work : callable
        Draws a table and works the figure out.
    """

    figure: str
    population: str
    truth: float
    work: Callable[[Rng], Estimate | Comparison]


def intervals_of_icc() -> Iterator[Trial]:
    """Readers that differ by chance only."""
    for form in ("ICC(2,1)", "ICC(3,1)"):
        for readers in (2, 3):
            for true in (0.5, 0.75, 0.9):

                def work(
                    rng: Rng, form: str = form, k: int = readers, true: float = true
                ) -> Estimate:
                    return icc(populations.readings(rng, PATIENTS, k, true))[form]

                yield Trial(form, f"{readers} readers, no bias, ICC {true}", true, work)


def intervals_of_drawn_readers() -> Iterator[Trial]:
    """Few readers, drawn anew from many who read at different heights."""
    for readers in (2, 3, 5):
        for how in ("satterthwaite", "generalized"):

            def drawn(rng: Rng, k: int = readers, how: str = how) -> Estimate:
                table = populations.drawn_readers(rng, PATIENTS, k, 0.7, 0.1)
                return icc(table, interval=how)["ICC(2,1)"]

            yield Trial(
                f"ICC(2,1), {how}", f"{readers} readers drawn from many, ICC 0.7", 0.7, drawn
            )


def intervals_of_given_methods() -> Iterator[Trial]:
    """Two methods of which one reads too high, or none."""
    for true, bias in ((0.6, 0.8), (0.8, 0.5), (0.8, 0.0)):

        def shifted(rng: Rng, true: float = true, bias: float = bias) -> Estimate:
            table = populations.biased(rng, PATIENTS, true, bias)
            return icc(table, raters="fixed")["ICC(2,1)"]

        what = f"2 methods, one reads {bias} SD high, ICC {true}"
        yield Trial("ICC(2,1), raters fixed", what, true, shifted)


def intervals_of_nested_agreement() -> Iterator[Trial]:
    """Several patches a patient: ICCs, which need no resamples, and a limit, which does."""
    for true in (0.5, 0.8):

        def nested(rng: Rng, true: float = true) -> Estimate:
            x, y, patients = populations.patches(rng, PATIENTS, 5, true)
            found = clustered_agreement(x, y, patients, resamples=100, rng=rng)
            return found["ICC(3,1)"]

        yield Trial("ICC(3,1), clustered", f"5 patches a patient, ICC {true}", true, nested)

    def limit(rng: Rng) -> Estimate:
        x, y, patients = populations.patches(rng, PATIENTS, 5, 0.5)
        found = clustered_agreement(x, y, patients, resamples=500, rng=rng)
        return found["upper limit of agreement"]

    # two errors of variance 0.5 make a difference of SD 1
    yield Trial("upper limit, clustered", "5 patches a patient, SD 1", 1.959964, limit)


def intervals_of_auc() -> Iterator[Trial]:
    """One row a patient, and four vertebrae a patient."""
    for true in (0.7, 0.85, 0.95):
        for share in (0.3, 0.5):

            def work(rng: Rng, true: float = true, share: float = share) -> Estimate:
                return auc(*populations.binormal(rng, PATIENTS, share, true))

            yield Trial("AUC", f"{share:.0%} diseased, AUC {true}", true, work)
    for true in (0.7, 0.85):
        for kind in ("patients", "vertebrae"):

            def clustered(rng: Rng, true: float = true, kind: str = kind) -> Estimate:
                return clustered_auc(*populations.vertebrae(rng, PATIENTS, 4, true, kind))

            yield Trial(
                "AUC, clustered", f"4 rows a patient, {kind} diseased, AUC {true}", true, clustered
            )


def intervals_of_limits() -> Iterator[Trial]:
    """Differences of two methods."""
    for end, sign in (("lower", -1), ("upper", 1)):

        def work(rng: Rng, end: str = end) -> Estimate:
            x, y = populations.methods(rng, PATIENTS, 0.3, 0.5)
            found: Estimate = getattr(bland_altman(y, x), end)
            return found

        yield Trial(
            f"limit of agreement, {end}", "bias 0.3, SD 0.5", 0.3 + sign * 1.959964 * 0.5, work
        )

    def bias(rng: Rng) -> Estimate:
        x, y = populations.methods(rng, PATIENTS, 0.3, 0.5)
        return bland_altman(y, x).bias

    yield Trial("bias", "bias 0.3, SD 0.5", 0.3, bias)


def intervals_of_slope() -> Iterator[Trial]:
    """Predictions that are right, too extreme, too timid."""
    for slope in (0.7, 1.0, 1.4):
        for spread in (1.0, 1.5):

            def work(rng: Rng, slope: float = slope, spread: float = spread) -> Estimate:
                return calibration(*populations.predictions(rng, PATIENTS, slope, spread)).slope

            what = f"slope {slope}, SD of the predicted logit {spread}"
            yield Trial("calibration slope", what, slope, work)


def tests_of_auc() -> Iterator[Trial]:
    """Two scores that are equally good."""
    for true in (0.7, 0.85, 0.95):
        for together in (0.3, 0.7):

            def work(rng: Rng, true: float = true, r: float = together) -> Comparison:
                return compare_auc(*populations.two_scores(rng, PATIENTS, true, r))

            yield Trial(
                "paired AUC (DeLong)", f"both AUC {true}, correlation {together}", 0.0, work
            )

            def shuffled(rng: Rng, true: float = true, r: float = together) -> Comparison:
                labels, a, b = populations.two_scores(rng, PATIENTS, true, r)
                return compare_auc(labels, a, b, test="permutation")

            what = f"both AUC {true}, correlation {together}"
            yield Trial("paired AUC (permutation)", what, 0.0, shuffled)

            def many(rng: Rng, true: float = true, r: float = together) -> Comparison:
                return compare_clustered_auc(
                    *populations.two_scores_nested(rng, PATIENTS, 4, true, r)
                )

            what = f"4 rows a patient, both AUC {true}, correlation {together}"
            yield Trial("paired AUC, clustered (Obuchowski)", what, 0.0, many)


def tests_of_icc() -> Iterator[Trial]:
    """Two methods that agree equally well with a reference."""
    for true in (0.5, 0.75, 0.9):
        for together in (0.0, 0.5):
            for form in ("ICC(2,1)", "ICC(3,1)"):

                def work(
                    rng: Rng, true: float = true, r: float = together, form: str = form
                ) -> Comparison:
                    reference, a, b = populations.two_methods(rng, PATIENTS, true, r)
                    return compare_icc(reference, a, b, form=form)

                what = f"both ICC {true}, correlation of errors {together}"
                yield Trial(f"paired {form}", what, 0.0, work)


KINDS = {
    "interval": (
        intervals_of_icc,
        intervals_of_drawn_readers,
        intervals_of_given_methods,
        intervals_of_nested_agreement,
        intervals_of_auc,
        intervals_of_limits,
        intervals_of_slope,
    ),
    "test": (tests_of_auc, tests_of_icc),
}


def counted(trial: Trial, kind: str, draws: int, seed: list[int]) -> dict[str, Any]:
    """How often an interval holds the truth, or a test rejects it."""
    rng = np.random.default_rng(seed)
    hits: NDArray[np.bool_] = np.zeros(draws, np.bool_)
    values = np.zeros(draws)
    for draw in range(draws):
        found = trial.work(rng)
        if isinstance(found, Comparison):
            hits[draw] = found.p < 0.05
            values[draw] = found.p
        else:
            low, high = found.low, found.high
            if low is None or high is None:
                raise ValueError(f"{trial.figure}, {trial.population}: no interval ({found.note})")
            hits[draw] = low <= trial.truth <= high
            values[draw] = high - low
    share = float(hits.mean())
    least, most = ALLOWED[kind]
    told = "mean p" if kind == "test" else "mean width"
    return {
        "figure": trial.figure,
        "population": trial.population,
        "truth": round(trial.truth, 4),
        "share": share,
        told: float(f"{values.mean():.3g}"),
        "holds": bool(least <= share <= most),
    }


def main(arguments: list[str] | None = None) -> int:
    """Draw, count, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    given = parser.parse_args(arguments)
    began = time.monotonic()
    rows: dict[str, list[dict[str, Any]]] = {}
    for group, (kind, makers) in enumerate(KINDS.items()):
        trials = [trial for maker in makers for trial in maker()]
        for number, trial in enumerate(trials):
            one = counted(trial, kind, given.draws, [SEED, group, number])
            mark = " " if one["holds"] else "!"
            print(f"{mark} {one['share']:.4f} {one['figure']}: {one['population']}", flush=True)
            rows.setdefault(kind, []).append(one)
    print(f"{time.monotonic() - began:.0f} s")
    if given.draws == DRAWS:
        told = {
            "made_by": "make coverage",
            "draws": DRAWS,
            "patients": PATIENTS,
            "seed": SEED,
            "allowed": ALLOWED,
            "rows": rows,
        }
        text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        RESULT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
