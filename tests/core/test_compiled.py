"""What is compiled is kept for the source it was compiled from, and for no other."""

import math
from pathlib import Path

import numba

import osteon
from osteon.core.compiled import KEPT, compiled, inlined, kept_in, threads, use_threads


@compiled
def twice(x: float) -> float:
    return 2.0 * x


def test_a_change_of_any_file_leads_to_another_folder(tmp_path):
    (tmp_path / "rooms").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "rooms" / "b.py").write_text("y = 1\n")
    before = kept_in(tmp_path)
    assert kept_in(tmp_path) == before
    (tmp_path / "rooms" / "b.py").write_text("y = 2\n")
    assert kept_in(tmp_path) != before


def test_compiled_functions_are_kept_in_the_folder_of_this_source():
    assert twice(21.0) == 42.0
    assert kept_in(Path(osteon.__file__).parent) == KEPT
    assert Path(KEPT).name in twice.stats.cache_path


def test_other_users_of_numba_keep_their_own_folder():
    assert Path(KEPT).name not in str(numba.config.CACHE_DIR)


def test_the_cache_follows_the_users_wish(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    assert kept_in(tmp_path).startswith(str(tmp_path / "mine"))


def test_threads_are_as_many_as_asked_for_and_no_more_than_there_are():
    before = threads()
    try:
        use_threads(1)
        assert threads() == 1
        use_threads(10_000)
        assert threads() == numba.config.NUMBA_NUM_THREADS
        use_threads(0)
        assert threads() == 1
    finally:
        use_threads(before)


@inlined
def ratio(a: float, b: float) -> float:
    return a / b


@compiled
def double_ratio(a: float, b: float) -> float:
    return 2 * ratio(a, b)


def test_an_inlined_function_divides_as_numpy_does():
    assert ratio(1.0, 0.0) == math.inf
    assert double_ratio(3.0, 2.0) == 3.0
