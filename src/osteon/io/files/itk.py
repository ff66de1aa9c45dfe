"""NRRD and MetaImage, with their values read by SimpleITK."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from ...core import Grid, UnreadableScan, UnsuitableScan
from ..kind import shown
from .sidecar import read_sidecar
from .stored import Stored, grid_of, require_room, three_sides

LONGEST_HEADER = 1 << 20
"""Bytes of a text header that are read at most."""

SPACES = ("right-anterior-superior", "left-anterior-superior", "left-posterior-superior")
"""NRRD spaces that say where left, front and up are; also by their initials."""

MM_PER_UNIT = {"mm": 1.0, "millimeter": 1.0, "um": 1e-3, "µm": 1e-3, "micron": 1e-3, "m": 1e3}
"""Millimetres per unit of length of NRRD ``space units``."""

ENCODINGS = ("raw", "gz", "gzip", "txt", "text", "ascii", "hex")
"""NRRD encodings that are read."""

MODALITIES = {"MET_MOD_CT": "CT", "MET_MOD_MR": "MR"}
"""MetaImage's words for a modality."""


@dataclass(frozen=True)
class Header:
    """Text at the beginning of a file.

    Attributes
    ----------
    fields : dict of str to str
        Keys in small letters and their values.
    length : int
        Bytes up to where values begin.
    data : str or None
        File that holds the values; None where they follow the header.
    """

    fields: dict[str, str]
    length: int
    data: str | None


def load_itk(path: Path, kind: str) -> Stored:
    """Image of an NRRD or MetaImage file, as stored, on its grid in LPS.

    Parameters
    ----------
    path : Path
        ``.nrrd``, ``.nhdr``, ``.mha`` or ``.mhd``.
    kind : str
        ``"NRRD"`` or ``"MetaImage"``.

    Raises
    ------
    UnreadableScan
        If a file is truncated, missing, damaged, or gathers its values from several files.
    UnsuitableScan
        If it holds no single volume of one number a voxel, or does not say where it lies.
    """
    header = _header(path, kind)
    _require_place(path, kind, header)
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("NrrdImageIO" if kind == "NRRD" else "MetaImageIO")
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _require_values(path, header, reader)
        image = reader.Execute()
    except (RuntimeError, MemoryError) as fault:
        reason = str(fault).strip().splitlines()[-1].strip()
        raise UnreadableScan(
            f"{shown(path)} is truncated or damaged as {kind}: {reason[:160]}."
        ) from None
    acquisition, odd = read_sidecar(path)
    said = MODALITIES.get(header.fields.get("modality", ""))
    if said and acquisition.modality is None:
        acquisition = replace(acquisition, modality=said)
    grid = _grid(path, image, _mm_per_unit(path, header))
    values = SimpleITK.GetArrayFromImage(image).T.reshape(grid.shape, order="F")
    return Stored(values, grid, None, acquisition, odd)


def parts(path: Path, kind: str) -> tuple[Path, ...]:
    """Files that an image consists of: itself, and the one with its values where it is apart."""
    data = _data(path, _header(path, kind))
    return (path,) if data == path else (path, data)


def _header(path: Path, kind: str) -> Header:
    with path.open("rb") as file:
        raw = file.read(LONGEST_HEADER)
    pattern = rb"\r?\n\r?\n" if kind == "NRRD" else rb"^\s*ElementDataFile\s*=.*(\n|\Z)"
    end = re.search(pattern, raw, re.MULTILINE)
    length = end.end() if end else len(raw)
    lines = raw[:length].decode("utf-8", "replace").splitlines()
    sign = ":" if kind == "NRRD" else "="
    split = [line.split(sign, 1) for line in lines if sign in line and line[:1] != "#"]
    fields = {key.strip().lower(): value.strip() for key, value in split}
    data = fields.get("data file", fields.get("datafile"))
    if kind == "MetaImage":
        data = fields.get("elementdatafile", "")
        data = None if data.upper() == "LOCAL" else data
    return Header(fields, length, data)


