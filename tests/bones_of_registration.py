"""Two bones in a thigh, given by formulas: what CT and MR show of them, in any pose and grid."""

import numpy as np

from osteon.core import HU, Grid, Mask, Volume
from osteon.registration import Rigid

STILL = {"femur": Rigid.identity(), "tibia": Rigid.identity()}

CT = {"fat": -100.0, "muscle": 50.0, "shell": 1100.0, "marrow": 150.0}
MR = {"fat": 0.95, "muscle": 0.35, "shell": 0.05, "marrow": 0.85}


def grid(spacing=(3.0, 3.0, 3.0), half=(46.0, 44.0, 50.0), middle=(0.0, 0.0, 0.0), turn=None):
    """Voxels over a box around `middle`, its sides turned by a Rigid."""
    shape = [int(2 * h / s) for h, s in zip(half, spacing, strict=True)]
    axes = np.eye(3) if turn is None else turn.matrix[:3, :3]
    away = axes @ ((np.array(shape) - 1) / 2 * np.array(spacing))
    return Grid(tuple(shape), np.array(middle) - away, axes, spacing)


def _ellipsoid(p, middle, radii):
    scaled = np.linalg.norm((p - middle) / np.array(radii), axis=-1)
    return (scaled - 1) * min(radii)


def _shaft(p, x, y, low, high, radius):
    along = np.clip(p[..., 2], low, high)
    axis = np.stack((np.full_like(along, x), np.full_like(along, y), along), axis=-1)
    return np.linalg.norm(p - axis, axis=-1) - radius


def depth(bone, p):
    """Signed distance from a bone's surface, about in mm; below 0 inside."""
    if bone == "femur":
        parts = (
            _ellipsoid(p, (-19, 4, 10), (15, 21, 14)),
            _ellipsoid(p, (18, 2, 11), (16, 24, 13)),
            _shaft(p, 2, -6, 12, 90, 12),
        )
    else:
        parts = (
            _ellipsoid(p, (0, 2, -17), (35, 23, 11)),
            _ellipsoid(p, (1, -19, -30), (7, 7, 10)),
            _shaft(p, 3, 3, -90, -18, 11),
        )
    return np.min(parts, axis=0)


def _values(points, moves, tissue):
    def share(d):
        return 1 / (1 + np.exp(np.clip(d / 0.7, -40, 40)))

    leg = share(np.hypot(points[..., 0] - 3, points[..., 1] * 1.1) - 40)
    seen = tissue["fat"] + (tissue["muscle"] - tissue["fat"]) * leg
    for bone, move in moves.items():
        d = depth(bone, move.inverse()(points))
        seen += (tissue["shell"] - seen) * share(d)
        seen += (tissue["marrow"] - seen) * share(d + 2.5)
    return seen


def ct(on=None, moves=STILL, noise=20.0, seed=1):
    """CT in HU; every bone moved by its Rigid."""
    return _image(on or grid(), moves, CT, noise, HU, seed)


def mr(on=None, moves=STILL, noise=0.03, seed=2):
    """MR with bright marrow and fat; every bone moved by its Rigid."""
    return _image(on or grid(), moves, MR, noise, "1", seed)


def _image(on, moves, tissue, noise, unit, seed):
    points = on.to_world(np.moveaxis(np.indices(on.shape), 0, -1))
    grain = np.random.default_rng(seed).normal(0, noise, on.shape)
    return Volume((_values(points, moves, tissue) + grain).astype(np.float32), on, unit)


def bone(name, on=None, around=0.0):
    """Mask of a bone where it lies still, and so many mm around it."""
    on = on or grid()
    points = on.to_world(np.moveaxis(np.indices(on.shape), 0, -1))
    return Mask(depth(name, points) <= around, on)


def both(on=None, around=6.0):
    """Mask of both bones, and so many mm around them."""
    on = on or grid()
    return Mask(bone("femur", on, around).values | bone("tibia", on, around).values, on)


def off_by(mm, degrees, seed):
    """A Rigid of just that shift and turn, in a random direction, about the middle."""
    rng = np.random.default_rng(seed)
    way, axis = (v / np.linalg.norm(v) for v in rng.normal(size=(2, 3)))
    return Rigid.about((0, 0, 0), turn_deg=degrees * axis, shift_mm=mm * way)
