"""Sites of a cohort: who scans with what, and which of them is never seen in training."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from ...core import BadSetting

FIELDS = {
    "knee": ("scanner", "sequence"),
    "spine": ("scanner", "dxa_device"),
    "bone": (),
}
"""What a site of each kind of cohort must name."""

OPTIONAL = ("external", "share", "drift_years", "scanner_changes")
"""What a site may say beyond that."""


@dataclass(frozen=True)
class Site:
    """One hospital.

    Attributes
    ----------
    name : str
        Name, such as ``"A"``.
    external : bool
        True where its patients are kept for the last test.
    share : float
        Its patients, relative to the other sites; above 0.
    scanner : str
        CT profile; ``""`` where the cohort has no CT.
    sequence : str
        MR profile; ``""`` where there is no MR.
    dxa_device : str
        DXA device; ``""`` where there is no DXA.
    drift_years : float
        Years over which its patients were scanned: scanner and DXA device drift meanwhile.
    scanner_changes : mapping of str to object
        Fields of the CT profile that differ here.
    """

    name: str
    external: bool = False
    share: float = 1.0
    scanner: str = ""
    sequence: str = ""
    dxa_device: str = ""
    drift_years: float = 4.0
    scanner_changes: Mapping[str, Any] = field(default_factory=dict)


def default_sites(kind: str) -> tuple[Site, ...]:
    """Three internal sites and an external one whose devices are seen nowhere inside."""
    text = (files(__package__) / "data" / f"{kind}_sites.toml").read_text(encoding="utf-8")
    return sites_of(kind, tomllib.loads(text))


def sites_of(kind: str, table: Mapping[str, Any]) -> tuple[Site, ...]:
    """Sites of a TOML table ``[sites.NAME]``.

    Parameters
    ----------
    kind : {"knee", "spine", "bone"}
        Kind of cohort.
    table : mapping
        What the file says.

    Returns
    -------
    tuple of Site
        In the order of the file.

    Raises
    ------
    BadSetting
        If there is no site, a site lacks a device, or says something that no site has.
    """
    named = table.get("sites")
    if odd := sorted(set(table) - {"sites"}):
        raise BadSetting(f"the file of sites holds only tables [sites.NAME]; got '{odd[0]}'.")
    if not isinstance(named, Mapping) or not named:
        raise BadSetting(
            "the file of sites has no table [sites.NAME]; see the default in the docs."
        )
    return tuple(_site(kind, str(name), fields) for name, fields in named.items())


def _site(kind: str, name: str, fields: object) -> Site:
    """One site of the file."""
    if not isinstance(fields, Mapping):
        raise BadSetting(f"site {name} must be a table [sites.{name}]; got {fields!r}.")
    known = (*FIELDS[kind], *OPTIONAL)
    if odd := sorted(set(fields) - set(known)):
        raise BadSetting(
            f"site {name} of a {kind} cohort knows no {odd[0]}; it has {', '.join(known)}."
        )
    if lacking := [key for key in FIELDS[kind] if not isinstance(fields.get(key), str)]:
        raise BadSetting(f"site {name} of a {kind} cohort must name its {lacking[0]}.")
    site = Site(name, **fields)
    if not _number(site.share) or site.share <= 0:
        raise BadSetting(f"share of site {name} must be a number above 0; got {site.share!r}.")
    if not _number(site.drift_years) or site.drift_years < 0:
        raise BadSetting(
            f"drift_years of site {name} must be a number from 0; got {site.drift_years!r}."
        )
    if not isinstance(site.external, bool):
        raise BadSetting(f"external of site {name} must be true or false; got {site.external!r}.")
    if not isinstance(site.scanner_changes, Mapping):
        raise BadSetting(f"scanner_changes of site {name} must be a table such as {{ dose = 5 }}.")
    return site


def _number(value: object) -> bool:
    """Whether a value of the file is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def patients_at(sites: Sequence[Site], many: int) -> list[int]:
    """How many of `many` patients each site has: by share, the largest remainders rounded up."""
    total = sum(site.share for site in sites)
    exact = [many * site.share / total for site in sites]
    counts = [int(part) for part in exact]
    order = sorted(range(len(sites)), key=lambda n: (counts[n] - exact[n], n))
    for n in order[: many - sum(counts)]:
        counts[n] += 1
    return counts
