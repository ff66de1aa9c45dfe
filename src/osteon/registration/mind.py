"""Descriptors of each voxel's neighbourhood, by which images of two modalities are compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Grid, Mask, Volume, resample
from .similarity import LEAST_SEEN, correlation
from .transforms import Rigid, resample_by

WAYS = np.vstack((np.eye(3, dtype=int), -np.eye(3, dtype=int)))
"""To which neighbours a voxel is compared."""

PATCH = 0.8
"""Standard deviation of the patch around each, in voxels."""

LEAST_SPREAD = 1e-3
"""Part of the mean spread that a place's own is taken to have at least, where nothing varies."""

DAMPING = 1e-3
"""Of the first step, as a part of the curvature; ten times more after a step that is uphill."""

TRIES = 6
"""Times that a step may be shortened."""

SMALLEST_STEP = 0.01
"""The descent ends where a step moves no place by more than this part of a voxel."""


def descriptors(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """How unlike its six neighbours each voxel is, told so that modality does not matter.

    Modality independent neighbourhood descriptor of Heinrich 2012
    (doi:10.1016/j.media.2012.05.008): distances of Gaussian patches over their mean, as
    ``exp(-distance / mean)``, the largest of each voxel set to 1.

    Parameters
    ----------
    values : (i, j, k) array
        Grey values on cubic voxels.

    Returns
    -------
    (i, j, k, 6) array
        0 to 1.
    """
    apart = np.empty((*values.shape, len(WAYS)), np.float32)
    padded = np.pad(values, 1, mode="edge")
    for number, way in enumerate(WAYS):
        i, j, k = (slice(1 + w, 1 + w + n) for w, n in zip(way, values.shape, strict=True))
        apart[..., number] = ndimage.gaussian_filter((values - padded[i, j, k]) ** 2, PATCH)
    spread = apart.mean(axis=-1, keepdims=True)
    spread = np.maximum(spread, max(LEAST_SPREAD * float(spread.mean()), 1e-12))
    told = np.exp(-apart / spread)
    return np.asarray(told / told.max(axis=-1, keepdims=True), np.float32)


@dataclass(frozen=True, eq=False)
class Described:
    """Descriptors of the fixed image at places of a region, to be compared with a moving image.

    Attributes
    ----------
    points : (n, 3) array
        World LPS mm in the fixed image.
    fixed : (n, 6) array
        Descriptors there.
    moving : (i, j, k, 6) array
        Descriptors of the moving image as `start` brings it to the fixed one.
    shown : (i, j, k) array
        Where that image counts, 0 to 1.
    grid : Grid
        Where its voxels lie, in the world of the fixed image.
    start : Rigid
        From places of the fixed image to places of the moving one.
    """

    points: NDArray[np.float64]
    fixed: NDArray[np.float64]
    moving: NDArray[np.float32]
    shown: NDArray[np.float32]
    grid: Grid
    start: Rigid

    def at(self, transform: Rigid) -> tuple[float, float]:
        """Squared correlation of the descriptors times the part that is shown, and that part."""
        places = (self.start.inverse() @ transform)(self.points)
        seen = self._seen(places)
        part = float(seen.mean())
        if part < LEAST_SEEN:
            return 0.0, part
        found = self.moving_at(places[seen])
        return correlation(self.fixed[seen].ravel(), found.ravel()) * part, part

    def value(self, transform: Rigid) -> float:
        """Similarity under a transform alone."""
        return self.at(transform)[0]

    def moving_at(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Descriptors of the moving image, (n, 6), at places in the world of the fixed one."""
        return self._corners(places)[0]

    def slopes_at(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Slopes of these along x, y, z of the world: (n, 6, 3)."""
        return self._corners(places, slopes=True)[1]

    def _corners(
        self, places: NDArray[np.float64], *, slopes: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Linear interpolation of all descriptors at once, and of its slopes if asked for."""
        last = np.array(self.moving.shape[:3]) - 1
        index = np.clip(self.grid.to_index(places), 0, last)
        low = np.minimum(index.astype(np.intp), last - 1)
        part = index - low
        found = np.zeros((len(places), len(WAYS)))
        along = np.zeros((len(places), len(WAYS), 3) if slopes else (0, 0, 0))
        for corner in np.ndindex(2, 2, 2):
            i, j, k = (low + corner).T
            here = self.moving[i, j, k]
            shares = np.where(corner, part, 1 - part)
            found += shares.prod(axis=1)[:, None] * here
            for axis in range(3) if slopes else ():
                others = np.delete(shares, axis, axis=1).prod(axis=1)
                sign = 1 if corner[axis] else -1
                along[:, :, axis] += (sign * others / self.grid.spacing[axis])[:, None] * here
        return found, along

    def _seen(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        index = self.grid.to_index(places).T
        shown = ndimage.map_coordinates(self.shown, index, order=1, mode="constant")
        return np.asarray(shown >= 0.5)

    def residual(
        self, move: Rigid
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Differences of descriptors (m, 6) at the m places that are seen, those, and which."""
        places = move(self.points)
        seen = self._seen(places)
        return self.moving_at(places[seen]) - self.fixed[seen], places[seen], seen


@dataclass(frozen=True, eq=False)
class MindLevel:
    """Both images at one voxel size, compared by their descriptors.

    Attributes
    ----------
    spacing : float
        Voxel size in mm, cubic.
    inside : Mask
        Where the fixed image is compared.
    fixed, moving : (i, j, k, 6) arrays
        Descriptors, on the grid of `inside` and on `grid`.
    shown : (i, j, k) array
        Where the moving image counts, 0 to 1.
    grid : Grid
        Voxels of the moving image, in the world of the fixed one.
    start : Rigid
        By which it was brought there, so that both have the same neighbours.
    """

    spacing: float
    inside: Mask
    fixed: NDArray[np.float32]
    moving: NDArray[np.float32]
    shown: NDArray[np.float32]
    grid: Grid
    start: Rigid

    def similarity(self, most: int) -> Described:
        """The comparison at all places inside, or at `most` of them, evenly chosen."""
        index = np.argwhere(self.inside.values)
        index = index[:: max(1, -(-len(index) // most))]
        told = self.fixed[tuple(index.T)].astype(np.float64)
        points = self.inside.grid.to_world(index)
        return Described(points, told, self.moving, self.shown, self.grid, self.start)

    def descend(self, start: Rigid, most: int, places: int) -> Rigid:
        """Where Gauss-Newton steps from `start` end: least squares of the descriptors.

        Steps are damped as by Levenberg (1944, doi:10.1090/qam/10666).

        Parameters
        ----------
        start : Rigid
            From places of the fixed image to places of the moving one.
        most : int
            Steps, at most.
        places : int
            About how many places are compared at most.
        """
        compared = self.similarity(places)
        centre = compared.points.mean(axis=0)
        arm = float(np.linalg.norm(compared.points - centre, axis=1).max())
        move = self.start.inverse() @ start
        damping = DAMPING
        for _ in range(most):
            step = _step(compared, move, centre, damping)
            if step is None:
                break
            move, damping = step[0] @ move, step[1]
            if np.linalg.norm(step[2][3:]) + arm * np.linalg.norm(step[2][:3]) < (
                SMALLEST_STEP * self.spacing
            ):
                break
        return self.start @ move


def _step(
    compared: Described, move: Rigid, centre: NDArray[np.float64], damping: float
) -> tuple[Rigid, float, NDArray[np.float64]] | None:
    """One step downhill, the next damping, and turn and shift; None where there is none."""
    off, places, seen = compared.residual(move)
    if seen.mean() < LEAST_SEEN:
        return None
    before = float((off**2).mean())
    pivot = move(centre)
    slopes = compared.slopes_at(places)
    arms = places - pivot
    # a small turn w takes a place by w × arm; its part of the slope is arm × slope
    turning = np.cross(arms[:, None, :], slopes)
    jacobian = np.concatenate((turning, slopes), axis=2).reshape(-1, 6)
    curvature = jacobian.T @ jacobian
    downhill = -jacobian.T @ off.ravel()
    for _ in range(TRIES):
        damped = curvature + damping * np.diag(np.diag(curvature) + 1e-12)
        by = np.asarray(np.linalg.solve(damped, downhill), np.float64)
        step = Rigid.about(pivot, turn_deg=np.degrees(by[:3]), shift_mm=by[3:])
        now, _, shown = compared.residual(step @ move)
        if shown.mean() >= LEAST_SEEN and float((now**2).mean()) < before:
            return step, max(damping / 10, 1e-6), by
        damping *= 10
    return None


def mind_level(
    fixed: Volume, inside: Mask, moving: tuple[Volume, Mask | None], start: Rigid, spacing: float
) -> MindLevel:
    """Both images as descriptors on cubic voxels along the axes of the world.

    Parameters
    ----------
    fixed : Volume
        Fixed image, values 0 to 1.
    inside : Mask
        Where it counts, on its grid.
    moving : (Volume, Mask or None)
        Moving image, values 0 to 1, and where it counts.
    start : Rigid
        From places of the fixed image to places of the moving one, about.
    spacing : float
        In mm.
    """
    here = _around(fixed.grid, Rigid.identity(), spacing)
    there = _around(moving[0].grid, start.inverse(), spacing)
    allowed = moving[1]
    everywhere = np.ones(moving[0].grid.shape, np.float32)
    counts = everywhere if allowed is None else allowed.values.astype(np.float32)
    brought = resample_by(moving[0], start, onto=there)
    shown = resample_by(Volume(counts, moving[0].grid, "1"), start, onto=there)
    return MindLevel(
        spacing,
        resample(inside, onto=here, method="linear"),
        descriptors(resample(fixed, onto=here).values),
        descriptors(brought.values),
        shown.values,
        there,
        start,
    )


def _around(grid: Grid, move: Rigid, spacing: float) -> Grid:
    """Cubic voxels along the axes of the world, that cover a grid moved by a transform."""
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(grid.shape) - 1)
    world = move(grid.to_world(corners))
    low, high = world.min(axis=0), world.max(axis=0)
    i, j, k = (max(2, int(np.ceil(w / spacing)) + 1) for w in high - low)
    return Grid((i, j, k), low, np.eye(3), np.full(3, spacing))
