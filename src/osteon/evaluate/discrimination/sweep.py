"""Cases and controls called positive at every threshold, from the highest score down."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core import UnusableTable
from ..checked import Codes, Numbers, Truth, groups, same_rows, truth, varying


@dataclass(frozen=True)
class Sweep:
    """Rows in falling order of their score, so that all thresholds are met in one pass.

    Attributes
    ----------
    thresholds : ndarray of float, shape (thresholds,)
        The different scores, falling; a row is called positive at its score and below.
    order : ndarray of int, shape (rows,)
        Rows from the highest score to the lowest.
    last : ndarray of int, shape (thresholds,)
        Where in `order` the last row of each threshold stands.
    case : ndarray of bool, shape (rows,)
        Whether the row at each place of `order` is a case.
    """

    thresholds: Numbers
    order: Codes
    last: Codes
    case: Truth

    def called(self, weights: NDArray[Any] | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Cases and controls called positive at each threshold.

        Parameters
        ----------
        weights : ndarray of int, shape (rows,), optional
            How often each row counts, in the rows' own order; once if None.

        Returns
        -------
        cases, controls : ndarray of int, shape (thresholds,)
        """
        many = np.ones(self.case.size, np.int64) if weights is None else weights[self.order]
        cases = np.cumsum(np.where(self.case, many, 0), dtype=np.int64)
        controls = np.cumsum(np.where(self.case, 0, many), dtype=np.int64)
        return cases[self.last], controls[self.last]


def swept(labels: Truth, scores: Numbers) -> Sweep:
    """The rows in falling order of their scores."""
    order = np.argsort(-scores, kind="stable").astype(np.intp)
    falling = scores[order]
    last = np.append(np.flatnonzero(np.diff(falling)), falling.size - 1).astype(np.intp)
    return Sweep(falling[last], order, last, labels[order])


def scored(labels: ArrayLike, scores: ArrayLike, name: str = "scores") -> tuple[Truth, Numbers]:
    """Labels and scores that a curve can be drawn from.

    Raises
    ------
    UnusableTable
        If labels are not 0 and 1 with both met, scores are not finite numbers or all equal, or
        their rows differ in number.
    """
    case, column = truth(labels, "labels"), varying(scores, name)
    if case.size != column.size:
        raise UnusableTable(
            f"'labels' has {case.size} rows and '{name}' {column.size}; give equal."
        )
    return case, column


def rectangle(values: ArrayLike, name: str) -> Numbers:
    """Numbers in rows of the same length.

    Raises
    ------
    UnusableTable
        If there is text among them, or rows differ in length.
    """
    try:
        table = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise UnusableTable(f"'{name}' must be numbers, as many in every row.") from None
    if table.ndim != 2 or table.shape[1] == 0:
        raise UnusableTable(f"'{name}' must have rows and columns; got shape {table.shape}.")
    return table


def independent(clusters: ArrayLike | None, labels: Truth, least: int = 2) -> Codes:
    """Cluster of every row, every row its own if `clusters` is None.

    Raises
    ------
    UnusableTable
        If cases, or controls, come from fewer than `least` clusters.
    """
    if clusters is None:
        codes: Codes = np.arange(labels.size, dtype=np.intp)
        unit = "rows"
    else:
        codes, unit = groups(clusters, "clusters"), "clusters"
        same_rows(labels=labels, clusters=codes)
    for name, members in (("diseased", codes[labels]), ("not diseased", codes[~labels])):
        found = np.unique(members).size
        if found < least:
            raise UnusableTable(
                f"the {name} come from {found} of {codes.max() + 1} {unit}; an interval needs "
                f"at least {least} {unit} with such rows."
            )
    return codes
