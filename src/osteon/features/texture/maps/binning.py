"""Grey levels as loops over windows make them, by the same sums as `discretise`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting
from ....core.compiled import inlined, parallel, prange
from ..region import Limits
from ..settings import MOST_LEVELS, Discretisation

METHODS = ("none", "bin-number", "bin-size")
"""Methods by the number that stands for them."""


@dataclass(frozen=True, eq=False)
class Binning:
    """Bins of a region.

    Attributes
    ----------
    rule : (5,) float64 array
        Number of the method; lowest value; highest value; bins, or width of one; 1 where the
        lowest value is that of what is binned, else 0.
    count : int
        Levels that there may be.
    """

    rule: NDArray[np.float64]
    count: int


def binning(
    span: tuple[float, float],
    whole: bool,
    discretisation: Discretisation,
    limits: Limits,
) -> Binning:
    """The bins of a region.

    Parameters
    ----------
    span : tuple of 2 float
        Lowest and highest grey value.
    whole : bool
        Whether all values are whole numbers.
    discretisation : Discretisation
        How to bin them.
    limits : tuple of 2 float or None
        Of re-segmentation.

    Returns
    -------
    Binning
        As `osteon.features.texture.discretise` would bin the region.

    Raises
    ------
    BadSetting
        As there.
    """
    low, high = span
    method, first, own = discretisation.method, low, True
    if method == "none":
        if low < 1 or not whole:
            raise BadSetting(
                "without discretisation values must be whole numbers from 1 on; got "
                f"{low:g} to {high:g}. Choose 'bin-number' or 'bin-size'."
            )
        size, count = 1.0, int(high)
    elif method == "bin-number":
        size, count = float(discretisation.bins or 1), discretisation.bins or 1
    else:
        size = discretisation.size or 1.0
        given = limits[0] if discretisation.lowest is None else discretisation.lowest
        first, own = (low, True) if given is None else (given, False)
        if low < first:
            raise BadSetting(
                f"the region holds {low:g}, below the first bin at {first:g}; lower it or "
                "re-segment to it."
            )
        count = int(np.floor((high - first) / size)) + 1
    if count > MOST_LEVELS:
        raise BadSetting(
            f"values fall into {count} levels, at most {MOST_LEVELS} are counted; bin them wider."
        )
    rule = np.array([METHODS.index(method), first, high, size, own], np.float64)
    return Binning(rule, count)


@inlined
def level_of(value: float, rule: NDArray[np.float64]) -> int:
    """The level of a grey value, from 1 on."""
    if rule[0] == 0.0:
        return int(value)
    if rule[0] == 1.0:
        if rule[1] == rule[2]:
            return 1
        part = (value - rule[1]) / (rule[2] - rule[1])
        return int(min(np.floor(rule[3] * part) + 1.0, rule[3]))
    return int(np.floor((value - rule[1]) / rule[3]) + 1.0)


def levels_of(values: NDArray[Any], counted: NDArray[np.bool_], bins: Binning) -> NDArray[np.int16]:
    """Levels of the voxels that count, 0 in all others, (i, j, k) int16."""
    made = np.zeros(values.shape, np.int16)
    _fill(values, counted, bins.rule, made)
    return made


@parallel
def _fill(
    values: NDArray[Any],
    counted: NDArray[np.bool_],
    rule: NDArray[np.float64],
    made: NDArray[np.int16],
) -> None:
    """Every plane on its own."""
    for i in prange(values.shape[0]):
        for j in range(values.shape[1]):
            for k in range(values.shape[2]):
                if counted[i, j, k]:
                    made[i, j, k] = level_of(float(values[i, j, k]), rule)
