"""How vertebrae stand on each other: lordosis, scoliosis, discs."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import atan, cos, pi, radians, sin

import numpy as np
from numpy.typing import NDArray

from .body import Body, rims

Pose = NDArray[np.float64]


def turned(sideways: float, forwards: float, twist: float) -> NDArray[np.float64]:
    """Rotation by a twist about z, a tilt to the side about y and forwards about x, in radians."""
    cx, sx = cos(forwards), sin(forwards)
    cy, sy = cos(sideways), sin(sideways)
    cz, sz = cos(twist), sin(twist)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def stand(
    names: Sequence[str],
    bodies: Mapping[str, Body],
    lordosis: float,
    cobb: float,
    centre: str,
) -> dict[str, Pose]:
    """Pose of every vertebra, one standing on the other.

    Parameters
    ----------
    names : sequence of str
        From below, the sacrum first.
    bodies : mapping of str to Body
        Their bodies; fractures tilt what stands on them.
    lordosis : float
        Factor on the angles of the discs.
    cobb : float
        Angle of a side bend, in degrees, over the column.
    centre : str
        The vertebra that lies, untilted forwards, at world 0.

    Returns
    -------
    dict of str to (4, 4) array
        Own mm → world LPS mm.
    """
    forwards = _tilts(names, bodies, lordosis)
    half, last = 0.5 * radians(cobb), max(len(names) - 1, 1)
    poses: dict[str, Pose] = {}
    at = np.zeros(3)
    for n, name in enumerate(names):
        side = half * sin(2 * pi * n / last)
        twist = 0.4 * half * sin(pi * n / last)
        turn = turned(side, forwards[n] - forwards[names.index(centre)], twist)
        (top, _), (bottom, _) = rims(bodies[name])
        if n:
            below = poses[names[n - 1]][:3, :3]
            at = at + bodies[name].size.disc * _between(below, turn)
        pose = np.eye(4)
        pose[:3, :3] = turn
        pose[:3, 3] = at - turn @ np.array([0, 0, bottom])
        poses[name] = pose
        at = pose[:3, 3] + turn @ np.array([0, 0, top])
    shift = poses[centre][:3, 3].copy()
    for pose in poses.values():
        pose[:3, 3] -= shift
    return poses


def _between(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Direction halfway between the axes of two vertebrae."""
    middle = a[:, 2] + b[:, 2]
    return np.asarray(middle / np.linalg.norm(middle))


def _tilts(names: Sequence[str], bodies: Mapping[str, Body], lordosis: float) -> list[float]:
    """Tilt forwards of every vertebra against the first, in radians."""
    out = [0.0]
    for below, name in pairwise(names):
        (_, rise), _ = rims(bodies[below])
        _, (_, fall) = rims(bodies[name])
        opening = radians(bodies[name].size.disc_angle) * lordosis
        out.append(out[-1] - atan(rise) - opening + atan(fall))
    return out
