"""Vertebrae whose numbers are known on paper, sampled on any lattice.

Nothing here comes from the package: a lattice is anything with ``shape``, ``origin``,
``direction`` and ``spacing`` (world in mm, x to the left, y to the back, z to the head).
"""

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from scipy.special import ellipe

SOFT, CORE, SHELL, ENDPLATE, POSTERIOR = 40.0, 120.0, 800.0, 700.0, 400.0
"""HU of the parts."""

CRUST = 1.0
"""Thickness of shell and endplates in mm."""

REACH = np.array([45.0, 72.0, 25.0])
"""No part of a vertebra lies further from the middle of its body than this, in mm."""


def rotation(degrees, axis):
    """Matrix that turns by an angle about an axis (Rodrigues)."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@dataclass(frozen=True)
class Vertebra:
    """An elliptic cylinder with an arch; `place` and `turn` take its own mm to the world.

    Heights run straight from `front` to `back`; `dent` makes both endplates hollow, so that the
    middle is lower by twice as much.
    """

    width: float = 44.0
    depth: float = 32.0
    front: float = 26.0
    back: float = 26.0
    dent: float = 0.0
    place: tuple = (0.0, 0.0, 0.0)
    turn: np.ndarray = field(default_factory=lambda: np.eye(3))

    def own(self, world):
        """World mm as mm to the left, back and head of the middle of the body."""
        return (world - np.asarray(self.place)) @ self.turn

    def half_height(self, x, y):
        slope = (y / self.depth + 0.5) * (self.back - self.front) + self.front
        radius2 = (2 * x / self.width) ** 2 + (2 * y / self.depth) ** 2
        return slope / 2 - self.dent * np.clip(1 - radius2, 0, None)

    def in_body(self, own, inward=0.0):
        """True in the body; `inward` draws the wall in (scaled ellipse) and the endplates."""
        x, y, z = np.moveaxis(own, -1, 0)
        a, b = self.width / 2 - inward, self.depth / 2 - inward
        return ((x / a) ** 2 + (y / b) ** 2 <= 1) & (np.abs(z) <= self.half_height(x, y) - inward)

    def in_canal(self, own):
        x, y, _ = np.moveaxis(own, -1, 0)
        return (x / 11) ** 2 + ((y - self.depth / 2 - 8) / 8) ** 2 <= 1

    def in_pedicle(self, own):
        """Two tubes of 9 mm × 13 mm that begin inside the body."""
        x, y, z = np.moveaxis(own, -1, 0)
        behind = y - self.depth / 2
        tubes = (np.abs(x) - 14) ** 2 / 20 + (z - 4) ** 2 / 45 <= 1
        return tubes & (behind > -10) & (behind < 8)

    def in_arch(self, own):
        """Pedicles, lamina, spinous and transverse processes, as far as outside the body."""
        x, y, z = np.moveaxis(own, -1, 0)
        behind = y - self.depth / 2
        ring = (x / 18) ** 2 + ((behind - 8) / 14) ** 2 <= 1
        lamina = ring & (behind > 4) & (np.abs(z + 1) <= 9)
        spinous = (np.abs(x) <= 3.5) & (behind > 18) & (behind < 48) & (np.abs(z + 6) <= 8)
        transverse = ((behind - 6) / 4) ** 2 + ((z - 3) / 5) ** 2 <= 1
        transverse &= (np.abs(x) > 14) & (np.abs(x) < 40)
        arch = self.in_pedicle(own) | lamina | spinous | transverse
        return arch & ~self.in_canal(own) & ~self.in_body(own)

    def hu(self, own):
        body, arch = self.in_body(own), self.in_arch(own)
        x, y, z = np.moveaxis(own, -1, 0)
        values = np.full(body.shape, SOFT)
        values[arch] = POSTERIOR
        values[body] = SHELL
        a, b = self.width / 2 - CRUST, self.depth / 2 - CRUST
        within = body & ((x / a) ** 2 + (y / b) ** 2 <= 1)
        values[within] = ENDPLATE
        values[within & (np.abs(z) <= self.half_height(x, y) - CRUST)] = CORE
        values[body & self.in_pedicle(own)] = CORE  # where a pedicle begins there is no shell
        return values

    def wall_distance(self, own):
        """Distance in mm from points inside to the side wall of the body."""
        angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
        rim = np.stack([self.width / 2 * np.cos(angle), self.depth / 2 * np.sin(angle)], axis=1)
        flat = np.asarray(own)[..., :2].reshape(-1, 2)
        found = [np.sqrt(((rim - p) ** 2).sum(axis=1)).min() for p in flat]
        return np.array(found).reshape(np.shape(own)[:-1])


def ellipse_inside(width, depth, margin):
    """Area inside an ellipse that is further than `margin` from it (Steiner's formula)."""
    a, b = max(width, depth) / 2, min(width, depth) / 2
    perimeter = 4 * a * ellipe(1 - (b / a) ** 2)
    return np.pi * a * b - perimeter * margin + np.pi * margin**2


def points(lattice, start, stop, offset=(0.0, 0.0, 0.0)):
    """World mm of the voxels of a box of a lattice, moved by part of a voxel."""
    axes = [np.arange(a, b) + o for a, b, o in zip(start, stop, offset, strict=True)]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return (index * lattice.spacing) @ lattice.direction.T + lattice.origin


def around(vertebra, lattice):
    """First and last-but-one voxel of the box that holds a vertebra."""
    corners = np.array(list(product(*zip(-REACH, REACH, strict=True))))
    world = corners @ vertebra.turn.T + np.asarray(vertebra.place)
    index = ((world - lattice.origin) @ lattice.direction) / lattice.spacing
    start = np.clip(np.floor(index.min(axis=0)).astype(int), 0, lattice.shape)
    stop = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, 0, lattice.shape)
    return start, np.maximum(stop, start)


