"""A number that tells whether two inputs are the same."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from ..core import UnreadableScan
from .files import parts
from .kind import kind_of, shown
from .labels import mask_files


def fingerprint(path: str | Path) -> str:
    """SHA-256 over the bytes of an input, in hex.

    A file has the digest that ``sha256sum`` prints. A folder, a zip, or an image of several
    files has the digest of the sorted digests of its files: names do not matter, and a folder
    has the fingerprint of its zip. In a folder of masks of vertebrae the levels count too.

    Parameters
    ----------
    path : str or Path
        What was given to `read_scan` or `read_labels`.

    Raises
    ------
    UnreadableScan
        If it cannot be read.
    """
    path = Path(path)
    masks = mask_files(path)
    if not masks:
        kind_of(path)
    try:
        if masks:
            digests = zip(masks, _each(masks.values()), strict=True)
            return _together(f"{level} {digest}" for level, digest in digests)
        if path.is_file() and zipfile.is_zipfile(path):
            return _together(_zipped(path))
        files = parts(path)
        if files == [path]:
            with path.open("rb") as file:
                return _digest(file)
        return _together(_each(files))
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as fault:
        raise UnreadableScan(f"{shown(path)} cannot be read to its end: {fault}.") from None


def _digest(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _together(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def _each(files: Iterable[Path]) -> Iterable[str]:
    for path in files:
        with path.open("rb") as file:
            yield _digest(file)


def _zipped(path: Path) -> Iterable[str]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                with archive.open(entry) as file:
                    yield _digest(file)
