"""Any figure of a curve over resamples of patients, from counts at its thresholds."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import UnusableTable
from ..bootstrap import bca_interval, existing
from ..checked import Codes, confidence
from .resampled_area import drawn_blocks
from .sweep import Sweep

Figure = Callable[[NDArray[Any], NDArray[Any]], float]
"""Figure of the cases and controls called positive at each threshold."""

Told = tuple[float, float | None, float | None, str]
"""A figure, the ends of its interval, and why there are none."""

LEAVE_OUT = 1000
"""Clusters up to which each is left out once; beyond, the acceleration is next to nothing."""

FLAT = "every resample gives the same figure, so there is no interval; more patients would give one"

RARE = "more than 5 % of the resamples lack a class, so there is no interval"


def curve_interval(
    figure: Figure,
    sweep: Sweep,
    clusters: Codes,
    resamples: int,
    rng: np.random.Generator,
    level: float,
) -> Told:
    """The figure of all rows with its BCa interval over resamples of whole clusters, if any.

    Raises
    ------
    BadSetting
        If the level is none or there are fewer than 100 draws.
    """
    many = int(clusters.max()) + 1
    value, sure = figure(*sweep.called()), confidence(level)

    def weighted(counts: NDArray[Any]) -> float:
        cases, controls = sweep.called(counts[clusters])
        return figure(cases, controls) if cases[-1] and controls[-1] else np.nan

    blocks = drawn_blocks(many, resamples, rng)
    try:
        draws = existing(np.array([weighted(counts) for block in blocks for counts in block]))
    except UnusableTable:
        return value, None, None, RARE
    if draws.min() == draws.max():
        return value, None, None, FLAT
    left_out = np.zeros(1)
    if many <= LEAVE_OUT:
        left_out = np.array([weighted(counts) for counts in 1 - np.eye(many, dtype=np.int64)])
    return value, *bca_interval(draws, value, left_out, sure), ""