def _data(path: Path, header: Header) -> Path:
    """File that holds the values; it must lie beside the header or below."""
    if header.data is None:
        return path
    name = Path(header.data)
    if not header.data or header.data.split()[0].upper() == "LIST" or "%" in header.data:
        raise UnreadableScan(
            f"{shown(path)} gathers its values from several files; write it as one file."
        )
    if name.is_absolute() or ".." in name.parts:
        raise UnreadableScan(
            f"{shown(path)} points out of its folder for its values ({header.data}); put both "
            "files into one folder and only the file's name into the header."
        )
    if not (path.parent / name).is_file():
        raise UnreadableScan(
            f"{shown(path)} has its values in {header.data}, which is not there; give both files."
        )
    return path.parent / name


def _require_place(path: Path, kind: str, header: Header) -> None:
    """Refuse what does not say where left, front and up are."""
    fields = header.fields
    if kind == "NRRD":
        space = fields.get("space", "").lower().removesuffix("-time")
        initials = ["".join(word[0] for word in name.split("-")) for name in SPACES]
        stated = (space in SPACES or space in initials) and "space directions" in fields
        missing = "space and space directions"
    else:
        turned = {"transformmatrix", "orientation", "rotation"} & fields.keys()
        stated = bool(turned) and bool({"elementspacing", "elementsize"} & fields.keys())
        missing = "TransformMatrix and ElementSpacing"
    if not stated:
        raise UnsuitableScan(
            f"{shown(path)} does not say where it lies in the patient (no {missing}), so that "
            "left and right are unknown; make it again from the DICOM series."
        )


def _require_values(path: Path, header: Header, reader: Any) -> None:
    """Refuse colour, packings that are not read, and sizes that the file cannot hold."""
    if reader.GetNumberOfComponents() != 1:
        raise UnsuitableScan(
            f"{shown(path)} holds {reader.GetNumberOfComponents()} numbers a voxel (colour or "
            "several layers), one was expected."
        )
    fields = header.fields
    encoding = fields.get("encoding", "raw").lower()
    if encoding not in ENCODINGS:
        raise UnreadableScan(
            f"{shown(path)} is packed by '{encoding}', which is not read; write it as gzip."
        )
    three_sides(path, reader.GetSize())
    data = _data(path, header)
    held = data.stat().st_size - (header.length if data == path else 0)
    compressed = fields.get("compresseddata", "").lower() == "true"
    packed = compressed or encoding != "raw"
    if compressed and fields.get("compresseddatasize", "").isdigit():
        require_room(path, int(fields["compresseddatasize"]), held, packed=False)
    item = np.dtype(
        SimpleITK.GetArrayFromImage(SimpleITK.Image(1, 1, reader.GetPixelID())).dtype
    ).itemsize
    needed = int(np.prod(reader.GetSize(), dtype=object)) * item
    require_room(path, needed, held, packed=packed)


def _mm_per_unit(path: Path, header: Header) -> float:
    words = re.findall(r'"([^"]*)"', header.fields.get("space units", ""))
    units = {word.strip().lower().rstrip("s") for word in words} or {"mm"}
    if len(units) > 1 or not units <= MM_PER_UNIT.keys():
        raise UnsuitableScan(f"{shown(path)} gives lengths in {sorted(units)}; mm were expected.")
    return MM_PER_UNIT[units.pop()]


def _grid(path: Path, image: Any, mm: float) -> Grid:
    sides = image.GetDimension()
    shape = three_sides(path, image.GetSize())
    direction = np.reshape(image.GetDirection(), (sides, sides))[:3, :3]
    affine = np.eye(4)
    affine[:3, :3] = direction * np.array(image.GetSpacing()[:3]) * mm
    affine[:3, 3] = np.array(image.GetOrigin()[:3]) * mm
    return grid_of(path, shape, affine)
