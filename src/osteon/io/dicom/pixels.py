"""Pixels of a file: decoded, freed of padding, and rescaled to what they mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless

from ...core import Flag, UnreadableScan, UnsuitableScan
from .decode import Decoding
from .frames import MAX_VOXELS, Frame, Scale
from .header import DicomFile, text, value, whole
from .wording import element

AIR_HU = -1024
"""CT number given to padding, in HU: the least that 12 bits hold, below that of air."""

TISSUE_HU = (-900, 3071)
"""CT numbers between which a voxel may be lung or denser tissue, in HU."""

LOSSY = {JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless}
"""Transfer syntaxes that never keep the values as they were."""


@dataclass(frozen=True)
class Storage:
    """How the numbers of a file are stored.

    Attributes
    ----------
    allocated, stored : int
        Bits that a number takes and bits of it that count.
    signed : bool
        Whether numbers may be negative.
    padding : tuple of 2 int, or None
        Smallest and largest stored number that stands for "no measurement".
    """

    allocated: int
    stored: int
    signed: bool
    padding: tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class Pixels:
    """Values of some slices.

    Attributes
    ----------
    slices : (k, j, i) array
        In the order asked for; int16 where exact, else float32.
    flags : tuple of Flag
        What is odd about them.
    """

    slices: NDArray[Any]
    flags: tuple[Flag, ...]


def read_pixels(frames: Sequence[Frame], *, hounsfield: bool) -> Pixels:
    """Values of slices, each with the slope and intercept of its own.

    Parameters
    ----------
    frames : sequence of Frame
        Slices, all of one matrix.
    hounsfield : bool
        Whether values are HU; then padding becomes -1024 HU.

    Returns
    -------
    Pixels
        Values of shape (slices, rows, columns).

    Raises
    ------
    UnreadableScan
        If the pixels of a file are missing, cut short, damaged, or too many.
    UnsuitableScan
        If they are colours.
    """
    voxels = len(frames) * frames[0].rows * frames[0].columns
    if voxels > MAX_VOXELS:
        raise UnreadableScan(
            f"{frames[0].name}: {element('Rows')}, {element('Columns')} and the number of slices "
            f"announce {voxels:.3g} voxels, at most {MAX_VOXELS:.3g} are read; crop the series."
        )
    files = list({id(frame.file): frame.file for frame in frames}.values())
    wanted: dict[int, list[Frame]] = {id(file): [] for file in files}
    for frame in frames:
        wanted[id(frame.file)].append(frame)
    planes: dict[tuple[int, int], tuple[NDArray[Any], int]] = {}
    with Decoding() as decoding:
        for file in files:
            planes |= _values(decoding, wanted[id(file)], hounsfield)
    doubtful = sum(count for _, count in planes.values())
    in_order = [planes[(id(f.file), f.index)][0] for f in frames]
    exact = all(plane.dtype == np.int16 for plane in in_order)
    slices = np.stack(in_order, dtype=np.int16 if exact else np.float32, casting="same_kind")
    return Pixels(slices, _flags(files, doubtful))


def _values(
    decoding: Decoding, frames: Sequence[Frame], hounsfield: bool
) -> dict[tuple[int, int], tuple[NDArray[Any], int]]:
    """Values of slices of one file, and how many voxels of doubtful padding each had."""
    file = frames[0].file
    storage = storage_of(file)
    stored = decoding.stored(file, storage.allocated)
    return {
        (id(file), frame.index): _rescaled(stored[frame.index], storage, frame.scale, hounsfield)
        for frame in frames
    }


def storage_of(file: DicomFile) -> Storage:
    """How the numbers of a file are stored, checked before anything is decoded.

    Raises
    ------
    UnreadableScan
        If an element is missing or contradicts another.
    UnsuitableScan
        If the file holds colours.
    """
    header, name = file.header, file.name
    samples = whole(header, "SamplesPerPixel", name, default=1)
    colours = text(header, "PhotometricInterpretation").upper() or "MONOCHROME2"
    if samples != 1 or not colours.startswith("MONOCHROME"):
        raise UnsuitableScan(
            f"{name} is a colour picture ({element('PhotometricInterpretation')}), not a scan."
        )
    allocated = whole(header, "BitsAllocated", name)
    stored = whole(header, "BitsStored", name, default=allocated)
    high = whole(header, "HighBit", name, default=stored - 1)
    if allocated not in (8, 16, 32) or not 1 <= stored <= allocated or high != stored - 1:
        raise UnreadableScan(
            f"{name}: {element('BitsAllocated')} {allocated}, {element('BitsStored')} {stored} and "
            f"{element('HighBit')} {high} do not fit together; export the series again."
        )
    signed = whole(header, "PixelRepresentation", name) == 1
    return Storage(allocated, stored, signed, _padding(header, name, allocated, signed))


def _padding(header: Dataset, name: str, bits: int, signed: bool) -> tuple[int, int] | None:
    """Range of padding, in the sign of the pixels, whichever sign it was written with."""
    if value(header, "PixelPaddingValue", name) is None:
        return None
    first = whole(header, "PixelPaddingValue", name)
    last = whole(header, "PixelPaddingRangeLimit", name, default=first)
    ends = [_in_sign(end, bits, signed) for end in (first, last)]
    return min(ends), max(ends)


def _in_sign(number: int, bits: int, signed: bool) -> int:
    pattern = number & ((1 << bits) - 1)
    return pattern - (1 << bits) if signed and pattern >> (bits - 1) else pattern


def _rescaled(
    stored: NDArray[Any], storage: Storage, scale: Scale, hounsfield: bool
) -> tuple[NDArray[Any], int]:
    """Values of one slice, and how many voxels of doubtful padding it had."""
    spare = storage.allocated - storage.stored
    numbers = (stored << spare) >> spare if spare else stored
    slope, intercept = scale.slope, scale.intercept
    whole_steps = float(slope).is_integer() and float(intercept).is_integer()
    values: NDArray[Any]
    if whole_steps:
        values = numbers.astype(np.int64 if storage.allocated > 16 else np.int32)
        values = values * int(slope) + int(intercept)
    else:
        values = numbers * slope + intercept
    doubtful = 0
    if hounsfield and storage.padding is not None:
        low, high = storage.padding
        empty = ((stored >= low) & (stored <= high)) | ((numbers >= low) & (numbers <= high))
        own = values[empty]
        doubtful = int(np.count_nonzero((own > TISSUE_HU[0]) & (own < TISSUE_HU[1])))
        values[empty] = AIR_HU
    limits = np.iinfo(np.int16)
    if whole_steps and values.min() >= limits.min and values.max() <= limits.max:
        return values.astype(np.int16), doubtful
    return values.astype(np.float32), doubtful


def _flags(files: Sequence[DicomFile], doubtful: int) -> tuple[Flag, ...]:
    flags = []
    if doubtful:
        flags.append(
            Flag(
                "padding-looks-like-tissue",
                f"{doubtful} voxels carry {element('PixelPaddingValue')} and were set to "
                f"{AIR_HU} HU, although their own value is one that tissue may have.",
            )
        )
    lossy = [
        file
        for file in files
        if text(file.header, "LossyImageCompression") == "01" or file.transfer_syntax in LOSSY
    ]
    if lossy:
        flags.append(
            Flag(
                "lossy-compression",
                f"Values were changed by lossy compression before they came here "
                f"({element('LossyImageCompression')}, {len(lossy)} of {len(files)} files).",
            )
        )
    return tuple(flags)
