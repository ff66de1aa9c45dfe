"""The structure model index against shapes whose index is known on paper."""

import numpy as np
import pytest
from scipy import ndimage

from osteon.core import EmptyRegion, Grid, Mask
from osteon.features.structure.shape.smi import structure_model_index

SLANT = np.array([1.0, 2.0, 3.0]) / np.sqrt(14.0)


def mask_of(values, spacing=(1.0, 1.0, 1.0)):
    return Mask(values, Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing)))


def places(shape, spacing=(1.0, 1.0, 1.0)):
    """Millimetres from a point near the middle, along each axis."""
    ends = [(np.arange(n) - (n - 1) / 2 + 0.2) * s for n, s in zip(shape, spacing, strict=True)]
    return np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1)


def ball(radius, *, shape=(40, 40, 40), spacing=(1.0, 1.0, 1.0)):
    return mask_of(np.linalg.norm(places(shape, spacing), axis=-1) <= radius, spacing)


def rod(radius, *, shape=(56, 56, 56), spacing=(1.0, 1.0, 1.0), axis=SLANT):
    where = places(shape, spacing)
    along = where @ axis
    return mask_of((where**2).sum(-1) - along**2 <= radius**2, spacing)


def plate(half, *, shape=(56, 56, 56), spacing=(1.0, 1.0, 1.0)):
    return mask_of(np.abs(places(shape, spacing) @ SLANT) <= half, spacing)


def shell(inner, outer):
    far = np.linalg.norm(places((44, 44, 44)), axis=-1)
    return mask_of((far >= inner) & (far <= outer))


def test_a_sphere_has_index_four():
    assert structure_model_index(ball(12)).smi == pytest.approx(4.0, abs=0.1)


def test_a_rod_has_index_three():
    assert structure_model_index(rod(8)).smi == pytest.approx(3.0, abs=0.1)


def test_a_plate_has_index_zero():
    assert structure_model_index(plate(5)).smi == pytest.approx(0.0, abs=0.05)


def test_a_hollow_sphere_loses_the_growth_of_its_inner_wall():
    """S' = 8π(R − r), S = 4π(R² + r²) and V = 4π/3·(R³ − r³), with R = 16 and r = 8."""
    expected = 4 * (16 - 8) * (16**3 - 8**3) / (16**2 + 8**2) ** 2
    assert structure_model_index(shell(8, 16)).smi == pytest.approx(expected, abs=0.1)


def test_area_growth_and_volume_of_a_sphere_are_those_on_paper():
    found = structure_model_index(ball(0.6, shape=(44, 44, 44), spacing=(0.04, 0.04, 0.04)))
    assert found.surface == pytest.approx(4 * np.pi * 0.6**2, rel=0.02)
    assert found.growth == pytest.approx(8 * np.pi * 0.6, rel=0.03)
    assert found.volume == pytest.approx(4 / 3 * np.pi * 0.6**3, rel=0.01)


def test_voxels_may_be_longer_than_wide():
    found = structure_model_index(ball(14, shape=(40, 40, 20), spacing=(1, 1, 2)))
    assert found.smi == pytest.approx(4.0, abs=0.1)
    assert found.growth == pytest.approx(8 * np.pi * 14, rel=0.03)


def test_the_error_of_a_sphere_falls_with_its_radius():
    errors = [abs(structure_model_index(ball(r)).smi - 4) for r in (2, 14)]
    assert errors[1] < errors[0] / 5


def test_where_a_region_cuts_the_bone_there_is_no_surface():
    """The half of a rod in the region is still a rod: its cut is no end."""
    bone = rod(7)
    half = np.zeros(bone.values.shape, bool)
    half[:28] = True
    found = structure_model_index(bone, region=mask_of(half))
    assert found.smi == pytest.approx(3.0, abs=0.15)
    whole = structure_model_index(bone)
    assert found.surface == pytest.approx(whole.surface / 2, rel=0.05)


def test_a_region_deep_in_the_bone_has_no_index():
    bone = ball(15)
    deep = np.zeros(bone.values.shape, bool)
    deep[17:23, 17:23, 17:23] = True
    found = structure_model_index(bone, region=mask_of(deep))
    assert found.named() == {"SMI": None}
    assert [flag.code for flag in found.flags] == ["no-bone-surface"]


def test_hollow_surfaces_are_flagged_and_bulging_ones_are_not():
    hollow = mask_of(~ball(14).values)
    found = structure_model_index(hollow)
    assert found.smi < 0
    assert "hollow (concave) and BV/TV" in found.flags[0].text
    assert found.hollow_share > 0.85
    assert [flag.code for flag in found.flags] == ["concave-surface"]
    assert structure_model_index(rod(5)).flags == ()


@pytest.mark.parametrize("block", [1, 7, 100])
def test_blocks_change_no_bit(block):
    bone, region = rod(6, shape=(37, 30, 33)), ball(14, shape=(37, 30, 33))
    whole = structure_model_index(bone, region=region)
    assert structure_model_index(bone, region=region, block=block) == whole


@pytest.mark.parametrize("axes", [(1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_turning_the_bone_changes_the_index_by_its_tetrahedra_only(axes):
    bone = rod(6)
    turned = mask_of(np.asfortranarray(bone.values.transpose(axes)))
    found = structure_model_index(turned).smi
    assert found == pytest.approx(structure_model_index(bone).smi, abs=0.01)


def test_a_region_without_a_voxel_is_refused():
    nothing = mask_of(np.zeros((40, 40, 40), bool))
    with pytest.raises(EmptyRegion, match="no voxel"):
        structure_model_index(ball(5), region=nothing)


def test_blocks_change_no_bit_of_a_surface_that_is_rough_all_over():
    """Sums of many unlike triangles show where rounding depends on the place in the block."""
    bone = mask_of(np.indices((16, 16, 16)).sum(axis=0) % 2 == 0, (0.1, 0.1, 0.1))
    whole = structure_model_index(bone)
    assert [structure_model_index(bone, block=n) for n in (1, 3, 7)] == [whole] * 3


def test_a_region_beside_the_bone_has_no_index():
    """Surface runs through the voxels next to the bone, but none of their middles is in it."""
    bone = plate(4)
    inside = structure_model_index(bone).volume
    beside = ndimage.binary_dilation(bone.values) & ~bone.values
    found = structure_model_index(bone, region=mask_of(beside))
    assert found.surface > 0 < inside
    assert found.volume == 0
    assert found.named() == {"SMI": None}
    assert [flag.code for flag in found.flags] == ["no-bone-volume"]
