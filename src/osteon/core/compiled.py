"""Loops over voxels, compiled to machine code and kept in the user's cache for the next start.

A kept function does not notice that a function it calls in another file has changed. What is kept
is therefore kept apart for every state of the source: an update compiles anew.
"""

import functools
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import prange

F = TypeVar("F", bound=Callable[..., object])

__all__ = ["compiled", "inlined", "kept_in", "parallel", "prange", "threads", "use_threads"]


def kept_in(source: Path) -> str:
    """Folder for what is compiled from the Python files under `source`, or "" where there is none.

    Parameters
    ----------
    source : Path
        Folder of a package.

    Returns
    -------
    str
        A folder in the user's cache (``XDG_CACHE_HOME``, or ``.cache`` in the home) whose name
        changes with every change of the files; numba's own choice, "", without a home.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return ""
    digest = hashlib.sha256(numba.__version__.encode())
    for file in sorted(source.rglob("*.py")):
        digest.update(file.relative_to(source).as_posix().encode() + b"\0" + file.read_bytes())
    return str(cache / "osteon" / digest.hexdigest()[:16])


KEPT = kept_in(Path(__file__).parents[1])

_ALONE = threading.RLock()
"""Held by the `parallel` function that runs."""


def compiled(function: F) -> F:
    """`function` compiled for one thread; floating point as written, never reordered.

    Parameters
    ----------
    function : function of arrays and numbers
        What numba can compile; called with other types it is compiled again.

    Returns
    -------
    function
        The same, compiled when first called.
    """
    return _kept(function)


def inlined(function: F) -> F:
    """`function` compiled into every loop that calls it, for the short ones that run per voxel.

    A call that hands on arrays counts their users anew, which costs more than a few numbers.
    Division by zero gives infinity, as in NumPy.

    Parameters
    ----------
    function : function of arrays and numbers
        What numba can compile; called with other types it is compiled again.

    Returns
    -------
    function
        The same, compiled when first called.
    """
    return _kept(function, forceinline=True, error_model="numpy")


def parallel(function: F) -> F:
    """`function` compiled so that its loops over ``prange`` are shared by all cores.

    Each turn of such a loop must write to places of its own, so that the result does not depend
    on how many cores there are. One such function runs at a time, whichever threads call: where
    there is no OpenMP, numba ends a process in which two do.

    Parameters
    ----------
    function : function of arrays and numbers
        What numba can compile; called with other types it is compiled again.

    Returns
    -------
    function
        The same, compiled when first called.
    """
    shared = _kept(function, parallel=True)

    @functools.wraps(function)
    def alone(*given: object) -> object:
        with _ALONE:
            return shared(*given)

    return cast(F, alone)


def _kept(function: F, **options: Any) -> F:
    """`function` for compiling, kept in our folder; other users of numba keep theirs."""
    config: Any = numba.config
    others = config.CACHE_DIR
    config.CACHE_DIR = str(Path(others) / Path(KEPT).name) if others else KEPT
    try:
        return cast(F, numba.njit(cache=True, nogil=True, **options)(function))
    finally:
        config.CACHE_DIR = others


def threads() -> int:
    """Threads that `parallel` functions run on; they change no number."""
    return int(numba.get_num_threads())


def use_threads(many: int) -> None:
    """Run `parallel` functions of this process on `many` threads, or all there are if fewer."""
    config: Any = numba.config
    numba.set_num_threads(max(1, min(many, int(config.NUMBA_NUM_THREADS))))
