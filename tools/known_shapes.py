"""Shapes whose structure is known on paper, sampled on any lattice, turned and moved at will.

Nothing here comes from the package: a shape is a distance, negative inside, and its true numbers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(…, 3) positions in mm."""


@dataclass(frozen=True)
class Shape:
    """A body with known numbers.

    Attributes
    ----------
    name : str
        What it is.
    distance : callable
        Signed distance in mm of (…, 3) points in mm, or what has its sign; negative inside.
    truth : mapping of str to float
        True value of each feature, in the feature's unit.
    thickness : float
        Length in mm that the voxel size is set against.
    half : float
        Half the side in mm of a cube that shows it: all of a finite body, some periods of others.
    margin : float
        What to keep away from the end of that cube, in mm: the largest sphere that fits anywhere.
    finite : bool
        Whether it lies wholly in that cube.
    cell : float or None
        Side in mm of the cell of which whole ones are measured, unturned; None where it does not
        matter how much of a shape is seen.
    """

    name: str
    distance: Callable[[Points], NDArray[np.float64]]
    truth: Mapping[str, float]
    thickness: float
    half: float
    margin: float
    finite: bool
    cell: float | None = None


def plates(t: float = 1.0, period: float = 3.0) -> Shape:
    """Parallel plates of thickness `t`, one every `period` mm."""

    def distance(p: Points) -> NDArray[np.float64]:
        z = np.mod(p[..., 2] + period / 2, period) - period / 2
        return np.asarray(np.abs(z) - t / 2)

    truth = {
        "Tb.Th": t,
        "Tb.Sp": period - t,
        "Tb.N": 1 / period,
        "SMI": 0.0,
        "Tb.Th (plate)": t,
        "Tb.Th (sub-voxel)": t,
        "Tb.Sp (sub-voxel)": period - t,
    }
    return Shape("plates", distance, truth, t, 1.6 * period, period, False)


def rods(d: float = 1.0, period: float = 2.5) -> Shape:
    """Parallel rods of diameter `d` on a square lattice of `period` mm."""

    def distance(p: Points) -> NDArray[np.float64]:
        x, y = (np.mod(p[..., n] + period / 2, period) - period / 2 for n in (0, 1))
        return np.asarray(np.hypot(x, y) - d / 2)

    truth = {
        "Tb.Th": d,
        "SMI": 3.0,
        "Tb.Th (sub-voxel)": d,
    }
    return Shape("rods", distance, truth, d, 1.2 * period, d, False)


def sphere(d: float = 1.0) -> Shape:
    """A ball of diameter `d`."""

    def distance(p: Points) -> NDArray[np.float64]:
        return np.asarray(np.linalg.norm(p, axis=-1) - d / 2)

    volume = np.pi * d**3 / 6
    truth = {
        "BV": volume,
        "Tb.Th": d,
        "BS": np.pi * d**2,
        "SMI": 4.0,
        "Euler": 1.0,
        "star volume": volume,
        "Tb.Th (sub-voxel)": d,
    }
    return Shape("sphere", distance, truth, d, 0.8 * d, 0.0, True)


def torus(d: float = 1.0, ring: float = 1.5) -> Shape:
    """A ring of radius `ring` of a rod of diameter `d`."""

    def distance(p: Points) -> NDArray[np.float64]:
        away = np.hypot(p[..., 0], p[..., 1]) - ring
        return np.asarray(np.hypot(away, p[..., 2]) - d / 2)

    truth = {
        "BV": np.pi**2 * ring * d**2 / 2,
        "Tb.Th": d,
        "BS": 2 * np.pi**2 * ring * d,
        "SMI": 3.0,
        "Euler": 0.0,
        "Tb.Th (sub-voxel)": d,
    }
    return Shape("torus", distance, truth, d, ring + 0.8 * d, 0.0, True)


def tube(wall: float = 1.0, radius: float = 3.0) -> Shape:
    """A hollow cylinder of wall `wall` about a middle radius, longer than what is seen of it."""

    def distance(p: Points) -> NDArray[np.float64]:
        return np.asarray(np.abs(np.hypot(p[..., 0], p[..., 1]) - radius) - wall / 2)

    truth = {"Tb.Th": wall, "Tb.Th (sub-voxel)": wall}
    return Shape("hollow cylinder", distance, truth, wall, radius + wall, wall, False)


def gyroid(period: float = 4.0) -> Shape:
    """One side of a gyroid in its usual approximation by sines; half of space, no mean curvature.

    Its area, integrated finely, is 3.0916 period² a cell, and its Euler number -4 a cell.
    """
    k = 2 * np.pi / period

    def distance(p: Points) -> NDArray[np.float64]:
        x, y, z = (k * p[..., n] for n in range(3))
        field = np.sin(x) * np.cos(y) + np.sin(y) * np.cos(z) + np.sin(z) * np.cos(x)
        return np.asarray(field / (1.5 * k))

    truth = {"BV/TV": 0.5, "BS/TV": 3.0916 / period, "SMI": 0.0, "Conn": 5.0}
    return Shape("gyroid", distance, truth, period / 4, 1.05 * period, 0.0, False, period)


SHAPES = (plates(), rods(), sphere(), torus(), tube(), gyroid())
"""Every shape, in mm."""
