"""The named features of trabeculae and cortex, with what must be known of them."""

import numpy as np
import pytest

from osteon.core import EmptyRegion, Grid, Mask
from osteon.features import FEATURES, METHODS
from osteon.features.structure.thickness.trabecular import cortical, trabecular


def mask(values, spacing=(0.1, 0.1, 0.1)):
    return Mask(values, Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing, float)))


def plates(thick=4, period=12, size=60):
    return mask((np.indices((size,) * 3)[2] - period // 3) % period < thick)


def test_plates_have_the_numbers_of_plates():
    """Slabs of 0.4 mm every 1.2 mm, the image ending in the middle of a gap."""
    found = trabecular(plates())
    assert found.named() == pytest.approx(
        {
            "Tb.Th": 0.4,
            "Tb.Th.SD": 0.0,
            "Tb.Th.max": 0.4,
            "Tb.Sp": 0.8,
            "Tb.Sp.SD": 0.0,
            "Tb.Sp.max": 0.8,
            "Tb.N": 1 / 1.2,
            "Tb.N (derived)": 1 / 1.2,
        },
        rel=0.02,
        abs=1e-12,
    )
    assert found.flags == ()
    assert found.bone_fraction == pytest.approx(1 / 3)


def test_border_takes_a_voxel_off_both_and_leaves_the_number():
    centre, border = (trabecular(plates(), convention=c).named() for c in ("centre", "border"))
    assert border["Tb.Th"] == pytest.approx(centre["Tb.Th"] - 0.1)
    assert border["Tb.Sp"] == pytest.approx(centre["Tb.Sp"] - 0.1)
    assert border["Tb.N"] == centre["Tb.N"]


def test_all_that_is_named_is_entered_with_unit_and_method():
    named = {**trabecular(plates(size=36)).named(), **cortical(plates(size=36)).named()}
    for name in named:
        assert FEATURES[name].method in METHODS
        assert FEATURES[name].unit == ("/mm" if name.startswith("Tb.N") else "mm")
    assert {"Ct.Th", "Ct.Th.SD", "Ct.Th.max"} <= set(named)


def test_the_thickness_of_a_shell_is_that_of_its_wall():
    i, j, _ = np.indices((50, 50, 12)) - 25
    away = np.hypot(i, j)
    shell = cortical(mask((away < 20) & (away >= 14)))
    assert shell.named()["Ct.Th"] == pytest.approx(0.6, abs=0.05)
    assert shell.flags == ()


def test_a_region_narrower_than_three_trabeculae_is_measured_and_flagged():
    bone = plates()
    narrow = np.zeros(bone.grid.shape, bool)
    narrow[10:50, 10:50, 14:40] = True
    found = trabecular(bone, region=mask(narrow))
    assert [flag.code for flag in found.flags] == ["thin-region"]
    assert "less than 3 times the 1.2 mm" in found.flags[0].text
    assert found.named()["Tb.Th"] == pytest.approx(0.4)
    wide = np.ones(bone.grid.shape, bool)
    wide[:3] = False
    assert trabecular(bone, region=mask(wide)).flags == ()
    assert [f.code for f in trabecular(plates(size=33)).flags] == ["thin-region"]


def test_trabeculae_of_two_voxels_are_flagged():
    found = trabecular(plates(thick=2))
    assert [flag.code for flag in found.flags] == ["few-voxels-thick"]
    assert "2 voxels" in found.flags[0].text


@pytest.mark.parametrize("values", [np.zeros((9, 9, 9), bool), np.ones((9, 9, 9), bool)])
def test_no_bone_and_nothing_but_bone_are_told(values):
    with pytest.raises(EmptyRegion, match="Check the threshold"):
        trabecular(mask(values))


def test_a_region_without_bone_or_without_marrow_is_told():
    bone = plates()
    for region in (bone.values, ~bone.values, np.zeros_like(bone.values)):
        with pytest.raises(EmptyRegion, match="nothing to measure"):
            trabecular(bone, region=mask(region))
