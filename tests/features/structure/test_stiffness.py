"""Apparent stiffness against solids whose stiffness is known on paper, and a direct solution."""

import itertools
from functools import partial

import numpy as np
import pytest
from scipy import ndimage

from osteon.core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask, Volume
from osteon.features import FEATURES, METHODS
from osteon.features.structure.strength.elements import isotropic
from osteon.features.structure.strength.orthotropy import orthotropy, rotated
from osteon.features.structure.strength.solver import Stop
from osteon.features.structure.strength.stiffness import Load, Tissue, stiffness
from shapes import rotation
from voxel_elasticity import pressed

COMPRESSIONS = Load(tensor=False)
OBLONG = (0.1, 0.25, 0.17)
PAIRS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def grid(shape, spacing=(0.1, 0.1, 0.1), direction=None):
    return Grid(shape, np.zeros(3), np.eye(3) if direction is None else direction, spacing)


def mask(values, spacing=(0.1, 0.1, 0.1)):
    return Mask(np.asarray(values, bool), grid(np.shape(values), spacing))


def spongy(shape=(5, 6, 7), seed=3, fill=0.6):
    """One piece of bone that reaches all faces."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 0.7)
    labels, _ = ndimage.label(noise > np.quantile(noise, 1 - fill))
    return labels == np.bincount(labels.ravel())[1:].argmax() + 1


@pytest.mark.parametrize("spacing", [(0.1, 0.1, 0.1), OBLONG])
def test_a_solid_block_is_as_stiff_as_its_tissue(spacing):
    found = stiffness(mask(np.ones((4, 5, 6)), spacing), tissue=Tissue(12.0, 0.25), tolerance=1e-9)
    assert found.named() == pytest.approx(
        {"E.x": 12, "E.y": 12, "E.z": 12, "E.max": 12, "stiffness anisotropy": 1}, rel=1e-7
    )
    np.testing.assert_allclose(found.tensor_gpa, isotropic(12.0, 0.25), atol=1e-9)
    assert found.flags == ()


def test_the_isotropic_tensor_is_that_of_the_textbook():
    """Pulled along one axis with free sides, it has its modulus and Poisson's ratio."""
    compliance = np.linalg.inv(isotropic(17.0, 0.3))
    assert 1 / compliance[0, 0] == pytest.approx(17.0)
    assert -compliance[1, 0] / compliance[0, 0] == pytest.approx(0.3)
    assert 1 / compliance[3, 3] == pytest.approx(17.0 / (2 * 1.3))


def test_glued_plates_make_a_block_stiffer_but_not_beyond_full_constraint():
    block = mask(np.ones((6, 6, 4)))
    glued = stiffness(block, load=Load("fixed", tensor=False)).named()["E.z"]
    assert 17.0 * 1.01 < glued < isotropic(17.0, 0.3)[2, 2]


@pytest.mark.parametrize("axis", range(3))
def test_columns_carry_by_their_share_of_the_section_and_only_lengthwise(axis):
    """Voigt's bound is reached, and across the columns nothing connects."""
    section = np.zeros((7, 8), bool)
    section[1:3, 1:3] = section[4:6, 2:5] = section[1:2, 6:7] = True
    bone = np.moveaxis(np.repeat(section[:, :, None], 6, axis=2), 2, axis)
    found = stiffness(mask(bone, OBLONG), load=COMPRESSIONS, tolerance=1e-8)
    expected = [17.0 * section.mean() if n == axis else 0.0 for n in range(3)]
    assert found.moduli_gpa == pytest.approx(expected, rel=1e-6)
    codes = {flag.code for flag in found.flags}
    assert {f"not-connected-{name}" for name in set("ijk") - {"ijk"[axis]}} < codes


def test_layers_side_by_side_carry_by_their_mean():
    """They lengthen together and thin by the same ratio, so Voigt's mean is exact."""
    modulus = np.ones((6, 5, 4))
    modulus[:2] = 0.25
    share = Volume(modulus, grid(modulus.shape), "1")
    found = stiffness(mask(modulus), tissue=Tissue(share=share), load=COMPRESSIONS, tolerance=1e-8)
    assert found.named()["E.z"] == pytest.approx(17.0 * modulus.mean(), rel=1e-6)


def test_layers_one_on_another_carry_by_their_harmonic_mean():
    """Without lateral strain (Poisson's ratio 0) Reuss' mean is exact."""
    modulus = np.ones((4, 4, 6))
    modulus[:, :, :2] = 0.25
    share = Volume(modulus, grid(modulus.shape), "1")
    tissue = Tissue(10.0, 0.0, share)
    found = stiffness(mask(modulus), tissue=tissue, load=COMPRESSIONS, tolerance=1e-8)
    assert found.named()["E.z"] == pytest.approx(10.0 / np.mean(1 / modulus[0, 0]), rel=1e-6)


