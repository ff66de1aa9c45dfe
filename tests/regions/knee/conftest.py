"""A knee of balls and tubes, with cortex, spongy bone and open shafts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from osteon.core import HU, Grid, Mask, Volume

Bools = NDArray[np.bool_]
STEP = 1.6


@dataclass(frozen=True)
class MadeUp:
    """A knee that is known voxel by voxel."""

    ct: Volume
    bones: dict[str, Mask]

    def with_values(self, values: NDArray[np.float32]) -> Volume:
        return Volume(values, self.ct.grid, HU)


def _ellipsoid(
    place: NDArray[np.float64], middle: tuple[float, ...], half: tuple[float, ...]
) -> Bools:
    away = [(p - m) / h for p, m, h in zip(place, middle, half, strict=True)]
    return sum(a**2 for a in away) < 1  # type: ignore[return-value]


def _tube(place: NDArray[np.float64], middle: tuple[float, float], radius: float) -> Bools:
    x, y, _ = place
    return np.hypot(x - middle[0], y - middle[1]) < radius


def _shapes(place: NDArray[np.float64], lateral: float, gap: float) -> dict[str, Bools]:
    z = place[2]
    femur = _tube(place, (0, -8), 13) & (z > 20)
    for x in (-19, 19):
        femur |= _ellipsoid(place, (x, 0, 22 + gap / 2), (16, 28, 22))
    plateau = _ellipsoid(place, (0, 0, -gap / 2), (38, 26, 24)) & (z < -gap / 2)
    tibia = plateau | (_tube(place, (0, 0), 14) & (z < -10))
    fibula = _tube(place, (lateral * 30, 20), 6) & (z < -14)
    patella = _ellipsoid(place, (0, -40, 30), (17, 8, 17))
    return {"femur": femur, "tibia": tibia & ~fibula, "patella": patella & ~femur, "fibula": fibula}


@pytest.fixture(scope="session")
def make_knee() -> Callable[..., MadeUp]:
    made: dict[tuple[str, float, frozenset[str]], MadeUp] = {}

    def make(side: str = "left", gap: float = 5.0, missing: tuple[str, ...] = ()) -> MadeUp:
        key = (side, gap, frozenset(missing))
        if key not in made:
            made[key] = _made(side, gap, missing)
        return made[key]

    return make


def _made(side: str, gap: float, missing: tuple[str, ...]) -> MadeUp:
    grid = Grid((58, 66, 70), np.array([-45.0, -56.0, -48.0]), np.eye(3), np.full(3, STEP))
    place = np.stack(
        np.meshgrid(
            *[o + STEP * np.arange(n) for o, n in zip(grid.origin, grid.shape, strict=True)],
            indexing="ij",
        )
    )
    rng = np.random.default_rng(1)
    values = np.full(grid.shape, 40.0) + rng.normal(0, 15, grid.shape)
    bones = {}
    for name, inside in _shapes(place, 1.0 if side == "left" else -1.0, gap).items():
        if name in missing:
            continue
        depth = ndimage.distance_transform_edt(np.pad(inside, 1, mode="edge"), sampling=STEP)
        depth = depth[1:-1, 1:-1, 1:-1]
        spongy = np.where(np.abs(place[2]) < 30, 220.0, -60.0) + rng.normal(0, 120, grid.shape)
        values = np.where(inside, np.where(depth < 2.0, 1100.0, spongy), values)
        bones[name] = Mask(inside, grid)
    return MadeUp(Volume(values.astype(np.float32), grid, HU), bones)
