"""Where figures are made: inside, at each site, at the external site."""

from collections.abc import Mapping

import numpy as np

from .patients import Patients
from .said import Columns, Said

INSIDE, EXTERNAL = "inside", "external"


def places(patients: Patients, said: Said, *, external: bool) -> Mapping[str, Columns]:
    """What a method said, by place.

    Parameters
    ----------
    patients : Patients
        Whose sites count.
    said : Said
        One method.
    external : bool
        Whether external patients may be looked at.

    Returns
    -------
    mapping of str to Columns
        ``"inside"``, ``"site NAME"`` of internal sites where there is more than one,
        ``"external"`` and, where there are several, external sites; only places with patients.
    """
    found = _with_sites(patients, INSIDE, said.inside)
    return found | (_with_sites(patients, EXTERNAL, said.outside) if external else {})


def _with_sites(patients: Patients, name: str, columns: Columns) -> dict[str, Columns]:
    if not len(columns.rows):
        return {}
    of = patients.sites[columns.rows]
    sites = [str(site) for site in np.unique(of) if site]
    apart = {f"site {site}": columns.at(of == site) for site in sites} if len(sites) > 1 else {}
    return {name: columns, **apart}
