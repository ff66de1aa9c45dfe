"""How files, elements and lengths are written in messages, all on one line."""

import re
from collections.abc import Sequence

from pydicom.datadict import tag_for_keyword
from pydicom.tag import Tag


def shown(text: str, limit: int = 120) -> str:
    """Text from outside on one line, printable and at most `limit` characters long."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= limit else f"…{clean[-limit + 1 :]}"


def element(keyword: str) -> str:
    """Name of a DICOM element with its tag, such as ``Rows (0028,0010)``."""
    tag = Tag(tag_for_keyword(keyword) or 0)
    return f"{keyword} ({tag.group:04X},{tag.element:04X})"


def counted(number: int, noun: str) -> str:
    """Count of things: ``1 slice``, ``2 slices``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(items: Sequence[str], limit: int, more: str = "more", *, joint: str = ", ") -> str:
    """Items joined in a row; those beyond `limit` are counted only."""
    head = joint.join(items[:limit])
    return head if len(items) <= limit else f"{head} and {len(items) - limit} {more}"


def mm(lengths: float | Sequence[float]) -> str:
    """Length or lengths in mm: ``5 mm``, ``0.5×0.5 mm``."""
    values = lengths if isinstance(lengths, Sequence) else [lengths]
    return "×".join(f"{value:.4g}" for value in values) + " mm"


def without_uids(text: str) -> str:
    """Text in which DICOM UIDs are cut to their last five characters."""
    return re.sub(r"\d+(?:\.\d+){4,}", lambda uid: f"…{uid.group()[-5:]}", text)
