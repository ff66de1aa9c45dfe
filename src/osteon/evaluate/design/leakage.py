"""No patient may be on two sides of a split."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from ...core import BadSetting, UnusableTable
from .names import named, plain


def check_leakage(
    patients: Mapping[str, Sequence[Any]] | Sequence[Any] | ArrayLike,
    splits: Sequence[Any] | ArrayLike | None = None,
    *,
    contents: Sequence[Any] | ArrayLike | None = None,
) -> None:
    """Refuse a split in which a patient, or the same data, is on two sides.

    Parameters
    ----------
    patients : array_like of shape (rows,), or mapping of str to sequence
        Patient of each row; or the patients of each side by its name, without `splits`.
    splits : array_like of shape (rows,), optional
        Side of each row, such as ``"train"`` and ``"test"``.
    contents : array_like of shape (rows,), optional
        What tells the data of a row from others, such as the SHA-256 of its image: finds the
        patient who is in the table twice under two names. Empty cells are left out.

    Raises
    ------
    UnusableTable
        If a patient is on two sides (names that differ in case, blanks or leading zeros only are
        one patient), data are on two sides, a side is empty, there is one side only, or a row
        names no patient.
    BadSetting
        If `splits` is missing, or given beside a mapping.
    """
    people, sides = _columns(patients, splits)
    if len(people) != len(sides):
        raise UnusableTable(
            f"columns must have the same number of rows; got 'patients' {len(people)}, 'splits' "
            f"{len(sides)}."
        )
    names, given = named(people, "patients")
    where, spelled = named(sides, "splits")
    if len(set(where)) < 2:
        raise UnusableTable(f"'splits' names one side only, '{spelled[0]}'; at least 2 are needed.")
    _one_side("patients", (names, given), (where, spelled))
    if contents is not None:
        _check_contents(contents, where, spelled)


def _columns(
    patients: Mapping[str, Sequence[Any]] | Sequence[Any] | ArrayLike,
    splits: Sequence[Any] | ArrayLike | None,
) -> tuple[list[Any], list[Any]]:
    """Patient and side of each row, whichever way they were given."""
    if isinstance(patients, Mapping):
        if splits is not None:
            raise BadSetting("give either a mapping of sides to patients, or two columns.")
        empty = [side for side, members in patients.items() if len(members) == 0]
        if empty:
            raise UnusableTable(f"'{empty[0]}' holds no patient; every side needs one.")
        pairs = [(one, side) for side, members in patients.items() for one in members]
        return [one for one, _ in pairs], [side for _, side in pairs]
    if splits is None:
        raise BadSetting("the sides are missing; give a column 'splits' beside the patients.")
    return list(patients), list(splits)  # type: ignore[arg-type]


def _check_contents(
    contents: Sequence[Any] | ArrayLike, where: Sequence[str], spelled: Sequence[str]
) -> None:
    """Refuse the same data on two sides."""
    cells = list(contents)  # type: ignore[arg-type]
    if len(cells) != len(where):
        raise UnusableTable(
            f"columns must have the same number of rows; got 'contents' {len(cells)}, 'splits' "
            f"{len(where)}."
        )
    kept = [row for row, cell in enumerate(cells) if plain(cell)]
    names = [str(cells[row]).strip().casefold() for row in kept]
    shown = [f"row {row + 1}" for row in kept]
    sides = [where[row] for row in kept], [spelled[row] for row in kept]
    _one_side("contents", (names, shown), sides)


def _one_side(
    column: str,
    units: tuple[Sequence[str], Sequence[str]],
    sides: tuple[Sequence[str], Sequence[str]],
) -> None:
    """Refuse units that are met on two sides; told are the first of them and how many there are."""
    met: dict[str, dict[str, str]] = {}
    shown: dict[str, str] = {}
    for name, given, side, spelled in zip(*units, *sides, strict=True):
        shown.setdefault(name, given)
        met.setdefault(name, {}).setdefault(side, spelled)
    odd = [name for name, found in met.items() if len(found) > 1]
    if not odd:
        return
    first = " and ".join(f"'{side}'" for side in met[odd[0]].values())
    what = f"patient '{shown[odd[0]]}'" if column == "patients" else f"the data of {shown[odd[0]]}"
    raise UnusableTable(
        f"{len(odd)} of {len(met)} {column} are on two sides or more (leakage): {what} is in "
        f"{first}. Split again by patient, with one row of each image."
    )
