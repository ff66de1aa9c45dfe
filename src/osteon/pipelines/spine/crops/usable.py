"""Which vertebrae are read, and which are left out as a densitometer's user would."""

from collections.abc import Iterable, Mapping

UNUSABLE = {
    "metal": "metal in or beside it",
    "cement-or-sclerosis": "cement or dense sclerosis in it",
    "cut-by-field-of-view": "the field of view cuts it",
}
"""Flags with which a vertebra is not read, in words."""

DEFORMED = "-deformity-suspected"
"""How flags of suspected fractures end."""

ENOUGH = 2
"""Vertebrae from which on one that may be fractured is left out: densitometry needs two."""


def left_out(flags: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Levels that are not read, and why.

    Parameters
    ----------
    flags : mapping of str to codes of flags
        By level, of every vertebra that was cut.

    Returns
    -------
    dict of str to str
        Vertebrae with metal, cement, or cut by the field of view; those that may be fractured
        where `ENOUGH` others remain.
    """
    found: dict[str, str] = {}
    broken = []
    for level, codes in flags.items():
        told = list(codes)
        if reasons := [UNUSABLE[code] for code in told if code in UNUSABLE]:
            found[level] = " and ".join(dict.fromkeys(reasons))
        elif deformed(told):
            broken.append(level)
    if len(flags) - len(found) - len(broken) >= ENOUGH:
        found |= dict.fromkeys(broken, "its shape is that of a fracture")
    return found


def deformed(codes: Iterable[str]) -> bool:
    """Whether flags say that a vertebra may be fractured."""
    return any(code.endswith(DEFORMED) for code in codes)
