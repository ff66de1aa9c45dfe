"""What the structure of a specimen measures once it is thinned, thickened and magnified."""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, UnknownName


class StructureNumbers(NamedTuple):
    """Measures of trabecular structure by the ASBMR's names."""

    tb_th: float
    """Trabecular thickness in mm."""
    tb_sp: float
    """Trabecular separation in mm."""
    tb_n: float
    """Trabecular number in 1/mm."""


def structure_numbers(tile_name: str, amount: float, magnify: float = 1.0) -> StructureNumbers:
    """Structure of a specimen's tile at a BV/TV, as measured on the whole tile.

    Parameters
    ----------
    tile_name : str
        One of `specimens`.
    amount : float
        BV/TV, above 0 and below 1. Linear in its logarithm between the 0.04 to 0.5 that were
        measured; the nearest of them beyond.
    magnify : float
        Factor by which the structure is enlarged, above 0.

    Returns
    -------
    StructureNumbers
        From maximal spheres to voxel centres, on voxels of 0.05 mm.

    Raises
    ------
    UnknownName
        If the tile is no specimen's.
    BadSetting
        If the amount or the factor is out of range.
    """
    if tile_name not in _measured():
        raise UnknownName(
            f"the structure of '{tile_name}' was not measured; there are {', '.join(_measured())}."
        )
    if not 0 < amount < 1:
        raise BadSetting(f"BV/TV must be above 0 and below 1; got {amount:g}.")
    if not 0 < magnify < np.inf:
        raise BadSetting(f"structure is magnified by more than 0; got {magnify:g}.")
    table = _measured()[tile_name]
    place = np.log(table[:, 0])
    thickness, separation, number = (
        float(np.interp(np.log(amount), place, column)) for column in table[:, 1:].T
    )
    return StructureNumbers(thickness * magnify, separation * magnify, number / magnify)


@cache
def _measured() -> dict[str, NDArray[np.float64]]:
    """BV/TV, Tb.Th, Tb.Sp and Tb.N of each specimen, one row a BV/TV, ascending."""
    text = (files(__package__) / "data" / "specimens.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")][1:]
    table: dict[str, list[list[float]]] = {}
    for line in lines:
        name, *numbers = line.split(",")
        table.setdefault(name, []).append([float(number) for number in numbers])
    return {name: np.array(rows) for name, rows in table.items()}
