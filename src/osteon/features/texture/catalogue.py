"""What each texture feature is: its name, its four-letter code, its unit."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ...core import UnknownName

AGGREGATIONS = {
    "2D_avg": ("2D, averaged", "BTW3"),
    "2D_comb": ("2D, slice-merged", "SUJT"),
    "2_5D_avg": ("2.5D, direction-merged", "JJUI"),
    "2_5D_comb": ("2.5D, merged", "ZW7Z"),
    "3D_avg": ("3D, averaged", "ITBB"),
    "3D_comb": ("3D, merged", "IAZD"),
    "2D": ("2D", "8QNN"),
    "2_5D": ("2.5D", "62GR"),
    "3D": ("3D", "KOBO"),
}
"""Name and four-letter code of each aggregation, by the ending of a tag."""

_ATOM = re.compile(r"(\[[^\]]*\]|[A-Za-z%]+)(\d*)")
"""One unit and its power."""

_ENDING = re.compile(r"_((?:2D|2_5D|3D)(?:_avg|_comb)?)$")


@dataclass(frozen=True)
class Entry:
    """One texture feature.

    Attributes
    ----------
    tag : str
        As in the tables of reference values, such as ``cm_contrast_3D_avg``.
    name : str
        Name in IBSI 1.
    code : str
        Its four-letter code there.
    family : str
        One of the families of `measure_texture`.
    unit : str
        UCUM unit; ``{image}`` is the unit of the grey values.
    aggregation, aggregation_code : str
        How matrices were brought together and its code, or ``""``.
    """

    tag: str
    name: str
    code: str
    family: str
    unit: str
    aggregation: str = ""
    aggregation_code: str = ""


def entry(tag: str) -> Entry:
    """What the feature of a tag is.

    Parameters
    ----------
    tag : str
        Key of what `measure_texture` gives back.

    Returns
    -------
    Entry
        Its name, code and unit.

    Raises
    ------
    UnknownName
        If no feature has this tag.
    """
    ending = _ENDING.search(tag)
    found = _entries().get(tag[: ending.start()] if ending else tag)
    if found is None or bool(ending) != (found.family in MATRICES):
        raise UnknownName(f"no texture feature has the tag '{tag}'.")
    aggregation, code = AGGREGATIONS[ending.group(1)] if ending else ("", "")
    return Entry(tag, found.name, found.code, found.family, found.unit, aggregation, code)


def features_of(family: str) -> tuple[str, ...]:
    """Tags of a family's features, without the ending of an aggregation, in their order.

    Parameters
    ----------
    family : str
        A family of the catalogue; any other has no features.

    Returns
    -------
    tuple of str
        Such as ``cm_contrast``.
    """
    return tuple(tag for tag, one in _entries().items() if one.family == family)


def unit_in(unit: str, image: str) -> str:
    """A feature's unit where grey values have the unit `image`, all in UCUM.

    Parameters
    ----------
    unit : str
        As in the catalogue, such as ``{image}2``.
    image : str
        Unit of the grey values; ``1`` is none.

    Returns
    -------
    str
        Such as ``mg2/cm6``.
    """
    if image == "1":
        return unit.replace("{image}.", "").replace("{image}2", "1").replace("{image}", "1")
    squared = _ATOM.sub(lambda atom: f"{atom[1]}{2 * int(atom[2] or 1)}", image)
    return unit.replace("{image}2", squared).replace("{image}", image)


MATRICES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
"""Families whose features come in several aggregations."""


@cache
def _entries() -> dict[str, Entry]:
    """Features by tag without its ending."""
    text = resources.files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    return {
        tag: Entry(tag, row["name"], row["code"], family, row["unit"])
        for family, rows in tomllib.loads(text).items()
        for tag, row in rows.items()
    }
