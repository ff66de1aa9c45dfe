"""A real specimen as a scene."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, Mask
from osteon.io import read_scan
from osteon.simulate.scene import render, where_is
from osteon.simulate.scene.specimen import specimen_scene
from scenes_of_simulate import box

BONE = np.array([[0.0], [0.0], [0.0], [1.0]], np.float32)


def blobs(shape=(40, 30, 20), seed=3):
    return np.random.default_rng(seed).random(shape) < 0.3


@pytest.mark.parametrize(
    "direction", [np.eye(3), np.diag([-1.0, 1, 1]), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])]
)
def test_every_voxel_of_the_specimen_lies_where_its_grid_says(direction):
    grid = Grid((40, 30, 20), (3.0, -2.0, 10.0), direction, (0.1, 0.12, 0.2))
    mask = Mask(blobs(), grid)
    shown = render(specimen_scene(mask, width=60), grid, BONE, samples=(1, 1, 1))[0] > 0.5
    assert np.array_equal(shown, mask.values)


def test_a_real_cube_keeps_its_bv_tv_in_voxels_of_half_a_millimetre(samples):
    cube = read_scan(samples / "micro_ct_L1" / "L1_04216_roi001.nii.gz").volume
    cube = Mask(cube.values > 0, cube.grid)
    middle = cube.grid.to_world((np.array(cube.grid.shape) - 1) / 2)
    grid, scene = box((20, 20, 20), 0.5, centre=middle), specimen_scene(cube)
    within = cube.values[:-1, :-1, :-1].mean()
    fine, coarse = (render(scene, grid, BONE, samples=(n, n, n))[0].mean() for n in (10, 1))
    assert fine == pytest.approx(within, abs=0.002)
    assert coarse == pytest.approx(within, abs=0.005)


def test_around_the_specimen_is_water_then_air():
    cube = Mask(blobs(), Grid((40, 30, 20), (0, 0, 0), np.eye(3), (0.1, 0.1, 0.1)))
    scene = specimen_scene(cube, width=40)
    centre = (1.95 + 0.3, 1.45, 0.95)
    objects, _ = where_is(scene, box((60, 1, 1), 1.0, centre=centre))
    away = np.abs(np.arange(60) - 29.2)
    expected = np.select([away <= 1.9, away < 20], [1, 0], -1)
    assert objects[:, 0, 0].tolist() == expected.tolist()


def test_what_is_no_specimen_is_refused():
    grid = Grid((40, 30, 20), (0, 0, 0), np.eye(3), (0.1, 0.1, 0.1))
    with pytest.raises(EmptyRegion, match="no bone"):
        specimen_scene(Mask(np.zeros(grid.shape, bool), grid))
    with pytest.raises(BadSetting, match="wide to hold"):
        specimen_scene(Mask(blobs(), grid), width=5)
    with pytest.raises(BadSetting, match="got 1\\.5"):
        specimen_scene(Mask(blobs(), grid), fat=1.5)
    long = Grid((700, 1, 1), (0, 0, 0), np.eye(3), (0.1, 0.1, 0.1))
    with pytest.raises(BadSetting, match="at most 640"):
        specimen_scene(Mask(np.ones(long.shape, bool), long))
