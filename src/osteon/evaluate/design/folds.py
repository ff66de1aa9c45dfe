"""Folds of whole patients: balanced by class, by site, and nested."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...core import BadSetting, UnusableTable
from ..checked import Codes
from .names import named, spellings
from .splits import NestedSplits, Splits

Column = Sequence[Any] | ArrayLike


def patient_splits(
    patients: Column, *, folds: int = 5, labels: Column | None = None, seed: int
) -> Splits:
    """Folds of whole patients, each class spread evenly over them.

    Patients of every class, and all patients, differ by at most one between two folds; of such
    folds, those with the more even number of rows are taken. The order of the rows does not matter.

    Parameters
    ----------
    patients : array_like of shape (rows,)
        Patient of each row; names that differ in case, blanks or leading zeros only are one.
    folds : int
        Folds, at least 2.
    labels : array_like of shape (rows,), optional
        Class of each row; a patient may have rows of several.
    seed : int
        Seed of the draw, at least 0.

    Returns
    -------
    Splits
        Fold of each row and patient.

    Raises
    ------
    UnusableTable
        If there are fewer patients than folds, or a fold would lack a class.
    BadSetting
        If there are fewer than two folds, or the seed is negative.
    """
    _check_draw(folds, seed)
    names, given = named(patients, "patients")
    people, first, code = np.unique(names, return_index=True, return_inverse=True)
    if people.size < folds:
        raise UnusableTable(
            f"{people.size} patients cannot make {folds} folds; ask for at most {people.size}."
        )
    classes, kind = _classes(labels, len(names))
    strata = _strata(code, kind, people.size)
    rows = np.bincount(code)
    fold = _dealt(strata, rows, folds, np.random.default_rng(seed))
    held = _held(fold[code], kind, len(classes), folds)
    _check_held(classes, held, (code, kind), folds)
    balanced = ", stratified by class" if labels is not None else ""
    return Splits(
        fold=fold[code],
        names=tuple(str(n + 1) for n in range(folds)),
        unit="patient",
        patients={given[at]: int(of) for at, of in zip(first, fold, strict=True)},
        classes=dict(zip(classes, held, strict=True)) if labels is not None else {},
        seed=seed,
        method=f"{folds}-fold cross-validation, split by patient{balanced}",
        note=spellings(names, given, "patient"),
    )


def site_splits(patients: Column, sites: Column) -> Splits:
    """Folds that leave out one site each.

    Parameters
    ----------
    patients : array_like of shape (rows,)
        Patient of each row.
    sites : array_like of shape (rows,)
        Site of each row; names that differ in case, blanks or leading zeros only are one.

    Returns
    -------
    Splits
        One fold a site, in the order of their names.

    Raises
    ------
    UnusableTable
        If there is one site only, or a patient was seen at two: leaving out one of them would
        leave the patient on both sides.
    """
    names, given = named(patients, "patients")
    places, spelled = named(sites, "sites")
    if len(names) != len(places):
        raise UnusableTable(
            f"columns must have the same number of rows; got 'patients' {len(names)}, 'sites' "
            f"{len(places)}."
        )
    found, where, code = np.unique(places, return_index=True, return_inverse=True)
    if found.size < 2:
        raise UnusableTable(f"'sites' names '{spelled[0]}' only; leaving one out needs two.")
    people, first, who = np.unique(names, return_index=True, return_inverse=True)
    met = np.unique(np.column_stack((who, code)), axis=0)[:, 0]
    twice = np.flatnonzero(np.bincount(met) > 1)
    if twice.size:
        at = sorted({spelled[row] for row in np.flatnonzero(who == twice[0])})
        raise UnusableTable(
            f"{twice.size} of {people.size} patients were seen at two sites or more, the first is "
            f"'{given[first[twice[0]]]}' ({', '.join(at)}); give each one site, or, where they are "
            "different people, put the site into the name."
        )
    notes = (spellings(places, spelled, "site"), spellings(names, given, "patient"))
    return Splits(
        fold=code.astype(np.intp),
        names=tuple(spelled[at] for at in where),
        unit="site",
        patients={given[at]: int(code[at]) for at in first},
        classes={},
        seed=None,
        method=f"leave one site out, {found.size} sites",
        note=" ".join(note for note in notes if note),
    )


def nested_splits(
    patients: Column,
    outer: int = 5,
    inner: int = 5,
    labels: Column | None = None,
    *,
    seed: int,
) -> NestedSplits:
    """Folds for testing, and in the training part of each, folds for choosing settings.

    Parameters
    ----------
    patients, labels : array_like of shape (rows,)
        As for `patient_splits`.
    outer, inner : int
        Folds, at least 2 each.
    seed : int
        Seed of the draw, at least 0.

    Returns
    -------
    NestedSplits
        Outer and inner folds, whole patients in both.

    Raises
    ------
    UnusableTable, BadSetting
        As `patient_splits`, for the whole and for the training part of each outer fold.
    """
    tested = patient_splits(patients, folds=outer, labels=labels, seed=seed)
    names = np.asarray(named(patients, "patients")[0])
    kinds = None if labels is None else np.asarray(labels)
    seeds = np.random.SeedSequence(seed).generate_state(outer)
    found = np.full((outer, names.size), -1, np.intp)
    for fold in range(outer):
        kept = tested.train(fold)
        part = None if kinds is None else kinds[kept]
        try:
            chosen = patient_splits(names[kept], folds=inner, labels=part, seed=int(seeds[fold]))
        except UnusableTable as fault:
            raise UnusableTable(f"inner folds of outer fold {fold + 1}: {fault}") from None
        found[fold, kept] = chosen.fold
    return NestedSplits(tested, found, inner)


def _check_draw(folds: int, seed: int) -> None:
    """Refuse folds and seeds that there are not."""
    if folds < 2:
        raise BadSetting(f"cross-validation needs at least 2 folds; got {folds}.")
    if seed < 0:
        raise BadSetting(f"a seed is at least 0; got {seed}.")


def _classes(labels: Column | None, rows: int) -> tuple[list[str], Codes]:
    """Names of the classes, and the class of each row."""
    if labels is None:
        return ["all"], np.zeros(rows, np.intp)
    kinds, given = named(labels, "labels")
    if len(kinds) != rows:
        raise UnusableTable(
            f"columns must have the same number of rows; got 'patients' {rows}, 'labels' "
            f"{len(kinds)}."
        )
    _, first, kind = np.unique(kinds, return_index=True, return_inverse=True)
    return [given[at] for at in first], kind.astype(np.intp)


def _strata(code: Codes, kind: Codes, people: int) -> Codes:
    """Number of the set of classes that each patient's rows have."""
    pairs = np.unique(np.column_stack((code, kind)), axis=0)
    ends = np.cumsum(np.bincount(pairs[:, 0], minlength=people))[:-1]
    sets = [tuple(part.tolist()) for part in np.split(pairs[:, 1], ends)]
    numbered = {one: n for n, one in enumerate(sorted(set(sets)))}
    return np.array([numbered[one] for one in sets], np.intp)


