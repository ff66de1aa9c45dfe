"""Fabric of random fields whose intercept density is known, of plates and of rods."""

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from osteon.core import EmptyRegion, Grid, Mask, UnsuitableScan
from osteon.features import FEATURES
from osteon.features.structure.orientation.fabric import fabric

TURN = Rotation.from_rotvec(np.radians(35) * np.array([1, 2, 3]) / np.sqrt(14)).as_matrix()
STRETCHED = np.diag([0.25, 1.0, 1.0])
"""Structures half as long along x as along y and z (squared frequencies)."""


def mask(values, spacing=(1.0, 1.0, 1.0), direction=None):
    frame = np.eye(3) if direction is None else direction
    return Mask(np.asarray(values), Grid(values.shape, np.zeros(3), frame, np.array(spacing)))


def random_field(metric, *, shape=(96, 96, 96), spacing=(1.0, 1.0, 1.0), sheets=False, seed=5):
    """Bone where a Gaussian field is high (or near 0, sheets), and its true tensor 1/MIL².

    The field is band-limited about a wavelength of 8 mm under `metric`. A Gaussian field of unit
    variance with spectral moments L crosses level u along v √(vᵀLv)·exp(−u²/2)/π times a mm.
    """
    rng = np.random.default_rng(seed)
    waves = np.fft.rfftn(rng.standard_normal(shape))
    axes = [np.fft.fftfreq(n, d) for n, d in zip(shape[:2], spacing[:2], strict=True)]
    axes.append(np.fft.rfftfreq(shape[2], spacing[2]))
    f = np.stack(np.meshgrid(*axes, indexing="ij"))
    metric = metric * 3 / np.trace(metric)
    k = np.sqrt(np.einsum("aijk,ab,bijk->ijk", f, metric, f))
    wavelength = 16.0 if sheets else 8.0
    waves *= np.exp(-((k * wavelength - 1.0) ** 2) / (2 * 0.25**2))
    field = np.fft.irfftn(waves, s=shape, axes=(0, 1, 2))
    power = np.abs(waves) ** 2
    power[..., 1:-1] *= 2
    moments = (2 * np.pi) ** 2 * np.einsum("aijk,bijk,ijk->ab", f, f, power) / power.sum()
    low, high = np.quantile(field, [0.375, 0.625] if sheets else [0.7, 1.0])
    levels = np.array([low, high] if sheets else [low]) / field.std()
    density = np.exp(-(levels**2) / 2).sum() / np.pi
    return (field > low) & (field <= high), moments * density**2


def truth(tensor):
    """Radii, longest first, and the directions of a tensor 1/MIL²."""
    values, vectors = np.linalg.eigh(tensor)
    return 1 / np.sqrt(values), vectors.T


def angle(a, b):
    return np.degrees(np.arccos(min(1.0, abs(float(a @ b)))))


@pytest.mark.parametrize("sheets", [False, True])
@pytest.mark.parametrize("turn", [np.eye(3), TURN], ids=["straight", "turned"])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.6, 0.6, 1.2)], ids=str)
def test_a_stretched_random_field_has_its_known_fabric(sheets, turn, spacing):
    shape = tuple(int(n) for n in np.array([96, 96, 96]) / spacing)
    metric = turn @ STRETCHED @ turn.T
    values, tensor = random_field(metric, shape=shape, spacing=spacing, sheets=sheets)
    lengths, directions = truth(tensor)
    found = fabric(mask(values, spacing))
    # Sheets have fewer structures in the same cube, so chance is larger: 3 %.
    within = 0.03 if sheets else 0.02
    assert found.anisotropy == pytest.approx(lengths[0] / lengths[2], rel=within)
    assert found.lengths == pytest.approx(lengths, rel=2 * within)
    assert angle(found.directions[2], directions[2]) < 1.5
    assert found.uncertainty < 0.04 * found.anisotropy


@pytest.mark.parametrize("turn", [np.eye(3), TURN], ids=["straight", "turned"])
def test_the_principal_direction_runs_along_the_structures(turn):
    metric = turn @ np.diag([1.0, 1.0, 4.0]) @ turn.T  # stretched along z, then turned
    found = fabric(mask(random_field(metric)[0]))
    assert angle(found.directions[0], turn[:, 2]) < 1.5


def test_an_isotropic_random_field_has_no_direction():
    values, tensor = random_field(np.eye(3), seed=11)
    lengths, _ = truth(tensor)
    found = fabric(mask(values))
    # By chance this cube is not quite isotropic itself; what is told must be that, and no more.
    assert found.anisotropy == pytest.approx(lengths[0] / lengths[2], abs=0.01)
    assert 1.0 <= found.anisotropy < 1.03
    assert 0.0 <= found.named()["DA (0-1)"] < 0.06
    assert found.lengths.mean() == pytest.approx(lengths.mean(), rel=0.02)


