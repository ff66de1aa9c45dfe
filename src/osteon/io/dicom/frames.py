"""One slice as the header describes it: where it lies and how its values are scaled."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from ...core import UnreadableScan
from .header import DicomFile, items, missing, numbers, text, value, whole
from .wording import element

MAX_VOXELS = 2**30
"""Most voxels of one scan, 2 GiB as 16-bit integers: 4096 slices of 512×512."""

SQUARE_WITHIN = 1e-3
"""Largest departure of the two in-plane direction cosines from unit length and a right angle."""

APART = (
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "EchoTime",
    "ConvolutionKernel",
    "ImageType",
)
"""Elements in which slices at one position commonly differ; named when a series is refused."""


@dataclass(frozen=True)
class Scale:
    """From stored numbers to values: value = slope · stored + intercept.

    Attributes
    ----------
    slope, intercept : float
        Of the modality rescale; 1 and 0 where the file gives none.
    given : bool
        Whether the file gives them.
    kind : str
        RescaleType, such as ``"HU"``; empty where absent.
    mapped_to : str
        Unit code of the RealWorldValueMappingSequence; empty where absent.
    """

    slope: float = 1.0
    intercept: float = 0.0
    given: bool = False
    kind: str = ""
    mapped_to: str = ""


@dataclass(frozen=True, eq=False)
class Frame:
    """One slice.

    Attributes
    ----------
    file : DicomFile
        File that holds it.
    index : int
        Its place among the frames of the file, from 0.
    rows, columns : int
        Size of its matrix.
    position : (3,) array
        World LPS mm of the centre of the first voxel.
    cosines : (6,) array
        Direction of growing column index, then of growing row index.
    spacing : (2,) array
        Distance between rows, then between columns, in mm.
    scale : Scale
        From stored numbers to values.
    image_type : tuple of str
        ImageType or FrameType.
    apart : mapping of str to str
        What may tell it from another slice at the same position, by keyword.
    """

    file: DicomFile
    index: int
    rows: int
    columns: int
    position: NDArray[np.float64]
    cosines: NDArray[np.float64]
    spacing: NDArray[np.float64]
    scale: Scale
    image_type: tuple[str, ...]
    apart: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """File and, in a multi-frame file, number of the frame, for messages."""
        several = whole(self.file.header, "NumberOfFrames", self.file.name, default=1) > 1
        return f"{self.file.name}, frame {self.index + 1}" if several else self.file.name


def classic_frame(file: DicomFile) -> Frame:
    """The slice of a file that holds a single one.

    Raises
    ------
    UnreadableScan
        If an element is missing without which its place is unknown.
    """
    header, name = file.header, file.name
    rows, columns = matrix(file)
    if whole(header, "NumberOfFrames", name, default=1) > 1:
        raise missing("PerFrameFunctionalGroupsSequence", name)
    return Frame(
        file,
        0,
        rows,
        columns,
        numbers(header, "ImagePositionPatient", 3, name),
        cosines(header, name),
        spacing(header, name),
        scale(header, [header], name),
        image_type(header, "ImageType"),
        {keyword: text(header, keyword) for keyword in APART},
    )


def matrix(file: DicomFile) -> tuple[int, int]:
    """Rows and columns of the slices of a file, both at least 1."""
    rows = whole(file.header, "Rows", file.name)
    columns = whole(file.header, "Columns", file.name)
    for keyword, size in (("Rows", rows), ("Columns", columns)):
        if size < 1:
            raise UnreadableScan(
                f"{file.name}: {element(keyword)} is {size}, at least 1 is needed."
            )
    return rows, columns


def cosines(data: Dataset, name: str) -> NDArray[np.float64]:
    """Direction cosines of the two axes of a slice."""
    six = numbers(data, "ImageOrientationPatient", 6, name)
    row, column = six[:3], six[3:]
    off = max(abs(row @ row - 1), abs(column @ column - 1), abs(row @ column))
    if off > SQUARE_WITHIN:
        raise UnreadableScan(
            f"{name}: {element('ImageOrientationPatient')} holds no two unit vectors at a right "
            f"angle; they are off by {off:.3g}, at most {SQUARE_WITHIN:g} is allowed."
        )
    return six


def spacing(data: Dataset, name: str) -> NDArray[np.float64]:
    """Distance between rows, then between columns, in mm."""
    two = numbers(data, "PixelSpacing", 2, name)
    if (two <= 0).any():
        raise UnreadableScan(
            f"{name}: {element('PixelSpacing')} is {two.tolist()}, it must be above 0 mm."
        )
    return two


def scale(rescale: Dataset, mapping: Sequence[Dataset], name: str) -> Scale:
    """Scale from the data set with the rescale elements and those that may map to units."""
    if items(rescale, "ModalityLUTSequence"):
        raise UnreadableScan(
            f"{name}: values go through {element('ModalityLUTSequence')}, which is not supported; "
            "export the series with a rescale slope and intercept."
        )
    codes = [
        text(unit, "CodeValue")
        for data in mapping
        for map_ in items(data, "RealWorldValueMappingSequence")
        for unit in items(map_, "MeasurementUnitsCodeSequence")
    ]
    given = all(value(rescale, k, name) is not None for k in ("RescaleSlope", "RescaleIntercept"))
    kind = text(rescale, "RescaleType").upper()
    if not given:
        return Scale(kind=kind, mapped_to=codes[0] if codes else "")
    slope = float(numbers(rescale, "RescaleSlope", 1, name)[0])
    if slope == 0:
        raise UnreadableScan(f"{name}: {element('RescaleSlope')} is 0, all values would be lost.")
    intercept = float(numbers(rescale, "RescaleIntercept", 1, name)[0])
    return Scale(slope, intercept, True, kind, codes[0] if codes else "")


def image_type(data: Dataset, keyword: str) -> tuple[str, ...]:
    """Values of ImageType or FrameType, in capitals."""
    return tuple(part.strip().upper() for part in text(data, keyword).split("\\"))
