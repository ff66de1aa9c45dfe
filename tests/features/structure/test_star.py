"""Star volume of convex bodies is their volume; star lengths are known chords."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from osteon.core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask
from osteon.features import FEATURES
from osteon.features.structure.orientation.star import star

TURN = Rotation.from_rotvec([0.3, 0.5, 0.2]).as_matrix()


def mask(values, spacing=(1.0, 1.0, 1.0), direction=None):
    frame = np.eye(3) if direction is None else direction
    return Mask(np.asarray(values), Grid(values.shape, np.zeros(3), frame, np.array(spacing)))


def places(shape, spacing=(1.0, 1.0, 1.0)):
    """Millimetres from the middle of the image, off centre by a fraction of a voxel."""
    index = np.moveaxis(np.indices(shape), 0, -1)
    return (index - (np.array(shape) - 1) / 2 + 0.1) * spacing


def ellipsoid(radii, turn, shape=(48, 48, 48), spacing=(1.0, 1.0, 1.0)):
    return (((places(shape, spacing) @ turn) / np.array(radii)) ** 2).sum(axis=-1) <= 1


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.5, 1.0), (1.0, 0.7, 0.4)], ids=str)
@pytest.mark.parametrize("radius", [7.0, 10.0])
def test_all_of_a_ball_is_seen_from_everywhere_in_it(radius, spacing):
    shape = tuple(int(26 / s) for s in spacing)
    found = star(mask(ellipsoid([radius] * 3, np.eye(3), shape, spacing), spacing))
    assert found.volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.02)
    assert found.length == pytest.approx(1.5 * radius, rel=0.015)  # Santaló: ¾ of the diameter
    assert found.cut == 0
    assert found.flags == ()


def test_the_error_falls_with_the_voxel():
    errors = []
    for fine in (1, 2, 4):
        shape, spacing = (16 * fine,) * 3, (1.0 / fine,) * 3
        body = mask(ellipsoid([4.0, 6.0, 7.0], TURN, shape, spacing), spacing)
        errors.append(abs(star(body).volume / (4 / 3 * np.pi * 4 * 6 * 7) - 1))
    assert errors[2] < 0.01
    assert errors[2] < errors[0] / 2


@pytest.mark.parametrize("turn", [np.eye(3), TURN], ids=["straight", "oblique"])
def test_a_thin_disc_is_not_hidden_behind_the_steps_of_its_surface(turn):
    """Along voxel faces the oblique disc of 6 voxels would lose 16 % (4 voxels: 28 %)."""
    found = star(mask(ellipsoid([20.0, 20.0, 3.0], turn)))
    assert found.volume == pytest.approx(4 / 3 * np.pi * 20 * 20 * 3, rel=0.05)


@pytest.mark.parametrize("sides", [(8, 8, 8), (20, 10, 6)])
def test_all_of_a_box_is_seen(sides):
    values = np.zeros([side + 4 for side in sides], bool)
    values[2:-2, 2:-2, 2:-2] = True
    found = star(mask(values))
    # Interpolation rounds the twelve edges off, each by about an eighth of a voxel's section.
    rounded = 4 * sum(sides) / 8
    assert found.volume == pytest.approx(np.prod(sides), abs=1.5 * rounded)


def test_two_balls_do_not_see_each_other():
    one = ellipsoid([7.0] * 3, np.eye(3), (20, 20, 20))
    alone, both = star(mask(one)), star(mask(np.concatenate([one, one])))
    assert both.volume == pytest.approx(alone.volume, rel=0.02)


def test_lines_are_longest_along_a_rod():
    found = star(mask(ellipsoid([5.0, 5.0, 20.0], TURN)))
    longest = found.directions[found.lengths.argmax()]
    assert abs(longest @ TURN[:, 2]) > np.cos(np.radians(10))
    turned = star(mask(ellipsoid([5.0, 5.0, 20.0], TURN), direction=TURN.T))
    longest = turned.directions[turned.lengths.argmax()]
    assert abs(longest[2]) > np.cos(np.radians(10))


def test_marrow_is_what_is_not_bone():
    cavity = ellipsoid([8.0] * 3, np.eye(3), (24, 24, 24))
    found = star(mask(~cavity), phase="marrow")
    assert found.volume == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.02)
    assert found.named().keys() == {"marrow star volume"}


def test_points_lie_in_the_region_and_rays_leave_it():
    small = ellipsoid([4.0] * 3, np.eye(3), (20, 20, 20))
    large = ellipsoid([8.0] * 3, np.eye(3), (20, 20, 20))
    bone = mask(np.concatenate([small, large]))
    half = np.zeros(bone.values.shape, bool)
    half[20:, :10] = True  # half of the large ball
    found = star(bone, region=mask(half))
    assert found.volume == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.02)


def test_rays_that_leave_the_image_end_at_its_border_and_are_told():
    found = star(mask(np.ones((10, 10, 10), bool)))
    assert found.cut == 1.0
    assert found.volume == pytest.approx(1000, rel=0.02)
    assert [flag.code for flag in found.flags] == ["bone-star-cut"]


def test_the_seed_decides():
    body = mask(ellipsoid([8.0, 5.0, 6.0], TURN, (20, 20, 20)))
    one, same, other = (star(body, points=500, seed=n) for n in (1, 1, 2))
    assert one.volume == same.volume
    assert (one.lengths == same.lengths).all()
    assert one.volume != other.volume
    assert abs(one.volume - other.volume) < 5 * one.volume_uncertainty + 1e-3 * one.volume


def test_spacing_only_rescales():
    body = ellipsoid([8.0, 5.0, 6.0], TURN, (20, 20, 20))
    small, large = star(mask(body, (0.1,) * 3)), star(mask(body))
    assert small.volume == pytest.approx(large.volume / 1000)
    assert small.length == pytest.approx(large.length / 10)


def test_bad_input_is_told():
    body = mask(ellipsoid([3.0] * 3, np.eye(3), (8, 8, 8)))
    with pytest.raises(EmptyRegion, match="no bone"):
        star(mask(np.zeros((4, 4, 4), bool)))
    with pytest.raises(EmptyRegion, match="no marrow"):
        star(mask(np.ones((4, 4, 4), bool)), phase="marrow")
    with pytest.raises(GridMismatch):
        star(body, region=mask(np.ones((8, 8, 8), bool), (1, 1, 2)))
    with pytest.raises(BadSetting, match="0 points"):
        star(body, points=0)
    with pytest.raises(BadSetting, match="'fat'"):
        star(body, phase="fat")


def test_every_value_is_a_feature():
    named = star(mask(ellipsoid([5.0] * 3, np.eye(3), (14, 14, 14)))).named()
    assert named.keys() == {"star volume", "star length"}
    assert named.keys() <= FEATURES.keys()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_all_of_a_rod_is_seen_whichever_way_it_runs(axis):
    """A rod is convex: each of its points sees all of it, few of its rays run along it."""
    away = np.indices((60, 60, 60)) - 29.4
    away[axis] = 0
    rod = np.square(away).sum(axis=0) < 36
    found = star(mask(rod))
    assert found.volume == pytest.approx(np.count_nonzero(rod), rel=0.05)
