"""Poses to try around a start, and which of them are different answers."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from .transforms import Rigid

SAME_MM = 3.0
"""Poses that keep all places within so many mm count as one."""


def poses_around(
    start: Rigid,
    centre: NDArray[np.float64],
    reach: tuple[float, float],
    many: int,
    seed: int,
) -> list[Rigid]:
    """The start, and poses spread evenly over a ball of shifts and a ball of turns around it.

    Parameters
    ----------
    start : Rigid
        The first pose.
    centre : (3,) array
        World LPS mm in the fixed image, about which the turns go.
    reach : (shift, turn)
        Radii of the balls, in mm and degrees.
    many : int
        Poses beside the start.
    seed : int
        Of the scrambled Sobol sequence; the same seed gives the same poses.
    """
    sequence = qmc.Sobol(6, rng=np.random.default_rng(seed))
    drawn = sequence.random_base2(int(np.ceil(np.log2(max(many, 2)))))[:many]
    shift, turn = _ball(drawn[:, :3]) * reach[0], _ball(drawn[:, 3:]) * reach[1]
    return [
        start,
        *(
            start @ Rigid.about(centre, turn_deg=t, shift_mm=s)
            for t, s in zip(turn, shift, strict=True)
        ),
    ]


def _ball(cube: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of a unit cube spread evenly over a unit ball."""
    radius = np.cbrt(cube[:, :1])
    height = 2 * cube[:, 1:2] - 1
    around = 2 * np.pi * cube[:, 2:]
    flat = np.sqrt(1 - height**2)
    return np.asarray(radius * np.hstack((flat * np.cos(around), flat * np.sin(around), height)))


def best_apart(
    poses: Sequence[Rigid],
    score: Callable[[Rigid], float],
    places: NDArray[np.float64],
    most: int,
    least: float = 0.0,
) -> list[tuple[float, Rigid]]:
    """The best-scored poses, best first, none within `SAME_MM` of a better one.

    Parameters
    ----------
    poses : sequence of Rigid
        To choose from.
    score : function of a Rigid
        The higher, the better.
    places : (n, 3) array
        World LPS mm in the fixed image, at which poses are compared with each other.
    most : int
        How many to keep.
    least : float
        Those below this part of the best score are left out.
    """
    kept: list[tuple[float, Rigid]] = []
    for value, pose in sorted(((score(p), p) for p in poses), key=lambda pair: -pair[0]):
        if kept and value < least * kept[0][0]:
            break
        if all(float(pose.apart(other, places).max()) > SAME_MM for _, other in kept):
            kept.append((value, pose))
        if len(kept) == most:
            break
    return kept
