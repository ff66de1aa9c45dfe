"""One job of one tool, timed in a process of its own: python evaluation_case.py NAME RUNS."""

import json
import sys
import time
from collections.abc import Callable

import numpy as np

ROWS, PATIENTS, DRAWS, FEATURES = 100_000, 20_000, 2_000, 1_000
FEW_DRAWS, FEW_FEATURES = 20, 20


def scores():
    """Labels, two scores and patients of 100,000 rows."""
    rng = np.random.default_rng(0)
    patients = rng.integers(0, PATIENTS, ROWS)
    labels = (rng.random(PATIENTS) < 0.3)[patients]
    shared = rng.normal(size=PATIENTS)[patients]
    a, b = (shared + rng.normal(size=ROWS) + labels for _ in range(2))
    return labels, a, b, patients


def readings():
    """Readings of 60 subjects by 3 readers, of 1,000 features."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(FEATURES, 60, 1)) + rng.normal(size=(FEATURES, 60, 3))


def osteon_delong():
    from osteon.evaluate.discrimination import compare_auc

    labels, a, b, _ = scores()
    return lambda: compare_auc(labels, a, b).p, 1


def mlstatkit_delong():
    from MLstatkit.stats import Delong_test

    labels, a, b, _ = scores()
    return lambda: Delong_test(labels.astype(int), a, b)[1], 1


def osteon_bootstrap():
    from osteon.evaluate.discrimination import bootstrap_auc

    labels, a, _, patients = scores()
    rng = np.random.default_rng(1)
    return lambda: bootstrap_auc(labels, a, patients, resamples=DRAWS, rng=rng).low, 1


def osteon_bootstrap_of_rows():
    from osteon.evaluate.discrimination import bootstrap_auc

    labels, a, _, _ = scores()
    rows = np.arange(ROWS)
    rng = np.random.default_rng(1)
    return lambda: bootstrap_auc(labels, a, rows, resamples=DRAWS, rng=rng).low, 1


def sklearn_bootstrap():
    from sklearn.metrics import roc_auc_score

    labels, a, _, patients = scores()
    order = np.argsort(patients, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(patients, minlength=PATIENTS))[:-1])
    rng = np.random.default_rng(1)

    def run():
        found = []
        for _ in range(FEW_DRAWS):
            drawn = rng.integers(0, PATIENTS, PATIENTS)
            rows = np.concatenate([members[one] for one in drawn])
            found.append(roc_auc_score(labels[rows], a[rows]))
        return float(np.quantile(found, 0.025))

    return run, DRAWS / FEW_DRAWS


def osteon_agreement():
    from osteon.evaluate.agreement import clustered_agreement

    _, a, b, patients = scores()
    rng = np.random.default_rng(1)
    return lambda: clustered_agreement(a, b, patients, resamples=DRAWS, rng=rng)["CCC"].low, 1


def osteon_icc():
    from osteon.evaluate.agreement import icc_many

    values = readings()
    return lambda: float(icc_many(values)[0, 0]), 1


def pingouin_icc():
    import pandas
    import pingouin

    values = readings()[:FEW_FEATURES]
    subject, reader = np.repeat(np.arange(60), 3), np.tile(np.arange(3), 60)

    def run():
        found = 0.0
        for one in values:
            table = pandas.DataFrame({"t": subject, "r": reader, "v": one.ravel()})
            found = pingouin.intraclass_corr(table, "t", "r", "v")["ICC"].iloc[1]
        return float(found)

    return run, FEATURES / FEW_FEATURES


CASES: dict[str, Callable] = {
    "osteon, DeLong": osteon_delong,
    "MLstatkit, DeLong": mlstatkit_delong,
    "osteon, bootstrap of patients": osteon_bootstrap,
    "osteon, bootstrap of rows": osteon_bootstrap_of_rows,
    "scikit-learn, bootstrap of patients": sklearn_bootstrap,
    "osteon, agreement of patients": osteon_agreement,
    "osteon, ICC of features": osteon_icc,
    "pingouin, ICC of features": pingouin_icc,
}


def main() -> None:
    work, share = CASES[sys.argv[1]]()
    work()  # what is compiled or loaded once
    took = []
    for _ in range(int(sys.argv[2])):
        began = time.perf_counter()
        value = work()
        took.append(time.perf_counter() - began)
    print(json.dumps({"seconds": float(np.median(took)) * share, "share": share, "value": value}))


if __name__ == "__main__":
    main()
