"""Small DICOM files whose truth is known: a ramp over the world, written slice by slice.

Every maker returns data sets, which a test may spoil before it writes them.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, FileDataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
)

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
SERIES = "1.2.826.0.1.3680043.8.498.111.222.333"
PATIENT = {"PatientName": "Doe^Jane", "PatientID": "SECRET-77", "PatientBirthDate": "19450607"}

World = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def ramp(world: NDArray[np.float64]) -> NDArray[np.float64]:
    """HU that grow evenly along every world axis: linear interpolation keeps it exactly."""
    return world @ np.array([3.0, -2.0, 5.0]) + 40.0


def world_of(
    rows: int,
    columns: int,
    position: Sequence[float],
    cosines: Sequence[float] = AXIAL,
    spacing: Sequence[float] = (0.5, 0.5),
) -> NDArray[np.float64]:
    """World LPS mm of each pixel, (rows, columns, 3), by PS3.3 equation C.7.6.2.1-1."""
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    i = np.arange(columns)[None, :, None]
    j = np.arange(rows)[:, None, None]
    place: NDArray[np.float64] = np.array(position) + row * spacing[1] * i + column * spacing[0] * j
    return place


def one_slice(
    position: Sequence[float],
    *,
    shape: tuple[int, int] = (12, 10),
    cosines: Sequence[float] = AXIAL,
    spacing: Sequence[float] = (0.5, 0.5),
    truth: World = ramp,
    elements: Mapping[str, object] = {},
) -> FileDataset:
    """One CT slice of `truth`, stored as int16 tenths of a HU."""
    values = truth(world_of(*shape, position, cosines, spacing))
    stored = np.round(values * 10).astype(np.int16)
    header = _file(CTImageStorage, shape, stored)
    header.ImagePositionPatient = [float(f"{p:.10g}") for p in position]
    header.ImageOrientationPatient = [float(f"{c:.10g}") for c in cosines]
    header.PixelSpacing = list(spacing)
    header.RescaleSlope, header.RescaleIntercept = 0.1, 0
    _set(header, elements)
    return header


def stack(
    places: Sequence[Sequence[float]],
    *,
    shape: tuple[int, int] = (12, 10),
    cosines: Sequence[float] = AXIAL,
    spacing: Sequence[float] = (0.5, 0.5),
    truth: World = ramp,
    elements: Mapping[str, object] = {},
) -> list[FileDataset]:
    """Slices at the given positions, numbered in that order."""
    slices = [
        one_slice(p, shape=shape, cosines=cosines, spacing=spacing, truth=truth, elements=elements)
        for p in places
    ]
    for number, header in enumerate(slices, start=1):
        header.InstanceNumber = number
        header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = f"{SERIES}.{number}"
    return slices


def along_z(*heights: float) -> list[tuple[float, float, float]]:
    """Positions straight above each other."""
    return [(-20.0, -30.0, z) for z in heights]


def whole_hu(values: NDArray[np.int16], elements: Mapping[str, object] = {}) -> list[FileDataset]:
    """Slices of stored numbers (k, j, i) with slope 1 and intercept -1024, 2 mm apart."""
    slices = stack(along_z(*(2.0 * np.arange(len(values)))), shape=values.shape[1:])
    for header, plane in zip(slices, values, strict=True):
        header.PixelData = plane.tobytes()
        header.PixelRepresentation = int(np.issubdtype(values.dtype, np.signedinteger))
        header.RescaleSlope, header.RescaleIntercept = 1, -1024
        _set(header, elements)
    return slices


def as_mr(slices: list[FileDataset]) -> list[FileDataset]:
    """The same slices as an MR series."""
    for header in slices:
        header.Modality = "MR"
        header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = MRImageStorage
    return slices


def as_series(slices: list[FileDataset], number: int, uid: str) -> list[FileDataset]:
    """The same slices under another series."""
    for header in slices:
        header.SeriesNumber, header.SeriesInstanceUID = number, uid
    return slices


def structure_set() -> FileDataset:
    """An object that is no image."""
    header = _file("1.2.840.10008.5.1.4.1.1.481.3", (1, 1), np.zeros((1, 1), np.int16))
    for keyword in ("PixelData", "Rows", "Columns", "BitsStored", "BitsAllocated", "HighBit"):
        delattr(header, keyword)
    header.Modality = "RTSTRUCT"
    return header


def enhanced(
    slices: list[FileDataset], frame_elements: Sequence[Mapping[str, object]] = ()
) -> FileDataset:
    """One enhanced CT with the slices as frames; `frame_elements` go to FrameContentSequence."""
    planes = [np.frombuffer(s.PixelData, np.int16).reshape(s.Rows, s.Columns) for s in slices]
    first = slices[0]
    header = _file(EnhancedCTImageStorage, (first.Rows, first.Columns), np.stack(planes))
    header.NumberOfFrames = len(slices)
    header.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    shared = Dataset()
    shared.PlaneOrientationSequence = [_item(first, "ImageOrientationPatient")]
    shared.PixelMeasuresSequence = [_item(first, "PixelSpacing")]
    shared.PixelMeasuresSequence[0].SliceThickness = 1.5
    shared.CTXRayDetailsSequence = [Dataset()]
    shared.CTXRayDetailsSequence[0].KVP = 120.0
    shared.CTReconstructionSequence = [Dataset()]
    shared.CTReconstructionSequence[0].ConvolutionKernel = "B60"
    header.SharedFunctionalGroupsSequence = [shared]
    header.PerFrameFunctionalGroupsSequence = []
    for number, one in enumerate(slices):
        own = Dataset()
        own.PlanePositionSequence = [_item(one, "ImagePositionPatient")]
        own.PixelValueTransformationSequence = [_item(one, "RescaleSlope")]
        own.PixelValueTransformationSequence[0].RescaleIntercept = one.RescaleIntercept
        own.PixelValueTransformationSequence[0].RescaleType = "HU"
        content = Dataset()
        _set(content, frame_elements[number] if frame_elements else {"StackID": "1"})
        own.FrameContentSequence = [content]
        header.PerFrameFunctionalGroupsSequence.append(own)
    return header


def save(slices: Sequence[Dataset], folder: Path, name: str = "slice") -> Path:
    """Write data sets into a folder, as name-1.dcm and so on, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, header in enumerate(slices, start=1):
        dcmwrite(folder / f"{name}-{number:03d}.dcm", header, enforce_file_format=True)
    return folder


def _item(source: Dataset, keyword: str) -> Dataset:
    item = Dataset()
    setattr(item, keyword, getattr(source, keyword))
    return item


def _set(header: Dataset, elements: Mapping[str, object]) -> None:
    for keyword, value in elements.items():
        setattr(header, keyword, value)


def _file(sop_class: str, shape: tuple[int, int], stored: NDArray[np.int16]) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = f"{SERIES}.1"
    header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    _set(header, PATIENT)
    header.SOPClassUID, header.SOPInstanceUID = sop_class, f"{SERIES}.1"
    header.StudyInstanceUID, header.SeriesInstanceUID = "1.2.3.4.5.6", SERIES
    header.FrameOfReferenceUID = "1.2.3.4.5.7"
    header.Modality, header.SeriesNumber = "CT", 3
    header.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    header.Rows, header.Columns = shape
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated = header.BitsStored = 16
    header.HighBit, header.PixelRepresentation = 15, 1
    header.PixelData = stored.tobytes()
    return header
