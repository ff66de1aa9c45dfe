"""What the simulated CT looks at in tests: shapes whose share of every voxel is known,
in closed form or by many points."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteon.core import Grid
from osteon.simulate.ct.acquire import CTImage, CTView, Stuff, scan_stuff
from osteon.simulate.ct.scanner import Scanner
from osteon.simulate.materials import Material, Tissue, pure

AIR, WATER, BONE, METAL = range(4)
TISSUES: tuple[Tissue, ...] = tuple(
    pure(m) for m in (Material.AIR, Material.WATER, Material.BONE, Material.METAL)
)

Share = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
"""Share of each voxel, given its world centre (..., 3) and the sides of voxels."""

ROUND = {"width": 320.0, "depth": 320.0, "x": 0.0, "y": 0.0}

QUIET = Scanner(name="quiet", noise=0.0, offset=0.0, wander=0.0, modulation=0.0)


def edge(angle: float) -> Share:
    """Half of the world, its face turned by an angle in the plane; exact on voxels."""
    normal = np.array([np.cos(angle), np.sin(angle)])

    def share(centres: NDArray[np.float64], sides: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b = np.sort(np.abs(normal) * sides[:2])[::-1]
        d = centres[..., :2] @ normal

        def ramp(x: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(np.maximum(x, 0) ** 2)

        corners = ((a + b) / 2, (a - b) / 2, -(a - b) / 2, -(a + b) / 2)
        up, down, down2, up2 = (ramp(d + c) for c in corners)
        return np.asarray((up - down - down2 + up2) / (2 * a * b))

    return share


def cylinder(x: float, y: float, radius: float) -> Share:
    """A cylinder along z, the share of its rim blurred over one voxel."""

    def share(centres: NDArray[np.float64], sides: NDArray[np.float64]) -> NDArray[np.float64]:
        away = radius - np.hypot(centres[..., 0] - x, centres[..., 1] - y)
        return np.asarray(np.clip(away / sides[0] + 0.5, 0, 1))

    return share


def ball(x: float, y: float, z: float, radius: float) -> Share:
    """A ball, by 6³ points in each voxel near it."""

    def share(centres: NDArray[np.float64], sides: NDArray[np.float64]) -> NDArray[np.float64]:
        centre = np.array([x, y, z])
        near = (np.abs(centres - centre) < radius + sides).all(axis=-1)
        steps = (np.arange(6) + 0.5) / 6 - 0.5
        points = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3) * sides
        inside = ((centres[near][:, None] + points - centre) ** 2).sum(axis=-1) < radius**2
        out = np.zeros(centres.shape[:-1])
        out[near] = inside.mean(axis=1)
        return out

    return share


def plate(z: float, thickness: float) -> Share:
    """A plate across z, exact."""

    def share(centres: NDArray[np.float64], sides: NDArray[np.float64]) -> NDArray[np.float64]:
        low = np.maximum(centres[..., 2] - 0.5 * sides[2], z - 0.5 * thickness)
        high = np.minimum(centres[..., 2] + 0.5 * sides[2], z + 0.5 * thickness)
        return np.asarray(np.maximum(high - low, 0) / sides[2])

    return share


def stuff(*things: tuple[Share, int], size: dict[str, float] | None = None, fill: int = 0) -> Stuff:
    """Things, later ones over earlier ones, in a world of one tissue."""

    def paint(
        grid: Grid, values: NDArray[np.float32], samples: tuple[int, int, int]
    ) -> NDArray[np.float32]:
        centres = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
        out = np.broadcast_to(values[fill], (*grid.shape, values.shape[1])).astype(np.float64)
        for share, tissue in things:
            part = share(centres, grid.spacing)[..., None]
            out = out * (1 - part) + part * values[tissue]
        return np.ascontiguousarray(np.moveaxis(out, -1, 0), np.float32)

    return Stuff(paint, TISSUES, ROUND if size is None else size)


def look(
    seen: Stuff, fov: float, low: float, high: float, *, seed: int = 1, **changes: Any
) -> CTImage:
    """An image of `QUIET` with changes, around the middle of the world."""
    scanner = replace(QUIET, **changes)
    view = CTView((0.0, 0.0), fov, low, high)
    return scan_stuff(seen, scanner, view, np.random.default_rng(seed))
