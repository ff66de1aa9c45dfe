"""Turned copies of a filter, and one value from the responses of all of them."""

from collections.abc import Iterable
from itertools import permutations, product
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ....core import UnknownName

Pooling = Literal["max", "mean", "min"]
"""The largest, the mean or the smallest of the responses of a voxel."""

POOLINGS: tuple[Pooling, ...] = get_args(Pooling)
"""All of them."""

Turn = tuple[tuple[int, ...], tuple[int, ...]]
"""Which axis of the filter comes to lie along each axis of the image, and with which sign."""


def check_pooling(pooling: str) -> None:
    """Refuse a pooling that is none of the three.

    Parameters
    ----------
    pooling : str
        What was asked for.

    Raises
    ------
    UnknownName
        If it is not one of `POOLINGS`.
    """
    if pooling not in POOLINGS:
        raise UnknownName(f"pooling is {pooling!r}; give one of {', '.join(POOLINGS)}.")


def right_angles(dimensions: int) -> list[Turn]:
    """All rotations by multiples of a right angle: 4 in a plane, 24 in space.

    Parameters
    ----------
    dimensions : int
        2 or 3.

    Returns
    -------
    list of Turn
        The identity first; no mirror image.
    """
    turns = []
    for order in permutations(range(dimensions)):
        parity = np.linalg.det(np.eye(dimensions)[list(order)])
        for signs in product((1, -1), repeat=dimensions):
            if parity * np.prod(signs) > 0:
                turns.append((order, signs))
    return turns


def pooled(responses: Iterable[NDArray[np.float64]], pooling: Pooling) -> NDArray[np.float64]:
    """One map from many, held in memory one at a time.

    Parameters
    ----------
    responses : iterable of (i, j, k) arrays
        At least one response map.
    pooling : Pooling
        How.

    Returns
    -------
    (i, j, k) array
        Largest, mean or smallest value of each voxel.
    """
    merge = {"mean": np.add, "max": np.maximum, "min": np.minimum}[pooling]
    maps = iter(responses)
    kept = next(maps).copy()
    count = 1
    for response in maps:
        merge(kept, response, out=kept)
        count += 1
    return kept / count if pooling == "mean" else kept
