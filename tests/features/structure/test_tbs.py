"""The trabecular bone score of projections whose variogram is known."""

import csv

import nibabel
import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, Mask, UnsuitableScan, Volume
from osteon.features.structure.coarse.tbs import trabecular_bone_score


def grid(shape, spacing=(1.0, 1.0, 1.0)):
    return Grid(shape, np.zeros(3), np.eye(3), np.array(spacing))


def image(values, spacing=(1.0, 1.0, 1.0)):
    return Volume(values, grid(values.shape, spacing), "1")


def rough(power, seed=1, side=256):
    """A random field whose squared differences grow as the distance to a given power.

    Its spectrum falls as f to the −(power + 2), as that of fractional Brownian motion does.
    """
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    f[0, 0] = np.inf
    noise = np.fft.fft2(np.random.default_rng(seed).normal(size=(side, side)))
    return np.fft.ifft2(noise * f ** (-(power + 2) / 2)).real[None]


def test_a_ramp_has_score_two():
    """V is the squared step along the ramp; over all directions at one distance that is k²/2."""
    ramp = np.add.outer(np.arange(60.0), np.zeros(60))[None]
    found = trabecular_bone_score(image(ramp), axis=0)
    assert found.score == pytest.approx(2.0, abs=0.02)
    assert found.variogram == pytest.approx(found.distances**2 / 2, rel=0.06)


def test_white_noise_has_score_zero():
    noise = np.random.default_rng(1).normal(size=(1, 300, 300))
    assert trabecular_bone_score(image(noise), axis=0).score == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("power", [0.6, 1.0, 1.4])
def test_a_fractal_surface_has_the_score_of_its_power(power):
    """Within 0.2: pixels cut off the finest roughness."""
    scores = [
        trabecular_bone_score(image(rough(power, seed)), axis=0, reach=10).score for seed in (1, 2)
    ]
    assert np.mean(scores) == pytest.approx(power, abs=0.2)


def test_rougher_is_lower_in_both_forms():
    for form in ("variogram", "local"):
        scores = [
            trabecular_bone_score(image(rough(p, side=96)), axis=0, form=form).score
            for p in (0.5, 1.5)
        ]
        assert scores[0] < scores[1] - 0.4


def test_the_unit_of_the_density_does_not_matter():
    field = rough(1.0, side=64)
    first = trabecular_bone_score(image(field), axis=0).score
    assert trabecular_bone_score(image(1e4 * field), axis=0).score == pytest.approx(first)


def test_a_mask_is_projected_along_the_axis_asked_for():
    """Bone fills 1, 2, 3 of four voxels along axis 2 over columns of axis 1."""
    bone = np.zeros((12, 12, 4), bool)
    for column in range(12):
        bone[:, column, : column % 4] = True
    found = trabecular_bone_score(Mask(bone, grid(bone.shape, (0.5, 1.0, 2.0))), axis=2)
    assert found.projection[0, :5].tolist() == [0.0, 0.25, 0.5, 0.75, 0.0]
    assert found.distances[:3] == pytest.approx([0.5, 1.0, np.hypot(0.5, 1.0)])
    assert found.variogram[0] == 0.0  # along axis 0 nothing changes


def test_rays_are_averaged_over_their_way_in_the_region():
    """A region that is 4 or 2 voxels deep over even bone shows no step at its edge."""
    where = np.zeros((4, 20, 20), bool)
    where[:, :, :10] = True
    where[:2, :, 10:16] = True
    bone = Volume(np.ones((4, 20, 20)), grid((4, 20, 20)), "1")
    found = trabecular_bone_score(bone, axis=0, region=Mask(where, bone.grid))
    assert np.nanmin(found.projection) == np.nanmax(found.projection) == 1.0
    assert np.isnan(found.projection[:, 16:]).all()
    assert [flag.code for flag in found.flags] == ["no-texture"]


def test_what_lies_outside_the_region_changes_nothing():
    field = np.repeat(rough(1.0, side=64), 3, axis=0)
    where = np.zeros(field.shape, bool)
    where[1:, 10:50, 5:60] = True
    changed = np.where(where, field, 1e6)
    scores = [
        trabecular_bone_score(image(v), axis=0, region=Mask(where, grid(v.shape))).score
        for v in (field, changed)
    ]
    assert scores[0] == scores[1]


def test_what_cannot_be_scored_is_refused():
    scan = image(rough(1.0, side=16))
    with pytest.raises(BadSetting, match="axis 0, 1 or 2"):
        trabecular_bone_score(scan, axis=3)
    with pytest.raises(BadSetting, match="at least 2 mm"):
        trabecular_bone_score(scan, axis=0, reach=1.5)
    with pytest.raises(EmptyRegion, match="no voxel"):
        trabecular_bone_score(scan, axis=0, region=Mask(scan.values > np.inf, scan.grid))


@pytest.mark.shared
def test_the_local_form_gives_the_scores_published_with_the_l1_cubes(shared_data):
    """Upstream: mean of pixelwise slopes in windows of 11², projected along the first two axes."""
    with (shared_data / "microct" / "bonebox_L1_reference.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if row["file"]]
    for row in rows[:40:13]:
        file = shared_data / "microct" / "bonebox_L1" / row["file"]
        bone = np.asarray(nibabel.load(file).dataobj) > 0
        mask = Mask(bone, grid(bone.shape, (0.05, 0.05, 0.05)))
        for axis, column in enumerate(("tbs_projection_a", "tbs_projection_b")):
            found = trabecular_bone_score(mask, axis=axis, form="local").score
            assert found == pytest.approx(float(row[column]), abs=2e-4)


@pytest.mark.parametrize("form", ["variogram", "local"])
@pytest.mark.parametrize("side", [1, 2, 3, 4, 5, 6])
def test_a_projection_smaller_than_the_reach_is_scored_as_far_as_it_goes(side, form):
    """Steps of a ramp a few pixels wide: 39 of one along it in each line, none across."""
    ramp = np.broadcast_to(np.arange(40.0)[:, None], (40, side))[None].copy()
    found = trabecular_bone_score(image(ramp), axis=0, form=form)
    if form == "variogram":
        assert found.variogram[0] == pytest.approx(39 * side / (39 * side + 40 * (side - 1)))
    else:
        assert [flag.code for flag in found.flags] == ["no-texture"]


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_missing_values_are_told_unless_they_lie_outside_the_region(missing):
    values = rough(1.0, side=32)
    region = Mask(np.indices(values.shape)[2] > 5, grid(values.shape))
    whole = trabecular_bone_score(image(values), axis=0, region=region)
    values[0, 3, 3] = missing
    assert trabecular_bone_score(image(values), axis=0, region=region).score == whole.score
    with pytest.raises(UnsuitableScan, match="1 rays"):
        trabecular_bone_score(image(values), axis=0)
