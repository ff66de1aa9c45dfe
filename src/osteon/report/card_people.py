"""Who is in a cohort: its columns sorted by what they are, and its people counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .words import is_number

Row = Mapping[str, Any]

SPLITS = {
    "internal": "to train and to validate",
    "unlabelled": "without labels, for learning without a teacher",
    "external": "for the last test only: its devices are seen nowhere inside",
}
"""Meaning of each split, in the order in which they are shown."""

PLACES = ("participant_id", "subject", "site", "split", "fold")
"""Columns that say where a patient belongs, not what the patient is like."""

DEVICES = ("scanner", "sequence", "dxa_device")
"""Columns that repeat what the table of sites says."""

MOST_LEVELS = 8
"""Most different values of a column that is taken for grades or words."""

NO_LABEL = ("missing", "has_", "lacks")
"""Parts of the name of a true-or-false column that tells of the data and not of the patient."""


@dataclass(frozen=True)
class Column:
    """One column of the participants.

    Attributes
    ----------
    name, description, unit : str
        As the data dictionary has them; empty where it is silent.
    kind : {"place", "device", "flag", "grade", "word", "number", "text", "empty"}
        What its values are.
    levels : mapping of str to str
        Meaning of each value, where the dictionary gives it.
    values : sequence
        One value a patient; None where there is none.
    """

    name: str
    description: str
    unit: str
    kind: Literal["place", "device", "flag", "grade", "word", "number", "text", "empty"]
    levels: Mapping[str, str]
    values: Sequence[Any]

    @property
    def known(self) -> list[Any]:
        """Values of the patients who have one."""
        return [value for value in self.values if value is not None]

    def level(self, value: Any) -> str:
        """A value in words."""
        return self.levels.get(str(value), str(value))

    def ordered(self) -> list[Any]:
        """Every different value: as the dictionary orders them, what it does not name last."""
        order = {name: place for place, name in enumerate(self.levels)}
        return sorted(
            set(self.known),
            key=lambda v: (order.get(str(v), len(order)), (v, "") if is_number(v) else (0, str(v))),
        )


class People:
    """The participants of a cohort and their columns.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of ``participants.tsv``, at least one.
    dictionary : mapping
        Description, unit and levels by column.
    label : str or None
        The label that plots tell apart; None for the first true-or-false column.
    """

    def __init__(
        self, rows: Sequence[Row], dictionary: Mapping[str, Any], label: str | None = None
    ) -> None:
        self.rows = rows
        present = dict.fromkeys(name for row in rows for name in row)
        order = [name for name in dictionary if name in present]
        order += [name for name in present if name not in dictionary]
        self.columns = {name: _column(name, rows, dictionary.get(name, {})) for name in order}
        flags = [one.name for one in self.of("flag") if not any(s in one.name for s in NO_LABEL)]
        self.label = self.columns.get(label) if label else None
        if self.label is None and flags:
            self.label = self.columns[flags[0]]

    def of(self, *kinds: str) -> list[Column]:
        """Columns of these kinds, in their order."""
        return [column for column in self.columns.values() if column.kind in kinds]

    def labels(self) -> list[bool | None]:
        """The main label of every patient; None without one."""
        if self.label is None:
            return [None] * len(self.rows)
        return [None if value is None else bool(value) for value in self.label.values]

    def sites(self) -> list[str]:
        """Names of the sites, those that are not external first."""
        outside = {str(row["site"]) for row in self.rows if row.get("split") == "external"}
        names = {str(row["site"]) for row in self.rows if row.get("site") is not None}
        return sorted(names, key=lambda name: (name in outside, name))

    def external(self, site: str) -> bool:
        """Whether a site's patients are for the last test."""
        return any(r.get("split") == "external" and str(r.get("site")) == site for r in self.rows)

    def splits(self) -> list[tuple[str, int, str]]:
        """Name, patients and meaning of each split."""
        counts = Counter(str(row["split"]) for row in self.rows if row.get("split") is not None)
        order = [*SPLITS, *sorted(set(counts) - set(SPLITS))]
        folds = len({row.get("fold") for row in self.rows} - {None})
        means = dict(SPLITS)
        if folds > 1:
            means["internal"] += f" in {folds} folds"
        return [(name, counts[name], means.get(name, "")) for name in order if counts[name]]

    def parts(self) -> list[tuple[str, int, str]]:
        """Split, patients and name of the pieces of a bar: folds one by one, then the rest."""
        made = []
        for split, count, _ in self.splits():
            folds = Counter(row.get("fold") for row in self.rows if row.get("split") == split)
            if split == "internal" and None not in folds and len(folds) > 1:
                named = sorted(folds.items(), key=lambda item: str(item[0]))
                made += [(split, many, f"fold {fold}") for fold, many in named]
            else:
                made.append((split, count, split))
        return made

    def at(self, site: str, split: str) -> int:
        """Patients of a site in a split."""
        return sum(str(r.get("site")) == site and r.get("split") == split for r in self.rows)

    def cases(self, site: str) -> tuple[int, int]:
        """Patients of a site with the label, and patients whose label is known."""
        here = [
            label
            for row, label in zip(self.rows, self.labels(), strict=True)
            if str(row.get("site")) == site and label is not None
        ]
        return sum(here), len(here)


def _column(name: str, rows: Sequence[Row], told: Mapping[str, Any]) -> Column:
    """One column with what the dictionary tells of it; numbers that are none become None."""
    values = [row.get(name) for row in rows]
    values = [None if v == "" or (isinstance(v, float) and not is_number(v)) else v for v in values]
    levels = {str(key): str(text) for key, text in (told.get("levels") or {}).items()}
    return Column(
        name=name,
        description=str(told.get("description") or ""),
        unit=str(told.get("unit") or ""),
        kind=_kind(name, [v for v in values if v is not None], bool(levels)),
        levels=levels,
        values=values,
    )


def _kind(
    name: str, known: Sequence[Any], has_levels: bool
) -> Literal["place", "device", "flag", "grade", "word", "number", "text", "empty"]:
    """What the values of a column are."""
    if name in PLACES:
        return "place"
    if name in DEVICES:
        return "device"
    if not known:
        return "empty"
    if all(isinstance(value, bool) for value in known):
        return "flag"
    few = len(set(map(str, known))) <= MOST_LEVELS
    if all(is_number(value) for value in known):
        whole = all(isinstance(value, int) for value in known)
        return "grade" if whole and few and (has_levels or max(known) < 10) else "number"
    return "word" if few else "text"
