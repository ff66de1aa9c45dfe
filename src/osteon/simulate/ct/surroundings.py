"""The whole body around an image, seen coarsely, and its effects brought to the pixels."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core import Grid
from .hardening import METAL_SHARE, Body, coarse_errors, metal_errors
from .projection import rays_for
from .scanner import Scanner
from .slices import Paint

COARSE_MM, METAL_MM, LAYER_MM = 4.0, 2.0, 8.0
"""Voxels of the coarse picture in the plane, of that with metal, and along z, mm."""

ANGLES, METAL_ANGLES = 72, 240
"""Directions of rays over half a turn."""

BEYOND = 1.15
"""Width of the coarse picture, in widths of the body."""

ELLIPSE_CHORD = 0.785
"""Mean chord of a disc, in diameters (Cauchy: pi/4)."""


class Surroundings(NamedTuple):
    """Effects of the body on the image, on a coarse grid."""

    hardening: NDArray[np.float32]  # (k, i, j), HU
    noise: NDArray[np.float32]  # (k, i, j), SD relative to the phantom's
    grid: Grid
    dose: float


def mean_path(size: Mapping[str, float]) -> float:
    """Mean path through a body, mm of water: that of the disc of the ellipse's area."""
    return float(ELLIPSE_CHORD * np.sqrt(size["width"] * size["depth"]))


def coarse_grid(grid: Grid, size: Mapping[str, float], pixel: float) -> Grid:
    """Grid over the whole width of the body, in the frame of an image.

    Parameters
    ----------
    grid : Grid
        The image.
    size : mapping
        Body, as ``Scene.size``.
    pixel : float
        Voxels in the plane, mm.
    """
    ends = grid.to_world([[0, 0, 0], [0, 0, grid.shape[2] - 1]])
    height = float(np.linalg.norm(ends[1] - ends[0]))
    sides = [int(np.ceil(BEYOND * size[name] / pixel)) + 2 for name in ("width", "depth")]
    layers = int(np.ceil(height / LAYER_MM)) + 1
    spacing = np.array([pixel, pixel, max(height / max(layers - 1, 1), 0.1)])
    middle = ends.mean(axis=0)
    away = np.array([size["x"], size["y"], middle[2]]) - middle
    middle = middle + grid.direction[:, :2] @ (grid.direction[:, :2].T @ away)
    shape = (sides[0], sides[1], layers)
    corner = middle - grid.direction @ (0.5 * (np.array(shape) - 1) * spacing)
    return Grid(shape, corner, grid.direction, spacing)


def surroundings(
    paint: Paint,
    shares: NDArray[np.float32],
    size: Mapping[str, float],
    grid: Grid,
    setting: tuple[Scanner, np.random.Generator],
) -> Surroundings:
    """Beam hardening and noise of a body, with the streaks of metal in it.

    Parameters
    ----------
    paint : Paint
        What is in the body.
    shares : (tissues, 2) array of float32
        Tissues as water and bone (``hu.as_water_and_bone``).
    size : mapping
        Water-equivalent ellipse of the body, as ``Scene.size``, mm.
    grid : Grid
        The image.
    setting : Scanner, Generator
        Scanner, and source of chance for the streaks.
    """
    scanner, rng = setting
    path = mean_path(size)
    coarse = coarse_grid(grid, size, COARSE_MM)
    body = _body(paint, shares, coarse, size)
    errors = coarse_errors(body, scanner, rays_for(coarse.shape[:2], ANGLES), path)
    hardening = errors.hardening
    metal = (body.bone > METAL_SHARE).any(axis=(1, 2))
    if scanner.streaks and metal.any():
        fine = coarse_grid(grid, size, METAL_MM)
        first, last = np.flatnonzero(metal)[[0, -1]]
        part = fine.crop((0, 0, first), (fine.shape[0], fine.shape[1], last + 1))
        held = _body(paint, shares, part, size)
        rays = rays_for(part.shape[:2], METAL_ANGLES)
        whole = np.stack([_lerp(_lerp(h, fine, coarse, 0), fine, coarse, 1) for h in hardening])
        whole[first : last + 1] += metal_errors(held, scanner, rays, path, rng)
        hardening, coarse_noise = whole, errors.variance
        noise = np.stack([_lerp(_lerp(v, fine, coarse, 0), fine, coarse, 1) for v in coarse_noise])
        return Surroundings(hardening, np.sqrt(noise), fine, errors.dose)
    return Surroundings(hardening, np.sqrt(errors.variance), coarse, errors.dose)


def _body(paint: Paint, shares: NDArray[np.float32], grid: Grid, size: Mapping[str, float]) -> Body:
    """Coarse picture of a body, layers first."""
    water, bone = paint(grid, shares, (2, 2, 2))
    return Body(
        np.ascontiguousarray(np.moveaxis(water, 2, 0)),
        np.ascontiguousarray(np.moveaxis(bone, 2, 0)),
        float(grid.spacing[0]),
        (size["width"], size["depth"]),
    )


def _lerp(values: NDArray[np.float32], onto: Grid, of: Grid, axis: int) -> NDArray[np.float32]:
    """Slice (i, j) brought to the voxels of another grid along one axis, linearly."""
    start = float((onto.origin - of.origin) @ of.direction[:, axis])
    at = (start + np.arange(onto.shape[axis]) * onto.spacing[axis]) / of.spacing[axis]
    at = np.clip(at, 0, values.shape[axis] - 1)
    low = np.minimum(at.astype(int), max(values.shape[axis] - 2, 0))
    part = (at - low).astype(np.float32)
    part = part[:, None] if axis == 0 else part[None, :]
    high = np.minimum(low + 1, values.shape[axis] - 1)
    return np.asarray(
        np.take(values, low, axis) * (1 - part) + np.take(values, high, axis) * part, np.float32
    )


def at_slice(values: NDArray[np.float32], of: Grid, onto: Grid, k: int) -> NDArray[np.float32]:
    """Coarse values (k, i, j) at the pixels of slice k of a finer grid of the same direction.

    Parameters
    ----------
    values : (k, i, j) array
        Values of `of`.
    of, onto : Grid
        Coarse and fine grid.
    k : int
        Slice of `onto`.
    """
    start = float((onto.origin - of.origin) @ of.direction[:, 2])
    at = float(np.clip((start + k * onto.spacing[2]) / of.spacing[2], 0, len(values) - 1))
    low = min(int(at), max(len(values) - 2, 0))
    high = min(low + 1, len(values) - 1)
    plane = values[low] * np.float32(low + 1 - at) + values[high] * np.float32(at - low)
    return _lerp(_lerp(plane, onto, of, 0), onto, of, 1)
