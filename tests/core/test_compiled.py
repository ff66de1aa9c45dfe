"""What is compiled is kept for the source it was compiled from, and for no other."""

from pathlib import Path

import numba

import osteon
from osteon.core.compiled import KEPT, compiled, kept_in


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
