"""Smooth fields over the view: sensitivity of the receiving coil, and main field left uneven."""

from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from ...core import Grid, Volume
from .sequence import Coil, Sequence

STEP_MM = 10.0
"""Distance of the nodes at which smooth fields are held."""

ELEMENTS = 6
"""Loops of a coil."""

LOOP = 0.45
"""Radius of a loop over the distance from the middle of the view to the coil; assumed."""

NEAREST = 1.15
"""Distance of the coil from the middle, over half the longest side of the view; assumed."""

B0_ORDER = 3
"""Highest order of the field that shimming leaves."""


def nodes(grid: Grid) -> Grid:
    """Coarse lattice of nodes with the same corners (centres of the corner voxels) as a grid."""
    reach = (np.array(grid.shape) - 1) * grid.spacing
    counts = np.maximum(np.ceil(reach / STEP_MM).astype(int) + 1, 2)
    i, j, k = (int(n) for n in counts)
    spacing = np.maximum(reach, 1e-3) / (counts - 1)
    return Grid((i, j, k), grid.origin, grid.direction, spacing)


def sensitivity(grid: Grid, sequence: Sequence, rng: np.random.Generator) -> Volume:
    """Sensitivity of the receiving coil: root of the sum of squares of loops around the view.

    Parameters
    ----------
    grid : Grid
        The view.
    sequence : Sequence
        Its `bias` and `coil`.
    rng : Generator
        Draws where the loops lie.

    Returns
    -------
    Volume
        On a coarse lattice; 1 in the middle, the largest ``sequence.bias`` times the smallest.

    Notes
    -----
    A loop of radius a sees what lies at distance d by (1 + (d/a)²)^(−3/2), as on its axis
    (Roemer 1990, doi:10.1002/mrm.1910160203).
    """
    coarse = nodes(grid)
    corners = coarse.corners()
    middle = corners.mean(axis=0)
    away = NEAREST * 0.5 * float(np.ptp(corners, axis=0).max())
    places = middle + away * _loops(sequence.coil, rng)
    points = _points(coarse)
    square = ((points[..., None, :] - places) ** 2).sum(axis=-1)
    seen = np.log(((1 + square / (LOOP * away) ** 2) ** -3).sum(axis=-1)) / 2
    seen *= np.log(sequence.bias) / max(float(np.ptp(seen)), 1e-12)
    centre = tuple((n - 1) // 2 for n in coarse.shape)
    return Volume(np.exp(seen - seen[centre]).astype(np.float32), coarse, "1")


def _loops(coil: Coil, rng: np.random.Generator) -> NDArray[np.float64]:
    """Places of the loops around a middle at 0, on average 1 away, (n, 3)."""
    size = rng.normal(1, 0.06, ELEMENTS)
    height = rng.uniform(-0.5, 0.5, ELEMENTS)
    if coil is Coil.BEHIND:
        height = np.linspace(-1, 1, ELEMENTS) + rng.normal(0, 0.05, ELEMENTS)
        return np.stack((rng.normal(0, 0.15, ELEMENTS), size, height), axis=1)
    turn = rng.uniform(0, 2 * np.pi) + np.arange(ELEMENTS) * (2 * np.pi / ELEMENTS)
    return np.stack((size * np.cos(turn), size * np.sin(turn), height), axis=1)


def uneven_field(grid: Grid, sequence: Sequence, rng: np.random.Generator) -> Volume:
    """Main field that shimming leaves uneven: a random polynomial of third order.

    Parameters
    ----------
    grid : Grid
        The view.
    sequence : Sequence
        Its `b0_ppm`.
    rng : Generator
        Draws the field.

    Returns
    -------
    Volume
        Field in ppm on a coarse lattice; mean 0, standard deviation ``sequence.b0_ppm``.
    """
    coarse = nodes(grid)
    axes = [np.linspace(-1, 1, n) for n in coarse.shape]
    places = np.meshgrid(*axes, indexing="ij")
    field = np.zeros(coarse.shape)
    for order in range(1, B0_ORDER + 1):
        for powers in combinations_with_replacement(range(3), order):
            field += rng.normal() * np.prod([places[axis] for axis in powers], axis=0)
    field -= field.mean()
    field *= sequence.b0_ppm / max(float(field.std()), 1e-12)
    return Volume(field.astype(np.float32), coarse, "[ppm]")


def _points(grid: Grid) -> NDArray[np.float64]:
    """World positions of the voxels of a small grid, (i, j, k, 3)."""
    return grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