@pytest.mark.parametrize("turn", [np.eye(3), TURN, TURN[:, ::-1]], ids=["no", "turn", "mirror"])
def test_directions_are_those_of_the_patient(turn):
    values, _ = random_field(STRETCHED, shape=(64, 64, 64))
    there = fabric(mask(values, direction=turn))
    here = fabric(mask(values))
    assert there.lengths == pytest.approx(here.lengths, rel=1e-9)
    for own, world in zip(here.directions, there.directions, strict=True):
        assert angle(turn @ own, world) < 1e-3
    assert there.tensor == pytest.approx(turn @ here.tensor @ turn.T, abs=1e-9)


def test_voxels_of_another_size_only_scale_the_lengths():
    values, _ = random_field(STRETCHED, shape=(48, 48, 48))
    small, large = fabric(mask(values, (0.05,) * 3)), fabric(mask(values))
    assert small.lengths == pytest.approx(0.05 * large.lengths)
    assert small.anisotropy == pytest.approx(large.anisotropy)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_turning_the_array_turns_the_fabric(order):
    values, _ = random_field(TURN @ STRETCHED @ TURN.T, shape=(40, 44, 70))
    found, turned = fabric(mask(values)), fabric(mask(values.transpose(order)))
    assert turned.lengths == pytest.approx(found.lengths)
    assert turned.tensor == pytest.approx(found.tensor[np.ix_(order, order)])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_stack_of_plates_is_crossed_across_only(axis):
    pile = np.arange(61) % 12 < 5  # two surfaces every 12 voxels of 0.1 mm
    shape = [61 if a == axis else 40 for a in range(3)]
    plates = np.broadcast_to(pile.reshape([-1 if a == axis else 1 for a in range(3)]), shape)
    found = fabric(mask(plates, (0.1, 0.1, 0.1)))
    assert found.lengths[2] == pytest.approx(0.6, rel=0.03)  # 60 voxels hold 10 surfaces
    assert np.abs(found.directions[2]) == pytest.approx(np.eye(3)[axis], abs=1e-6)
    assert np.isinf(found.lengths[:2]).all()
    named = found.named()
    assert (named["DA"], named["MIL.1"]) == (None, None)
    assert named["DA (0-1)"] == 1.0
    assert "no-intercepts-along-a-direction" in {flag.code for flag in found.flags}


def test_oblique_plates_show_their_normal():
    normal = TURN[:, 0]
    place = np.indices((60, 60, 60)).reshape(3, -1).T @ normal
    found = fabric(mask((place % 9 < 3.5).reshape(60, 60, 60)))
    assert found.lengths[2] == pytest.approx(4.5, rel=0.03)
    assert angle(found.directions[2], normal) < 1
    assert found.lengths[1] > 10 * found.lengths[2]


@pytest.mark.parametrize("along", [TURN[:, 2], np.array([0.0, 0.0, 1.0])], ids=["oblique", "k"])
def test_a_bundle_of_rods_runs_along_the_principal_direction(along):
    first = np.cross(along, [1.0, 0.0, 0.0])
    first /= np.linalg.norm(first)
    second = np.cross(along, first)
    place = np.indices((60, 60, 60)).reshape(3, -1).T - 29.5
    across = np.stack([place @ first, place @ second], axis=1)
    inside = (np.linalg.norm((across % 10) - 5, axis=1) < 3).reshape(60, 60, 60)
    found = fabric(mask(inside))
    assert angle(found.directions[0], along) < 1.5
    # A line across rods of diameter d, λ of them on 1 mm², meets 2λd surfaces a mm.
    assert found.lengths[1:] == pytest.approx(100 / 12, rel=0.05)
    assert found.lengths[0] > 8 * found.lengths[1]


@pytest.mark.parametrize("cube", ["roi000", "roi001", "roi004"])
def test_trabeculae_of_a_vertebra_run_from_head_to_foot(samples, cube):
    file = nib.load(samples / "micro_ct_L1" / f"L1_04216_{cube}.nii.gz")
    values = np.asarray(file.dataobj) > 0
    grid = Grid.from_affine(values.shape, np.diag([-1.0, -1.0, 1.0, 1.0]) @ file.affine)
    found = fabric(Mask(values, grid))
    assert angle(found.directions[0], np.array([0.0, 0.0, 1.0])) < 10
    assert 1.2 < found.anisotropy < 2.2
    assert found.flags == ()


