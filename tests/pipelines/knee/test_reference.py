"""Parameters of a patch from an MR that lies askew to the CT."""

import numpy as np
import pytest

from osteon.core import Mask, UnsuitableScan, Volume
from osteon.pipelines.knee.patches.places import PatchPlace
from osteon.pipelines.knee.patches.reference import (
    NAMES,
    PUBLISHED,
    STANDARD,
    carried,
    compact_grey,
    reference_parameters,
)
from osteon.registration import Rigid

from .blocks import CT_GRID, HALF, MR_GRID, PERIOD, PLACE, POSE, THICK, cube, mr, places_of


def measured(image, transform=POSE, place=PLACE, region=None):
    compact = compact_grey(image, transform, cube(HALF))
    return reference_parameters(image, transform, region or cube(8.0), place, compact)


def test_plates_have_their_fraction_and_their_number():
    values = measured(mr(), region=cube(6.0)).values  # five periods
    assert set(values) == set(NAMES)
    assert values["app.BV/TV"] == pytest.approx(THICK / PERIOD, abs=0.03)
    # lines in all directions meet plates 2/pi as often as lines across them
    assert values["app.Tb.N"] == pytest.approx(2 / np.pi / PERIOD, rel=0.06)
    assert values["app.Tb.Th"] == pytest.approx(np.pi / 2 * THICK, rel=0.12)
    assert values["app.Tb.Th"] + values["app.Tb.Sp"] == pytest.approx(1 / values["app.Tb.N"])
    assert all(values[name] > 0 for name in PUBLISHED)


def test_parameters_know_nothing_of_the_scale_of_the_mr():
    one, other = measured(mr(scale=600.0)), measured(mr(scale=3000.0))
    assert other.marrow == pytest.approx(5 * one.marrow, rel=0.01)
    for name in NAMES:
        assert other.values[name] == pytest.approx(one.values[name], rel=0.02)


def test_the_shading_of_the_coil_cancels():
    def spread(shading):
        places = [PatchPlace("medial femur", 0, np.array([0, 0, z])) for z in (-4.0, 4.0)]
        found = [measured(mr(shading=shading), place=place) for place in places]
        low, high = (one.values["app.BV/TV"] for one in found)
        return abs(high - low), found[1].marrow / found[0].marrow

    change, ratio = spread(0.02)
    assert ratio > 1.05
    assert change < 0.05


def test_the_region_is_carried_to_where_the_mr_shows_it():
    there = carried(cube(6.0), POSE, MR_GRID)
    centre = places_of(MR_GRID)[there.values].mean(axis=0)
    assert np.allclose(centre, POSE(np.zeros(3)), atol=0.15)
    assert there.volume_mm3 == pytest.approx(cube(6.0).volume_mm3, rel=0.02)


def test_only_the_region_in_the_patch_counts():
    # the half of the patch without plates would have other parameters
    image = mr()
    below = POSE.inverse()(places_of(MR_GRID))[..., 2] < 0
    inside = np.abs(POSE.inverse()(places_of(MR_GRID))).max(axis=-1) < HALF - 2
    image.values[below & inside] = 600
    upper = cube(6.4, centre=(0, 0, 6.9))
    whole = measured(image).values["app.BV/TV"]
    half = measured(image, region=upper).values["app.BV/TV"]
    assert half == pytest.approx(THICK / PERIOD, abs=0.04)
    assert whole < 0.75 * half


def test_a_patch_beyond_the_mr_has_no_values_and_a_flag():
    away = PatchPlace("medial femur", 0, np.array([0.0, 0.0, 60.0]))
    found = measured(mr(), place=away)
    assert set(found.values.values()) == {None}
    assert found.marrow is None
    assert [flag.code for flag in found.flags] == ["patch-outside-mr"]
    assert "0 mm³" in found.flags[0].text


def test_a_region_in_few_slices_of_the_mr_has_no_values():
    still = Rigid.identity()
    points = places_of(CT_GRID)
    values = {}
    for half in (1.5, 2.5):  # of slices of 1 mm, which lie across x
        thin = Mask(cube(6.5).values & (np.abs(points[..., 0]) <= half), CT_GRID)
        values[half] = measured(mr(pose=still), still, region=thin)
    assert "in 3 slices; 300 mm³ in 4 slices are needed" in values[1.5].flags[0].text
    assert values[2.5].values["app.BV/TV"] is not None


def test_an_even_mr_has_no_contrast():
    found = measured(Volume(np.full(MR_GRID.shape, 100, np.int16), MR_GRID, "1"))
    assert found.values["app.BV/TV"] is None
    assert [flag.code for flag in found.flags] == ["no-contrast"]


def test_all_marrow_has_a_share_of_bone_and_no_thickness():
    image = mr()
    inside = np.abs(POSE.inverse()(places_of(MR_GRID))).max(axis=-1) < HALF - 2
    image.values[inside] = 600
    found = measured(image)
    assert found.values["app.BV/TV"] == pytest.approx(0.0, abs=0.01)
    assert found.values["app.Tb.Th"] is None
    assert "no-crossing" in [flag.code for flag in found.flags]


def test_a_bone_that_the_mr_does_not_show_is_told():
    away = Rigid.about((0, 0, 0), shift_mm=(500.0, 0, 0))
    with pytest.raises(UnsuitableScan, match="does not show the bone"):
        compact_grey(mr(), away, cube(HALF))


def test_names_are_told_by_their_recipe():
    assert all(name.startswith("app.") for name in STANDARD)
    assert all(name.startswith("srrd.") for name in PUBLISHED)
