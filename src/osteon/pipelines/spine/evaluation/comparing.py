"""One method against others on the same patients, with the correction for making many tests."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import OsteonError
from ....evaluate.compare_errors import compare_errors
from ....evaluate.discrimination import compare_auc, holm, permutation_test
from ....evaluate.estimate import Comparison
from .figures import UNIT, plain
from .patients import Patients
from .said import Columns

REFERENCE = "full"
"""The system whole; chosen before any figure was seen."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "baselines": (
        "l1-hu",
        "hu-kvp",
        "internal-calibration",
        "radiomics",
        "facts-line",
        "scratch",
        "per-device",
        "resnet",
        "swin",
    ),
    "self-supervision": ("scratch", "radiomic", "swav", "mae"),
    "experts": ("gate-image", "gate-device", "no-experts", "full-device-unknown"),
    "heads": (
        "no-diagnosis",
        "no-bmd",
        "no-level",
        "fixed-weights",
        "learnt-weights",
        "linked",
        "free-classes",
    ),
}
"""What the reference is tested against; p values are corrected within each family and place."""

LABELS = "labels"
"""Family of the learning curve: with and without self-supervision at every number of labels."""

FROM_SCRATCH = "scratch"
PERMUTATIONS = 1000

SIZED = re.compile(r"(?P<kind>.+)-(?P<percent>\d{1,2})")
"""Name of a training with a share of the labels, such as ``"full-25"``."""


@dataclass(frozen=True)
class Pair:
    """Two methods to be compared."""

    family: str
    a: str
    b: str


def sized(name: str) -> tuple[str, int]:
    """Kind of a training and its share of the labels in percent; 100 where its name has none."""
    found = SIZED.fullmatch(name)
    return (name, 100) if found is None else (found["kind"], int(found["percent"]))


def pairs_among(names: Sequence[str]) -> list[Pair]:
    """Comparisons that the methods which are there allow, family by family.

    A method that belongs to no family is compared with the reference in a family ``"others"``.
    """
    there = set(names)
    if REFERENCE not in there:
        return []
    found = [
        Pair(family, REFERENCE, other)
        for family, others in FAMILIES.items()
        for other in others
        if other in there
    ]
    for name in sorted(there, key=sized):
        kind, percent = sized(name)
        other = FROM_SCRATCH if percent == 100 else f"{FROM_SCRATCH}-{percent}"
        if kind == REFERENCE and other in there:
            found.append(Pair(LABELS, name, other))
    met = {one.b for one in found} | {one.a for one in found}
    left = [name for name in names if name not in met and sized(name)[1] == 100]
    return found + [Pair("others", REFERENCE, name) for name in sorted(left)]


def compare(
    patients: Patients, by_place: Mapping[str, Mapping[str, Columns]], pairs: Sequence[Pair]
) -> list[dict[str, Any]]:
    """Test pairs of methods at every place.

    Parameters
    ----------
    patients : Patients
        What is known.
    by_place : mapping of str to mapping of str to Columns
        Columns by place and method.
    pairs : sequence of Pair
        All that are tested; p values are corrected for all of a family at a place.

    Returns
    -------
    list of dict
        A row a pair and place: ``family``, ``a``, ``b``, ``where``, ``patients`` (those that both
        judged) and of ``auc`` (DeLong et al. 1988, doi:10.2307/2531595), ``f1`` (permutation
        test) and ``mae`` (paired errors of density in g/cm², jackknife) each ``KEY`` (a less b),
        ``KEY_p`` and ``KEY_holm``; where a test cannot be made, ``note`` says why.
    """
    rows: list[dict[str, Any]] = []
    for place, columns in by_place.items():
        for family in dict.fromkeys(pair.family for pair in pairs):
            of_family = [
                pair
                for pair in pairs
                if pair.family == family and pair.a in columns and pair.b in columns
            ]
            rows += _family(patients, place, columns, of_family)
    return rows


def _family(
    patients: Patients, place: str, columns: Mapping[str, Columns], pairs: Sequence[Pair]
) -> list[dict[str, Any]]:
    """Rows of one family at one place."""
    rows: list[dict[str, Any]] = []
    tests: dict[str, dict[int, Comparison]] = {key: {} for key in TESTS}
    for number, pair in enumerate(pairs):
        both = np.intersect1d(columns[pair.a].rows, columns[pair.b].rows)
        a, b = columns[pair.a].of(both), columns[pair.b].of(both)
        row = {
            "family": pair.family,
            "a": pair.a,
            "b": pair.b,
            "where": place,
            "patients": len(both),
        }
        notes = []
        for key, (name, test) in TESTS.items():
            try:
                made = test(patients, a, b)
            except OsteonError as fault:
                notes.append(f"{name}: {fault}")
                continue
            if made is not None:
                tests[key][number] = made
        if notes:
            row["note"] = " ".join(notes)
        rows.append(row)
    for key, made_of in tests.items():
        corrected = holm(made_of.values()) if made_of else ()
        for number, made in zip(made_of, corrected, strict=True):
            difference = made.difference
            rows[number][key] = None if difference is None else plain(difference)
            rows[number] |= {f"{key}_p": made.p, f"{key}_holm": made.adjusted}
    return rows


def _auc(patients: Patients, a: Columns, b: Columns) -> Comparison | None:
    return compare_auc(patients.osteoporosis[a.rows], a.score, b.score)


def _f1(patients: Patients, a: Columns, b: Columns) -> Comparison | None:
    """Exchanges calls of the two within patients; None where one calls nothing."""
    if not (np.isfinite(a.margin).all() and np.isfinite(b.margin).all()):
        return None
    calls_a, calls_b = ((one.margin >= 0).astype(np.float64) for one in (a, b))
    rng = np.random.default_rng(0)
    truth = patients.osteoporosis[a.rows]
    return permutation_test(truth, calls_a, calls_b, f1, permutations=PERMUTATIONS, rng=rng)


def f1(truth: NDArray[np.bool_], calls: NDArray[np.float64]) -> float:
    """F1 of calls that are 1 or 0; 0 where none is called and none is diseased."""
    called = calls > 0.5
    right = float(np.count_nonzero(called & truth))
    return 2 * right / max(float(np.count_nonzero(called) + np.count_nonzero(truth)), 1.0)


def _mae(patients: Patients, a: Columns, b: Columns) -> Comparison | None:
    """Errors of density; None where one gives none."""
    read = patients.bmd[a.rows]
    there = np.isfinite(read) & np.isfinite(a.bmd) & np.isfinite(b.bmd)
    if not there.any():
        return None
    return compare_errors(read[there], a.bmd[there], b.bmd[there], metric="MAE", unit=UNIT)


TESTS: Mapping[str, tuple[str, Callable[[Patients, Columns, Columns], Comparison | None]]] = {
    "auc": ("AUC", _auc),
    "f1": ("F1", _f1),
    "mae": ("density", _mae),
}
"""Tests of a pair, by the key of their difference."""
