"""Poses to try: within reach, spread over it, and no two answers that are one."""

import numpy as np
import pytest

from bones_of_registration import off_by
from osteon.registration import Rigid
from osteon.registration.search import best_apart, poses_around

CENTRE = np.array([10.0, -20.0, 30.0])


def tried(many=256, seed=0, start=None):
    return poses_around(start or Rigid.identity(), CENTRE, (20.0, 15.0), many, seed)


def test_the_start_comes_first_and_the_others_stay_within_reach():
    start = off_by(5, 40, 1)
    poses = tried(start=start)
    assert len(poses) == 257
    assert poses[0] is start
    moves = [start.inverse() @ pose for pose in poses[1:]]
    shifts = np.array([np.linalg.norm(m.shift_at(CENTRE)) for m in moves])
    turns = np.array([m.angle_deg for m in moves])
    assert shifts.max() <= 20 + 1e-9
    assert turns.max() <= 15 + 1e-6
    # even in a ball: half of them beyond the cube root of a half of the radius
    assert np.median(shifts) == pytest.approx(20 * 0.5 ** (1 / 3), rel=0.02)
    assert np.median(turns) == pytest.approx(15 * 0.5 ** (1 / 3), rel=0.02)


def test_the_seed_gives_the_poses():
    one, again, other = tried(), tried(), tried(seed=1)
    assert all((a.matrix == b.matrix).all() for a, b in zip(one, again, strict=True))
    assert not all((a.matrix == b.matrix).all() for a, b in zip(one, other, strict=True))


def test_answers_that_are_nearly_one_are_counted_once_by_the_best_of_them():
    poses = [Rigid.about(CENTRE, shift_mm=(x, 0, 0)) for x in (0.0, 1.0, 2.0, 10.0, 30.0)]
    score = dict(zip(map(id, poses), (0.5, 0.9, 0.8, 0.7, 0.1), strict=True))
    kept = best_apart(poses, lambda pose: score[id(pose)], CENTRE[None], 3)
    assert [value for value, _ in kept] == [0.9, 0.7, 0.1]
    assert [pose for _, pose in kept] == [poses[1], poses[3], poses[4]]
    good = best_apart(poses, lambda pose: score[id(pose)], CENTRE[None], 3, 0.5)
    assert [value for value, _ in good] == [0.9, 0.7]