def test_only_pairs_within_the_region_count():
    i, j, _ = np.indices((60, 60, 60))
    bone = np.where(np.indices((60, 60, 60))[2] < 30, i % 10 < 4, j % 10 < 4)
    half = np.zeros((60, 60, 60), bool)
    half[..., :30] = True
    for part, axis in ((half, 0), (~half, 1)):
        found = fabric(mask(bone), region=mask(part))
        assert np.abs(found.directions[2]) == pytest.approx(np.eye(3)[axis], abs=1e-6)
        assert np.isinf(found.lengths[0])


@pytest.mark.parametrize("block", [1, 7, 40])
def test_blocks_change_nothing(block):
    values, _ = random_field(STRETCHED, shape=(40, 40, 40))
    inside = mask(np.linalg.norm(np.indices(values.shape).T - 19.5, axis=-1).T < 19)
    whole, parts = (fabric(mask(values), region=inside, block=n) for n in (None, block))
    assert (whole.lengths == parts.lengths).all()
    assert (whole.tensor == parts.tensor).all()
    assert whole.uncertainty == parts.uncertainty


def test_the_uncertainty_is_the_scatter_between_samples():
    cubes = [random_field(STRETCHED, shape=(48, 48, 48), seed=n)[0] for n in range(12)]
    found = [fabric(mask(values)) for values in cubes]
    scatter = np.std([f.anisotropy for f in found], ddof=1)
    assert 0.6 * scatter < np.mean([f.uncertainty for f in found]) < 1.7 * scatter


def test_mean_intercept_lengths_are_told_by_direction():
    values, _ = random_field(STRETCHED)
    found = fabric(mask(values))
    assert found.line_directions.shape == (49, 3)
    on_ellipsoid = np.einsum(
        "na,ab,nb->n", found.line_directions, found.tensor, found.line_directions
    )
    away = np.abs(found.line_lengths * np.sqrt(on_ellipsoid) - 1)
    assert np.median(away) < 0.01
    assert away.max() < 0.06
    assert found.misfit < 0.01


def test_a_cubic_scaffold_is_told_to_be_no_ellipsoid():
    i, j, k = np.indices((60, 60, 60)) % 12 < 4
    found = fabric(mask((i & j) | (j & k) | (i & k)))
    assert found.anisotropy == pytest.approx(1.0, abs=0.01)
    assert found.misfit > 0.02  # straight rods: a line along them meets few surfaces


def test_a_small_region_and_thin_trabeculae_are_flagged():
    values, _ = random_field(STRETCHED, shape=(64, 64, 64))
    assert fabric(mask(values)).flags == ()
    small = {flag.code for flag in fabric(mask(values[:12, :12, :12])).flags}
    assert {"region-below-three-trabeculae", "few-intercepts"} <= small
    noise = np.random.default_rng(1).random((30, 30, 30)) < 0.3
    assert "trabeculae-below-two-voxels" in {flag.code for flag in fabric(mask(noise)).flags}


@pytest.mark.parametrize("level", [False, True])
def test_one_phase_alone_has_no_fabric(level):
    with pytest.raises(EmptyRegion, match=r"no bone|nothing but bone"):
        fabric(mask(np.full((8, 8, 8), level)))


def test_a_single_slice_is_refused():
    slice_ = np.random.default_rng(1).random((1, 30, 30)) < 0.3
    with pytest.raises(UnsuitableScan, match="three voxels wide"):
        fabric(mask(slice_))


@pytest.mark.parametrize("corner", [2, 1])
def test_a_handful_of_voxels_has_no_fabric(corner):
    """Their lines once had a length of 10¹⁰⁰ mm, or none to divide by."""
    bone = np.zeros((4, 4, 4), np.bool_)
    bone[:corner, :corner, 0] = True
    with pytest.raises(UnsuitableScan, match="too few lines"):
        fabric(mask(bone))


def test_every_value_is_a_feature():
    named = fabric(mask(random_field(STRETCHED, shape=(40, 40, 40))[0])).named()
    assert named.keys() <= FEATURES.keys()
    assert all(value is not None for value in named.values())
    sides = [named[f"MIL.{n}"] for n in (1, 2, 3)]
    assert sides == sorted(sides, reverse=True)
    assert named["DA"] == pytest.approx(sides[0] / sides[2])
    assert named["DA (0-1)"] == pytest.approx(1 - (sides[2] / sides[0]) ** 2)


def test_stripes_of_one_voxel_have_no_fabric():
    """One voxel on every line is crossed, two voxels on none: no tensor has that."""
    values = np.zeros((16, 16, 16), bool)
    values[::2] = True
    with pytest.raises(UnsuitableScan, match="fabric tensor"):
        fabric(Mask(values, Grid(values.shape, np.zeros(3), np.eye(3), np.full(3, 0.1))))
