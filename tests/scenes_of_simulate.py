"""Simple scenes of known volume, for the tests of the virtual scanner."""

import numpy as np

from osteon.core import Grid
from osteon.simulate.bone.cells import STEPS, Cells, level_of
from osteon.simulate.materials import Material, pure
from osteon.simulate.scene import Bone, Scene, Soft

TISSUES = tuple(
    pure(material)
    for material in (Material.AIR, Material.MUSCLE, Material.YELLOW_MARROW, Material.BONE)
)
AIR, MUSCLE, MARROW, BONE = range(4)


def tiles(side=48, seed=1):
    """A periodic tile of smooth noise, normal in distribution."""
    rng = np.random.default_rng(seed)
    wave = np.fft.fftfreq(side) * side
    away = np.sqrt(wave[:, None, None] ** 2 + wave[None, :, None] ** 2 + wave[None, None, :] ** 2)
    noise = np.fft.ifftn(np.fft.fftn(rng.standard_normal((side,) * 3)) * np.exp(-((away / 6) ** 2)))
    ranks = noise.real.ravel().argsort().argsort()
    normal = -level_of((ranks + 0.5) / side**3)
    return (normal.reshape((side,) * 3) * STEPS).astype(np.int16)[None]


def cells(reach=40.0, size=8.0, spacing=0.1, seed=2):
    """Cells that cover ±`reach` mm, each showing the tile from elsewhere."""
    rng = np.random.default_rng(seed)
    n = int(np.ceil(2 * reach / size))
    turn = np.broadcast_to(np.eye(3, dtype=np.float32) / spacing, (n, n, n, 3, 3)).copy()
    shift = (rng.random((n, n, n, 3)) * 48).astype(np.float32)
    return Cells(np.full(3, -reach), size, 1.0, turn, shift, np.zeros((n, n, n), np.int64))


def ball(radius, step=0.8, centre=(0.0, 0.0, 0.0)):
    """Lattice, signed distance and pose of a ball."""
    n = int(radius / step) + 4
    axis = np.arange(-n, n + 1) * step
    away = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    inside = (radius - away).astype(np.float32)
    pose = np.eye(4)
    pose[:3, 3] = centre
    return Grid(inside.shape, np.full(3, axis[0]), np.eye(3), np.full(3, step)), inside, pose


def soft_ball(name, radius, tissue=MUSCLE, **where):
    """A ball of one tissue."""
    return Soft(name, *ball(radius, **where), tissue=tissue)


def bone_ball(radius=12.0, shell=1.0, amount=0.2, **where):
    """A ball of spongy bone in a shell."""
    grid, inside, pose = ball(radius, **where)
    return Bone(
        "bone", grid, inside, pose,
        shell=np.full(grid.shape, shell, np.float32),
        level=np.full(grid.shape, level_of(amount), np.float32),
        filling=np.full(grid.shape, MARROW, np.uint8),
        cells=cells(), compact=BONE, spongy=BONE,
    )  # fmt: skip


def scene(*things):
    """A scene of things in air."""
    return Scene(TISSUES, things, tiles(), {"width": 100.0, "depth": 100.0, "x": 0.0, "y": 0.0})


def box(shape, spacing, centre=(0.0, 0.0, 0.0), direction=None):
    """Grid of a shape and spacing around a centre."""
    direction = np.eye(3) if direction is None else direction
    spacing = np.broadcast_to(np.asarray(spacing, float), 3)
    corner = np.asarray(centre) - direction @ ((np.array(shape) - 1) / 2 * spacing)
    return Grid(shape, corner, direction, spacing)
