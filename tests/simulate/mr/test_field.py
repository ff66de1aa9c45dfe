"""Fields against closed forms."""

import numpy as np
import pytest

from osteon.core import Grid, Volume
from osteon.simulate.mr import SEQUENCES
from osteon.simulate.mr.coil import sensitivity, uneven_field
from osteon.simulate.mr.field import dipole_field, shimmed


def places(grid):
    return grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_the_field_around_a_sphere_is_a_dipole(order):
    radius, chi = 6.0, -2.0
    direction = np.eye(3)[:, list(order)]
    spacing = np.array([1.0, 0.8, 0.9])
    counts = (72, 84, 80)
    corner = direction @ (-(np.array(counts) - 1) / 2 * spacing)
    grid = Grid(counts, corner, direction, spacing)
    at = places(grid)
    far = np.linalg.norm(at, axis=-1)
    values = chi * np.clip(radius + 0.5 - far, 0, 1)
    field = dipole_field(Volume(values.astype(np.float32), grid, "[ppm]")).values
    wanted = chi / 3 * (radius / far) ** 3 * (3 * (at[..., 2] / far) ** 2 - 1)
    ring = (far > radius + 2) & (far < 16)
    # the field of the sphere's images beyond the lattice's ends is what is left
    assert np.abs(field - wanted)[ring].max() < 0.03 * abs(chi)
    assert np.abs(wanted[ring]).max() > 0.2 * abs(chi)
    assert abs(field[far < radius - 2].mean()) < 0.01 * abs(chi)


def test_shims_cancel_second_order_and_leave_third():
    grid = Grid((40, 40, 40), np.full(3, -19.5), np.eye(3), np.ones(3))
    x, y, z = np.moveaxis(places(grid), -1, 0) / 20
    third = (z**3).astype(np.float32)
    smooth = (1 + x - 2 * y * z + 3 * z**2).astype(np.float32)
    field = Volume(smooth.copy(), grid, "[ppm]")
    shimmed(field, np.ones(grid.shape, np.float32))
    assert np.abs(field.values).max() < 1e-4
    field = Volume(smooth + third, grid, "[ppm]")
    shimmed(field, np.ones(grid.shape, np.float32))
    assert field.values.std() > 0.1 * third.std()


@pytest.mark.parametrize("name", ["bffe", "spine-t2"])
def test_the_coil_sees_best_by_the_bias_asked_for(name):
    sequence = SEQUENCES[name]
    grid = Grid((40, 40, 40), np.full(3, -70.0), np.eye(3), np.full(3, 3.5))
    seen = sensitivity(grid, sequence, np.random.default_rng(1)).values
    assert seen.max() / seen.min() == pytest.approx(sequence.bias, rel=1e-3)
    middle = tuple((n - 1) // 2 for n in seen.shape)
    assert seen[middle] == pytest.approx(1)
    steps = [np.abs(np.diff(np.log(seen), axis=axis)).max() for axis in range(3)]
    assert max(steps) < np.log(sequence.bias) / 2


def test_the_field_left_by_shims_has_the_spread_asked_for():
    grid = Grid((40, 40, 40), np.full(3, -70.0), np.eye(3), np.full(3, 3.5))
    left = uneven_field(grid, SEQUENCES["bffe"], np.random.default_rng(1)).values
    assert left.std() == pytest.approx(0.1, rel=1e-3)
    assert abs(left.mean()) < 1e-3
