"""Stored numbers of DICOM files, whatever happens to the decoder."""

import io
import subprocess
import sys
from types import TracebackType
from typing import IO, Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from ...core import UnreadableScan
from . import decode_apart
from .header import DicomFile, whole
from .wording import element, shown

NATIVE = {
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
}
"""Transfer syntaxes in which pixels are stored as they are."""

HARMLESS = NATIVE | {RLELossless}
"""Transfer syntaxes decoded in Python alone, which no bytes can crash."""


class Decoding:
    """Decodes files one after the other; to be used in a ``with``.

    JPEG, JPEG-LS and JPEG 2000 are decoded in a process of its own, started when first needed
    (about 0.3 s): the decoders are written in C or C++, and a damaged stream may end the
    process that they run in.
    """

    def __init__(self) -> None:
        self._apart: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Decoding":
        """Start nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process, if one was started."""
        if self._apart is not None:
            self._apart.kill()
            self._apart.communicate()
            self._apart = None

    def stored(self, file: DicomFile, bits: int) -> NDArray[Any]:
        """Stored numbers of all frames of a file, unused bits left as they are.

        Parameters
        ----------
        file : DicomFile
            The file; its header gives the number of frames, rows and columns.
        bits : int
            Bits that a number takes.

        Returns
        -------
        (frames, rows, columns) array
            Whole numbers, as stored.

        Raises
        ------
        UnreadableScan
            If the pixels are missing, cut short, damaged, or stored in a way that cannot be
            decoded here.
        """
        _check_decoder(file)
        safe = file.transfer_syntax in HARMLESS
        array = _here(file, bits) if safe else self._over_there(file)
        header = file.header
        frames = whole(header, "NumberOfFrames", file.name, default=1)
        shape = (frames, header.Rows, header.Columns)
        if array.shape != shape:
            raise _damaged(file, f"{array.size} values where {np.prod(shape)} are announced")
        return array

    def _over_there(self, file: DicomFile) -> NDArray[Any]:
        """Let the other process decode; if that dies, the stream was damaged."""
        if self._apart is None:
            program = [sys.executable, "-P", "-W", "ignore", decode_apart.__file__]
            pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
            self._apart = subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=nowhere)
        ask, answers = self._apart.stdin, self._apart.stdout
        if ask is None or answers is None:
            raise _damaged(file, "no decoder could be started")
        with file.source.open() as opened:
            content = opened.read()
        try:
            ask.write(decode_apart.ASK.pack(len(content)))
            ask.write(content)
            ask.flush()
            good, length = decode_apart.ANSWER.unpack(_all(answers, decode_apart.ANSWER.size))
            answer = _all(answers, length)
        except (EOFError, BrokenPipeError):
            raise _damaged(file, "the decoder crashed") from None
        if not good:
            raise _damaged(file, answer.decode())
        return np.asarray(np.load(io.BytesIO(answer), allow_pickle=False))


def _here(file: DicomFile, bits: int) -> NDArray[Any]:
    with file.source.open() as opened:
        try:
            data = pydicom.dcmread(opened, specific_tags=list(decode_apart.NEEDED), force=True)
        except Exception as fault:  # a parser fed with hostile bytes may raise anything
            raise _damaged(file, type(fault).__name__) from None
    if "PixelData" not in data:
        raise UnreadableScan(
            f"{file.name}: {element('PixelData')} is missing or cut short; copy the file again."
        )
    if file.transfer_syntax in NATIVE:
        _check_length(file, data, bits)
    try:
        return decode_apart.stored_numbers(data, str(file.transfer_syntax))
    except Exception as fault:  # pydicom reports damage in many ways
        raise _damaged(file, type(fault).__name__) from None


def _all(answers: IO[bytes], length: int) -> bytes:
    found = answers.read(length)
    if len(found) < length:
        raise EOFError
    return found


def _check_decoder(file: DicomFile) -> None:
    syntax = file.transfer_syntax
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        raise UnreadableScan(
            f"{file.name}: pixels are stored as {shown(syntax.name)}, for which no decoder is "
            "installed; export the series uncompressed."
        )


def _check_length(file: DicomFile, data: Dataset, bits: int) -> None:
    """Refuse uncompressed pixels that are fewer than the header announces."""
    frames = whole(file.header, "NumberOfFrames", file.name, default=1)
    expected = frames * file.header.Rows * file.header.Columns * bits // 8
    found = len(data.PixelData or b"")
    if found < expected:
        raise UnreadableScan(
            f"{file.name}: {element('PixelData')} holds {found} of {expected} bytes; the file is "
            "cut short, copy it again."
        )


def _damaged(file: DicomFile, how: str) -> UnreadableScan:
    return UnreadableScan(
        f"{file.name}: {element('PixelData')} cannot be decoded "
        f"({shown(file.transfer_syntax.name)}: {how}); the file is damaged or cut short."
    )
