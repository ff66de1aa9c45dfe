"""What somebody may have meant by a name that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST = 16
"""Names that are told in full."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Words to end a message with: the name that was meant, or those that there are.

    Parameters
    ----------
    name : str
        What was given.
    known : iterable of str
        Names that there are.

    Returns
    -------
    str
        Begins with ``"; "``, ends without a full stop.
    """
    names = list(known)
    close = get_close_matches(name.lower(), names, 1, 0.6)
    if close:
        return f"; the nearest is '{close[0]}'"
    told = ", ".join(names[:MOST])
    return f"; there are {told}{' and more' if len(names) > MOST else ''}"
