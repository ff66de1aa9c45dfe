"""Two images compared at places of soft tissue, and what makes them more alike there."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..core import Grid, Mask
from .carrying import Carried, distance, sampled
from .descent import descend
from .free_form import Controls
from .information import Information
from .levels import CLIPPED, Moving

PULLED = 0.5
"""Tissue beside a bone may be stretched or pressed by this part before that costs; 1 would fold."""

COSTLY = 20.0
"""Nats that the square of what is beyond it costs, on average over the places."""

FIRST_MM = 0.5
"""Largest displacement of the first step of a descent."""


@dataclass(frozen=True, eq=False)
class Freedom:
    """How much of a displacement is allowed at a place: 0 in and near bone, 1 far from it."""

    away: NDArray[np.float32] | None
    grid: Grid
    still_mm: float
    free_mm: float

    @classmethod
    def around(cls, bone: Mask, still_mm: float, free_mm: float) -> "Freedom":
        """Nothing so near a bone, everything so far from it, in mm."""
        away = distance(bone) if bone.voxels else None
        return cls(away, bone.grid, still_mm, free_mm)

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The part that is allowed at (n, 3) places."""
        if self.away is None:
            return np.ones(len(points))
        part = sampled(self.away, self.grid, points) - self.still_mm
        part = np.clip(part / (self.free_mm - self.still_mm), 0, 1)
        smooth: NDArray[np.float64] = part * part * (3 - 2 * part)
        return smooth

    def steepness(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """How fast it changes at (n, 3) places, by mm."""
        rises = [self.at(points + way) - self.at(points - way) for way in np.eye(3) / 2]
        return np.asarray(np.linalg.norm(rises, axis=0))


@dataclass(frozen=True, eq=False)
class Pair:
    """Both images at the same places, on voxels of one size."""

    points: NDArray[np.float64]
    information: Information
    moving: NDArray[np.float64]
    grid: Grid
    start: tuple[NDArray[np.float64], NDArray[np.float64]]
    seen: float

    @classmethod
    def of(
        cls,
        images: tuple[Moving, Moving],
        spacing: float,
        carried: Carried,
        points: NDArray[np.float64],
    ) -> "Pair":
        """The images smoothed, their grey values spread over those of soft tissue."""
        fixed, moving = (image.at(spacing)[0] for image in images)
        places, turns = carried.at(points)
        index = moving.grid.to_index(places)
        seen = ((index >= 0) & (index <= np.array(moving.grid.shape) - 1)).all(axis=1)
        here = sampled(fixed.values, fixed.grid, points)
        there = sampled(moving.values, moving.grid, places)
        low, high = np.percentile(there, CLIPPED)
        spread = (moving.values.astype(np.float64) - low) / max(float(high - low), 1e-9)
        return cls(
            points,
            Information(_spread(here)),
            np.clip(spread, 0, 1),
            moving.grid,
            (places, turns),
            float(seen.mean()),
        )

    def value(self, shift: NDArray[np.float64]) -> float:
        """Mutual information in nats under (n, 3) displacements in mm."""
        return self.compared(shift)[0]

    def compared(self, shift: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Mutual information, and its slope by each displacement, (n, 3)."""
        places, turns = self.start
        index = self.grid.to_index(places + np.einsum("nab,nb->na", turns, shift))
        values, rising = _interpolated(self.moving, index)
        told, slope = self.information.at(values)
        world = rising @ np.linalg.inv(self.grid.direction * self.grid.spacing)
        return told, slope[:, None] * np.einsum("nab,na->nb", turns, world)

    def descend(
        self,
        controls: Controls,
        before: NDArray[np.float64],
        freedom: Freedom,
        stiffness: float,
        steps: int,
    ) -> NDArray[np.float64]:
        """Coefficients of one spline that, on top of those before, makes the images alike.

        Parameters
        ----------
        controls : Controls
            Where its control points lie.
        before : (n, 3) array
            Sum of the splines before, in mm.
        freedom : Freedom
            What the sum of all is multiplied by.
        stiffness : float
            Nats that bending costs.
        steps : int
            At most.
        """
        basis, bending = controls.basis(self.points), controls.bending()
        back = basis.T.tocsr()
        held, steep = freedom.at(self.points)[:, None], freedom.steepness(self.points)[:, None]

        def cost(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            coefficients = flat.reshape(-1, 3)
            spline = before + basis @ coefficients
            told, slope = self.compared(held * spline)
            bent = bending @ coefficients
            length = np.sqrt((spline**2).sum(axis=1, keepdims=True))
            beyond = np.maximum(steep * length - PULLED, 0)
            price = stiffness * float((coefficients * bent).sum())
            price += COSTLY * float((beyond**2).mean())
            pull = (2 * COSTLY / len(spline)) * beyond * steep * spline / np.maximum(length, 1e-9)
            return price - told, (2 * stiffness * bent + back @ (pull - held * slope)).ravel()

        return descend(cost, basis.shape[1] * 3, FIRST_MM, steps).reshape(-1, 3)


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.percentile(values, CLIPPED)
    return np.asarray(np.clip((values - low) / max(float(high - low), 1e-9), 0, 1))


def _interpolated(
    values: NDArray[np.float64], index: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Linear interpolation at (n, 3) indices, and its exact slope."""
    last = np.array(values.shape) - 1
    inside = np.clip(index, 0, last)
    low = np.minimum(inside.astype(np.intp), np.maximum(last - 1, 0))
    part = inside - low
    total, rising = np.zeros(len(index)), np.zeros_like(index)
    for corner in product((0, 1), repeat=3):
        at = np.minimum(low + corner, last)
        value = values[at[:, 0], at[:, 1], at[:, 2]]
        by = np.where(corner, part, 1 - part)
        total += value * by.prod(axis=1)
        for axis in range(3):
            others = by[:, (axis + 1) % 3] * by[:, (axis + 2) % 3]
            rising[:, axis] += value * others * (1 if corner[axis] else -1)
    rising[inside != index] = 0
    return total, rising
