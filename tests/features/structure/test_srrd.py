"""The published knee recipe on stripes worked out on paper, and each of its quirks."""

import numpy as np
import pytest

from osteon.core import EmptyRegion, Grid, GridMismatch, Mask, UnsuitableScan, Volume
from osteon.features.structure.coarse.srrd import srrd_parameters

DARK, BRIGHT = 100, 200


def scan(values, spacing=(0.1, 0.1, 0.75)):
    return Volume(values, Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing)), "1")


def stripes(bright, dark, *, slices=2, levels=(DARK, BRIGHT)):
    """Stripes along the second axis of 0.1 mm pixels: so many bright, so many dark, in turn."""
    row = np.tile([levels[1]] * bright + [levels[0]] * dark, 12)
    return np.repeat(np.repeat(row[:, None, None], 90, axis=1), slices, axis=2).astype(np.int16)


def middle(image):
    """Region away from the margins, where skeletons end."""
    where = np.zeros(image.values.shape, bool)
    where[20:-20, 20:-20] = True
    return Mask(where, image.grid)


def measured(values, spacing=(0.1, 0.1, 0.75)):
    image = scan(values, spacing)
    return srrd_parameters(image, region=middle(image))


def test_stripes_of_three_and_five_pixels_on_paper():
    """Middle of 3 bright pixels: 2 pixels from dark. Middle of 5 dark ones: 3, times 3."""
    found = measured(stripes(3, 5))
    assert found.named() == {
        "srrd.Tb.Th": pytest.approx(0.2),
        "srrd.Tb.Sp": pytest.approx(0.9),
        "srrd.BV/TV": pytest.approx(0.2 / 1.1),
        "srrd.Tb.N": pytest.approx(1 / 1.1),
    }


def test_thickness_is_half_a_thickness():
    """Five bright pixels of 0.1 mm: 0.3 mm and not 0.5 mm."""
    assert measured(stripes(5, 5)).thickness == pytest.approx(0.3)


def test_separation_is_three_times_that_of_the_same_width():
    found = measured(stripes(5, 5))
    assert found.separation == pytest.approx(3 * found.thickness)


def test_fraction_is_no_share_of_pixels():
    """Half of the image is bright; the recipe says a quarter."""
    assert measured(stripes(5, 5)).fraction == pytest.approx(0.25)


def test_the_bright_phase_is_the_bone():
    plain, inverted = measured(stripes(3, 5)), measured(300 - stripes(3, 5))
    assert inverted.thickness == pytest.approx(plain.separation / 3)


def test_even_areas_count_as_bright_because_of_the_offset():
    """A third slice half even and half striped: its even half is a thick bright area."""
    even = stripes(3, 5, slices=1)
    even[:, 45:] = 150
    where = np.zeros(even.shape, bool)
    where[20:-20, 60:80] = True
    image = scan(even)
    found = srrd_parameters(image, region=Mask(where, image.grid))
    assert found.thickness is not None
    assert found.separation is None
    assert found.named()["srrd.BV/TV"] is None
    assert [flag.code for flag in found.flags] == ["no-skeleton"]


def test_the_scale_of_grey_values_matters():
    """Stripes one grey value apart vanish in the offset of one."""
    found = measured(stripes(3, 5, levels=(100, 101)))
    assert found.separation is None


def test_grey_values_are_cut_to_whole_numbers():
    """Stripes six grey values apart, with a fraction of a grey value added to each pixel."""
    whole = stripes(3, 5, levels=(100, 106)).astype(float)
    fractions = np.random.default_rng(1).uniform(0.0, 0.99, whole.shape)
    assert measured(whole + fractions).named() == measured(whole).named()


def test_distances_are_cut_to_whole_pixels():
    """The middle of a slanted stripe of five rows of pixels is √5 pixels from dark: 2 is kept."""
    i, j = np.meshgrid(np.arange(90), np.arange(90), indexing="ij")
    slanted = np.where((i + j) % 12 < 5, BRIGHT, DARK)[:, :, None].astype(np.int16)
    image = scan(slanted)
    where = np.zeros(slanted.shape, bool)
    where[30:32, 30:70] = True
    found = srrd_parameters(image, region=Mask(where, image.grid))
    assert found.thickness == pytest.approx(0.2)


