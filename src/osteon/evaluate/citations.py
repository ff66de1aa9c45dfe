"""The publications behind the methods, as a report prints them."""

import tomllib
from functools import cache
from importlib.resources import files

from ..core import UnknownName


def citation(doi: str) -> str:
    """Authors, title, journal or publisher, year, volume and pages of a publication.

    Parameters
    ----------
    doi : str
        As an `Estimate` or a `Comparison` holds it, without ``https://doi.org/``.

    Returns
    -------
    str
        One line that ends with a full stop; the DOI is not in it.

    Raises
    ------
    UnknownName
        If no method of this package is published there.
    """
    known = _citations()
    if doi not in known:
        raise UnknownName(
            f"DOI '{doi}' is of none of the {len(known)} publications that osteon.evaluate cites; "
            "write it as an estimate's doi holds it."
        )
    return known[doi]


@cache
def _citations() -> dict[str, str]:
    """Citations by DOI."""
    data = files(__package__) / "data" / "citations.toml"
    return tomllib.loads(data.read_text(encoding="utf-8"))
