"""The body of a vertebra: endplates, waist, spurs, nodes, and what a fracture leaves of it."""

from dataclasses import dataclass

import numpy as np

from .fracture import RIM, Fracture, sunk
from .implicit import Axes, Field, Point, common, ellipsoid, oval
from .levels import Size

WAIST = (0.09, 0.07)
"""How much narrower and shallower a body is in its middle (assumed; seen on CT)."""

CONCAVITY = (1.4, 2.3)
"""Depth of the upper and lower endplate below their rims in mm; the lower one is deeper (Palepu
2019, doi:10.14444/6049, and Zhou 2000, rounded)."""

RIM_RADIUS = 2.0
"""Rounding of the rims, in mm (assumed)."""

POWER = (2.1, 2.9)
"""Superellipse of the outline in front and at the back: round in front, flat behind (assumed)."""


@dataclass(frozen=True)
class Spurs:
    """Osteophytes at the rims.

    Attributes
    ----------
    reach : float
        How far the longest reaches, in mm.
    angles, sizes : tuple of float
        Direction of each, in degrees from the front to the left, and its size, 0–1.
    """

    reach: float
    angles: tuple[float, ...]
    sizes: tuple[float, ...]


@dataclass(frozen=True)
class Body:
    """All that shapes one body.

    Attributes
    ----------
    size : Size
        Dimensions before a fracture, in mm.
    fracture : Fracture
        What broke.
    spurs : Spurs
        Osteophytes.
    nodes : tuple of (3,) float
        Schmorl nodes: place in half widths and half depths, and above 0 in the upper endplate.
    """

    size: Size
    fracture: Fracture
    spurs: Spurs
    nodes: tuple[Point, ...]


def plates(body: Body, u: Field, v: Field) -> tuple[Field, Field]:
    """Where the endplates are.

    Parameters
    ----------
    body : Body
        The body.
    u, v : array of float32
        Place in mean half widths and half depths; v is −1 in front.

    Returns
    -------
    upper, lower : array of float32
        z in mm of its own coordinates, whose z = 0 lies in the middle before a fracture.
    """
    size = body.size
    rim = np.float32(0.5 * size.mean_height) * (
        1 - v * np.float32((size.front - 1) / (size.front + 1))
    )
    dish = _dish(u, v)
    upper = np.asarray(rim - np.float32(CONCAVITY[0]) * dish, np.float32)
    lower = np.asarray(-rim + np.float32(CONCAVITY[1]) * dish, np.float32)
    down, up = sunk(body.fracture, upper - lower, u, v)
    return np.asarray(upper - down, np.float32), np.asarray(lower + up, np.float32)


def _dish(u: Field, v: Field) -> Field:
    """Hollow of an endplate, 0–1: flat along the rim, deepest a little behind the middle."""
    hollow = 1 - (u / np.float32(0.8)) ** 2 - ((v - np.float32(0.1)) / np.float32(0.75)) ** 2
    return np.asarray(np.clip(hollow, 0, 1), np.float32)


def heights(body: Body) -> tuple[float, float, float]:
    """Height of the body in front, in the middle and at the back of its midline, in mm."""
    v = np.array([-RIM, 0.0, RIM], np.float32)
    upper, lower = plates(body, np.zeros(3, np.float32), v)
    front, middle, back = (float(h) for h in upper - lower)
    return front, middle, back


def rims(body: Body) -> tuple[tuple[float, float], tuple[float, float]]:
    """Height in the middle (mm) and rise towards the front (mm a mm) of both rims, as broken."""
    v = np.array([-RIM, RIM], np.float32)
    flat = Body(body.size, body.fracture, body.spurs, ())
    out = []
    span = RIM * body.size.mean_depth
    dish = _dish(np.zeros_like(v), v)
    for surface, deep, sign in zip(
        plates(flat, np.zeros(2, np.float32), v), CONCAVITY, (1, -1), strict=True
    ):
        at = surface + sign * deep * dish
        out.append((float(at.mean()), float(at[0] - at[1]) / span))
    return out[0], out[1]


def side(body: Body, axes: Axes) -> Field:
    """Signed distance to the side wall, spurs included; positive inside."""
    x, y, z = axes
    size = body.size
    half_height = np.float32(0.5 * size.mean_height * (1 - 0.5 * body.fracture.loss))
    up = np.clip(z / half_height, -1, 1)
    waist = 1 - up * up
    upper = 0.5 * (1 + up)
    wide = 0.5 * (size.width[0] * upper + size.width[1] * (1 - upper)) * (1 - WAIST[0] * waist)
    deep = 0.5 * (size.depth[0] * upper + size.depth[1] * (1 - upper)) * (1 - WAIST[1] * waist)
    wide = wide * (1 + 0.15 * body.fracture.loss * waist)  # what breaks bulges
    back = np.float32(0.5 * size.mean_depth)
    middle = back - 0.5 * (size.depth[0] * upper + size.depth[1] * (1 - upper))
    hollow = np.float32(0.9) * np.clip(1 - (x / np.float32(0.3 * size.mean_width)) ** 2, 0, 1)
    y0 = y - middle
    blunt = np.float32(POWER[0]) + np.float32(POWER[1] - POWER[0]) * np.clip(
        y0 / back + np.float32(0.5), 0, 1
    )
    wall = oval(x, y0 + hollow * np.clip(y0 / back, 0, 1), (wide, deep), blunt)
    if body.spurs.reach <= 0:
        return wall
    angle = np.degrees(np.arctan2(x, -y))
    rim = np.exp(-(((np.abs(z) - half_height + 1.0) / np.float32(3.5)) ** 2))
    lobes = np.zeros_like(angle)
    for at, large in zip(body.spurs.angles, body.spurs.sizes, strict=True):
        lobes += np.float32(large) * np.exp(-(((angle - np.float32(at)) / np.float32(25)) ** 2))
    return np.asarray(wall + body.spurs.reach * np.minimum(lobes, 1) * rim, np.float32)


def body_at(body: Body, axes: Axes) -> tuple[Field, Field]:
    """Signed distance to a body, and to its nearer endplate, positive inside, in mm.

    Parameters
    ----------
    body : Body
        The body.
    axes : 3 arrays of float32
        Coordinates in mm, ready to broadcast.
    """
    x, y, z = axes
    u, v = x / np.float32(0.5 * body.size.mean_width), y / np.float32(0.5 * body.size.mean_depth)
    upper, lower = plates(body, np.clip(u, -1.1, 1.1), np.clip(v, -1.1, 1.1))
    ends = np.minimum(upper - z, z - lower)
    shape = common(side(body, axes), ends, RIM_RADIUS)
    for at_u, at_v, sign in body.nodes:
        place = np.array([at_u], np.float32), np.array([at_v], np.float32)
        top, bottom = plates(body, *place)
        level = float(top[0]) if sign > 0 else float(bottom[0])
        centre = (at_u * 0.5 * body.size.mean_width, at_v * 0.5 * body.size.mean_depth, level)
        shape = common(shape, -ellipsoid(axes, centre, (5.5, 5.0, 4.0)), 1.0)
    return shape, np.asarray(ends, np.float32)
