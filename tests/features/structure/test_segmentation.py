"""Bone is told from marrow as on paper, with units, in the region, or not at all."""

import numpy as np
import pytest
from scipy import ndimage

from osteon.core import (
    HU,
    MG_CM3,
    BadSetting,
    EmptyRegion,
    Grid,
    GridMismatch,
    Mask,
    UnitMismatch,
    UnsuitableScan,
    Volume,
)
from osteon.features import METHODS
from osteon.features.structure.phases.segmentation import (
    Adaptive,
    DualReference,
    Fixed,
    Ipl,
    Isodata,
    Otsu,
    segment,
)

SHAPE = (24, 20, 22)
GRID = Grid(SHAPE, [0, 0, 0], np.eye(3), [0.1, 0.1, 0.2])
EVERY = (
    Fixed(300, MG_CM3),
    Otsu(),
    Isodata(),
    Adaptive(0.5),
    Ipl(300),
    DualReference(marrow=100, bone=500, unit=MG_CM3),
)


def image(values, unit=MG_CM3):
    return Volume(np.asarray(values), GRID, unit)


def truth(seed=0):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), 2)
    return noise > np.quantile(noise, 0.7)


def scan(bone=500.0, marrow=100.0, noise=20.0):
    """An image of `truth` whose tissues are far apart."""
    values = np.where(truth(), bone, marrow)
    return values + np.random.default_rng(1).normal(0, noise, SHAPE)


def part(stop=12):
    region = np.zeros(SHAPE, bool)
    region[:stop] = True
    return Mask(region, GRID)


@pytest.mark.parametrize("how", EVERY[:3] + EVERY[5:], ids=lambda how: type(how).__name__)
def test_tissues_far_apart_are_told_apart_without_a_fault(how):
    found = segment(image(scan()), how)
    assert (found.mask.values == truth()).all()
    assert 160 < found.threshold < 440
    assert (found.unit, found.bright, found.flags) == (MG_CM3, True, ())


@pytest.mark.parametrize("how", EVERY[:3], ids=lambda how: type(how).__name__)
def test_dark_bone_is_told_apart_as_well(how):
    found = segment(image(scan(bone=100.0, marrow=500.0)), how, bright=False)
    assert (found.mask.values == truth()).all()
    assert not found.bright


@pytest.mark.parametrize("how", EVERY, ids=lambda how: type(how).__name__)
def test_each_way_is_in_the_list_of_methods(how):
    assert segment(image(scan()), how).method in METHODS


def test_a_voxel_right_on_a_given_value_is_bone():
    values = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    assert segment(image(values), Fixed(1000, MG_CM3)).mask.voxels == values.size - 1000
    assert segment(image(values), Fixed(1000, MG_CM3), bright=False).mask.voxels == 1001


@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.int64, np.float32])
def test_otsu_splits_three_values_where_the_variance_within_is_least(kind):
    # 0 and 10 are near each other, 100 is far: the split lies between 10 and 100
    values = np.zeros(SHAPE, kind)
    values[8:16], values[16:] = 10, 100
    found = segment(image(values), Otsu())
    assert (found.mask.values == (values == 100)).all()
    dark = segment(image(values), Otsu(), bright=False)
    assert (dark.mask.values == (values < 100)).all()


def test_otsu_is_where_brute_force_finds_the_least_variance():
    values = np.rint(scan(noise=120.0)).astype(np.int16)
    cuts = np.arange(values.min(), values.max())
    parts = [(values[values <= cut], values[values > cut]) for cut in cuts]
    within = [sum(part.var() * part.size for part in pair) for pair in parts]
    found = segment(image(values), Otsu()).threshold
    assert found == pytest.approx(cuts[np.argmin(within)] + 0.5, abs=0.5)


def test_isodata_lies_halfway_between_the_means_it_makes():
    values = scan(noise=60.0)
    at = segment(image(values), Isodata()).threshold
    halfway = (values[values <= at].mean() + values[values > at].mean()) / 2
    assert at == pytest.approx(halfway, abs=2)  # a class of the histogram is 0.8 wide