@pytest.mark.parametrize("plates", ["frictionless", "fixed"])
@pytest.mark.parametrize("axis", range(3))
def test_compression_is_that_of_the_full_matrix_solved_directly(plates, axis):
    bone = spongy()
    strain, held = np.zeros((3, 3)), np.zeros((3, 3), bool)
    strain[axis, axis] = 1.0
    held[axis, axis if plates == "frictionless" else slice(None)] = True
    expected = pressed(bone.astype(float), np.array(OBLONG), 0.3, strain, held)
    load = Load(plates, tensor=False, axes="ijk"[axis])
    found = stiffness(mask(bone, OBLONG), load=load, tolerance=1e-7)
    assert found.moduli_gpa[axis] == pytest.approx(17.0 * expected, rel=1e-6)
    assert 0.0 < found.residual <= 1e-7


@pytest.mark.parametrize("row", range(6))
def test_the_tensor_holds_the_energies_of_the_full_matrix(row):
    pair = PAIRS[row]
    bone = spongy()
    strain = np.zeros((3, 3))
    strain[pair] += 0.5
    strain[pair[::-1]] += 0.5
    expected = pressed(bone.astype(float), np.array(OBLONG), 0.3, strain, np.ones((3, 3), bool))
    found = stiffness(mask(bone, OBLONG), load=Load(axes=""), tolerance=1e-7)
    assert found.tensor_gpa[row, row] == pytest.approx(17.0 * expected, rel=1e-6)


def test_the_tensor_is_symmetric_and_every_strain_costs_energy():
    tensor = stiffness(mask(spongy()), load=Load(axes="")).tensor_gpa
    assert (tensor == tensor.T).all()
    assert np.linalg.eigvalsh(tensor)[0] > 0


@pytest.mark.parametrize("axes", [(1, 2, 0), (2, 1, 0)])
def test_turning_the_volume_turns_the_answer(axes):
    bone = spongy()
    before = stiffness(mask(bone, OBLONG), tolerance=1e-7)
    spacing = tuple(OBLONG[a] for a in axes)
    after = stiffness(mask(bone.transpose(axes), spacing), tolerance=1e-7)
    assert after.moduli_gpa == pytest.approx([before.moduli_gpa[a] for a in axes], rel=1e-6)
    turn = np.eye(3)[list(axes)]
    expected = rotated(before.tensor_gpa, turn)
    np.testing.assert_allclose(after.tensor_gpa, expected, atol=1e-6)
    assert after.named()["E.max"] == pytest.approx(before.named()["E.max"], rel=1e-5)
    same = before.named()["stiffness anisotropy"]
    assert after.named()["stiffness anisotropy"] == pytest.approx(same, rel=1e-5)


def test_the_moduli_lie_below_those_under_uniform_strain():
    """Plates prescribe less than uniform strain of all faces does (Hill's bounds)."""
    found = stiffness(mask(spongy()))
    for axis, modulus in enumerate(found.moduli_gpa):
        assert modulus < found.tensor_gpa[axis, axis]
        assert modulus < found.named()["E.max"] * 1.0001


def test_loose_and_dangling_bone_changes_nothing():
    bone = np.zeros((9, 9, 9), bool)
    bone[2:4, 2:4] = True
    alone = stiffness(mask(bone), load=Load(tensor=False, axes="k"), tolerance=1e-8)
    bone[6:8, 6:8, 3:5] = True
    bone[6:8, 1:3, :3] = True
    found = stiffness(mask(bone), load=Load(tensor=False, axes="k"), tolerance=1e-8)
    assert found.named()["E.z"] == alone.named()["E.z"] == pytest.approx(17.0 * 4 / 81, rel=1e-6)
    assert "bone-left-out" in {flag.code for flag in found.flags}


@pytest.mark.parametrize("offset", [(2, 0), (2, 2)])
def test_pieces_that_meet_in_an_edge_or_a_corner_are_not_connected(offset):
    bone = np.zeros((6, 6, 6), bool)
    bone[1:3, 1:3, :3] = True
    bone[1 + offset[0] : 3 + offset[0], 1 + offset[1] : 3 + offset[1], 3:] = True
    found = stiffness(mask(bone))
    assert found.named() == {
        "E.x": 0.0,
        "E.y": 0.0,
        "E.z": 0.0,
        "E.max": 0.0,
        "stiffness anisotropy": None,
    }
    assert {"not-connected-k", "tensor-singular"} < {flag.code for flag in found.flags}
    assert (found.tensor_gpa == 0).all()


