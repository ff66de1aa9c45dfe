"""The body in another pose: bones rigid, soft tissue with them, nothing torn."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.core import BadSetting, UnknownName
from osteon.simulate.mr import KNEE_MOTION, SPINE_MOTION, Joint, MotionSettings, pose_for_mr
from osteon.simulate.mr.blend import inside_at, move_of, twist_of
from osteon.simulate.scene import render
from scenes_of_simulate import MARROW, bone_ball, scene, soft_ball

GROUPS = {"femur": ["femur", "rind"], "tibia": ["tibia"]}


@pytest.fixture(scope="module")
def knee():
    femur = replace(bone_ball(12.0, centre=(0, 0, 14.0)), name="femur")
    tibia = replace(bone_ball(12.0, centre=(0, 0, -14.0)), name="tibia")
    rind = soft_ball("rind", 13.0, tissue=MARROW, centre=(0, 0, 14.0))
    return scene(soft_ball("flesh", 45.0, step=1.5), rind, femur, tibia)


@pytest.fixture(scope="module")
def posed(knee):
    return pose_for_mr(knee, GROUPS, np.random.default_rng(5))


def within(radius, centre, count=400, seed=1):
    """Points in a ball."""
    rng = np.random.default_rng(seed)
    way = rng.standard_normal((count, 3))
    way /= np.linalg.norm(way, axis=1)[:, None]
    return np.asarray(centre) + way * radius * rng.random((count, 1)) ** (1 / 3)


def test_every_bone_moves_rigidly_and_otherwise_than_its_neighbour(posed):
    for move in posed.moves.values():
        assert np.abs(move[:3, :3] @ move[:3, :3].T - np.eye(3)).max() < 1e-12
        assert np.linalg.det(move[:3, :3]) == pytest.approx(1)
    apart = np.linalg.inv(posed.moves["femur"]) @ posed.moves["tibia"]
    degrees = np.degrees(np.linalg.norm(twist_of(apart)[:3]))
    assert 0.5 < degrees < 15
    assert (posed.moves["rind"] == posed.moves["femur"]).all()


@pytest.mark.parametrize(("name", "z"), [("femur", 14.0), ("tibia", -14.0)])
def test_a_place_in_a_bone_is_found_again_to_a_millionth_of_a_millimetre(posed, name, z):
    points = within(11.9, (0, 0, z))
    moved = points + posed.displacement(points)
    wanted = points @ posed.moves[name][:3, :3].T + posed.moves[name][:3, 3]
    assert np.abs(moved - wanted).max() < 1e-6
    # and the rigid motion can be recovered from the places alone (Kabsch)
    a, b = points - points.mean(axis=0), moved - moved.mean(axis=0)
    u, _, v = np.linalg.svd(a.T @ b)
    assert np.abs(u @ v - posed.moves[name][:3, :3].T).max() < 1e-9


def test_the_picture_shows_bones_where_the_truth_says(knee, posed):
    points = within(11.0, (0, 0, -14.0))
    moved = points + posed.displacement(points)
    before, after = knee.named("tibia"), posed.scene.named("tibia")
    assert inside_at(after, moved) == pytest.approx(inside_at(before, points), abs=1e-6)


def test_soft_tissue_at_a_bone_moves_with_it(posed):
    way = within(1.0, (0, 0, 0))
    way /= np.linalg.norm(way, axis=1)[:, None]
    for name, z in (("femur", 14.0), ("tibia", -14.0)):
        skin = np.array([0, 0, z]) + way * 12.05
        rigid = skin @ posed.moves[name][:3, :3].T + posed.moves[name][:3, 3]
        assert np.abs(skin + posed.displacement(skin) - rigid).max() < 0.05


def test_soft_tissue_is_neither_torn_nor_folded(posed):
    points = within(44.0, (0, 0, 0), count=3000)
    step = 0.01
    slopes = [
        (posed.displacement(points + step * e) - posed.displacement(points - step * e)) / (2 * step)
        for e in np.eye(3)
    ]
    stretch = np.linalg.det(np.stack(slopes, axis=-1) + np.eye(3))
    assert stretch.min() > 0.3
    assert stretch.max() < 3


def test_soft_tissue_lies_where_the_displacement_says(knee, posed):
    points = within(46.0, (0, 0, 0), count=3000)
    points = points[np.abs(inside_at(knee.named("flesh"), points)) < 5]
    moved = points + posed.displacement(points)
    after = inside_at(posed.scene.named("flesh"), moved)
    # small stretches leave signed distances nearly what they were
    assert np.abs(after - inside_at(knee.named("flesh"), points)).max() < 0.3


def test_a_still_patient_stays_as_he_was(knee):
    still = MotionSettings((0, 0, 0), (0, 0, 0), joint=Joint((0, 0, 0), (0, 0, 0)), soft_mm=0)
    posed = pose_for_mr(knee, GROUPS, np.random.default_rng(5), still)
    points = within(44.0, (0, 0, 0))
    assert np.abs(posed.displacement(points)).max() < 1e-9


def test_a_chain_passes_its_motion_on(knee):
    groups = {"femur": ["femur"], "rind": ["rind"], "tibia": ["tibia"]}
    bend = MotionSettings(
        (0, 0, 0), (0, 0, 0), {"rind": Joint((5, 0, 0), (0, 0, 0)), "tibia": Joint((0, 0, 0))},
        soft_mm=0, chain=True,
    )  # fmt: skip
    posed = pose_for_mr(knee, groups, np.random.default_rng(5), bend)
    turn = posed.moves["tibia"][:3, :3] @ posed.moves["rind"][:3, :3].T
    assert np.abs(turn - np.eye(3)).max() < 1e-9
    assert np.abs(posed.moves["rind"][:3, :3] - np.eye(3)).max() > 0.01


def test_a_twist_and_its_move_are_each_other_s_inverse():
    twist = np.array([0.3, -0.2, 0.5, 4.0, -1.0, 7.0])
    assert twist_of(move_of(twist)) == pytest.approx(twist, abs=1e-12)
    assert move_of(np.array([0, 0, np.pi / 2, 0, 0, 0]))[:3, 0] == pytest.approx([0, 1, 0])


def test_the_same_seed_gives_the_same_pose(knee, posed):
    again = pose_for_mr(knee, GROUPS, np.random.default_rng(5))
    assert all((again.moves[n] == posed.moves[n]).all() for n in posed.moves)
    same = again.scene.named("flesh").inside == posed.scene.named("flesh").inside
    assert same.all()
    other = pose_for_mr(knee, GROUPS, np.random.default_rng(6), SPINE_MOTION)
    assert (other.moves["tibia"] != posed.moves["tibia"]).any()


def test_the_new_pose_can_be_rendered(posed):
    from scenes_of_simulate import box

    values = np.array([[0], [1], [2], [3]], np.float32)
    seen = render(posed.scene, box((30, 30, 30), 4.0), values)
    assert seen.max() <= 3
    assert (seen > 0.5).sum() * 64 == pytest.approx(4 / 3 * np.pi * 45**3, rel=0.05)


@pytest.mark.parametrize(
    ("groups", "error", "words"),
    [
        ({"femur": ["femur"]}, BadSetting, "bone 'tibia' is in no group"),
        ({"a": ["femur", "tibia"], "b": ["tibia"]}, BadSetting, "'tibia' is in two groups"),
        ({"a": ["femur", "fibula"]}, UnknownName, "no 'fibula'"),
        ({}, BadSetting, "at least one group"),
    ],
)
def test_groups_that_do_not_suit_the_body_are_refused(knee, groups, error, words):
    with pytest.raises(error, match=words) as caught:
        pose_for_mr(knee, groups, np.random.default_rng(1), KNEE_MOTION)
    assert "\n" not in str(caught.value)


def test_negative_spreads_are_refused():
    with pytest.raises(BadSetting, match="at least 0"):
        MotionSettings(soft_mm=-1)
    with pytest.raises(BadSetting, match="at least 0"):
        Joint(turn_deg=(-1, 0, 0))
