"""What a label number of a vertebra means, in the numberings that are in use."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core import EmptyRegion, Labels, UnknownName

LEVELS = (
    *(f"C{n}" for n in range(1, 8)),
    *(f"T{n}" for n in range(1, 14)),
    *(f"L{n}" for n in range(1, 7)),
    "S1",
)
"""Vertebral levels from head to tail; T13 and L6 occur in some people."""

TOTALSEGMENTATOR = {
    26: "S1",
    **{27 + n: f"L{5 - n}" for n in range(5)},
    **{32 + n: f"T{12 - n}" for n in range(12)},
    **{44 + n: f"C{7 - n}" for n in range(7)},
}
"""Task "total" of TotalSegmentator v2 (doi:10.1148/ryai.230024)."""

VERSE = {
    **{n: f"C{n}" for n in range(1, 8)},
    **{7 + n: f"T{n}" for n in range(1, 13)},
    **{19 + n: f"L{n}" for n in range(1, 7)},
    26: "S1",
    28: "T13",
}
"""VerSe, also used by TPTBox and SPINEPS (doi:10.1016/j.media.2021.102166)."""

NUMBERINGS: Mapping[str, Mapping[int, str]] = {
    "TotalSegmentator": TOTALSEGMENTATOR,
    "VerSe": VERSE,
}
"""Numberings known by name."""

LAST_NECK = 7
"""Label of the lowest vertebra of the neck in VerSe's numbering."""

TOTALSEGMENTATOR_LAST = 117
"""Largest label of TotalSegmentator's task "total"."""


@dataclass(frozen=True)
class NamedLevels:
    """The vertebrae of a label map.

    Attributes
    ----------
    numbering : str
        Name of the numbering, ``"given"`` for a mapping of the user's, or ``"by name"`` for
        labels that bring the names of their levels.
    levels : mapping of str to int
        Label number of each level found, head to tail.
    """

    numbering: str
    levels: Mapping[str, int]


def name_levels(
    labels: Labels,
    *,
    numbering: str | None = None,
    mapping: Mapping[int, str] | None = None,
) -> NamedLevels:
    """Find which level each label number is.

    Parameters
    ----------
    labels : Labels of shape (i, j, k)
        Vertebra labels; other structures may be among them.
    numbering : str, optional
        Name from NUMBERINGS; taken from the names of the labels, or else recognised from the
        numbers present, where it is not given.
    mapping : mapping of int to str, optional
        Level of each label number; goes before `numbering`.

    Returns
    -------
    NamedLevels
        Levels present, head to tail.

    Raises
    ------
    EmptyRegion
        If no label is a vertebra.
    UnknownName
        If a name is not known, or the numbers fit no numbering or more than one.
    """
    present = frozenset(int(n) for n in np.unique(labels.values)) - {0}
    if not present:
        raise EmptyRegion("the label file has no labelled voxel; give one with vertebrae.")
    if mapping is not None:
        names, numbering = _checked(mapping), "given"
    elif labels.names and numbering is None:
        names, numbering = _checked(labels.names), "by name"
    else:
        numbering = numbering or _recognise(present)
        if numbering not in NUMBERINGS:
            raise UnknownName(
                f"no numbering is called '{numbering}'; there are {sorted(NUMBERINGS)}. "
                "For any other, give a mapping file with --level-map."
            )
        names = NUMBERINGS[numbering]
    found = {name: number for number, name in names.items() if number in present}
    if not found:
        raise EmptyRegion(
            f"none of the labels {_short(present)} is a vertebra in the numbering {numbering}. "
            "Give another --numbering, or a mapping file with --level-map."
        )
    return NamedLevels(numbering, {name: found[name] for name in LEVELS if name in found})


def _checked(mapping: Mapping[int, str]) -> Mapping[int, str]:
    if unknown := sorted(set(mapping.values()) - set(LEVELS)):
        raise UnknownName(f"no vertebral level is called {unknown}; there are C1 … C7, T1 … S1.")
    if len(set(mapping.values())) < len(mapping):
        raise UnknownName("the level map gives one level to two label numbers; each may have one.")
    return mapping


def _recognise(present: frozenset[int]) -> str:
    """Name the one numbering that the numbers present allow."""
    if present == {1}:
        raise UnknownName(
            "the label file has the single label 1, which does not say which vertebra it is. "
            'Give a mapping file with --level-map, for example {"1": "L1"}.'
        )
    whole_body = any(28 < n <= 100 for n in present) and max(present) <= TOTALSEGMENTATOR_LAST
    if whole_body and present & TOTALSEGMENTATOR.keys():
        return "TotalSegmentator"
    if present == frozenset(range(1, len(present) + 1)) and len(present) <= LAST_NECK:
        raise UnknownName(
            f"labels {_short(present)} may be vertebrae counted from 1, or the neck; for the neck "
            "say --numbering VerSe, otherwise give a mapping file with --level-map, for example "
            '{"1": "L1", "2": "L2"}.'
        )
    # VerSe counts to 28; TPTBox adds endplates and discs as 100 + n and 200 + n.
    spine_only = all(n % 100 <= 28 for n in present)
    if spine_only and any(n in VERSE for n in present) and min(present) < 25:
        return "VerSe"
    if present <= frozenset(range(25, 29)):
        raise UnknownName(
            f"labels {_short(present)} occur in two numberings (L4–S1 in TotalSegmentator, sacrum "
            "and T13 in VerSe); say which with --numbering."
        )
    raise UnknownName(
        f"labels {_short(present)} fit no numbering known ({', '.join(NUMBERINGS)}). "
        'Give a mapping file with --level-map, for example {"1": "L1", "2": "L2"}.'
    )


def _short(numbers: frozenset[int]) -> str:
    ordered = sorted(numbers)
    return str(ordered) if len(ordered) <= 8 else f"{ordered[:4]} … {ordered[-2:]}"
