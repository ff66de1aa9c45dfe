"""Loops over voxels, compiled to machine code and kept beside the source for the next start."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba
from numba import prange

F = TypeVar("F", bound=Callable[..., object])

__all__ = ["compiled", "parallel", "prange"]


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
    return cast(F, numba.njit(cache=True, nogil=True)(function))


def parallel(function: F) -> F:
    """`function` compiled so that its loops over ``prange`` are shared by all cores.

    Each turn of such a loop must write to places of its own, so that the result does not depend
    on how many cores there are.

    Parameters
    ----------
    function : function of arrays and numbers
        What numba can compile; called with other types it is compiled again.

    Returns
    -------
    function
        The same, compiled when first called.
    """
    return cast(F, numba.njit(cache=True, nogil=True, parallel=True)(function))


def threads() -> int:
    """Threads that `parallel` functions run on; they change no number."""
    return int(numba.get_num_threads())