@pytest.mark.parametrize("how", [Otsu(), Isodata()])
def test_histograms_are_those_of_the_region(how):
    values = scan()
    values[12:] += 5000.0  # metal beside it
    found = segment(image(values), how, region=part())
    assert 160 < found.threshold < 440
    assert (found.mask.values[:12] == truth()[:12]).all()
    assert found.mask.values[12:].all()


def test_a_shaded_image_needs_a_local_threshold():
    shade = np.linspace(0, 1500, SHAPE[0])[:, None, None]
    values = scan() + shade
    around = segment(image(values), Adaptive(0.35)).mask.values
    everywhere = segment(image(values), Otsu()).mask.values
    assert (around == truth()).mean() > 0.9
    assert (everywhere == truth()).mean() < 0.75


def test_the_local_mean_takes_in_nothing_outside_of_the_region():
    values = scan()
    alone = segment(image(values), Adaptive(0.5), region=part()).mask.values[:12]
    values[12:] = 9000.0
    values[12, 0, 0] = -9000.0
    beside = segment(image(values), Adaptive(0.5), region=part()).mask.values[:12]
    assert (alone == beside).all()


@pytest.mark.parametrize(("axis", "voxels"), [(0, 4), (2, 2)])
def test_the_window_of_the_local_mean_is_in_mm(axis, voxels):
    # before a step the mean rises as the normal distribution: 15.87 % one SD, 0.4 mm, before it
    values = np.random.default_rng(2).normal(0, 1e-3, SHAPE)
    stepped = np.moveaxis(values, axis, 0)
    middle = len(stepped) // 2
    stepped[middle:] += 1000.0
    found = segment(image(values), Adaptive(0.4, -158.7)).mask.values
    # bone is what lies at most 158.7 below its mean: all marrow but that within one SD
    before = np.moveaxis(found, axis, 0)[:middle, 10, 10]
    assert before[:-voxels].all()
    assert not before[-voxels:].any()


@pytest.mark.parametrize(("bone", "bright"), [(500.0, True), (100.0, False)])
def test_an_offset_asks_for_more_than_the_mean(bone, bright):
    values = image(scan(bone, 600 - bone, noise=90.0))
    voxels = [
        segment(values, Adaptive(1.0, offset), bright=bright).mask.voxels for offset in (-90, 0, 90)
    ]
    assert voxels[0] > voxels[1] > voxels[2] > 0


def test_the_gaussian_of_hr_pqct_is_cut_off_and_normalised():
    values = np.zeros(SHAPE)
    values[10, 10, 10] = 1000.0
    values[0, 0, 0] = -1.0
    beside = np.exp(-0.5 / 0.5**2)
    middle = 1000 / (1 + 2 * beside) ** 3
    just = segment(image(values), Ipl(middle * 0.999))
    assert just.mask.voxels == 1
    seven = segment(image(values), Ipl(middle * beside * 0.999)).mask
    assert seven.voxels == 7
    cube = segment(image(values), Ipl(middle * beside**3 * 0.999)).mask
    assert cube.voxels == 27  # nothing reaches further than one neighbour
    assert segment(image(values), Ipl(1e-12, support=2)).mask.voxels > 27


def test_speckle_disappears_in_the_gaussian():
    values = scan(noise=150.0)
    rough = segment(image(values), Fixed(300, MG_CM3)).mask.values
    smooth = segment(image(values), Ipl(300, sigma=0.8)).mask.values
    assert (smooth != truth()).sum() < (rough != truth()).sum()


def test_halfway_between_marrow_and_compact_bone():
    found = segment(image(scan(bone=40.0, marrow=900.0), "1"), DualReference(marrow=900, bone=40))
    assert found.threshold == pytest.approx(470)
    assert not found.bright  # bone is dark in MRI, whether asked for or not
    assert (found.mask.values == truth()).all()
    nearer = DualReference(marrow=900, bone=40, share=0.25)
    assert segment(image(scan(40.0, 900.0), "1"), nearer).threshold == pytest.approx(255)


