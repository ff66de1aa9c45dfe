"""Tags of the features that a region should have, told before any is measured."""

from collections.abc import Iterable
from difflib import get_close_matches

from ...core import UnknownName
from .beside import beside_entry
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

CATALOGUED = (
    "morphology",
    "local_intensity",
    "statistics",
    "histogram",
    "intensity_volume",
    *MATRICES,
)
"""Families as the catalogue has them."""

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


def family_of(tag: str) -> str:
    """The family of `measure_texture` that gives a tag.

    Raises
    ------
    UnknownName
        If no feature has this tag.
    """
    return "autocorrelation" if tag in PAIRED else entry(tag).family


def mapped_tag(name: str) -> str:
    """The full tag of a feature that is to be mapped.

    Parameters
    ----------
    name : str
        A tag; where matrices have directions or dimensions, its ending may be left out.

    Returns
    -------
    str
        ``cm_contrast_3D_comb`` for ``cm_contrast``, ``szm_sze_3D`` for ``szm_sze``.

    Raises
    ------
    UnknownName
        If there is no such feature.
    """
    if beside_entry(name) is not None:
        return name
    short = {tag: family for family in CATALOGUED for tag in features_of(family)}
    if name in short and short[name] in MATRICES:
        return f"{name}_3D_comb" if short[name] in DIRECTED else f"{name}_3D"
    try:
        return entry(name).tag
    except UnknownName:
        close = get_close_matches(name, short, 1, 0.6)
        told = f"; the nearest is '{close[0]}'" if close else ", such as cm_contrast or stat_mean"
        raise UnknownName(f"no texture feature is called '{name}'{told}.") from None
