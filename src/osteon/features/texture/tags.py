"""Tags of the features that a region should have, told before any is measured."""

from collections.abc import Iterable

from .catalogue import MATRICES, entry, features_of
from .settings import Dimension

PAIRED = frozenset({"morph_moran_i", "morph_geary_c"})
"""Features of morphology that look at pairs of voxels: the family ``"autocorrelation"``."""

ENDINGS: dict[Dimension, tuple[str, tuple[str, ...]]] = {
    "2D": ("2D", ("2D_avg", "2D_comb")),
    "2.5D": ("2_5D", ("2_5D_avg", "2_5D_comb")),
    "3D": ("3D", ("3D_avg", "3D_comb")),
}
"""Endings of each dimension: where nothing has a direction, and where matrices have one."""

DIRECTED = ("glcm", "glrlm")
"""Families whose matrices have directions, which are averaged or merged."""


def expected_tags(families: Iterable[str], dimensions: Iterable[Dimension]) -> tuple[str, ...]:
    """Tags of `measure_texture` for these families, whether a region has each of them or not.

    Parameters
    ----------
    families : iterable of str
        Of `FAMILIES`; names that are none of them have no tags.
    dimensions : iterable of {"2D", "2.5D", "3D"}
        Where matrices look for neighbours.

    Returns
    -------
    tuple of str
        Family by family.
    """
    asked = tuple(dimensions)
    return tuple(tag for family in families for tag in _tags(family, asked))


def family_of(tag: str) -> str:
    """The family of `measure_texture` that a tag comes from.

    Raises
    ------
    UnknownName
        If no feature has this tag.
    """
    return "autocorrelation" if tag in PAIRED else entry(tag).family


def _tags(family: str, dimensions: tuple[Dimension, ...]) -> list[str]:
    if family == "autocorrelation":
        return [tag for tag in features_of("morphology") if tag in PAIRED]
    found = [tag for tag in features_of(family) if tag not in PAIRED]
    if family not in MATRICES:
        return found
    endings: list[str] = []
    for dimension in dimensions:
        alone, directed = ENDINGS[dimension]
        endings += directed if family in DIRECTED else (alone,)
    return [f"{tag}_{ending}" for ending in endings for tag in found]
