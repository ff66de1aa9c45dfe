"""Gradient structure tensor of waves whose directions and strengths are known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from osteon.core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask, UnsuitableScan, Volume
from osteon.features import FEATURES
from osteon.features.structure.orientation.gradient import gradient_fabric

TURN = Rotation.from_rotvec(np.radians(35) * np.array([1, 2, 3]) / np.sqrt(14)).as_matrix()
CLINICAL = (0.3, 0.3, 0.6)
"""Voxels of a clinical CT, in mm."""


def volume(values, spacing=(1.0, 1.0, 1.0), direction=None):
    frame = np.eye(3) if direction is None else direction
    return Volume(values, Grid(values.shape, np.zeros(3), frame, np.array(spacing)), "[hnsf'U]")


def waves(
    turn, heights=(1.0, 2.0, 3.0), *, length=3.0, spacing=(0.3, 0.3, 0.3), size=18.0, noise=0.0
):
    """Waves of one length in mm and of three heights along the columns of `turn`."""
    shape = tuple(round(size / s) for s in spacing)
    place = np.moveaxis(np.indices(shape), 0, -1) * np.array(spacing)
    values = np.zeros(shape)
    for n, height in enumerate(heights):
        values += height * np.sin(2 * np.pi / length * (place @ turn[:, n]) + n)
    return values + noise * np.random.default_rng(4).standard_normal(shape)


def middle(like, width=2.0):
    """All but the outer `width` mm, where the image does not go on as it is."""
    inside = np.zeros(like.values.shape, bool)
    inside[tuple(slice(n, -n) for n in np.ceil(width / like.grid.spacing).astype(int))] = True
    return Mask(inside, like.grid)


def angle(a, b):
    return np.degrees(np.arccos(min(1.0, abs(float(a @ b)))))


@pytest.mark.parametrize("turn", [np.eye(3), TURN], ids=["straight", "turned"])
@pytest.mark.parametrize("spacing", [(0.3, 0.3, 0.3), CLINICAL], ids=str)
def test_waves_are_found_along_their_directions(turn, spacing):
    image = volume(waves(turn, spacing=spacing), spacing)
    found = gradient_fabric(image, region=middle(image), width=0.6)
    assert found.anisotropy == pytest.approx(3.0, rel=0.05)  # heights 3 and 1, one length
    for n in range(3):
        assert angle(found.directions[n], turn[:, n]) < 2


@pytest.mark.parametrize("spacing", [(0.3, 0.3, 0.3), CLINICAL], ids=str)
def test_strengths_are_those_of_the_smoothed_wave(spacing):
    """A wave of height a and number k, blurred by w: mean squared slope a²k²·exp(−k²w²)/2."""
    image = volume(waves(TURN, (0.0, 0.0, 5.0), spacing=spacing), spacing)
    found = gradient_fabric(image, region=middle(image), width=0.6)
    k = 2 * np.pi / 3.0
    assert found.strengths[2] == pytest.approx(25 * k**2 * np.exp(-((k * 0.6) ** 2)) / 2, rel=0.05)
    assert found.strengths[1] < 0.01 * found.strengths[2]


@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_plates_are_found_in_noise_of_a_clinical_scan(noise):
    image = volume(waves(TURN, (0.0, 0.0, 1.0), spacing=CLINICAL, noise=noise), CLINICAL)
    found = gradient_fabric(image, region=middle(image))
    assert angle(found.directions[2], TURN[:, 2]) < 3
    assert found.anisotropy > 1.5


def test_noise_alone_has_no_direction_even_in_long_voxels():
    image = volume(np.random.default_rng(3).standard_normal((60, 60, 30)), CLINICAL)
    found = gradient_fabric(image, region=middle(image))
    assert found.anisotropy < 1.08
    # White noise through a Gaussian: variance of a slope σ²·V/(16·π^1.5·w⁵).
    expected = 0.3 * 0.3 * 0.6 / (16 * np.pi**1.5 * 0.6**5)
    assert found.strengths == pytest.approx(expected, rel=0.12)


def test_a_straight_slope_is_measured_exactly():
    i, j, k = np.indices((20, 28, 20))
    image = volume(3.0 * (0.5 * i) - 2.0 * (0.25 * j) + 0.0 * k, (0.5, 0.25, 0.9))
    inner = np.zeros((20, 28, 20), bool)
    inner[8:12, 13:15, 5:15] = True
    found = gradient_fabric(image, region=Mask(inner, image.grid), width=0.7)
    assert found.strengths[2] == pytest.approx(3.0**2 + 2.0**2)
    assert abs(found.directions[2] @ np.array([3.0, -2.0, 0.0])) == pytest.approx(np.sqrt(13))
    assert found.anisotropy is None
    codes = {flag.code for flag in found.flags}
    assert codes == {"few-voxels-for-gradient", "no-gradient-along-a-direction"}


@pytest.mark.parametrize("turn", [TURN, TURN[:, ::-1]], ids=["turned", "mirrored"])
def test_directions_are_those_of_the_patient(turn):
    values = waves(np.eye(3), size=12.0)
    here, there = gradient_fabric(volume(values)), gradient_fabric(volume(values, direction=turn))
    assert there.strengths == pytest.approx(here.strengths)
    for own, world in zip(here.directions, there.directions, strict=True):
        assert angle(turn @ own, world) < 1e-3


@pytest.mark.parametrize("block", [1, 7, 40, 100])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_blocks_change_nothing(block, dtype):
    values = (100 * waves(TURN, size=12.0, spacing=(0.3, 0.4, 0.5))).astype(dtype)
    image = volume(values, (0.3, 0.4, 0.5))
    whole = gradient_fabric(image, region=middle(image), block=len(values))
    parts = gradient_fabric(image, region=middle(image), block=block)
    assert (whole.tensor == parts.tensor).all()


def test_only_the_region_counts():
    one, other = waves(np.eye(3), (1.0, 0.2, 0.2)), waves(np.eye(3), (0.2, 0.2, 1.0))
    image = volume(np.concatenate([one, other]), (0.3, 0.3, 0.3))
    half = middle(image).values.copy()
    half[52:] = False
    found = gradient_fabric(image, region=Mask(half, image.grid), width=0.6)
    assert abs(found.directions[2][0]) > 0.99


def test_bad_input_is_told():
    image = volume(waves(TURN, size=6.0), CLINICAL)
    nowhere = Mask(np.zeros(image.values.shape, bool), image.grid)
    with pytest.raises(EmptyRegion, match="no voxel"):
        gradient_fabric(image, region=nowhere)
    with pytest.raises(EmptyRegion, match="do not vary"):
        gradient_fabric(volume(np.full((12, 12, 12), -1000.0)))
    with pytest.raises(BadSetting, match=r"from 0\.42 mm on"):
        gradient_fabric(image, width=0.3)
    with pytest.raises(BadSetting, match="block is 0"):
        gradient_fabric(image, block=0)
    with pytest.raises(GridMismatch):
        gradient_fabric(image, region=middle(volume(image.values, (0.3, 0.3, 0.3)), 0.6))
    holes = image.values.copy()
    holes[3, 3, 3] = np.nan
    with pytest.raises(UnsuitableScan, match="finite"):
        gradient_fabric(volume(holes, CLINICAL))


def test_every_value_is_a_feature():
    named = gradient_fabric(volume(waves(TURN, size=6.0))).named()
    assert named.keys() == {"DA (gradient)"}
    assert named.keys() <= FEATURES.keys()
    assert FEATURES["DA (gradient)"].unit == "1"


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e200])
def test_values_without_a_square_are_told(value):
    holes = waves(TURN)
    holes[20, 20, 20] = value
    with pytest.raises(UnsuitableScan, match="finite"):
        gradient_fabric(volume(holes))
