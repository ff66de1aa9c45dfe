"""Work is shared out to processes, and an error says where it is in one line."""

import os

import pytest

from osteon.core import BadSetting
from osteon.pipelines.processes import shared_out, told


def test_results_are_the_same_in_one_process_and_in_two():
    tasks = ["1", "22", "333", "4444"]
    assert sorted(shared_out(len, tasks, 1)) == sorted(shared_out(len, tasks, 2)) == [1, 2, 3, 4]


def test_a_process_that_the_machine_ends_is_told_in_one_line():
    with pytest.raises(BadSetting, match="want of memory"):
        list(shared_out(os._exit, [1, 1], 2))


def test_our_errors_speak_for_themselves_and_bugs_say_where_they_are():
    assert told(BadSetting("jobs must be at least 1; got 0.")) == "jobs must be at least 1; got 0."
    with pytest.raises(KeyError) as caught:
        {}["x"]
    assert told(caught.value).startswith("KeyError: 'x' (test_processes.py, line ")
