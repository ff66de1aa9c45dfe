"""Threads change no result, and never run two functions that share their loops at once."""

import os
import subprocess
import sys
import threading

import pytest

from osteon.core.compiled import threads, use_threads
from osteon.core.threads import side_by_side

TWO_AT_ONCE = """
import numpy as np
from concurrent.futures import ThreadPoolExecutor
from osteon.regions.nearest import nearest_outside

inside = np.ones((60, 60, 60), bool)
inside[0, 0, 0] = False
with ThreadPoolExecutor(4) as pool:
    found = list(pool.map(lambda _: nearest_outside(inside, np.ones(3)), range(40)))
assert all(not one.any() for one in found)
import numba
print(numba.threading_layer())
"""


AT_ONCE = """
import threading
from osteon.core.compiled import threads, use_threads
from osteon.core.threads import side_by_side

both = threading.Barrier(2, timeout=20)

def work(_):
    both.wait()
    return threads()

use_threads(2)
print(side_by_side(work, [0, 1]))
"""


@pytest.fixture
def as_many():
    """Use a number of threads until the test ends."""
    before = threads()
    yield use_threads
    use_threads(before)


def test_results_come_in_the_order_of_the_tasks(as_many):
    for many in (1, 2):
        as_many(many)
        assert side_by_side(lambda number: number**2, [3, 1, 2]) == [9, 1, 4]
    assert side_by_side(lambda number: number**2, []) == []


def test_two_tasks_are_worked_on_at_once_with_the_threads_of_the_one_who_asked():
    # a new thread would take all four
    told = os.environ | {"NUMBA_NUM_THREADS": "4"}
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE], env=told, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[2, 2]\n", "")


def test_a_process_told_to_use_one_thread_starts_no_other(as_many):
    as_many(1)
    here = threading.get_ident()
    assert side_by_side(lambda _: threading.get_ident(), [0, 1]) == [here, here]


def test_a_fault_in_a_task_reaches_the_one_who_asked():
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda number: 1 // number, [1, 0])


def test_loops_shared_by_all_cores_are_safe_to_call_from_threads_without_openmp():
    # numba's own pool of threads ends a process in which two such functions run at once
    told = os.environ | {"NUMBA_THREADING_LAYER": "workqueue"}
    done = subprocess.run(
        [sys.executable, "-c", TWO_AT_ONCE], env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "workqueue"
