"""The list of everything that Osteon measures, with unit, definition and source."""

from dataclasses import dataclass

from ..core import Method


@dataclass(frozen=True)
class Feature:
    """What a number is.

    Attributes
    ----------
    name : str
        Standard name, as in the tables.
    unit : str
        UCUM unit.
    method : str
        Key of the method that computes it.
    definition : str
        How it is defined, in one sentence.
    source : str
        DOI or standard, and the tag in it where there is one.
    range : str
        Values that occur, in words.
    does_not : str
        What the number does not do.
    """

    name: str
    unit: str
    method: str
    definition: str
    source: str
    range: str
    does_not: str


FEATURES: dict[str, Feature] = {}
"""Every feature by name."""

METHODS: dict[str, Method] = {}
"""Every method of this room by key."""


def enter(*features: Feature) -> None:
    """Add features to the list; each name may stand there once."""
    for feature in features:
        if feature.name in FEATURES:
            raise ValueError(f"{feature.name} stands in the list of features twice")
        FEATURES[feature.name] = feature
