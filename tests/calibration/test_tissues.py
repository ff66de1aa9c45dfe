"""Samples of tissues from masks whose content is known."""

import numpy as np
import pytest

from osteon.calibration import sample_tissue
from osteon.core import (
    HU,
    MG_CM3,
    EmptyRegion,
    Grid,
    GridMismatch,
    Mask,
    UnitMismatch,
    UnknownName,
    Volume,
)

TURNS = {
    "straight": np.eye(3),
    "slices along i": np.eye(3)[:, [2, 0, 1]],
    "mirrored": np.diag([-1.0, 1.0, -1.0]),
}


def block(spacing=(1.0, 1.0, 1.0), shape=(30, 30, 20), direction=None):
    """A block of 50 HU with a rim two voxels wide of 400 HU, in air, and the mask of both."""
    grid = Grid(shape, np.zeros(3), np.eye(3) if direction is None else direction, spacing)
    values = np.full(shape, -1000.0, np.float32)
    values[4:-4, 4:-4, 4:-4] = 400.0
    values[6:-6, 6:-6, 6:-6] = 50.0
    return Volume(values, grid, HU), Mask(values > -1000.0, grid)


@pytest.mark.parametrize("direction", TURNS.values(), ids=TURNS)
def test_the_rim_is_left_out(direction):
    volume, mask = block(direction=direction)
    found = sample_tissue(volume, mask, "muscle", erosion_mm=2.0)
    assert found.mean_hu == pytest.approx(50.0)
    assert found.voxels == 18 * 18 * 8
    assert found.volume_mm3 == pytest.approx(18 * 18 * 8)


def test_the_rim_is_measured_in_millimetres():
    volume, mask = block(spacing=(0.5, 0.5, 2.0))
    found = sample_tissue(volume, mask, "muscle", erosion_mm=2.0)
    # 2 mm are four voxels in plane and one slice; the outer ring of slices is 400 HU and trimmed
    assert found.voxels == 14 * 14 * 8
    assert found.volume_mm3 == pytest.approx(14 * 14 * 8 * 0.5)


def test_without_erosion_the_rim_is_in():
    volume, mask = block()
    values = volume.values.copy()
    values[4:-4, 4:-4, 4:-4] = 50.0
    found = sample_tissue(Volume(values, volume.grid, HU), mask, "muscle", erosion_mm=0.0)
    assert found.voxels == mask.voxels


def test_the_border_of_the_image_counts_as_outside():
    _, mask = block()
    everywhere = Mask(np.ones(mask.grid.shape, bool), mask.grid)
    full = Volume(np.full(mask.grid.shape, 50.0), mask.grid, HU)
    assert sample_tissue(full, everywhere, "muscle", erosion_mm=1.0).voxels == 28 * 28 * 18


def test_a_few_stray_voxels_do_not_move_the_mean():
    rng = np.random.default_rng(4)
    volume, mask = block()
    values = np.where(mask.values, rng.normal(50.0, 8.0, mask.grid.shape), -1000.0)
    values[10:12, 10:12, 8:12] = 300.0  # a calcification
    found = sample_tissue(Volume(values, volume.grid, HU), mask, "muscle")
    assert found.mean_hu == pytest.approx(50.0, abs=3 * 8.0 / np.sqrt(2000))
    assert found.sd_hu == pytest.approx(8.0, rel=0.1)


def test_a_sliver_is_refused_with_its_area():
    volume, mask = block()
    thin = np.zeros(mask.grid.shape, bool)
    thin[10:13, 10:13, 5:15] = True
    with pytest.raises(EmptyRegion, match=r"covers 9\.0 mm² .* at least 10 mm²"):
        sample_tissue(volume, Mask(thin, mask.grid), "muscle", erosion_mm=0.0)
    with pytest.raises(EmptyRegion, match=r"covers 0\.0 mm²"):
        sample_tissue(volume, Mask(thin, mask.grid), "muscle")


def test_the_input_is_left_alone():
    volume, mask = block()
    before = volume.values.copy(), mask.values.copy()
    sample_tissue(volume, mask, "muscle")
    assert (volume.values == before[0]).all()
    assert (mask.values == before[1]).all()


def test_what_does_not_fit_is_refused():
    volume, mask = block()
    other = block(spacing=(1.0, 1.0, 1.5))[1]
    with pytest.raises(GridMismatch, match="the mask of muscle is on another grid"):
        sample_tissue(volume, other, "muscle")
    with pytest.raises(UnknownName, match="no tissue is called 'liver'"):
        sample_tissue(volume, mask, "liver")
    with pytest.raises(UnitMismatch):
        sample_tissue(Volume(volume.values, volume.grid, MG_CM3), mask, "muscle")
