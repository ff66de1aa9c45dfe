"""Memory that is asked for again and again: kept by the process instead of given back each time."""

import ctypes

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Parameters of glibc's ``mallopt``."""

NEVER = 2**31 - 1


def keep_memory() -> bool:
    """Have this process keep large arrays' memory when they are freed, for the next ones.

    Otherwise every array of 32 MiB or more is given back to the system at once, and each page of
    the next one is handed out and zeroed anew, which takes longer than most sums over it. The
    most memory that a process holds stays about the same; it is only given back later.

    Returns
    -------
    bool
        False where the C library is not glibc; then nothing is changed.
    """
    try:
        choose = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(choose(MMAP_MAX, 0) and choose(TRIM_THRESHOLD, NEVER))
