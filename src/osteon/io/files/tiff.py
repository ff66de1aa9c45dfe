"""Stacks of TIFF pages, in one file or one file a page, with a spacing from the user."""

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, Grid, Scan, UnsuitableScan
from ..kind import TIFF_SUFFIXES, shown
from .isq import SCANNER_FRAME
from .stored import Stored, as_scan, require_room, three_sides
from .tiff_page import Page, pages_in, read_pages


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
    files = _files_of(path)
    pages = [page for file in files for page in pages_in(file)]
    if len(files) > 1 and len(pages) != len(files):
        raise UnsuitableScan(f"{shown(path)} holds files of several pages; give one of them.")
    _require_alike(pages)
    shape = three_sides(path, (*pages[0].size, len(pages)))
    grid = Grid(shape, np.zeros(3), np.eye(3), millimetres)
    stored = Stored(_values(pages, shape), grid, unit="1", flags=(SCANNER_FRAME,))
    return as_scan(stored, kind="TIFF")


def _files_of(path: Path) -> list[Path]:
    """Files of a stack, by the numbers in their names; refuse a stack with missing numbers."""
    if not path.is_dir():
        return [path]
    files = sorted(
        (file for file in path.iterdir() if file.name.lower().endswith(TIFF_SUFFIXES)),
        key=lambda file: [int(part) if part.isdecimal() else part for part in _split(file.name)],
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
    return re.split(r"(\d+)", name, flags=re.ASCII)


def _require_alike(pages: list[Page]) -> None:
    first = pages[0]
    for number, page in enumerate(pages, 1):
        if page.size != first.size or page.dtype != first.dtype:
            raise UnsuitableScan(
                f"{shown(page.file)} differs at page {number} of {len(pages)}: {page.words()}, "
                f"the first has {first.words()}; all pages must be alike."
            )


def _values(pages: list[Page], shape: tuple[int, int, int]) -> NDArray[Any]:
    """Values in order i, j, k, page after page."""
    first = pages[0]
    size = first.size[0] * first.size[1] * first.dtype.itemsize
    by_file = [(file, list(own)) for file, own in groupby(pages, key=lambda page: page.file)]
    for file, own in by_file:
        packed = any(page.packed for page in own)
        require_room(file, size * len(own), file.stat().st_size, packed=packed)
    values = np.empty(shape, first.dtype, order="F")
    number = 0
    for file, own in by_file:
        for plane in read_pages(file, own):
            values[:, :, number] = plane
            number += 1
    return values
