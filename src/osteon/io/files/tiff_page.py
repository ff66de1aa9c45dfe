"""One page of a TIFF file: what its tags say, and its values.

Read here and not by libtiff, which a damaged file can make write beyond its own memory.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...core import UnreadableScan, UnsuitableScan
from ..kind import shown

TAGS = {
    "width": 256,
    "height": 257,
    "bits": 258,
    "packing": 259,
    "colour": 262,
    "fill_order": 266,
    "offsets": 273,
    "turned": 274,
    "samples": 277,
    "rows_per_strip": 278,
    "counts": 279,
    "predictor": 317,
    "format": 339,
}
"""Numbers of the tags that decide how a page is read (TIFF 6.0)."""

DEFAULTS = {
    "bits": (1,),
    "packing": (1,),
    "fill_order": (1,),
    "turned": (1,),
    "samples": (1,),
    "rows_per_strip": (2**32 - 1,),
    "predictor": (1,),
    "format": (1,),
}
"""Values of tags that may be left out."""

EXPECTED = {
    "samples": ({1}, "several numbers a pixel"),
    "colour": ({1}, "colour, a palette or inverted grey"),
    "turned": ({1}, "turned or mirrored pages"),
    "fill_order": ({1}, "reversed bits"),
    "bits": ({8, 16, 32, 64}, "pixels of an odd number of bits"),
    "format": ({1, 2, 3}, "numbers of an unknown kind"),
    "packing": ({1, 8, 32946, 32773}, "LZW or JPEG packing"),
    "predictor": ({1, 2}, "differences of floating point numbers"),
}
"""Values of tags that are read, and what a page with another value holds."""

NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""TIFF types of whole numbers, as struct formats."""


@dataclass(frozen=True)
class Page:
    """One page of a file.

    Attributes
    ----------
    file : Path
        Where it stands.
    order : str
        ``"<"`` or ``">"``, the byte order of the file.
    tags : dict of str to tuple of int
        Values of `TAGS`.
    """

    file: Path
    order: str
    tags: dict[str, tuple[int, ...]]

    @property
    def size(self) -> tuple[int, int]:
        """Pixels along a row and along a column."""
        return self.tags["width"][0], self.tags["height"][0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values as stored."""
        letter = "_uif"[self.tags["format"][0]]
        return np.dtype(f"{self.order}{letter}{self.tags['bits'][0] // 8}")

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
    try:
        with path.open("rb") as file:
            found = list(_walk(path, file))
    except (struct.error, KeyError, OverflowError):
        raise UnreadableScan(f"{shown(path)} is a truncated or damaged TIFF file.") from None
    if not found:
        raise UnreadableScan(f"{shown(path)} is a TIFF file without a page.")
    return found


def _walk(path: Path, file: IO[bytes]) -> Iterator[Page]:
    """Pages along the chain of directories (TIFF 6.0 section 2, and BigTIFF)."""
    order = "<" if file.read(2) == b"II" else ">"
    held = path.stat().st_size

    def take(form: str) -> tuple[int, ...]:
        return struct.unpack(order + form, file.read(struct.calcsize(order + form)))

    big = take("H")[0] == 43
    offset, count, entry = ("Q", "Q", "HHQ8s") if big else ("I", "H", "HHI4s")
    if big:
        take("HH")
    names = {number: name for name, number in TAGS.items()}
    (place,) = take(offset)
    seen: set[int] = set()
    while place and place not in seen:
        seen.add(place)
        if place > held:
            raise struct.error
        file.seek(place)
        tags: dict[str, tuple[int, ...]] = dict(DEFAULTS)
        for _ in range(take(count)[0]):
            tag, kind, number, value = struct.unpack(
                order + entry, file.read(struct.calcsize(order + entry))
            )
            if tag in names and kind in NUMBERS:
                form = f"{number}{NUMBERS[kind]}"
                back = file.tell()
                if not 0 < number <= held:
                    raise struct.error
                if struct.calcsize(order + form) > len(value):
                    (apart,) = struct.unpack(order + offset, value)
                    file.seek(min(apart, held))
                    value = file.read(struct.calcsize(order + form))
                tags[names[tag]] = struct.unpack_from(order + form, value)
                file.seek(back)
        yield _checked(Page(path, order, tags), held)
        (place,) = take(offset)


def _checked(page: Page, held: int) -> Page:
    for name, (allowed, what) in EXPECTED.items():
        if not set(page.tags[name]) <= allowed:
            raise UnsuitableScan(
                f"{shown(page.file)} holds {what}; pages of one grey number a pixel, upright, "
                "unpacked or packed by deflate or PackBits were expected."
            )
    tags = page.tags
    if "offsets" not in tags or "counts" not in tags:
        raise UnsuitableScan(f"{shown(page.file)} is stored in tiles; save it in strips.")
    ends = [place + count for place, count in zip(tags["offsets"], tags["counts"], strict=False)]
    small_float = tags["format"][0] == 3 and tags["bits"][0] == 8
    if min(*page.size, *tags["rows_per_strip"]) < 1 or max(ends) > held or small_float:
        raise struct.error
    return page


def read_page(page: Page, file: IO[bytes]) -> NDArray[Any]:
    """Values of a page in order i, j, from its opened file.

    Raises
    ------
    UnreadableScan
        If the file holds fewer values than the page has.
    """
    width, height = page.size
    rows = min(page.tags["rows_per_strip"][0], height)
    values = np.empty((height, width), page.dtype)
    strips = zip(page.tags["offsets"], page.tags["counts"], strict=False)
    begin = 0
    for place, count in strips:
        strip = values[begin : begin + rows]
        file.seek(place)
        raw = _unpacked(page.tags["packing"][0], file.read(count), strip.nbytes)
        if len(raw) < strip.nbytes:
            break
        strip[:] = np.frombuffer(raw, page.dtype, strip.size).reshape(strip.shape)
        begin += len(strip)
    if begin < height:
        raise UnreadableScan(
            f"{shown(page.file)} is truncated or damaged: {begin} of {height} rows of a page are "
            "there."
        )
    if page.tags["predictor"][0] == 2:
        native = values.astype(page.dtype.newbyteorder("="))
        values = np.cumsum(native, axis=1, dtype=native.dtype)
    return values.T


def _unpacked(packing: int, raw: bytes, size: int) -> bytes:
    """At most `size` bytes of a strip; fewer where it is damaged."""
    if packing == 1:
        return raw
    if packing == 32773:
        return _unpack_bits(raw, size)
    try:
        return zlib.decompressobj().decompress(
            raw, size + 1
        )  # one more, so that the checksum is read
    except zlib.error:
        return b""


def _unpack_bits(raw: bytes, size: int) -> bytes:
    """PackBits (TIFF 6.0 section 9): a byte says how many to copy, or how often to repeat one."""
    out = bytearray()
    at = 0
    while at < len(raw) and len(out) < size:
        head = raw[at]
        if head < 128:
            out += raw[at + 1 : at + 2 + head]
            at += 2 + head
        else:
            out += raw[at + 1 : at + 2] * (257 - head if head > 128 else 0)
            at += 2 if head > 128 else 1
    return bytes(out)
