"""Discs between bodies: a ring of fibrous cartilage around a soft nucleus."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..scene import Soft
from .body import Body, rims
from .implicit import Field, axes_of, lattice, oval
from .tissues import PLACE

DEEPER = 8.0
"""How far the middle of a disc reaches into the bodies, which cover it, in mm: fills nodes."""


def disc(
    below: str, above: str, bodies: Mapping[str, Body], poses: Mapping[str, NDArray[np.float64]]
) -> list[Soft]:
    """Ring and nucleus between two vertebrae.

    Parameters
    ----------
    below, above : str
        The two vertebrae.
    bodies, poses : mapping by name
        Their bodies and where they stand.
    """
    lower, upper = bodies[below], bodies[above]
    top = poses[below] @ np.array([0, 0, rims(lower)[0][0], 1.0])
    bottom = poses[above] @ np.array([0, 0, rims(upper)[1][0], 1.0])
    pose = poses[below].copy()
    up = poses[below][:3, 2] + poses[above][:3, 2]
    up /= np.linalg.norm(up)
    left = poses[below][:3, 0] - up * (poses[below][:3, 0] @ up)
    left /= np.linalg.norm(left)
    pose[:3, 0], pose[:3, 1], pose[:3, 2] = left, np.cross(up, left), up
    pose[:3, 3] = 0.5 * (top + bottom)[:3]
    half_x = 0.5 * min(lower.size.width[0], upper.size.width[1]) - 0.5
    half_y = 0.5 * min(lower.size.depth[0], upper.size.depth[1]) - 0.5
    gap = 0.5 * float(np.linalg.norm((top - bottom)[:3]))
    low = (-half_x - 6, -half_y - 6, -gap - DEEPER - 3)
    grid = lattice(low, (-low[0], -low[1], -low[2]), (1.5, 1.5, 1.2))
    x, y, z = axes_of(grid)
    rim = oval(x, y, (half_x, half_y), 2.4)
    u2 = (x / half_x) ** 2 + (y / half_y) ** 2
    slope = 0.1 * np.abs(y)  # a wedge: higher in front than at the back
    lens = gap + slope + np.float32(DEEPER) * np.clip(1 - u2, 0, 1) - np.abs(z)
    whole = np.asarray(np.minimum(rim, lens), np.float32)
    core: Field = np.asarray(
        np.minimum(oval(x, y - 1.5, (0.62 * half_x, 0.6 * half_y), 2.4), lens), np.float32
    )
    return [
        Soft(f"disc {above}", grid, whole, pose, PLACE["annulus"]),
        Soft(f"nucleus {above}", grid, core, pose, PLACE["nucleus"]),
    ]
