"""A program that decodes pixels in a process of its own, since decoders in C crash on bad bytes.

It reads DICOM files from standard input and answers each with its stored numbers, or with the
name of what went wrong. Of the package it needs nothing, so that it starts fast.
"""

import io
import os
import struct
import sys
from typing import Any, BinaryIO

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

MAX_MEMORY = 8 * 1024**3
"""Most bytes of memory that decoding may take; a damaged stream can announce any size."""

NEEDED = (
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames"),
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData"),
)
"""Elements that decoding needs."""

FASTEST = {"1.2.840.10008.1.2.4.80": "pyjpegls", "1.2.840.10008.1.2.4.81": "pyjpegls"}
"""Decoder to take where pydicom would take a slower one first, by transfer syntax."""

ASK = struct.Struct("<Q")
"""Before each file: its length in bytes."""

ANSWER = struct.Struct("<?Q")
"""Before each answer: whether it holds numbers, and its length in bytes."""


def stored_numbers(data: Dataset, syntax: str) -> NDArray[Any]:
    """Stored numbers of all frames, (frames, rows, columns), unused bits left as they are.

    Parameters
    ----------
    data : Dataset
        The elements `NEEDED`.
    syntax : str
        UID of the transfer syntax.
    """
    data.file_meta.TransferSyntaxUID = UID(syntax)
    options: dict[str, Any] = {"correct_unused_bits": False}
    array, _ = get_decoder(syntax).as_array(
        data, raw=True, decoding_plugin=FASTEST.get(syntax, ""), **options
    )
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return np.asarray(native.reshape(-1, data.Rows, data.Columns))


def main() -> None:
    """Answer file after file until standard input ends."""
    _limit_memory()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints must not get between the answers
    while head := sys.stdin.buffer.read(ASK.size):
        _answer(sys.stdin.buffer.read(ASK.unpack(head)[0]), answers)


def _answer(content: bytes, answers: BinaryIO) -> None:
    try:
        data = pydicom.dcmread(io.BytesIO(content), specific_tags=list(NEEDED))
        packed = io.BytesIO()
        np.save(packed, stored_numbers(data, str(data.file_meta.TransferSyntaxUID)))
        good, answer = True, packed.getvalue()
    except Exception as fault:  # decoders report damage in many ways; the caller tells the user
        good, answer = False, type(fault).__name__.encode()
    answers.write(ANSWER.pack(good, len(answer)))
    answers.write(answer)
    answers.flush()


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(MAX_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


if __name__ == "__main__":
    main()