def test_coarse_bricks_have_the_squared_share_of_bone_they_hold():
    """Every second voxel is bone: a quarter of the modulus, in 2×2×2 bricks."""
    bone = np.ones((5, 4, 6), bool)
    bone[::2, 1::2] = bone[1::2, ::2] = False
    found = stiffness(mask(bone), coarsen=2, load=COMPRESSIONS, tolerance=1e-8)
    assert found.moduli_gpa == pytest.approx([4.25, 4.25, 4.25], rel=1e-6)
    assert found.grid.shape == (2, 2, 3)
    np.testing.assert_allclose(found.grid.origin, 0.05)
    np.testing.assert_allclose(found.grid.spacing, 0.2)


def test_smaller_voxels_make_a_bent_strut_softer():
    """Bricks are too stiff in bending; halving them must lower every modulus."""
    bone = spongy((5, 5, 5), seed=8)
    fine = np.repeat(np.repeat(np.repeat(bone, 2, 0), 2, 1), 2, 2)
    coarse = stiffness(mask(bone), load=COMPRESSIONS).moduli_gpa
    finer = stiffness(mask(fine, (0.05, 0.05, 0.05)), load=COMPRESSIONS).moduli_gpa
    assert all(b < a for a, b in zip(coarse, finer, strict=True))


def test_a_mirrored_image_tells_the_tensor_in_patient_axes():
    """i runs to the head, j to the right, k to the back: left-handed storage."""
    direction = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    bone = spongy()
    found = stiffness(Mask(bone, grid(bone.shape, OBLONG, direction)))
    patient = found.tensor_in_patient()
    assert patient[2, 2] == pytest.approx(found.tensor_gpa[0, 0])
    assert patient[0, 0] == pytest.approx(found.tensor_gpa[1, 1])
    assert patient[1, 1] == pytest.approx(found.tensor_gpa[2, 2])
    assert patient[2, 1] == pytest.approx(found.tensor_gpa[0, 2])
    # the axis to the right is turned over: shear with it changes sign
    assert patient[0, 5] == pytest.approx(-found.tensor_gpa[1, 3])


def test_turned_axes_of_an_orthotropic_tensor_are_found():
    e, g, nu = (2.0, 1.0, 0.5), (0.6, 0.4, 0.3), (0.2, 0.25, 0.3)
    compliance = np.diag([1 / m for m in e] + [1 / m for m in g])
    for n, (a, b) in zip(nu, ((1, 2), (0, 2), (0, 1)), strict=True):
        compliance[a, b] = compliance[b, a] = -n / e[a]
    turn = rotation(35, (1, 2, 3))
    found = orthotropy(rotated(np.linalg.inv(compliance), turn))
    assert found.moduli == pytest.approx(e, rel=1e-4)
    np.testing.assert_allclose(np.abs(found.axes.T @ turn), np.eye(3), atol=1e-4)
    assert found.departure < 1e-4


def test_every_number_stands_in_the_list():
    for name, value in stiffness(mask(spongy((5, 5, 5)))).named().items():
        assert value is not None
        assert FEATURES[name].method in METHODS


def test_what_does_not_settle_has_no_value(monkeypatch):
    once = partial(Stop, most=1)
    monkeypatch.setattr("osteon.features.structure.strength.stiffness.Stop", once)
    found = stiffness(mask(spongy()), tolerance=1e-9)
    assert set(found.named().values()) == {None}
    assert found.tensor_gpa is None
    assert found.tensor_in_patient() is None
    assert [flag.code for flag in found.flags] == ["not-converged"] * 4


def test_progress_is_told():
    told = []
    stiffness(mask(spongy((5, 5, 5))), progress=lambda *news: told.append(news))
    cases = [case for case, _ in itertools.groupby(told, key=lambda news: news[0])]
    assert cases == ["E.x", "E.y", "E.z", *(f"strain {n} of 6" for n in range(1, 7))]


def test_bad_input_is_told():
    bone = mask(np.ones((3, 3, 3)))
    with pytest.raises(EmptyRegion, match="no bone"):
        stiffness(mask(np.zeros((3, 3, 3))))
    with pytest.raises(BadSetting, match="coarsen must be 1 to 3"):
        stiffness(bone, coarsen=4)
    with pytest.raises(BadSetting, match="tolerance"):
        stiffness(bone, tolerance=0.0)
    with pytest.raises(BadSetting, match="Poisson"):
        Tissue(poisson=0.5)
    with pytest.raises(BadSetting, match="above 0 GPa"):
        Tissue(modulus_gpa=0.0)
    with pytest.raises(BadSetting, match="image axes"):
        Load(axes="xyz")
    with pytest.raises(BadSetting, match="plates"):
        Load(plates="oiled")
    other = Volume(np.ones((4, 3, 3)), grid((4, 3, 3)), "1")
    with pytest.raises(GridMismatch):
        stiffness(bone, tissue=Tissue(share=other))
    soft = Volume(np.zeros((3, 3, 3)), grid((3, 3, 3)), "1")
    with pytest.raises(BadSetting, match="modulus of 0"):
        stiffness(bone, tissue=Tissue(share=soft))
