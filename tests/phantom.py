"""The vertebrae of `shapes` as scans and labels on grids of any kind."""

from dataclasses import dataclass, replace

import numpy as np

import shapes
from osteon.core import HU, Grid, Labels, Mask, Volume
from osteon.regions import Margins, find_body, find_compartments

UP = np.array([0.0, 0.0, 1.0])


def grid_around(place, spacing, turn=None, half=(46, 68, 30)):
    """Grid with room for one vertebra whose body has its middle at `place`."""
    turn = np.eye(3) if turn is None else turn
    shape = np.ceil(2 * np.array(half) / spacing).astype(int)
    middle = np.add(place, [0, 16, 0])
    return Grid(shape, middle - turn @ ((shape - 1) / 2 * spacing), turn, np.array(spacing, float))


@dataclass(frozen=True)
class Seen:
    """One vertebra with its scan and label."""

    truth: shapes.Vertebra
    scan: Volume
    label: Mask

    @property
    def grid(self):
        return self.scan.grid

    def body(self, superior=UP, **given):
        return find_body(self.label, superior, **given)

    def regions(self, body=None, margins=None, known=None):
        return find_compartments(body or self.body(), self.scan, margins or Margins(), known)

    def values(self, regions, name):
        place = tuple(
            slice(a, a + n) for a, n in zip(regions.start, regions.box.shape, strict=True)
        )
        return self.scan.values[place][regions.masks[name].values]

    def own(self, mask):
        """Places of the voxels of a mask in mm along the true axes."""
        return self.truth.own(mask.grid.to_world(np.argwhere(mask.values)))

    def with_hu(self, change):
        """The same with other HU: `change` gets HU and places along the true axes."""
        index = np.moveaxis(np.indices(self.grid.shape), 0, -1)
        own = self.truth.own(self.grid.to_world(index))
        values = change(self.scan.values.copy(), own)
        return replace(self, scan=Volume(values, self.grid, HU))


def see(vertebra, grid=None, finer=1):
    grid = grid or grid_around(vertebra.place, (1, 1, 1))
    values = shapes.ct([vertebra], grid, finer)
    label = Mask(shapes.labels({1: vertebra}, grid) == 1, grid)
    return Seen(vertebra, Volume(values, grid, HU), label)


def mirrored(grid, axis):
    """The same array in a world in which one axis is turned about."""
    flip = np.diag([-1.0 if n == axis else 1.0 for n in range(3)])
    return Grid(grid.shape, flip @ grid.origin, flip @ grid.direction, grid.spacing)


def labels_of(vertebrae, spacing=(1.5, 1.5, 1.5), room=30.0):
    """A whole spine as labels on a grid that holds it."""
    places = np.array([v.place for v in vertebrae.values()])
    low = np.subtract(places.min(axis=0), [room + 15, room, room])
    high = np.add(places.max(axis=0), [room + 15, room + 45, room])
    shape = np.ceil((high - low) / spacing).astype(int)
    grid = Grid(shape, low, np.eye(3), np.array(spacing, float))
    return Labels(shapes.labels(vertebrae, grid), grid)