def _dealt(strata: Codes, rows: Codes, folds: int, rng: np.random.Generator) -> Codes:
    """Fold of each patient: each stratum is dealt out, the patients with most rows first.

    The patients left over at the end of a stratum go to the folds that have fewest, so that
    neither the patients of a stratum nor all of them ever differ by more than one.
    """
    fold = np.full(strata.size, -1, np.intp)
    order = rng.permutation(strata.size)
    order = order[np.lexsort((-rows[order], strata[order]))]
    held, filled = np.zeros(folds, np.intp), np.zeros(folds, np.intp)
    ends = np.cumsum(np.bincount(strata))[:-1]
    for members in np.split(order, ends):
        for start in range(0, members.size, folds):
            hand = members[start : start + folds]
            to = np.lexsort((rng.random(folds), filled, held))[: hand.size]
            fold[hand] = to
            held[to] += 1
            filled[to] += rows[hand]
    return fold


def _held(fold: Codes, kind: Codes, classes: int, folds: int) -> list[tuple[int, ...]]:
    """Rows of each class in each fold."""
    counts = np.bincount(kind * folds + fold, minlength=classes * folds).reshape(classes, folds)
    return [tuple(int(n) for n in row) for row in counts]


def _check_held(
    classes: list[str], held: list[tuple[int, ...]], rows: tuple[Codes, Codes], folds: int
) -> None:
    """Refuse folds without a class: no AUC can be worked out in them."""
    code, kind = rows
    for n, (name, counts) in enumerate(zip(classes, held, strict=True)):
        if 0 in counts:
            people = np.unique(code[kind == n]).size
            raise UnusableTable(
                f"fold {counts.index(0) + 1} of {folds} would hold no row of class '{name}', which "
                f"{people} patients have; ask for fewer folds, or put rare classes together."
            )
