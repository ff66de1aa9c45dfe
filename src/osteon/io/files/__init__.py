"""Images in single files: NIfTI, NRRD, MetaImage, ISQ, TIFF."""

from collections.abc import Sequence
from pathlib import Path

from ...core import Scan, UnsuitableScan
from ..kind import kind_of, shown
from .stored import Stored, as_scan

__all__ = ["LABEL_KINDS", "as_scan", "load", "parts", "read_file"]

LABEL_KINDS = ("NIfTI", "NRRD", "MetaImage")
"""Formats that say where a voxel lies in the patient, and so can carry labels."""


def read_file(path: Path, kind: str, spacing: Sequence[float] | None) -> Scan:
    """Scan of a file of format `kind`; `spacing` in mm is for TIFF stacks."""
    # each format imports its reader when it is met: SimpleITK alone takes half a second
    if kind == "ISQ":
        from .isq import read_isq

        return read_isq(path)
    if kind == "TIFF":
        from .tiff import read_tiff

        return read_tiff(path, spacing)
    return as_scan(load(path, kind), kind=kind)


def load(path: Path, kind: str) -> Stored:
    """Image of format `kind` as it stands in the file, whatever its values mean."""
    if kind == "NIfTI":
        from .nifti import load_nifti

        return load_nifti(path)
    if kind in LABEL_KINDS:
        from .itk import load_itk

        return load_itk(path, kind)
    raise UnsuitableScan(f"{shown(path)} is {kind}; labels are read from NIfTI, NRRD, MetaImage.")


def parts(path: Path) -> list[Path]:
    """Every file whose bytes make up the image at `path`."""
    if path.is_dir():
        return [file for file in sorted(path.rglob("*")) if file.is_file()]
    kind = kind_of(path)
    if kind == "NIfTI":
        from .nifti import parts as nifti_parts

        return list(nifti_parts(path))
    if kind in LABEL_KINDS:
        from .itk import parts as itk_parts

        return list(itk_parts(path, kind))
    return [path]
