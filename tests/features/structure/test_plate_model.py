"""The plate model on solids whose volume and surface are known on paper."""

import math

import pytest

from osteon.core import BadSetting
from osteon.features.structure.coarse.plate_model import plate_model


def test_parallel_plates_are_met_exactly():
    """Plates of 0.2 mm every 1 mm: per 1 mm³ 0.2 mm³ of bone and 2 mm² of surface."""
    found = plate_model(bone_volume=0.2, total_volume=1.0, bone_surface=2.0)
    assert found.named() == {
        "Tb.Th (plate)": pytest.approx(0.2),
        "Tb.N (plate)": pytest.approx(1.0),
        "Tb.Sp (plate)": pytest.approx(0.8),
    }


def test_the_scale_of_the_region_does_not_matter():
    small = plate_model(bone_volume=0.3, total_volume=2.0, bone_surface=5.0)
    large = plate_model(bone_volume=3.0, total_volume=20.0, bone_surface=50.0)
    assert small.number == pytest.approx(large.number)


def test_a_rod_comes_out_half_as_thick_as_it_is():
    radius = 0.1
    found = plate_model(
        bone_volume=math.pi * radius**2, total_volume=1.0, bone_surface=2 * math.pi * radius
    )
    assert found.thickness == pytest.approx(2 * radius / 2)


def test_thickness_and_separation_fill_the_distance_of_plates():
    found = plate_model(bone_volume=0.17, total_volume=1.3, bone_surface=2.9)
    assert (found.thickness + found.separation) * found.number == pytest.approx(1.0)


@pytest.mark.parametrize(("volume", "surface"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
def test_without_bone_or_surface_there_are_no_values(volume, surface):
    found = plate_model(bone_volume=volume, total_volume=1.0, bone_surface=surface)
    assert set(found.named().values()) == {None}
    assert [flag.code for flag in found.flags] == ["no-bone-surface"]


@pytest.mark.parametrize("numbers", [(2.0, 1.0, 1.0), (-0.1, 1.0, 1.0), (0.1, 1.0, -1.0)])
def test_numbers_that_describe_no_bone_are_refused(numbers):
    volume, total, surface = numbers
    with pytest.raises(BadSetting, match="0 ≤ BV ≤ TV"):
        plate_model(bone_volume=volume, total_volume=total, bone_surface=surface)
