"""One page of a TIFF file: what it holds, and its values; read by tifffile.

Not by ITK's reader, which a damaged file can make write beyond its own memory.
"""

import logging
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile, TiffFileError, TiffPage

from ...core import UnreadableScan, UnsuitableScan
from ..kind import shown

# Its warnings are not for the user: what matters in them becomes an error of ours.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

DAMAGE = (
    TiffFileError,
    struct.error,
    zlib.error,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    ZeroDivisionError,
    RuntimeError,
    NotImplementedError,
    EOFError,
)
"""What tifffile raises on files whose tags contradict each other or their length."""

PACKED = frozenset({COMPRESSION.ADOBE_DEFLATE, COMPRESSION.DEFLATE, COMPRESSION.PACKBITS})
"""Packings that are unpacked here; others need a codec of their own."""


@dataclass(frozen=True)
class Page:
    """One page of a file.

    Attributes
    ----------
    file : Path
        Where it stands.
    number : int
        Its place in the file, from 0.
    size : tuple of 2 int
        Pixels along a row and along a column.
    dtype : dtype
        Type of the values, in the machine's byte order.
    packed : bool
        Whether the values are compressed.
    """

    file: Path
    number: int
    size: tuple[int, int]
    dtype: np.dtype[Any]
    packed: bool

    def words(self) -> str:
        """Size and type, as shown in messages."""
        return f"{self.size[0]}×{self.size[1]} pixels of {self.dtype.name}"


def pages_in(path: Path) -> list[Page]:
    """Every page of a file, having checked that each is grey, upright and packed as we read.

    Raises
    ------
    UnreadableScan
        If the file is truncated or damaged.
    UnsuitableScan
        If a page holds what is not read.
    """
    held = path.stat().st_size
    try:
        with TiffFile(path) as file:
            pages = [_checked(path, n, page, held) for n, page in enumerate(file.pages)]
    except UnsuitableScan:
        raise
    except DAMAGE:
        raise _damaged(path) from None
    if not pages:
        raise UnreadableScan(f"{shown(path)} is a TIFF file without a page.")
    return pages


def _damaged(path: Path) -> UnreadableScan:
    return UnreadableScan(f"{shown(path)} is a truncated or damaged TIFF file.")


def _checked(path: Path, number: int, page: Any, held: int) -> Page:
    if not isinstance(page, TiffPage) or page.dtype is None:
        raise TiffFileError
    turned = page.tags.get("Orientation")
    odd = {
        "several numbers a pixel": page.samplesperpixel != 1,
        "colour, a palette or inverted grey": page.photometric != PHOTOMETRIC.MINISBLACK,
        "turned or mirrored pages": turned is not None and turned.value != 1,
        "pixels of an odd number of bits": page.dtype.itemsize * 8 != page.bitspersample,
        "a packing that needs its own codec": page.compression not in {*PACKED, COMPRESSION.NONE},
    }
    for what, there in odd.items():
        if there:
            raise UnsuitableScan(
                f"{shown(path)} holds {what}; pages of one grey number a pixel, upright, "
                "unpacked or packed by deflate or PackBits were expected."
            )
    ends = [a + n for a, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
    short = any(n < 1 for n in (*page.databytecounts, page.imagewidth, page.imagelength))
    if not ends or short or max(ends) > held:
        raise TiffFileError
    size = (page.imagewidth, page.imagelength)
    packed = page.compression != COMPRESSION.NONE
    return Page(path, number, size, page.dtype.newbyteorder("="), packed)


def read_pages(path: Path, pages: list[Page]) -> list[NDArray[Any]]:
    """Values of pages of one file, each in order i, j.

    Raises
    ------
    UnreadableScan
        If the file holds fewer values than a page has.
    """
    try:
        with TiffFile(path) as file:
            values = [file.pages[page.number].asarray(maxworkers=1) for page in pages]
    except DAMAGE:
        raise _damaged(path) from None
    if any(value.shape != page.size[::-1] for value, page in zip(values, pages, strict=True)):
        raise _damaged(path)
    return [value.T for value in values]