def ct(vertebrae, lattice, finer=1):
    """HU of vertebrae in soft tissue; each voxel is the mean of `finer`³ points in it."""
    values = np.full(lattice.shape, SOFT, np.float32)
    offsets = (np.arange(finer) + 0.5) / finer - 0.5
    for vertebra in vertebrae:
        start, stop = around(vertebra, lattice)
        mean = np.zeros(stop - start)
        for offset in product(offsets, repeat=3):
            mean += vertebra.hu(vertebra.own(points(lattice, start, stop, offset)))
        box = values[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
        box += (mean / finer**3 - SOFT).astype(np.float32)
    return values


def labels(vertebrae, lattice):
    """Label of the voxels whose centre lies in a vertebra; `vertebrae` by label number."""
    values = np.zeros(lattice.shape, np.uint8)
    for number, vertebra in vertebrae.items():
        start, stop = around(vertebra, lattice)
        own = vertebra.own(points(lattice, start, stop))
        box = values[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
        box[vertebra.in_body(own) | vertebra.in_arch(own)] = number
    return values


TOTALSEGMENTATOR = {"L5": 27, "L4": 28, "L3": 29, "L2": 30, "L1": 31, "T12": 32, "T11": 33}
"""Label numbers as TotalSegmentator's class list gives them."""


def spine(names, *, bend=0.0, lean=0.0, gap=10.0, shapes=None):
    """Vertebrae by label, head to tail, on a curve.

    `bend` turns each one about the left–right axis against the one below (lordosis positive),
    `lean` about the front–back axis (scoliosis), in degrees; `shapes` gives sizes by level.
    """
    placed = {}
    place, upwards = np.zeros(3), None
    for n, name in enumerate(reversed(names)):
        tilt = n - (len(names) - 1) / 2
        turn = rotation(bend * tilt, (1, 0, 0)) @ rotation(lean * tilt, (0, 1, 0))
        sizes = dict((shapes or {}).get(name, {}))
        half = max(sizes.get("front", 26.0), sizes.get("back", 26.0)) / 2 + gap / 2
        if upwards is not None:
            place = place + upwards + turn[:, 2] * half
        upwards = turn[:, 2] * half
        placed[TOTALSEGMENTATOR[name]] = Vertebra(**sizes, place=tuple(place), turn=turn)
    return dict(reversed(placed.items()))
