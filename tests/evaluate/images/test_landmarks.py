"""Target registration error of landmarks that were moved on purpose."""

import numpy as np
import pytest

from osteon.core import UnusableTable
from osteon.evaluate.images import target_registration_error


def test_landmarks_moved_by_3_4_12_mm_are_13_mm_away():
    true = np.random.default_rng(1).normal(0, 50, (8, 3))
    found = target_registration_error(true + np.array([3, 4, -12]), true)
    assert list(found.values()) == pytest.approx([13, 13, 13, 13])


def test_one_stray_landmark_moves_the_mean_and_not_the_median():
    moved = np.zeros((101, 3))
    moved[:, 2] = np.arange(101)  # 0 to 100 mm
    moved[100, 2] = 600
    found = target_registration_error(moved, np.zeros((101, 3)))
    assert found == pytest.approx(
        {"mean": (4950 + 600) / 101, "median": 50, "percentile_95": 95, "maximum": 600}
    )


@pytest.mark.parametrize(
    ("found", "true", "told"),
    [
        ([[0, 0, 0]], [[0, 0, 0], [1, 1, 1]], "1 found and 2 true"),
        ([[0, 0]], [[0, 0]], "shape"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "shape"),
        ([[0, 0, np.nan]], [[0, 0, 0]], "landmark 1 of 'found' lacks"),
        ([["a", 0, 0]], [[0, 0, 0]], "three numbers"),
    ],
)
def test_what_are_no_pairs_is_told_in_one_line(found, true, told):
    with pytest.raises(UnusableTable, match=told) as error:
        target_registration_error(found, true)
    assert "\n" not in str(error.value)