def test_pixels_of_value_zero_are_neither_bone_nor_marrow():
    """Half the slice is outside: its wide empty area is no separation."""
    cut = stripes(3, 5)
    cut[:, 45:] = 0
    image = scan(cut)
    where = np.zeros(cut.shape, bool)
    where[20:-20, 20:] = True
    found = srrd_parameters(image, region=Mask(where, image.grid))
    assert found.separation < 0.95


def test_specks_and_holes_below_four_pixels_are_removed():
    clean = stripes(5, 5)
    dirty = clean.copy()
    bright = np.flatnonzero(clean[:, 0, 0] == BRIGHT)
    dark = np.flatnonzero(clean[:, 0, 0] == DARK)
    dirty[bright[2::5][3:9], 45] = DARK
    dirty[dark[2::5][3:9], 45] = BRIGHT
    assert measured(dirty).named() == pytest.approx(measured(clean).named())


def test_slices_without_a_skeleton_do_not_count_in_the_mean():
    values = stripes(3, 5, slices=3)
    values[:, :, 1] = 150
    found = measured(values)
    assert np.isnan(found.slices[1]).all()
    assert found.thickness == pytest.approx(0.2)


def test_each_slice_weighs_the_same():
    """One slice of 3 bright pixels and one of 5: the mean of 0.2 and 0.3 mm."""
    first, second = stripes(3, 5, slices=1), stripes(5, 3, slices=1)
    assert measured(np.concatenate([first, second], axis=2)).thickness == pytest.approx(0.25)


def test_coarser_pixels_are_brought_to_a_tenth_of_a_millimetre():
    """Stripes of 4 and 8 pixels of 0.3 mm are 12 and 24 of 0.1 mm, but for the window's reach.

    The threshold follows the mean of 11 pixels, so a stripe stays bright or dark only near its
    borders and even within; what holds on paper is the number of pixels.
    """
    coarse = stripes(4, 8)[:48, :30]
    image = scan(coarse, (0.3, 0.3, 0.75))
    found = srrd_parameters(image, region=Mask(np.ones(coarse.shape, bool), image.grid))
    assert found.slices.shape == (2, 2)
    assert found.thickness > 0.2


def test_slices_run_across_the_largest_spacing():
    values = stripes(3, 5)
    turned = np.moveaxis(values, 2, 0).copy()
    found = measured_turned(turned)
    assert found.axis == 0
    assert found.named() == pytest.approx(measured(values).named())


def measured_turned(values):
    image = scan(values, (0.75, 0.1, 0.1))
    where = np.zeros(values.shape, bool)
    where[:, 20:-20, 20:-20] = True
    return srrd_parameters(image, region=Mask(where, image.grid))


def test_bad_regions_are_refused():
    image = scan(stripes(3, 5))
    with pytest.raises(EmptyRegion, match="no voxel"):
        srrd_parameters(image, region=Mask(np.zeros(image.values.shape, bool), image.grid))
    other = scan(stripes(3, 5, slices=3))
    with pytest.raises(GridMismatch, match="the region"):
        srrd_parameters(image, region=middle(other))


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_missing_values_are_told_unless_their_slice_is_outside_the_region(missing):
    values = stripes(3, 5, slices=3).astype(np.float32)
    whole = scan(values.copy())
    region = middle(whole)
    region.values[..., 2] = False
    values[0, 0, 2] = missing
    found = srrd_parameters(scan(values), region=region)
    assert found.named() == srrd_parameters(whole, region=region).named()
    with pytest.raises(UnsuitableScan, match="finite"):
        srrd_parameters(scan(values), region=middle(scan(values)))


def test_an_image_below_a_pixel_of_the_recipe_is_refused():
    small = scan(np.full((3, 10, 4), 7, np.int16), (0.02, 0.02, 0.75))
    region = Mask(small.values > 0, small.grid)
    with pytest.raises(UnsuitableScan, match=r"0\.06 by 0\.2 mm"):
        srrd_parameters(small, region=region)
