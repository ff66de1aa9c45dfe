"""Local thickness is that of the definition in every voxel; conventions and statistics."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask
from osteon.features.structure.thickness.thickness import Thickness, local_thickness


def mask(values, spacing=(1.0, 1.0, 1.0)):
    grid = Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing, float))
    return Mask(np.ascontiguousarray(values), grid)


def random_phase(shape, share, seed=0):
    return np.random.default_rng(seed).random(shape) < share


def trabeculae(shape, seed=0, wavelength=16.0, share=0.3):
    """Sheets between the level sets of a smooth random field."""
    rng = np.random.default_rng(seed)
    axes = [np.arange(n) for n in shape]
    field = np.zeros(shape)
    for _ in range(24):
        wave = rng.normal(size=3)
        wave *= 2 * np.pi / wavelength / np.linalg.norm(wave)
        phase = sum(w * a for w, a in zip(wave, np.ix_(*axes), strict=True))
        field += np.cos(phase + rng.uniform(0, 2 * np.pi))
    return np.abs(field) < np.quantile(np.abs(field), share)


def by_definition(values, weights=(1, 1, 1)):
    """Squared radius of the largest sphere over each voxel, in plain numpy.

    Distances grow shell by shell: a voxel's squared distance is the first squared length of an
    offset that leads to background. Then every sphere paints its voxels, smallest first.
    """
    reach = [n - 1 for n in values.shape]
    offsets = np.stack(
        np.meshgrid(*[np.arange(-r, r + 1) for r in reach], indexing="ij"), -1
    ).reshape(-1, 3)
    lengths = offsets**2 @ np.array(weights)
    order = np.argsort(lengths, kind="stable")
    offsets, lengths = offsets[order], lengths[order]
    pad = [(r, r) for r in reach]
    outside = np.pad(~values, pad)
    squared = np.zeros(values.shape, np.int64)
    open_ = np.argwhere(values)
    for offset, length in zip(offsets[1:], lengths[1:], strict=True):
        hit = outside[tuple((open_ + offset + reach).T)]
        squared[tuple(open_[hit].T)] = length
        open_ = open_[~hit]
        if not len(open_):
            break
    painted = np.pad(np.zeros_like(squared), pad)
    for radius in np.unique(squared[squared > 0]):
        within = offsets[: np.searchsorted(lengths, radius)]
        for centre in np.argwhere(squared == radius):
            painted[tuple((within + centre + reach).T)] = radius
    return painted[tuple(slice(r, r + n) for r, n in zip(reach, values.shape, strict=True))]


SHAPES = [(24, 24, 24), (15, 40, 21), (9, 12, 70)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.5, 0.995])
def test_every_voxel_of_noise_has_the_thickness_of_the_definition(shape, share):
    values = random_phase(shape, share)
    found = local_thickness(mask(values)).map
    assert np.array_equal(found, np.float32(2 * np.sqrt(by_definition(values))))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("spacing", "weights"),
    [
        ((1, 1, 1), (1, 1, 1)),
        ((0.1, 0.1, 0.2), (1, 1, 4)),
        ((0.3, 0.2, 0.5), (9, 4, 25)),
        ((1, 0.7031, 0.7031), (10**8, 7031**2, 7031**2)),
    ],
)
@pytest.mark.parametrize("invert", [False, True])
def test_every_voxel_of_trabeculae_and_marrow_has_the_thickness_of_the_definition(
    shape, spacing, weights, invert
):
    values = trabeculae(shape) ^ invert
    found = local_thickness(mask(values, spacing)).map
    unit = spacing[0] / np.sqrt(weights[0])
    assert np.allclose(found, 2 * unit * np.sqrt(by_definition(values, weights)), rtol=3e-7)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_voxel_of_a_volume_of_64_has_the_thickness_of_the_definition(seed):
    values = trabeculae((64, 64, 64), seed, wavelength=20.0, share=0.15)
    found = local_thickness(mask(values)).map
    assert np.array_equal(found, np.float32(2 * np.sqrt(by_definition(values))))


@pytest.mark.parametrize(
    ("voxels", "centre", "border"), [(1, 2, 1), (2, 2, 1), (3, 4, 3), (8, 8, 7)]
)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plate_is_as_thick_as_the_convention_says(voxels, centre, border, axis):
    plate = np.zeros((20, 20, 20), bool)
    np.moveaxis(plate, axis, 0)[6 : 6 + voxels] = True
    for convention, expected in (("centre", centre), ("border", border)):
        found = local_thickness(mask(plate, (0.5, 0.5, 0.5)), convention=convention)
        assert found.mean == expected * 0.5
        assert found.sd == 0
        assert (found.map[plate] == expected * 0.5).all()
        assert (found.map[~plate] == 0).all()


def test_border_takes_the_smallest_spacing_off():
    plate = np.zeros((9, 9, 9), bool)
    plate[4] = True
    for spacing in ((0.3, 0.3, 3.0), (3.0, 0.3, 0.3)):
        found = local_thickness(mask(plate, spacing), convention="border")
        assert found.mean == pytest.approx(2 * spacing[0] - 0.3)


def test_a_ball_is_as_thick_as_its_diameter_to_a_voxel():
    i, j, k = np.indices((47, 47, 47)) - 23
    for radius in (6.0, 13.0, 20.5):
        ball = i * i + j * j + k * k <= radius * radius
        found = local_thickness(mask(ball))
        assert found.max == pytest.approx(2 * radius, abs=1.0)
        assert found.mean == pytest.approx(2 * radius, abs=1.0)


def test_what_lies_beyond_the_image_limits_no_sphere():
    half = np.zeros((30, 12, 12), bool)
    half[10:] = True
    assert local_thickness(mask(half)).max == 2 * 20


def test_thickness_is_fitted_in_the_whole_bone_and_counted_in_the_region():
    bone = trabeculae((30, 31, 32))
    inside = np.zeros_like(bone)
    inside[5:12, 3:20, 7:11] = True
    whole = local_thickness(mask(bone))
    part = local_thickness(mask(bone), region=mask(inside))
    of_region = whole.map[bone & inside].astype(float)
    assert np.array_equal(part.map, whole.map)
    assert part.voxels == of_region.size
    assert part.mean == pytest.approx(of_region.mean(), rel=1e-7)
    assert part.sd == pytest.approx(of_region.std(), rel=1e-6)
    assert part.max == pytest.approx(of_region.max(), rel=1e-7)
    assert part.max < whole.max


def test_diameters_and_counts_are_those_of_the_map():
    found = local_thickness(mask(trabeculae((20, 30, 25)), (0.1, 0.1, 0.1)))
    values, counts = np.unique(found.map[found.map > 0], return_counts=True)
    assert np.array_equal(values, found.diameters.astype(np.float32))
    assert np.array_equal(counts, found.counts)


def test_a_histogram_shares_out_all_voxels():
    found = Thickness(None, np.array([0.1, 0.25, 0.3]), np.array([1, 2, 1]))
    edges, share = found.histogram(0.125)
    assert np.array_equal(edges, [0, 0.125, 0.25, 0.375])
    assert np.array_equal(share, [0.25, 0, 0.75])
    with pytest.raises(BadSetting, match="wider than 0 mm; got 0"):
        found.histogram(0)


def test_storage_order_does_not_matter():
    bone = trabeculae((20, 24, 28))
    fortran = Mask(np.asfortranarray(bone), mask(bone).grid)
    assert np.array_equal(local_thickness(fortran).map, local_thickness(mask(bone)).map)


@pytest.mark.parametrize(
    ("phase", "region", "error", "says"),
    [
        (np.zeros((4, 5, 6), bool), None, EmptyRegion, "no voxel is in the phase"),
        (np.ones((4, 5, 6), bool), None, EmptyRegion, "every one of 120 voxels"),
        (np.indices((4, 5, 6))[0] < 2, np.indices((4, 5, 6))[0] > 2, EmptyRegion, "none of the 60"),
        (
            np.indices((4, 5, 6))[0] < 2,
            np.zeros((4, 5, 6), bool),
            EmptyRegion,
            "the 0 of the region",
        ),
        (np.indices((4, 5, 6))[0] < 2, np.ones((4, 5, 7), bool), GridMismatch, "another grid"),
    ],
)
def test_what_cannot_be_measured_is_told_in_one_line(phase, region, error, says):
    with pytest.raises(error, match=says) as caught:
        local_thickness(mask(phase), region=None if region is None else mask(region))
    assert "\n" not in str(caught.value)


def test_settings_outside_their_range_are_told():
    bone = mask(np.indices((4, 5, 6))[0] < 2)
    with pytest.raises(BadSetting, match="not at 'middle'"):
        local_thickness(bone, convention="middle")
    with pytest.raises(BadSetting, match="at least 1 slice; got 0"):
        local_thickness(bone, block=0)
    with pytest.raises(GridMismatch, match="float64"):
        local_thickness(bone, out=np.empty((4, 5, 6)))
