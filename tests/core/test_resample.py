"""Resampling keeps what can be kept, and does not fold fine detail into coarse voxels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shapes
from osteon.core import HU, MG_CM3, BadSetting, Grid, Labels, Mask, Volume, resample

TURN = shapes.rotation(25, (1, 2, -1))
SOURCE = Grid((24, 26, 20), [-10, 5, 300], TURN, [0.8, 0.7, 1.5])
METHODS = ("nearest", "linear", "bspline")


def within(degrees, spacing, axis=(3, -1, 2), shape=(8, 8, 8)):
    """Grid turned against SOURCE whose voxels all lie well inside it."""
    turn = shapes.rotation(degrees, axis) @ TURN
    middle = SOURCE.to_world((np.array(SOURCE.shape) - 1) / 2)
    spacing = np.array(spacing, float)
    return Grid(shape, middle - turn @ ((np.array(shape) - 1) / 2 * spacing), turn, spacing)


def straight(shape, spacing=(1, 1, 1), origin=(0, 0, 0)):
    return Grid(shape, origin, np.eye(3), spacing)


def plane(grid):
    """A field that is linear in the world: 3 x − 2 y + 5 z + 40."""
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    return grid.to_world(index) @ [3.0, -2.0, 5.0] + 40


@pytest.mark.parametrize(("method", "off"), [("linear", 2e-3), ("bspline", 0.1)])
@pytest.mark.parametrize("degrees", [0, 10, 30])
def test_a_linear_field_is_the_same_field_on_any_finer_grid(method, off, degrees):
    # float32 of about 1500 leaves 1e-4; a spline that is mirrored at the edge of the source
    # bends there and dies away by a factor of 3.7 a voxel
    onto = within(degrees, (0.6, 0.6, 0.6))
    found = resample(Volume(plane(SOURCE), SOURCE, HU), onto=onto, method=method)
    assert np.abs(found.values - plane(onto)).max() < off
    assert found.unit == HU


def test_a_linear_field_stays_the_same_field_on_a_coarser_grid():
    # smoothing is symmetric, so that a straight slope stays what it is away from the edge
    onto = within(20, (2, 2, 2), shape=(3, 3, 3))
    found = resample(Volume(plane(SOURCE), SOURCE, HU), onto=onto)
    assert np.abs(found.values - plane(onto)).max() < 0.05


@settings(max_examples=20, deadline=None)
@given(
    st.floats(-2000, 3000, width=32),
    st.floats(-90, 90),
    st.sampled_from(METHODS),
    st.floats(0.3, 5),
)
def test_a_constant_stays_that_constant(value, degrees, method, spacing):
    onto = within(degrees, [spacing] * 3, shape=(2, 3, 2))
    volume = Volume(np.full(SOURCE.shape, value, np.float32), SOURCE, MG_CM3)
    found = resample(volume, onto=onto, method=method, outside=value)
    assert found.values == pytest.approx(value, rel=1e-5, abs=1e-3)
    assert found.unit == MG_CM3


def test_onto_its_own_grid_a_volume_is_what_it_was():
    values = np.random.default_rng(3).normal(100, 30, SOURCE.shape).astype(np.float32)
    for method in METHODS:
        found = resample(Volume(values, SOURCE, HU), onto=SOURCE, method=method)
        assert np.abs(found.values - values).max() < 1e-2, method


def test_halfway_between_two_voxels_linear_gives_their_mean():
    volume = Volume(np.array([[[0.0]], [[10.0]]]), straight((2, 1, 1)), HU)
    onto = straight((1, 1, 1), origin=(0.5, 0, 0))
    assert resample(volume, onto=onto).values.item() == pytest.approx(5)


def test_nearest_keeps_values_and_type_of_the_scan():
    values = np.random.default_rng(4).integers(-1024, 3000, SOURCE.shape).astype(np.int16)
    onto = within(30, (0.9, 0.5, 2.0))
    found = resample(Volume(values, SOURCE, HU), onto=onto, method="nearest").values
    assert found.dtype == np.int16
    at = np.round(SOURCE.to_index(onto.to_world([2, 3, 4]))).astype(int)
    assert found[2, 3, 4] == values[tuple(at)]


@pytest.mark.parametrize("method", METHODS)
def test_outside_begins_half_a_voxel_beyond_the_last_centre(method):
    volume = Volume(np.full((4, 4, 4), 7.0), straight((4, 4, 4)), HU)
    onto = straight((10, 1, 1), (0.2, 1, 1), (2.65, 1, 1))
    found = resample(volume, onto=onto, method=method, outside=-1024).values.ravel()
    # centres at 2.65, 2.85 … 4.45 mm; the source ends at 3.5 mm
    assert found[:5] == pytest.approx(7, abs=1e-4)
    assert (found[5:] == -1024).all()


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_stripes_finer_than_the_target_become_their_mean(factor):
    # of stripes that change sign each voxel, a Gaussian sampled at the voxels leaves
    # 2 exp(−π² σ² / 2): its spectrum repeats, and two of its copies meet at that frequency
    values = np.zeros((80, 12, 12)) + np.where(np.arange(80) % 2, 100.0, -100.0)[:, None, None]
    onto = straight((40 // factor, 3, 3), (factor, 1, 1), (20, 4, 4))
    found = resample(Volume(values, straight((80, 12, 12)), HU), onto=onto).values
    sigma = np.sqrt(factor**2 - 1) / 2.3548
    assert np.abs(found).max() <= 200 * np.exp(-(np.pi**2) * sigma**2 / 2) + 0.2


def test_noise_loses_the_variance_that_smoothing_to_the_target_takes():
    noise = np.random.default_rng(5).normal(0, 100, (60, 60, 60))
    onto = straight((10, 10, 10), (4, 4, 4), (10, 10, 10))
    found = resample(Volume(noise, straight((60, 60, 60)), HU), onto=onto).values
    # white noise through a Gaussian of σ voxels along three axes: SD · (2 √π σ)^(-3/2)
    sigma = np.sqrt(16 - 1) / 2.3548
    assert found.std() == pytest.approx(100 * (2 * np.sqrt(np.pi) * sigma) ** -1.5, rel=0.1)


def test_the_integral_of_a_slab_is_kept_on_coarser_slices():
    values = np.zeros((8, 8, 60))
    values[:, :, 27:32] = 800.0
    onto = straight((8, 8, 24), (1, 1, 2.5), (0, 0, 0.75))
    found = resample(Volume(values, straight((8, 8, 60)), HU), onto=onto).values
    assert found[4, 4].sum() * 2.5 == pytest.approx(5 * 800, rel=0.02)


def test_the_finer_axes_of_a_coarser_grid_are_not_smoothed():
    values = np.zeros((20, 20, 20))
    values[:10] = 100.0
    onto = straight((20, 20, 4), (1, 1, 4), (0, 0, 4))
    found = resample(Volume(values, straight((20, 20, 20)), HU), onto=onto).values
    assert np.unique(found.round(3)).tolist() == [0, 100]


def ball(grid, radius):
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    return np.linalg.norm(grid.to_world(index), axis=-1) <= radius


def test_linear_masks_and_labels_keep_a_ball_on_an_oblique_grid():
    source = straight((21, 21, 15), (1, 1, 1.5), (-10, -10, -10.5))
    inside = ball(source, 8.0)
    turn = shapes.rotation(30, (1, 1, 1))
    onto = Grid((40, 40, 40), turn @ [-10, -10, -10], turn, [0.5, 0.5, 0.5])
    mask = resample(Mask(inside, source), onto=onto)
    labels = resample(Labels(np.where(inside, 31, 0).astype(np.uint8), source), onto=onto)
    assert mask.volume_mm3 == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.03)
    assert np.count_nonzero((labels.values == 31) ^ mask.values) < 0.01 * mask.voxels
    assert set(np.unique(labels.values)) == {0, 31}
    assert labels.values.dtype == np.uint8


def test_where_three_labels_meet_the_largest_share_wins():
    # 0.2 of 5, 0.3 of 0 and 0.5 of 9 by bilinear weights (0.5, 0.3 and 0.2 do not tie)
    values = np.array([[[9], [5]], [[9], [0]]], np.int32)
    onto = straight((1, 1, 1), origin=(0.6, 0.5, 0))
    found = resample(Labels(values, straight((2, 2, 1)), {9: "L1"}), onto=onto)
    assert found.values.item() == 9
    assert found.names == {9: "L1"}


@pytest.mark.parametrize("method", ["nearest", "linear"])
def test_labels_outside_the_source_carry_the_value_asked_for(method):
    labels = Labels(np.full((2, 2, 2), 7, np.uint8), straight((2, 2, 2)))
    onto = straight((4, 2, 2))
    for outside in (0, 3, 7):
        found = resample(labels, onto=onto, method=method, outside=outside).values
        assert found[:, 0, 0].tolist() == [7, 7, outside, outside]


def test_resampling_leaves_its_input_alone():
    values = np.random.default_rng(6).normal(0, 1, SOURCE.shape).astype(np.float32)
    before = values.copy()
    for method in METHODS:
        resample(Volume(values, SOURCE, HU), onto=within(10, (3, 3, 3)), method=method)
    assert np.array_equal(values, before)


def test_unknown_methods_and_splines_of_labels_are_refused():
    volume = Volume(np.zeros((2, 2, 2)), straight((2, 2, 2)), HU)
    with pytest.raises(BadSetting, match=r"'cubic'; there are \['bspline', 'linear', 'nearest'\]"):
        resample(volume, onto=volume.grid, method="cubic")
    labels = Labels(np.zeros((2, 2, 2), int), volume.grid)
    with pytest.raises(BadSetting, match="not 'bspline'"):
        resample(labels, onto=volume.grid, method="bspline")
