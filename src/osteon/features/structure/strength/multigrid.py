"""A rough and quick answer to a load: the same solid in ever larger bricks.

Geometric multigrid for voxel models of bone (Flaig & Arbenz 2011,
doi:10.1016/j.parco.2011.08.001): eight bricks become one with their mean modulus, until few enough
are left to solve them directly; on each level a Chebyshev polynomial smooths what the coarser
levels cannot show.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from ....core.compiled import parallel, prange
from .elements import Elements, Field, brick_stiffness, bricks, forces, mirror_blocks

FEW = 1500
"""Unknowns that are solved directly."""

SMOOTHED_SHARE = 6.0
"""The smoother works on the upper part of the spectrum, from one over this of its top."""

SMOOTHING_STEPS = 2
"""Degree of the smoothing polynomial, before and after the coarser level."""

SOFT_SPRING = 1e-7
"""Share of the diagonal added on the coarsest level, so that free rigid motion can be solved."""


@dataclass(frozen=True, eq=False)
class Level:
    """The solid in bricks of one size.

    Attributes
    ----------
    elements : Elements
        The bricks.
    blocks : (8, 3, 3) array
        Stiffness of one brick.
    inverse : (nodes, 3) array
        One over the diagonal of the stiffness.
    top : float
        No eigenvalue of stiffness / diagonal is above this.
    number : (i + 1, j + 1, k + 1) int32 array
        Number of the node at each corner of the grid, −1 for none.
    """

    elements: Elements
    blocks: NDArray[np.float64]
    inverse: Field
    top: float
    number: NDArray[np.int32]

    def held(self, plates: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Places in a flat (nodes · 3) field that plates hold; see `Multigrid.of`."""
        node = self.elements.node
        on_face = (node == 0) | (node == np.array(self.elements.shape))
        fixed = np.zeros(on_face.shape, bool)
        for axis in range(3):
            fixed |= on_face[:, axis, None] & plates[axis]
        return np.flatnonzero(fixed)


def levels(
    modulus: NDArray[np.float64], spacing: NDArray[np.float64], poisson: float
) -> tuple[Level, ...]:
    """The solid in ever larger bricks, finest first, down to few unknowns.

    Parameters
    ----------
    modulus : (i, j, k) array
        Modulus of each voxel in units of the tissue's; 0 for none.
    spacing : (3,) array
        Sides of a voxel, in mm.
    poisson : float
        Poisson's ratio of the tissue.
    """
    found = [_level(bricks(modulus, spacing), poisson)]
    while 3 * len(found[-1].elements.node) > FEW and min(modulus.shape) > 1:
        modulus, spacing = coarser(modulus, 2), 2.0 * spacing
        found.append(_level(bricks(modulus, spacing), poisson))
    return tuple(found)


def _level(elements: Elements, poisson: float) -> Level:
    stiffness = brick_stiffness(elements.spacing, poisson)
    diagonal = np.diag(stiffness)
    scaled = stiffness / np.sqrt(np.outer(diagonal, diagonal))
    weight = np.zeros(len(elements.node))
    for line in elements.corner.T:
        for node in (line, line + 1):
            weight += np.bincount(node, elements.modulus, len(weight))
    return Level(
        elements,
        mirror_blocks(stiffness),
        1.0 / np.outer(weight, diagonal[:3]),
        float(np.linalg.eigvalsh(scaled)[-1]),
        elements.number,
    )


