"""How soft tissue follows bones: rigid motions blended by distance, and a little of its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, map_coordinates

from ...core import Grid
from ..scene.scene import Bone, Soft

Points = NDArray[np.float64]

TRUST = 0.9
"""Part of a signed distance's range up to which it is taken; beyond it a coarse one is used."""

FREE_MM = 10.0
"""Distance from bones at which soft tissue has half of its own motion; assumed."""

ROUNDS = 12
"""Steps in which a displacement is inverted; each leaves less than half of the error."""


def twist_of(move: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of a rigid transform: rotation vector and velocity, (6,); turns below 180°."""
    turn = move[:3, :3]
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
    sine, cosine = float(np.linalg.norm(axis)), (float(np.trace(turn)) - 1) / 2
    angle = float(np.arctan2(sine, cosine))
    vector = axis * (angle / sine if sine > 1e-12 else 1.0)
    flow = np.linalg.solve(_integral(vector[None])[0], move[:3, 3])
    return np.concatenate((vector, flow))


def moves_of(twists: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotations (n, 3, 3) and shifts (n, 3) of twists (n, 6): the inverse of `twist_of`."""
    cross = _cross(twists[:, :3])
    angle = np.linalg.norm(twists[:, :3], axis=1)[:, None, None]
    one = np.sinc(angle / np.pi)
    two = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    turns = np.eye(3) + one * cross + two * (cross @ cross)
    return turns, np.einsum("nab,nb->na", _integral(twists[:, :3]), twists[:, 3:])


def move_of(twist: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rigid transform (4, 4) of one twist (6,)."""
    turns, shifts = moves_of(twist[None])
    move = np.eye(4)
    move[:3, :3], move[:3, 3] = turns[0], shifts[0]
    return move


def _cross(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrices of the cross product with each vector, (n, 3, 3)."""
    out = np.zeros((len(vectors), 3, 3))
    for row, column, axis, sign in ((2, 1, 0, 1), (0, 2, 1, 1), (1, 0, 2, 1)):
        out[:, row, column] = sign * vectors[:, axis]
        out[:, column, row] = -sign * vectors[:, axis]
    return out


def _integral(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrices that turn the velocity of a twist into its shift."""
    cross = _cross(vectors)
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    two = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    square = np.maximum(angle, 1e-4) ** 2
    three = np.where(angle > 1e-4, (1 - np.sinc(angle / np.pi)) / square, 1 / 6)
    return np.asarray(np.eye(3) + two * cross + three * (cross @ cross))


@dataclass(frozen=True, eq=False)
class Deformation:
    """Motion of every point of a body whose bones move rigidly, before it moves as a whole.

    Attributes
    ----------
    grid : Grid
        Coarse world lattice.
    distance : (g, i, j, k) array of float32
        Distance to the bones of each group in mm, negative inside.
    twists : (g, 6) array of float64
        Motion of each group.
    own : (3, i, j, k) array of float32
        Displacement of soft tissue far from bones, in mm.
    """

    grid: Grid
    distance: NDArray[np.float32]
    twists: NDArray[np.float64]
    own: NDArray[np.float32]

    def __call__(self, points: Points) -> Points:
        """Where points (n, 3) go: with a bone in it, in between by the inverse squared distance."""
        at = self.grid.to_index(points).T
        apart = np.array([_sampled(part, at) for part in self.distance])
        nearest = apart.min(axis=0)
        weights = 1 / np.maximum(apart, 1e-3) ** 2
        within = nearest <= 0
        weights[:, within] = np.arange(len(apart))[:, None] == apart[:, within].argmin(axis=0)
        weights /= weights.sum(axis=0)
        turns, shifts = moves_of(weights.T @ self.twists)
        free = np.maximum(nearest, 0) ** 2
        free = free / (free + FREE_MM**2)
        loose = vectors_at(self.own, self.grid, points) * free[:, None]
        return np.asarray(np.einsum("nab,nb->na", turns, points) + shifts + loose)

    def backwards(self) -> NDArray[np.float32]:
        """Displacement (3, i, j, k) that takes each place after the motion to where it was."""
        index = np.indices(self.grid.shape).reshape(3, -1).astype(np.float64)
        after = self.grid.to_world(index.T)
        forward = (self(after) - after).T.reshape(3, *self.grid.shape)
        steps = self.grid.spacing[:, None]
        back = np.zeros_like(index)
        for _ in range(ROUNDS):
            at = index + back / steps
            back = -np.array([_sampled(part, at) for part in forward])
        return back.reshape(3, *self.grid.shape).astype(np.float32)


def vectors_at(field: NDArray[np.floating], grid: Grid, points: Points) -> Points:
    """Vectors (n, 3) of a field (3, i, j, k) at world points (n, 3)."""
    at = grid.to_index(points).T
    return np.array([_sampled(part, at) for part in field]).T


def _sampled(field: NDArray[np.floating], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Field at fractional indices (3, n); its edge goes on outside."""
    out = map_coordinates(field, at, np.float64, order=1, mode="nearest")
    return np.asarray(out, np.float64)


def inside_at(thing: Soft | Bone, points: Points) -> NDArray[np.float64]:
    """Signed distance of an object's surface at world points (n, 3), its edge going on outside."""
    back = np.linalg.inv(thing.pose)
    return _sampled(thing.inside, thing.grid.to_index(points @ back[:3, :3].T + back[:3, 3]).T)


def distance_to(things: list[Soft | Bone], grid: Grid) -> NDArray[np.float32]:
    """Distance in mm to the nearest of some objects on a world lattice, negative inside."""
    points = grid.to_world(np.indices(grid.shape).reshape(3, -1).T)
    best = np.full(len(points), np.inf)
    for thing in things:
        signed = -inside_at(thing, points)
        reach = TRUST * float(-thing.inside.min())
        within = (signed < 0).reshape(grid.shape)
        far = distance_transform_edt(~within, sampling=grid.spacing) if within.any() else np.inf
        coarse = np.broadcast_to(far, grid.shape).ravel() - 0.5 * float(grid.spacing.max())
        best = np.minimum(best, np.where(signed < reach, signed, np.maximum(coarse, reach)))
    return best.reshape(grid.shape).astype(np.float32)
