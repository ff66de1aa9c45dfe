"""Stacks of TIFF pages, in one file or one file a page, with a spacing from the user."""

import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from ...core import BadSetting, Grid, Scan, UnreadableScan, UnsuitableScan
from ..kind import TIFF_SUFFIXES, shown
from .isq import SCANNER_FRAME
from .stored import Stored, as_scan, require_room, three_sides

WIDTH, HEIGHT, BITS, PACKING, COLOUR, TURNED, SAMPLES, FORMAT = (
    256,
    257,
    258,
    259,
    262,
    274,
    277,
    339,
)
"""Tags of a page (TIFF 6.0) that decide how its values are read."""

EXPECTED = {
    COLOUR: ({1}, "colour, palette or inverted grey"),
    TURNED: ({1}, "pages stored turned or mirrored"),
    SAMPLES: ({1}, "several numbers a pixel"),
    BITS: ({8, 16, 32}, "pixels that are not of 8, 16 or 32 bits"),
}
"""Values of tags that are read, and what a page with another value holds."""

SIZES = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""TIFF types of whole numbers, as struct formats."""

Page = dict[int, int]


def read_tiff(path: Path, spacing: Sequence[float] | None) -> Scan:
    """Scan of a stack of TIFF pages, without a unit.

    Array axis i runs along the columns of a page, j down its rows, k from page to page. The
    format knows no patient, which the flag ``scanner-frame`` says.

    Parameters
    ----------
    path : Path
        File of several pages, or folder of files of one page each, which are taken in the
        order of the numbers in their names.
    spacing : sequence of 3 float or None
        Distance of voxel centres along i, j, k, in mm.

    Raises
    ------
    BadSetting
        If `spacing` is not three numbers above 0.
    UnsuitableScan
        If `spacing` is None, pages differ in size, a page is missing, or they are no grey image.
    UnreadableScan
        If a file is truncated or damaged.
    """
    if spacing is None:
        raise UnsuitableScan(
            f"{shown(path)} is a TIFF stack, which does not say how large its voxels are; give "
            "the spacing along i, j, k in mm."
        )
    millimetres = np.array(spacing, np.float64)
    if millimetres.shape != (3,) or not (np.isfinite(millimetres) & (millimetres > 0)).all():
        raise BadSetting(f"spacing must be three numbers above 0 mm; got {list(spacing)}.")
    files = pages_of(path)
    pages = [(file, page) for file in files for page in _pages(file)]
    if len(files) > 1 and len(pages) != len(files):
        raise UnsuitableScan(f"{shown(path)} holds files of several pages; give one of them.")
    _require_alike(pages)
    _require_room(pages)
    shape = three_sides(path, (pages[0][1][WIDTH], pages[0][1][HEIGHT], len(pages)))
    values = _values(path, files)
    if values.shape != shape:
        raise UnreadableScan(f"{shown(path)} was read as {values.shape} voxels, not {shape}.")
    grid = Grid(shape, np.zeros(3), np.eye(3), millimetres)
    return as_scan(Stored(values, grid, unit="1", flags=(SCANNER_FRAME,)), kind="TIFF")


def pages_of(path: Path) -> list[Path]:
    """Files of a stack, by the numbers in their names; refuse a stack with missing numbers."""
    if not path.is_dir():
        return [path]
    files = sorted(
        (file for file in path.iterdir() if file.name.lower().endswith(TIFF_SUFFIXES)),
        key=lambda file: [int(part) if part.isdigit() else part for part in _split(file.name)],
    )
    numbers = [int(_split(file.stem)[-2]) for file in files if len(_split(file.stem)) > 1]
    steps = np.diff(numbers)
    if len(numbers) == len(files) > 2 and (steps > 0).all() and (steps != steps.min()).any():
        after = int(np.argmax(steps != steps.min()))
        raise UnsuitableScan(
            f"{shown(path)} lacks pages: {files[after].name} is followed by "
            f"{files[after + 1].name}; give the whole stack."
        )
    return files


def _split(name: str) -> list[str]:
    """Text and numbers in turn; a name begins and ends with text."""
    return re.split(r"(\d+)", name)


def _pages(path: Path) -> list[Page]:
    try:
        with path.open("rb") as file:
            found = list(_walk(file))
    except (struct.error, KeyError):
        raise UnreadableScan(f"{shown(path)} is a truncated or damaged TIFF file.") from None
    if not found:
        raise UnreadableScan(f"{shown(path)} is a TIFF file without a page.")
    return found


def _require_room(pages: list[tuple[Path, Page]]) -> None:
    """Refuse pages that need more bytes than their file has; packed ones cannot be judged."""
    bits: dict[Path, int] = {}
    for file, page in pages:
        if page[PACKING] == 1:
            bits[file] = bits.get(file, 0) + page[WIDTH] * page[HEIGHT] * page[BITS]
    for file, needed in bits.items():
        require_room(file, needed // 8, file.stat().st_size, packed=False)


def _walk(file: IO[bytes]) -> Iterator[Page]:
    """Tags of each page, following the chain of directories (TIFF 6.0, and BigTIFF)."""
    order = "<" if file.read(2) == b"II" else ">"

    def take(form: str) -> tuple[int, ...]:
        return struct.unpack(order + form, file.read(struct.calcsize(order + form)))

    big = take("H")[0] == 43
    offset, count, entry, inline = ("Q", "Q", "HHQ", 8) if big else ("I", "H", "HHI", 4)
    if big:
        take("HH")
    (place,) = take(offset)
    seen: set[int] = set()
    while place and place not in seen:
        seen.add(place)
        file.seek(place)
        page = {PACKING: 1, SAMPLES: 1, BITS: 1, TURNED: 1, FORMAT: 1}
        for _ in range(take(count)[0]):
            tag, kind, _number = take(entry)
            value = file.read(inline)
            if kind in SIZES:
                form = order + SIZES[kind]
                page[tag] = int(struct.unpack_from(form, value)[0])
        yield {
            tag: page[tag]
            for tag in (WIDTH, HEIGHT, BITS, PACKING, COLOUR, TURNED, SAMPLES, FORMAT)
        }
        (place,) = take(offset)


def _require_alike(pages: list[tuple[Path, Page]]) -> None:
    first = pages[0][1]
    for number, (file, page) in enumerate(pages, 1):
        for tag, (allowed, what) in EXPECTED.items():
            if page[tag] not in allowed:
                raise UnsuitableScan(
                    f"{shown(file)} holds {what}; pages of one grey number a pixel were expected."
                )
        for tag in (WIDTH, HEIGHT, BITS, FORMAT):
            if page[tag] != first[tag]:
                raise UnsuitableScan(
                    f"{shown(file)} differs at page {number} of {len(pages)}: {page[WIDTH]}×"
                    f"{page[HEIGHT]} pixels of {page[BITS]} bits, the first has {first[WIDTH]}×"
                    f"{first[HEIGHT]} of {first[BITS]}; all pages must be alike."
                )


def _values(path: Path, files: list[Path]) -> NDArray[Any]:
    """Values in order i, j, k."""
    try:
        planes = [SimpleITK.GetArrayFromImage(_page_image(file)) for file in files]
    except (RuntimeError, MemoryError) as fault:
        reason = str(fault).strip().splitlines()[-1].strip()
        raise UnreadableScan(f"{shown(path)} is truncated or damaged: {reason[:160]}.") from None
    stack: NDArray[Any] = planes[0] if len(planes) == 1 else np.stack(planes)
    return stack.T


def _page_image(file: Path) -> Any:
    return SimpleITK.ReadImage(str(file), imageIO="TIFFImageIO")
