"""BV/TV from grey values against bone whose volume is known."""

import nibabel
import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, Mask, UnsuitableScan, Volume
from osteon.features.structure.coarse.partial_volume import (
    PureValues,
    estimate_pure_values,
    grey_fraction,
)


def grid(shape, side=1.0):
    return Grid(shape, np.zeros(3), np.eye(3), np.full(3, side))


def image(values, side=1.0):
    return Volume(values, grid(values.shape, side), "1")


@pytest.fixture(scope="module")
def cube(samples):
    """200³ voxels of 0.05 mm of an L1 vertebra."""
    file = samples / "micro_ct_L1" / "L1_04216_roi001.nii.gz"
    return np.asarray(nibabel.load(file).dataobj)[:200, :200, :200].astype(np.float64)


def coarse(fine, factor):
    n = fine.shape[0] // factor
    return fine.reshape(n, factor, n, factor, n, factor).mean(axis=(1, 3, 5))


@pytest.mark.parametrize("factor", [2, 5, 10, 20])
def test_voxels_of_up_to_a_millimetre_keep_the_fraction_of_the_fine_bone(cube, factor):
    """Noise of a quarter of the contrast: a plain limit to 0 to 1 would add a tenth to BV/TV."""
    noisy = coarse(cube, factor)
    noise = np.random.default_rng(1).normal(0, 200, noisy.shape)
    scan = image(100 + 800 * noisy + noise, 0.05 * factor)
    found = grey_fraction(scan, pure=PureValues(100, 900, noise=200))
    tolerance = max(0.01 * cube.mean(), 3 * found.uncertainty)
    assert found.fraction == pytest.approx(cube.mean(), abs=tolerance)


def test_pure_values_are_found_in_the_fine_bone(cube):
    """Blurred by averaging two voxels and noisy, and still both peaks stand where they were."""
    noise = np.random.default_rng(2).normal(0, 40, (100, 100, 100))
    scan = image(100 + 800 * coarse(cube, 2) + noise)
    pure = estimate_pure_values(scan)
    assert pure.marrow == pytest.approx(100, abs=20)
    assert pure.bone == pytest.approx(900, abs=40)
    assert pure.noise == pytest.approx(40, rel=0.15)
    assert pure.flags == ()
    assert grey_fraction(scan).fraction == pytest.approx(cube.mean(), rel=0.05)


def test_bone_that_is_nowhere_pure_is_flagged(cube):
    noise = np.random.default_rng(2).normal(0, 10, (20, 20, 20))
    pure = estimate_pure_values(image(100 + 800 * coarse(cube, 10) + noise))
    assert [flag.code for flag in pure.flags] == ["no-pure-bone"]


def test_dark_bone_is_the_mirror_of_bright_bone():
    rng = np.random.default_rng(3)
    values = rng.normal(0, 10, (24, 24, 24)) + 300 * (rng.random((24, 24, 24)) < 0.3)
    bright = estimate_pure_values(image(values))
    dark = estimate_pure_values(image(-values), bone_is_bright=False)
    assert (dark.marrow, dark.bone) == (-bright.marrow, -bright.bone)
    assert grey_fraction(image(-values), pure=dark).fraction == pytest.approx(
        grey_fraction(image(values), pure=bright).fraction
    )


def test_four_voxels_on_paper():
    """Shares 0, ½, 1 and 1 (limited): mean 0.625."""
    scan = image(np.array([10.0, 20.0, 30.0, 90.0]).reshape(1, 2, 2))
    assert grey_fraction(scan, pure=PureValues(10, 30)).named() == {"BV/TV (grey)": 0.625}


def test_an_error_of_the_pure_values_goes_through_in_proportion():
    """At f = ¼: 2 of 100 for bone gives ¼·2 %, 4 of 100 for marrow ¾·4 %."""
    scan = image(np.full((4, 4, 4), 25.0))
    found = grey_fraction(scan, pure=PureValues(0, 100, marrow_sd=4, bone_sd=2))
    assert found.uncertainty == pytest.approx(np.hypot(0.75 * 0.04, 0.25 * 0.02))


def test_uncertainty_is_the_spread_over_repeated_scans():
    rng = np.random.default_rng(5)
    truth = rng.random((10, 10, 10))
    found = [
        grey_fraction(
            image(100 * truth + rng.normal(0, 30, truth.shape)), pure=PureValues(0, 100, noise=30)
        )
        for _ in range(200)
    ]
    assert np.std([f.fraction for f in found]) == pytest.approx(found[0].uncertainty, rel=0.25)


def test_only_the_region_counts():
    values = np.zeros((4, 4, 4))
    values[2:] = 100.0
    where = np.zeros((4, 4, 4), bool)
    where[1:] = True
    found = grey_fraction(
        image(values), region=Mask(where, grid((4, 4, 4))), pure=PureValues(0, 100)
    )
    assert found.fraction == pytest.approx(2 / 3)


def test_what_cannot_be_measured_is_refused():
    scan = image(np.zeros((4, 4, 4)))
    with pytest.raises(EmptyRegion, match="no voxel"):
        grey_fraction(scan, region=Mask(np.zeros((4, 4, 4), bool), scan.grid))
    with pytest.raises(UnsuitableScan, match="cannot be estimated"):
        grey_fraction(scan)
    with pytest.raises(UnsuitableScan, match="are no numbers"):
        grey_fraction(image(np.full((4, 4, 4), np.nan)), pure=PureValues(0, 1))
    with pytest.raises(BadSetting, match="must differ"):
        PureValues(5, 5)
    with pytest.raises(BadSetting, match="0 or more"):
        PureValues(0, 5, noise=-1)
