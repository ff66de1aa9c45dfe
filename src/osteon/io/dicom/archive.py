"""Where DICOM files come from: a folder, a zip or one file, none of them trusted."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ...core import UnreadableScan
from .wording import shown

MAX_FILES = 50_000
"""Most files that are looked at in one folder or zip; a whole-body CT has some 3,000 slices."""

MAX_BYTES = 8 * 1024**3
"""Most bytes unpacked from one zip or one deflated file."""

MAX_RATIO = 200
"""Most bytes unpacked from one stored byte; CT slices shrink two- to twentyfold."""

RATIO_FREE_BYTES = 64 * 1024**2
"""Bytes unpacked before `MAX_RATIO` counts, so that small empty images may shrink well."""

DEFLATED = "1.2.840.10008.1.2.1.99"
"""Transfer syntax in which the whole data set is deflated (PS3.5 A.5)."""

_CHUNK = 1024**2


@dataclass(frozen=True)
class Source:
    """One file of the input.

    Attributes
    ----------
    name : str
        Its name relative to the input, fit for a message.
    content : bytes or Path
        Its bytes, or where they lie.
    """

    name: str
    content: bytes | Path = field(repr=False)

    def open(self) -> BinaryIO:
        """Open the file for reading."""
        if isinstance(self.content, bytes):
            return io.BytesIO(self.content)
        try:
            return self.content.open("rb")
        except OSError as fault:
            raise UnreadableScan(f"{self.name} cannot be opened: {fault.strerror}.") from None

    def is_dicom(self) -> bool:
        """Tell a DICOM file from anything else by its first bytes."""
        with self.open() as file:
            return _looks_like_dicom(file.read(132))


def sources(path: Path) -> list[Source]:
    """DICOM files of a folder (with its subfolders), of a zip, or the one file given.

    Zip archives are unpacked into memory; no name from an archive ever reaches the disk. Files
    that are no DICOM are left out.

    Parameters
    ----------
    path : Path
        Folder, zip or file.

    Returns
    -------
    list of Source
        In the order of their names; may be empty.

    Raises
    ------
    UnreadableScan
        If there is nothing at `path`, or the archive is damaged, encrypted or hostile: paths
        that lead out of it, links, more files or bytes than `MAX_FILES`, `MAX_BYTES` and
        `MAX_RATIO` allow.
    """
    if path.is_dir():
        found = list(_in_folder(path))
    elif not path.is_file():
        raise UnreadableScan(f"there is no file or folder {shown(path.name)}; check the path.")
    else:
        alone = Source(shown(path.name), path)
        found = [alone] if alone.is_dicom() else list(_in_zip(path))
    for source in found:
        _check_deflated(source)
    return found


def _looks_like_dicom(head: bytes) -> bool:
    """Tell by the mark after the preamble, or by a first element as old files have it."""
    if head[128:132] == b"DICM":
        return True
    if len(head) < 132 or head[:2] not in (b"\x02\x00", b"\x08\x00") or head[3] != 0:
        return False
    (length,) = struct.unpack("<I", head[4:8])
    return (head[4:6].isalpha() and head[4:6].isupper()) or length <= 64


def _in_folder(folder: Path) -> Iterator[Source]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    if len(files) > MAX_FILES:
        raise UnreadableScan(
            f"{shown(folder.name)} holds {len(files)} files, at most {MAX_FILES} are looked at; "
            "give the folder of one study."
        )
    for file in files:
        source = Source(shown(file.relative_to(folder).as_posix()), file)
        if source.is_dicom():
            yield source


def _in_zip(path: Path) -> Iterator[Source]:
    name = shown(path.name)
    with path.open("rb") as file:
        if not file.read(4).startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _unpacked(archive, name, path.stat().st_size)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, OSError) as fault:
        raise UnreadableScan(
            f"{name} is no whole zip archive ({shown(str(fault))}); copy or export it again."
        ) from None


def _unpacked(archive: zipfile.ZipFile, name: str, packed: int) -> Iterator[Source]:
    """Unpack entry by entry, counting the bytes that come out and not those announced."""
    total = 0
    entries = sorted(archive.infolist(), key=lambda entry: entry.filename)
    for count, entry in enumerate(entries, start=1):
        if count > MAX_FILES:
            raise UnreadableScan(f"{name} holds more than {MAX_FILES} files; it is not unpacked.")
        _check_entry(entry, name)
        if entry.is_dir():
            continue
        parts = []
        with archive.open(entry) as file:
            head = file.read(132)
            wanted = _looks_like_dicom(head)
            chunk = head
            while chunk:
                total += len(chunk)
                _check_size(total, packed, f"{name}: {shown(entry.filename)}")
                if wanted:
                    parts.append(chunk)
                chunk = file.read(_CHUNK)
        if wanted:
            yield Source(shown(entry.filename), b"".join(parts))


def _check_entry(entry: zipfile.ZipInfo, archive: str) -> None:
    """Refuse what an honest archive of images never holds."""
    name = f"{archive}: {shown(entry.filename)}"
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in entry.filename.split("/")[0]:
        raise UnreadableScan(f"{name} points outside of the archive; it is not unpacked.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise UnreadableScan(f"{name} is a link, not a file; the archive is not unpacked.")
    if entry.flag_bits & 0x1:
        raise UnreadableScan(f"{name} is encrypted; unpack it with its password first.")


def _check_size(unpacked: int, packed: int, name: str) -> None:
    if unpacked > MAX_BYTES:
        raise UnreadableScan(
            f"{name} unpacks to more than {MAX_BYTES / 1024**3:.3g} GiB; it is not read on."
        )
    if unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * packed:
        raise UnreadableScan(
            f"{name} unpacks to more than {MAX_RATIO} times its size, as no scan does; "
            "it is not read on."
        )


def _check_deflated(source: Source) -> None:
    """Count what a deflated DICOM file unpacks to, before a parser unpacks it in one go."""
    with source.open() as file:
        head = file.read(1024)
        if DEFLATED.encode() not in head or head[128:132] != b"DICM":
            return
        (meta,) = struct.unpack("<I", head[140:144])
        packed = file.seek(0, io.SEEK_END)
        file.seek(144 + meta)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        total = 0
        try:
            while chunk := inflater.unconsumed_tail or file.read(_CHUNK):
                total += len(inflater.decompress(chunk, _CHUNK))
                _check_size(total, packed, source.name)
        except zlib.error:
            raise UnreadableScan(
                f"{source.name}: the deflated data set is damaged; copy or export it again."
            ) from None