@pytest.mark.parametrize("values", [(0, 1), (0, 255), (-1000.0, 300.0)])
@pytest.mark.parametrize("how", [Otsu(), Fixed(320, MG_CM3)])
def test_an_image_of_two_values_is_taken_as_it_is(values, how):
    low, high = values
    found = segment(image(np.where(truth(), high, low), "1"), how)
    assert (found.mask.values == truth()).all()
    assert (found.method, found.threshold) == ("threshold-binary", None)
    assert [flag.code for flag in found.flags] == ["already-binary"]
    dark = segment(image(np.where(truth(), low, high), "1"), how, bright=False)
    assert (dark.mask.values == truth()).all()


def test_one_voxel_of_a_third_value_makes_an_image_grey():
    values = np.where(truth(), 500, 100)
    values[5, 5, 5] = 300
    assert segment(image(values), Fixed(300, MG_CM3)).method == "threshold-fixed"


@pytest.mark.parametrize("how", [Fixed(300, HU), Ipl(300, HU), DualReference(0, 300, HU)])
def test_a_threshold_in_another_unit_is_refused(how):
    with pytest.raises(UnitMismatch, match=r"hnsf'U.*image is in 'mg/cm3'"):
        segment(image(scan()), how)


@pytest.mark.parametrize("how", [Fixed(1600, MG_CM3), Ipl(1600), Fixed(-500, MG_CM3)])
def test_a_threshold_outside_of_the_image_is_refused_and_another_unit_suggested(how):
    with pytest.raises(BadSetting, match=r"lies outside the image, which has .* hnsf|hnsf'U"):
        segment(image(scan()), how)


def test_a_region_without_bone_or_without_marrow_is_refused():
    values = scan()
    values[:12] = np.linspace(0, 50, 12)[:, None, None]
    with pytest.raises(EmptyRegion, match=r"no bone: 0 of 5280 .* 300 .*lower"):
        segment(image(values), Fixed(300, MG_CM3), region=part())
    with pytest.raises(EmptyRegion, match=r"all bone: 5280 of 5280 .*lower"):
        segment(image(values), Fixed(300, MG_CM3), region=part(), bright=False)
    values[:12] += 1000
    with pytest.raises(EmptyRegion, match=r"all bone: .*higher"):
        segment(image(values), Fixed(300, MG_CM3), region=part())
    values[:12] = 7
    with pytest.raises(EmptyRegion, match="all values of the region are 7"):
        segment(image(values), Otsu(), region=part())


def test_a_binary_image_is_refused_where_its_region_has_one_tissue():
    bone = np.zeros(SHAPE)
    bone[20:] = 1
    with pytest.raises(EmptyRegion, match="no bone"):
        segment(image(bone, "1"), Otsu(), region=part())


def test_an_empty_region_or_one_elsewhere_is_refused():
    with pytest.raises(EmptyRegion, match="no voxel"):
        segment(image(scan()), Otsu(), region=part(0))
    elsewhere = Mask(np.ones(SHAPE, bool), Grid(SHAPE, [5, 0, 0], np.eye(3), [0.1, 0.1, 0.2]))
    with pytest.raises(GridMismatch, match="another grid"):
        segment(image(scan()), Otsu(), region=elsewhere)


def test_missing_values_are_refused():
    values = scan()
    values[0, 0, 0] = np.nan
    with pytest.raises(UnsuitableScan, match="not finite"):
        segment(image(values), Otsu())


@pytest.mark.parametrize(
    "make",
    [
        lambda: Adaptive(0),
        lambda: Ipl(sigma=0),
        lambda: Ipl(support=0),
        lambda: DualReference(5, 5),
        lambda: DualReference(5, 6, share=1),
    ],
)
def test_settings_that_mean_nothing_are_refused(make):
    with pytest.raises(BadSetting):
        make()


def test_the_image_is_left_alone():
    values = scan()
    before = values.copy()
    for how in EVERY:
        segment(image(values), how, region=part())
    assert (values == before).all()


@pytest.mark.parametrize("how", [Otsu(), Isodata()])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_values_that_only_rounding_keeps_apart_are_told(how, kind):
    """Some ten neighbouring numbers: a thousand classes of equal width do not fit between them."""
    values = (1e7 + scan() / 500 * 10 * np.spacing(kind(1e7))).astype(kind)
    assert len(np.unique(values)) > 5
    with pytest.raises(UnsuitableScan, match="hardly tell apart"):
        segment(image(values), how)
