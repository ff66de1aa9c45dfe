"""Settings hold only what makes sense."""

from dataclasses import FrozenInstanceError

import pytest

from osteon.core import BadSetting
from osteon.pipelines import MeasureSettings

RANGES = {
    "shell_mm": (1.0, 5.0),
    "endplate_mm": (4.0, 12.0),
    "oval_height_mm": (1.0, 15.0),
    "kvp": (60.0, 150.0),
}
"""Smallest and largest value of each setting while the others are as they come."""


@pytest.mark.parametrize("name", RANGES)
def test_both_ends_of_a_range_belong_to_it_and_nothing_beyond(name):
    low, high = RANGES[name]
    for value in (low, high):
        assert getattr(MeasureSettings(**{name: value}), name) == value
    for value in (low - 0.01, high + 0.01, 0.0, -low, float("nan"), float("inf")):
        with pytest.raises(BadSetting, match=r"^--[a-z-]+ is "):
            MeasureSettings(**{name: value})


def test_endplates_never_lose_less_than_the_shell():
    assert MeasureSettings(shell_mm=7.0, endplate_mm=7.0).endplate_mm == 7.0
    with pytest.raises(BadSetting, match=r"--endplate-mm is 6\.9; it must be from 7 to 12"):
        MeasureSettings(shell_mm=7.0, endplate_mm=6.9)


def test_a_refusal_names_the_option_as_it_is_typed():
    with pytest.raises(BadSetting, match=r"--oval-height-mm is 99; it must be from 1 to 15\."):
        MeasureSettings(oval_height_mm=99.0)


def test_settings_cannot_change_while_something_is_measured():
    with pytest.raises(FrozenInstanceError):
        MeasureSettings().shell_mm = 3.0
