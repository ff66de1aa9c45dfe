"""Who has the disease, what each score says, and whose row it is: columns of a table, checked."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, UnusableTable
from ...evaluate import checked
from ...evaluate.design import check_leakage
from ...io import Table
from .settings import Intervals, usable

Rule = Literal["youden", "sensitivity", "specificity", "prevalence"]

TRUE, FALSE = frozenset({"1", "1.0", "true", "yes"}), frozenset({"0", "0.0", "false", "no"})
"""Cells that say whether a row is diseased, in any case, where no value is named."""


@dataclass(frozen=True)
class DiscriminationSettings:
    """What tells whom from whom.

    Attributes
    ----------
    label : str
        Column of the truth.
    scores : tuple of str
        Columns of scores, higher where disease is likelier unless named in `lower`; the first is
        the reference that the others are tested against.
    lower : tuple of str
        Those of the scores whose lower values mean disease, such as a BMD.
    positive : str or None
        Value of `label` that means disease; 1, true and yes where not given.
    classes : tuple of str
        Values of `label` in the order of `scores`, which are then the probabilities of these
        classes by one model.
    probabilities : bool
        Scores are probabilities of disease: calibration and usefulness are told too.
    clip : float
        Probabilities nearer to 0 or 1 than this are moved there before calibration is judged.
    patient : str or None
        Column that says whose row it is, where a patient has several.
    site : str or None
        Column of sites; figures are told for each.
    split : str or None
        Column that parts rows on which a threshold is chosen from those that are evaluated.
    train : str
        Value of `split` of the rows on which a threshold is chosen.
    rule : str
        How a threshold is chosen: youden, sensitivity, specificity, prevalence.
    target : float or None
        Sensitivity or specificity that the rule asks for.
    intervals : Intervals
        How intervals are made.
    """

    label: str
    scores: tuple[str, ...]
    lower: tuple[str, ...] = ()
    positive: str | None = None
    classes: tuple[str, ...] = ()
    probabilities: bool = False
    clip: float = 0.0
    patient: str | None = None
    site: str | None = None
    split: str | None = None
    train: str = "train"
    rule: Rule = "youden"
    target: float | None = None
    intervals: Intervals = field(default_factory=Intervals)

    def __post_init__(self) -> None:
        """Refuse what cannot be evaluated."""
        if not self.scores:
            raise BadSetting("--scores names no column; give at least one.")
        if len(set(self.scores)) < len(self.scores):
            raise BadSetting(f"a column stands twice among {', '.join(self.scores)}.")
        if unknown := [name for name in self.lower if name not in self.scores]:
            raise BadSetting(f"--lower names '{unknown[0]}', which is none of --scores.")
        if self.lower and (self.probabilities or self.classes):
            raise BadSetting("--lower is for scores; a probability is higher where disease is.")
        if not 0 <= self.clip < 0.5:
            raise BadSetting(f"--clip is 0 to below 0.5; got {self.clip:g}.")
        self._check_unused()
        if self.classes:
            self._check_classes()

    def _check_unused(self) -> None:
        """Refuse what would be left out of account in silence, or be its own truth."""
        if self.label in self.scores:
            raise BadSetting(f"'{self.label}' is the label; name other columns with --scores.")
        if self.clip and not self.probabilities:
            raise BadSetting("--clip is for --probabilities.")
        chosen = self.rule != "youden" or self.target is not None or self.train != "train"
        if chosen and self.split is None:
            raise BadSetting(
                "--rule, --target and --train say how a threshold is chosen on training rows; "
                "--split COLUMN says which these are."
            )

    def _check_classes(self) -> None:
        """Refuse classes that do not fit the scores, and what is for two classes."""
        if len(self.classes) != len(self.scores):
            raise BadSetting(
                f"--classes needs one column of --scores for each class; got {len(self.classes)} "
                f"classes and {len(self.scores)} columns."
            )
        if len(self.classes) < 3:
            raise BadSetting("--classes is for three classes or more; for two name --positive.")
        if len(set(self.classes)) < len(self.classes):
            raise BadSetting(f"a class stands twice among {', '.join(self.classes)}.")
        given = {
            "--positive": self.positive is not None,
            "--probabilities": self.probabilities,
            "--site": self.site is not None,
        }
        if two := [option for option, said in given.items() if said]:
            raise BadSetting(f"{two[0]} is for two classes; leave it out with --classes.")


@dataclass(frozen=True)
class Cases:
    """Rows to evaluate.

    Attributes
    ----------
    labels : ndarray of bool, shape (rows,)
        True where the disease is present.
    scores : dict of str to ndarray of float, shape (rows,)
        Scores by column, turned so that higher means disease.
    patients : ndarray of int, shape (rows,), or None
        Patient of each row; None where each row is its own.
    names : tuple of str
        Pseudonyms of the patients of the rows; empty where there is no such column.
    """

    labels: NDArray[np.bool_]
    scores: dict[str, NDArray[np.float64]]
    patients: NDArray[np.intp] | None
    names: tuple[str, ...]


def parted(table: Table, settings: DiscriminationSettings) -> tuple[Table, Table | None, list[str]]:
    """Rows to evaluate, rows on which thresholds are chosen, and sentences on what was done.

    Raises
    ------
    UnknownName
        If there is no such column.
    UnusableTable
        If values are missing, a patient is on both sides, or a side is empty.
    """
    named = (settings.patient, settings.site, settings.split)
    needed = [settings.label, *settings.scores, *(name for name in named if name)]
    table, left_out = usable(table, needed, settings.intervals.missing)
    told = [left_out] if left_out else []
    if settings.split is None:
        return table, None, told
    sides = table.text(settings.split)
    training = np.array([side == settings.train for side in sides])
    if training.all() or not training.any():
        raise UnusableTable(
            f"column '{settings.split}' must have '{settings.train}' in some rows and another "
            f"value in others; got {', '.join(sorted({str(side) for side in sides}))}."
        )
    if settings.patient is not None:
        check_leakage(table.text(settings.patient), sides)
    judged = ", ".join(sorted({f"'{side}'" for side in sides if side != settings.train}))
    told.append(
        f"{int((~training).sum())} rows ({judged}) were evaluated; the other {int(training.sum())} "
        f"('{settings.train}') only chose thresholds."
    )
    return table.only(~training), table.only(training), told


def cases(table: Table, settings: DiscriminationSettings) -> Cases:
    """The columns of a table, checked.

    Raises
    ------
    UnusableTable
        One class only, a constant score, probabilities outside 0–1, one patient.
    """
    labels = checked.truth(diseased(table, settings), settings.label)
    check = checked.probabilities if settings.probabilities else checked.numbers
    scores = {name: check(table.numbers(name), name) for name in settings.scores}
    for name, values in scores.items():
        checked.varying(values, name)
        if name in settings.lower:
            scores[name] = -values
    if settings.patient is None:
        return Cases(labels, scores, None, ())
    names = tuple(str(cell) for cell in table.text(settings.patient))
    patients = checked.groups(names, settings.patient)
    several = len(np.unique(patients)) < labels.size
    return Cases(labels, scores, patients if several else None, names)


def diseased(table: Table, settings: DiscriminationSettings) -> NDArray[np.bool_]:
    """True where the disease is present.

    Raises
    ------
    UnusableTable
        If a cell says neither, or no row has the value that means disease.
    """
    cells = [str(cell) for cell in table.text(settings.label)]
    if settings.positive is not None:
        if settings.positive not in cells:
            raise UnusableTable(
                f"no row of column '{settings.label}' is '{settings.positive}'; there are "
                f"{', '.join(sorted(set(cells))[:10])}."
            )
        return np.array([cell == settings.positive for cell in cells])
    odd = [row for row, cell in enumerate(cells) if cell.lower() not in TRUE | FALSE]
    if odd:
        raise UnusableTable(
            f"column '{settings.label}' must be 1 or 0; row {odd[0] + 1} has '{cells[odd[0]]}'. "
            "Name the value that means disease with --positive."
        )
    return np.array([cell.lower() in TRUE for cell in cells])
