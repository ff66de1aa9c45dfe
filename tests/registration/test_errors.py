"""Registration errors against distances known on paper."""

import numpy as np
import pytest

from bones_of_registration import bone
from osteon.core import EmptyRegion
from osteon.registration import Rigid, registration_error


def test_a_shift_is_an_error_of_its_length_everywhere():
    found = registration_error(
        Rigid.about((0, 0, 0), shift_mm=(0, 3, 4)), Rigid.identity(), bone("femur")
    )
    assert (found.mean, found.median) == pytest.approx((5, 5))
    assert (found.percentile_95, found.maximum) == pytest.approx((5, 5))


def test_a_turn_is_an_error_that_grows_from_its_axis():
    # 101 places 0, 1, … 100 mm from the axis: chords in proportion
    places = np.column_stack((np.arange(101), np.zeros((101, 2))))
    found = registration_error(Rigid.about((0, 0, 0), turn_deg=(0, 0, 2)), Rigid.identity(), places)
    chord = 2 * np.sin(np.radians(1))
    assert found.mean == pytest.approx(50 * chord)
    assert found.median == pytest.approx(50 * chord)
    assert found.percentile_95 == pytest.approx(95 * chord)
    assert found.maximum == pytest.approx(100 * chord)


def test_both_transforms_moved_alike_are_no_error():
    same = Rigid.about((1, 2, 3), turn_deg=(4, 5, 6), shift_mm=(7, 8, 9))
    assert registration_error(same, Rigid(same.matrix), bone("tibia")).maximum == 0


def test_no_region_has_no_error():
    with pytest.raises(EmptyRegion, match="none"):
        registration_error(Rigid.identity(), Rigid.identity(), np.zeros((0, 3)))
