"""Target registration error: how far a registration puts landmarks from where they are."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core import UnusableTable


def target_registration_error(found: ArrayLike, true: ArrayLike) -> dict[str, float]:
    """Distances of landmarks after registration (Fitzpatrick 1998, doi:10.1109/42.736021).

    Parameters
    ----------
    found : array_like of shape (landmarks, 3)
        Where the registration puts each landmark, in world mm.
    true : array_like of shape (landmarks, 3)
        Where it is, in world mm; landmarks that the registration did not use.

    Returns
    -------
    dict of str to float
        ``"mean"``, ``"median"``, ``"percentile_95"`` (linear between ranks) and ``"maximum"``
        in mm, 0 or more.

    Raises
    ------
    UnusableTable
        If there is no landmark, the two lists differ in length, or a coordinate is missing.
    """
    here, there = _points(found, "found"), _points(true, "true")
    if len(here) != len(there):
        raise UnusableTable(
            f"each landmark needs its pair; got {len(here)} found and {len(there)} true ones."
        )
    error = np.linalg.norm(here - there, axis=1)
    return {
        "mean": float(error.mean()),
        "median": float(np.median(error)),
        "percentile_95": float(np.quantile(error, 0.95)),
        "maximum": float(error.max()),
    }


def _points(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        points = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise UnusableTable(f"landmarks '{name}' must be three numbers in mm each.") from None
    if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
        raise UnusableTable(
            f"landmarks '{name}' must be (landmarks, 3) numbers in mm; got shape {points.shape}."
        )
    odd = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if odd.size:
        raise UnusableTable(
            f"landmark {odd[0] + 1} of '{name}' lacks a coordinate ({odd.size} such); leave it out "
            "of both lists."
        )
    return points