def coarser(modulus: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    """Mean of cubes of `by`³ voxels; what is missing at the far end counts as empty."""
    padded = np.pad(modulus, [(0, -n % by) for n in modulus.shape])
    i, j, k = (n // by for n in padded.shape)
    mean: NDArray[np.float64] = padded.reshape(i, by, j, by, k, by).mean(axis=(1, 3, 5))
    return mean


@dataclass(frozen=True, eq=False)
class Workplace:
    """Fields of one level that are used again and again.

    Attributes
    ----------
    held : (n,) int64 array
        Places in a flat field that plates hold.
    moved, step, push, rest : (nodes, 3) array
        Displacements, the last change of them, forces, and unbalanced forces.
    """

    held: NDArray[np.int64]
    moved: Field
    step: Field
    push: Field
    rest: Field


@dataclass(frozen=True, eq=False)
class Multigrid:
    """The solid on all levels, between given plates, and the coarsest level's factor."""

    levels: tuple[Level, ...]
    places: tuple[Workplace, ...]
    factor: NDArray[np.float64]

    @classmethod
    def of(cls, found: tuple[Level, ...], plates: NDArray[np.bool_]) -> "Multigrid":
        """Levels between plates.

        Parameters
        ----------
        found : tuple of Level
            As `levels` gives them.
        plates : (3, 3) bool array
            Row a: which components of displacement the two faces across axis a prescribe.
        """
        places = tuple(
            Workplace(level.held(plates), *(np.zeros_like(level.inverse) for _ in range(4)))
            for level in found
        )
        return cls(found, places, _factor(found[-1], places[-1].held))

    def prescribed(self, moved: Field) -> Field:
        """The same displacements where plates prescribe them, 0 elsewhere."""
        only = np.zeros_like(moved)
        held = self.places[0].held
        only.reshape(-1)[held] = moved.reshape(-1)[held]
        return only

    def forces(self, moved: Field, push: Field) -> None:
        """Put into `push` the forces of displacements; 0 where plates take them up."""
        self._forces(0, moved, push)

    def improve(self, rest: Field) -> Field:
        """Displacements that roughly undo unbalanced forces: symmetric, linear, positive.

        The array returned is used again by the next call.
        """
        return self._cycle(0, rest)

    def _forces(self, depth: int, moved: Field, push: Field) -> None:
        level = self.levels[depth]
        forces(level.elements, level.blocks, moved, push)
        push.reshape(-1)[self.places[depth].held] = 0.0

    def _cycle(self, depth: int, rest: Field) -> Field:
        level, place = self.levels[depth], self.places[depth]
        if depth == len(self.levels) - 1:
            place.moved[:] = cho_solve((self.factor, True), rest.reshape(-1)).reshape(rest.shape)
            place.moved.reshape(-1)[place.held] = 0.0
            return place.moved
        place.moved.fill(0.0)
        place.push.fill(0.0)
        self._smooth(depth, rest)
        self._forces(depth, place.moved, place.push)
        below, beneath = self.levels[depth + 1], self.places[depth + 1]
        _gather(below.elements.node, level.number, rest, place.push, beneath.rest)
        beneath.rest.reshape(-1)[beneath.held] = 0.0
        coarse = self._cycle(depth + 1, beneath.rest)
        _spread(level.elements.node, below.number, coarse, place.moved)
        place.moved.reshape(-1)[place.held] = 0.0
        self._forces(depth, place.moved, place.push)
        self._smooth(depth, rest)
        return place.moved

    def _smooth(self, depth: int, rest: Field) -> None:
        """Chebyshev steps on the upper part of the spectrum; `push` belongs to `moved`."""
        level, place = self.levels[depth], self.places[depth]
        middle = level.top * (1.0 + 1.0 / SMOOTHED_SHARE) / 2.0
        half = level.top * (1.0 - 1.0 / SMOOTHED_SHARE) / 2.0
        keep, gain, rho = 0.0, 1.0 / middle, half / middle
        for step in range(SMOOTHING_STEPS):
            if step > 0:
                self._forces(depth, place.moved, place.push)
                before, rho = rho, 1.0 / (2.0 * middle / half - rho)
                keep, gain = before * rho, 2.0 * rho / half
            _change(place.moved, place.step, rest, place.push, level.inverse, (keep, gain))


def _factor(last: Level, held: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cholesky factor of the coarsest stiffness; held displacements stand as ones."""
    size = last.inverse.size
    matrix = np.empty((size, size))
    for column in range(size):
        unit = np.zeros(size)
        unit[column] = 1.0
        matrix[column] = forces(last.elements, last.blocks, unit.reshape(-1, 3)).reshape(-1)
    matrix[np.diag_indices(size)] *= 1.0 + SOFT_SPRING
    matrix[held] = 0.0
    matrix[:, held] = 0.0
    matrix[held, held] = 1.0
    factor: NDArray[np.float64] = cho_factor(matrix, lower=True)[0]
    return factor


@parallel
def _change(
    moved: Field,
    step: Field,
    rest: Field,
    push: Field,
    inverse: Field,
    share: tuple[float, float],
) -> None:
    """Let `step` be keep · step + gain · inverse · (rest − push), and move by it."""
    keep, gain = share
    for node in prange(len(moved)):
        for c in range(3):
            change = keep * step[node, c] + gain * inverse[node, c] * (
                rest[node, c] - push[node, c]
            )
            step[node, c] = change
            moved[node, c] += change


@parallel
def _gather(
    place: NDArray[np.int32], number: NDArray[np.int32], rest: Field, push: Field, coarse: Field
) -> None:
    """Forces still unbalanced at coarse nodes: those of the fine nodes around, by weight."""
    ni, nj, nk = number.shape
    for node in prange(len(place)):
        x, y, z = 0.0, 0.0, 0.0
        near = 2 * place[node]
        for i in range(max(near[0] - 1, 0), min(near[0] + 2, ni)):
            for j in range(max(near[1] - 1, 0), min(near[1] + 2, nj)):
                for k in range(max(near[2] - 1, 0), min(near[2] + 2, nk)):
                    fine = number[i, j, k]
                    if fine >= 0:
                        weight = 0.5 ** (i % 2 + j % 2 + k % 2)
                        x += weight * (rest[fine, 0] - push[fine, 0])
                        y += weight * (rest[fine, 1] - push[fine, 1])
                        z += weight * (rest[fine, 2] - push[fine, 2])
        coarse[node, 0], coarse[node, 1], coarse[node, 2] = x, y, z


@parallel
def _spread(
    place: NDArray[np.int32], number: NDArray[np.int32], coarse: Field, moved: Field
) -> None:
    """Add to the displacement of fine nodes the trilinear one of the coarse nodes."""
    for node in prange(len(place)):
        i, j, k = place[node]
        weight = 0.5 ** (i % 2 + j % 2 + k % 2)
        for di in range(1 + i % 2):
            for dj in range(1 + j % 2):
                for dk in range(1 + k % 2):
                    parent = number[i // 2 + di, j // 2 + dj, k // 2 + dk]
                    for c in range(3):
                        moved[node, c] += weight * coarse[parent, c]
