"""Aorta, vena cava, plaques in the wall of the aorta, and the sac of the spinal nerves."""

import numpy as np

from ..scene import Soft
from .implicit import Point, ellipsoid
from .trunk import Frame, soft, tube

FORK = 0.30
"""Where the aorta divides, as a share of the way from the lowest to the highest body (L4)."""


def vessels(frame: Frame, calcified: float, rng: np.random.Generator) -> list[Soft]:
    """Aorta with its two branches, vena cava, and calcified plaques.

    Parameters
    ----------
    frame : Frame
        Where the spine lies.
    calcified : float
        Share of the wall that is calcified, 0–1.
    rng : numpy.random.Generator
        Source of the places and sizes.
    """
    low, top = float(frame.line[0, 2]), float(frame.line[-1, 2])
    fork = low + FORK * (top - low)
    radius = float(rng.uniform(8.5, 11.5))
    z = np.linspace(fork, frame.high, 10)
    x0, y0 = (v.astype(np.float64) for v in frame.at(z))
    lean = float(rng.normal(8, 4))
    aorta = np.stack([x0 + lean, y0 - frame.wall - radius - 3, z], 1)
    out = [
        tube("aorta wall", "vessel wall", aorta, np.full((10, 2), radius + 1.3)),
        tube("aorta", "arterial blood", aorta, np.full((10, 2), radius)),
    ]
    z = np.linspace(frame.low, fork + 4, 6)
    x0, y0 = (v.astype(np.float64) for v in frame.at(z))
    away = (fork + 4 - z) * 0.45
    for side, left in (("left", 1.0), ("right", -1.0)):
        line = np.stack([x0 + 0.7 * lean + left * (4 + away), y0 - frame.wall - 9, z], 1)
        half = np.full((6, 2), 0.62 * radius)
        out.append(tube(f"iliac artery {side}", "arterial blood", line, half))
    z = np.linspace(frame.low, frame.high, 8)
    x0, y0 = (v.astype(np.float64) for v in frame.at(z))
    line = np.stack([x0 - 19, y0 - frame.wall - 7, z], 1)
    half = np.stack([rng.uniform(9, 13) * np.ones(8), rng.uniform(5, 9) * np.ones(8)], 1)
    out.append(tube("vena cava", "venous blood", line, half))
    return out + _plaques(aorta, radius, calcified, rng)


def _plaques(
    aorta: np.ndarray, radius: float, calcified: float, rng: np.random.Generator
) -> list[Soft]:
    """Plaques along the wall, one per 5 % of calcified wall, larger where there is more."""
    out = []
    for n in range(round(20 * calcified)):
        z = float(rng.uniform(aorta[0, 2], aorta[-1, 2]))
        angle = float(rng.uniform(0, 2 * np.pi))
        x = np.interp(z, aorta[:, 2], aorta[:, 0]) + radius * np.cos(angle)
        y = np.interp(z, aorta[:, 2], aorta[:, 1]) + radius * np.sin(angle)
        size = float(rng.uniform(1.5, 2.2 + 2.0 * calcified))
        half = (size, size, 2 * size)
        at = (float(x), float(y), z)
        out.append(_bead(f"plaque {n}", at, half))
    return out


def _bead(name: str, at: Point, half: Point) -> Soft:
    low = (at[0] - half[0] - 3, at[1] - half[1] - 3, at[2] - half[2] - 3)
    high = (at[0] + half[0] + 3, at[1] + half[1] + 3, at[2] + half[2] + 3)
    return soft(
        name, "plaque", (low, high), (1.0, 1.0, 1.0), lambda axes: ellipsoid(axes, at, half)
    )


def canal(frame: Frame, width: float) -> list[Soft]:
    """Fat and sac of nerves in the canal."""
    z = np.linspace(frame.low, frame.high, 16)
    x0, y0 = (v.astype(np.float64) for v in frame.at(z))
    line = np.stack([x0, y0 + frame.wall + 0.5 * frame.canal, z], 1)
    fat = np.tile([0.5 * width + 7, 0.5 * frame.canal + 2], (16, 1))
    sac = np.tile([0.32 * width, 0.4 * frame.canal], (16, 1))
    return [tube("canal fat", "fat", line, fat), tube("dural sac", "water", line, sac)]
