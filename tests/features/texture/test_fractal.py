"""Box counting gives regular fractals their dimension, and the variation reliefs theirs."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, GridMismatch, UnsuitableScan
from osteon.features.texture.fractal import box_dimension, relief_dimension
from stretched_fields import mask_of, stretched_field, unit, volume_of

ENDS = np.array([1, 0, 1], bool)
MIDDLE = np.arange(3) == 1
DUST = ENDS[:, None, None] & ENDS[:, None] & ENDS
CARPET = ~(MIDDLE[:, None, None] & MIDDLE[:, None] & np.ones(1, bool))
SPONGE = MIDDLE[:, None, None].astype(int) + MIDDLE[:, None] + MIDDLE < 2
TETRIX = np.indices((2, 2, 2)).sum(axis=0) <= 1


def grown(seed, times):
    body = np.ones((1, 1, 1))
    for _ in range(times):
        body = np.kron(body, seed)
    return body > 0


@pytest.mark.parametrize(
    ("seed", "times", "exact"),
    [
        (DUST, 4, np.log(8) / np.log(3)),
        (CARPET, 5, np.log(8) / np.log(3)),
        (SPONGE, 4, np.log(20) / np.log(3)),
        (TETRIX, 5, 2.0),
        (np.ones((2, 2, 2)), 5, 3.0),
        (np.ones((2, 2, 1)), 5, 2.0),
        (np.ones((2, 1, 1)), 5, 1.0),
    ],
    ids=["Cantor dust", "carpet", "Menger sponge", "tetrahedron", "cube", "plate", "rod"],
)
def test_regular_fractals_have_their_dimension(seed, times, exact):
    sides = [0.5 * len(seed) ** n for n in range(times)]
    found = box_dimension(mask_of(grown(seed, times), (0.5, 0.5, 0.5)), sides=sides)
    assert found.dimension == pytest.approx(exact, abs=1e-9)
    assert found.misfit < 1e-9
    assert found.sides.tolist() == sides


def test_sides_that_do_not_follow_a_fractal_put_it_off_as_said():
    found = box_dimension(mask_of(grown(SPONGE, 4)))
    assert found.dimension == pytest.approx(2.43, abs=0.01)
    assert found.misfit > 0.05


def test_boxes_are_of_mm_whatever_the_voxels_are():
    body = np.zeros((64, 64, 32), bool)
    body[:, 20:24, :] = True
    found = box_dimension(mask_of(body, (0.5, 0.5, 1.0)), sides=[2.0, 4.0, 8.0])
    assert found.counts.tolist() == [256, 64, 16]
    assert found.dimension == pytest.approx(2)


def test_only_the_region_counts():
    body = np.ones((40, 40, 40), bool)
    region = np.zeros((40, 40, 40), bool)
    region[3:35, 5:37, 9] = True
    assert box_dimension(mask_of(body), region=mask_of(region)).dimension == pytest.approx(2)


def test_smooth_reliefs_have_the_dimension_of_their_space():
    ramp = np.add.outer(np.add.outer(np.arange(40.0), np.arange(40.0)), np.arange(40.0))
    assert relief_dimension(volume_of(ramp)).dimension == pytest.approx(3)
    assert relief_dimension(volume_of(ramp[:, :, :1])).dimension == pytest.approx(2)
    assert relief_dimension(volume_of(np.full((40, 40, 40), 5.0))).dimension == 3
    assert relief_dimension(volume_of(ramp * 7 + 100, (0.5, 0.5, 0.5))).dimension == pytest.approx(
        3
    )


def test_random_walks_along_the_axes_have_half_a_dimension_more():
    """Spread of a walk of n steps grows as √n."""
    found = []
    for seed in range(6):
        generator = np.random.default_rng(seed)
        i, j, k = np.cumsum(generator.standard_normal((3, 64)), axis=1)
        relief = i[:, None, None] + j[:, None] + k
        found.append(relief_dimension(volume_of(relief), sides=[2, 4, 8, 16]).dimension)
    assert np.mean(found) == pytest.approx(3.5, abs=0.12)


def test_noise_is_rougher_than_what_is_smoothed():
    noise = np.random.default_rng(0).standard_normal((48, 48, 48))
    smooth = stretched_field((48,) * 3, (1.0,) * 3, unit(1, 1, 1), 1.0, length=2.0)
    rough = relief_dimension(volume_of(noise)).dimension
    assert rough == pytest.approx(3.7, abs=0.1)
    assert relief_dimension(volume_of(smooth)).dimension < rough - 0.2


def test_what_lies_outside_the_region_is_not_seen():
    ramp = np.add.outer(np.add.outer(np.arange(40.0), np.arange(40.0)), np.arange(40.0))
    region = np.zeros(ramp.shape, bool)
    region[5:35, 5:35, 5:35] = True
    ramp[~region] = np.nan
    found = relief_dimension(volume_of(ramp), region=mask_of(region))
    assert found.dimension == pytest.approx(3)
    assert found.counts == pytest.approx(3 * found.sides)


def test_too_small_a_region_has_no_dimension_but_a_flag():
    one = np.zeros((5, 5, 5))
    one[2, 2, 2] = 1
    for found in (
        box_dimension(mask_of(one), region=mask_of(one)),
        relief_dimension(volume_of(one), region=mask_of(one)),
    ):
        assert found.dimension is None
        assert found.named("box") == {"box_dimension": None, "box_misfit": None}
        assert [flag.code for flag in found.flags] == ["too-small-for-boxes"]


def test_bad_input_is_told_in_one_line():
    body, empty = mask_of(np.ones((9, 9, 9))), mask_of(np.zeros((9, 9, 9)))
    for job in (box_dimension, lambda m, **k: relief_dimension(volume_of(m.values), **k)):
        with pytest.raises(EmptyRegion, match="region has no voxel"):
            job(body, region=empty)
        with pytest.raises(GridMismatch):
            job(body, region=mask_of(np.ones((9, 9, 8))))
        with pytest.raises(BadSetting, match="3 or more sides"):
            job(body, sides=[1, 2])
        with pytest.raises(BadSetting, match="at least 1 mm"):
            job(body, sides=[0.5, 1, 2])
    with pytest.raises(EmptyRegion, match="of the phase"):
        box_dimension(empty)
    values = np.ones((9, 9, 9))
    values[1, 1, 1] = np.inf
    with pytest.raises(UnsuitableScan, match="1 voxels"):
        relief_dimension(volume_of(values))
