"""What a file is, judged by its first bytes and not by its name."""

import gzip
import re
import stat
import zlib
from pathlib import Path

from ..core import UnreadableScan

HEAD = 2048
"""Bytes looked at to tell what a file is."""

INSTEAD = "give a DICOM folder, zip or file, or a NIfTI, NRRD, MetaImage, ISQ or TIFF image"
"""What to do when something else was given."""

TIFF_SUFFIXES = (".tif", ".tiff")
"""Names that make a folder a stack of TIFF pages, when it holds nothing else."""

IMAGE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".isq")
"""Names of images that people point at by their folder."""

BEGINNINGS = {
    "DICOM": (b"PK",),
    "NRRD": (b"NRRD000",),
    "ISQ": (b"CTDATA-HEADER_V1",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
}
"""First bytes of each format that has some; a zip is taken for DICOM."""

OTHERS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"%PDF", "a PDF document"),
    (b"AIMDATA_V", "a Scanco AIM image, which is not read yet"),
    (b"\x89HDF", "an HDF5 file (MINC or other)"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
)
"""First bytes of files that people give by mistake, and what they are called."""


def shown(path: Path) -> str:
    """What to call a path in a message: its last part."""
    return path.name or str(path)


def refuse(path: Path, why: str) -> UnreadableScan:
    """Error naming the file and what to give instead."""
    return UnreadableScan(f"{shown(path)} {why}; {INSTEAD}.")


def kind_of(path: Path) -> str:
    """Name of the format in which a path is to be read.

    Parameters
    ----------
    path : Path
        File or folder.

    Returns
    -------
    str
        ``"DICOM"`` (a folder, zip or file), ``"NIfTI"``, ``"NRRD"``, ``"MetaImage"``, ``"ISQ"``
        or ``"TIFF"`` (a file, or a folder that holds nothing else).

    Raises
    ------
    UnreadableScan
        If there is nothing, if it may not be read, or if it is no image of these formats.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return _folder_kind(path)
        if not stat.S_ISREG(mode):
            raise refuse(path, "is neither a file nor a folder")
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        broken = path.is_symlink()
        why = f"is a link to {path.readlink()}, which is not there" if broken else "is not there"
        raise UnreadableScan(f"{path} {why}.") from None
    except OSError as fault:
        raise UnreadableScan(f"{path} cannot be read: {fault.strerror}.") from None
    if not head:
        raise refuse(path, "is empty (0 bytes)")
    return _file_kind(path, head)


def _folder_kind(folder: Path) -> str:
    names = [
        entry.name
        for entry in sorted(folder.iterdir())
        if not entry.name.startswith(".") and entry.name != "Thumbs.db"
    ]
    if not names:
        raise refuse(folder, "is an empty folder")
    if all(name.lower().endswith(TIFF_SUFFIXES) for name in names):
        return "TIFF"
    images = [name for name in names if name.lower().endswith(IMAGE_SUFFIXES)]
    if len(images) == len(names):
        raise UnreadableScan(
            f"{shown(folder)} is a folder of images that are no DICOM; give one of its files, "
            f"such as {images[0]}."
        )
    return "DICOM"


def _file_kind(path: Path, head: bytes) -> str:
    packed = head[:2] == b"\x1f\x8b"
    if packed:
        head = _first_of_gzip(path)
    if is_nifti(head) or (path.suffix.lower() == ".img" and path.with_suffix(".hdr").is_file()):
        return "NIfTI"
    if packed:
        raise refuse(path, "is gzip-compressed, but what is inside has no NIfTI header")
    for kind, begins in BEGINNINGS.items():
        if head.startswith(begins):
            return kind
    if head[128:132] == b"DICM":
        return "DICOM"
    if re.match(rb"\s*\w+\s*=", head) and re.search(rb"^\s*NDims\s*=", head, re.MULTILINE):
        return "MetaImage"
    if _like_dicom(head):
        return "DICOM"
    raise refuse(path, _what_else(path, head))


def is_nifti(head: bytes) -> bool:
    """Whether the first bytes are a NIfTI-1 or NIfTI-2 header, of a single file or a pair."""
    size = head[:4]
    if size in (b"\x5c\x01\0\0", b"\0\0\x01\x5c"):
        return head[344:348] in (b"n+1\0", b"ni1\0")
    return size in (b"\x1c\x02\0\0", b"\0\0\x02\x1c") and head[4:8] in (b"n+2\0", b"ni2\0")


def _first_of_gzip(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") as file:
            return file.read(HEAD)
    except (OSError, EOFError, zlib.error) as fault:
        raise UnreadableScan(f"{shown(path)} is a damaged gzip file: {fault}.") from None


def _like_dicom(head: bytes) -> bool:
    """Whether this may be DICOM without preamble: it begins with an element of group 2 or 8."""
    group, rest = head[:2], head[4:6]
    if group in (b"\x02\0", b"\x08\0"):
        return head[3:4] == b"\0" and (rest.isalpha() or head[6:8] == b"\0\0")
    return group == b"\0\x08" and rest.isalpha()


def _what_else(path: Path, head: bytes) -> str:
    for first, name in OTHERS:
        if head.startswith(first):
            return f"is {name}, not a scan"
    if head[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c"):
        return "is an Analyze 7.5 header, which does not say where left is"
    if b"\0" not in head:
        return "is a text file, not a scan"
    if path.name.lower().endswith((".nii", ".hdr", ".img")):
        return "has no NIfTI header: it is damaged or something else"
    return "is no image that Osteon knows"
