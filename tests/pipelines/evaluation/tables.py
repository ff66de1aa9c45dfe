"""Tables that a person might bring, made in memory."""

import numpy as np

from osteon.io import Table


def table(name="table.csv", /, **columns):
    """A table of columns of numbers or text; None is a missing value."""
    cells = {
        key: tuple(None if one is None else str(one) for one in values)
        for key, values in columns.items()
    }
    return Table(name, cells)


def vertebrae(seed=1, *, patients=40, each=3):
    """Rows of patients, some diseased: identifiers, truth, scores of three models, sites."""
    rng = np.random.default_rng(seed)
    whose = np.repeat(np.arange(patients), each)
    ill = (np.arange(patients) % 3 == 0)[whose]
    shared = rng.normal(0, 0.5, patients)[whose]
    rows = whose.size
    scores = {
        name: 1 / (1 + np.exp(-(2 * (ill - 0.4) + shared + rng.normal(0, noise, rows))))
        for name, noise in (("hu", 1.5), ("texture", 0.9), ("full", 0.5))
    }
    density = 120 - 30 * ill + rng.normal(0, 15, rows)
    return {
        "row": [f"v{n}" for n in range(rows)],
        "patient": [f"sub-{n:03d}" for n in whose],
        "site": ["ABC"[n // 3 % 3] for n in whose],
        "osteoporosis": ill.astype(int).tolist(),
        "bmd": density.tolist(),
        "ct": (density + 5 + rng.normal(0, 8, rows)).tolist(),
        "mr": (density + rng.normal(0, 20, rows)).tolist(),
        **{name: values.tolist() for name, values in scores.items()},
    }


def found(evaluation, key):
    """Rows of the table with that key."""
    return next(one["rows"] for one in evaluation["tables"] if one["key"] == key)
