"""What the header of a DICOM file says, read so that a bad value is told and not guessed."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ...core import UnreadableScan
from .archive import DEFLATED, Source
from .wording import element, shown


@dataclass(frozen=True, eq=False)
class DicomFile:
    """One DICOM file: where its bytes are, and its header.

    Attributes
    ----------
    source : Source
        The file itself.
    header : Dataset
        Its elements up to the pixels.
    complete : bool
        Whether pixels follow the header, as they do not where the file breaks off.
    """

    source: Source
    header: Dataset = field(repr=False)
    complete: bool = True

    @property
    def name(self) -> str:
        """File name for messages."""
        return self.source.name

    @property
    def sop_class(self) -> UID:
        """What kind of object it is; empty where the file does not say."""
        return UID(text(self.meta, "MediaStorageSOPClassUID") or text(self.header, "SOPClassUID"))

    @property
    def meta(self) -> Dataset:
        """File meta information; empty where the file has none."""
        return getattr(self.header, "file_meta", None) or Dataset()

    @property
    def transfer_syntax(self) -> UID:
        """Transfer syntax as the file says it, or as its header turned out to be written."""
        if said := text(self.meta, "TransferSyntaxUID"):
            return UID(said)
        implicit, little = self.header.original_encoding
        if implicit:
            return ImplicitVRLittleEndian
        return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


@contextmanager
def quietly() -> Iterator[None]:
    """Keep pydicom's remarks on badly written values from the user, while inside.

    Real scanners write values that break the letter of the standard (a text two characters too
    long). Every value used here is checked where it is used, so the remarks add nothing.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def read_header(source: Source) -> DicomFile:
    """Header of a DICOM file, up to the pixels.

    Raises
    ------
    UnreadableScan
        If the file breaks off or is damaged before its header is complete.
    """
    with source.open() as file:
        try:
            header = pydicom.dcmread(file, stop_before_pixels=True, force=True)
            more = bool(file.read(1))
        except Exception as fault:  # a parser fed with hostile bytes may raise anything
            raise UnreadableScan(
                f"{source.name}: the DICOM header cannot be read ({type(fault).__name__}); "
                "the file is damaged or cut short."
            ) from None
    read = DicomFile(source, header, more)
    # a deflated file is read to its end in any case, so that tells nothing
    return replace(read, complete=more or read.transfer_syntax == DEFLATED)


def value(data: Dataset, keyword: str, name: str = "") -> object:
    """Value of an element, None where it is absent or empty.

    Raises
    ------
    UnreadableScan
        If the bytes of the element are no value of its kind.
    """
    try:
        found: object = data.get(keyword)
    except Exception as fault:  # pydicom converts on access and lets any error through
        raise UnreadableScan(
            f"{name}: {element(keyword)} cannot be read ({type(fault).__name__})."
        ) from None
    return None if found == "" else found


def numbers(data: Dataset, keyword: str, count: int, name: str) -> NDArray[np.float64]:
    """Exactly `count` finite numbers of an element.

    Raises
    ------
    UnreadableScan
        If the element is missing or holds something else.
    """
    found = value(data, keyword, name)
    if found is None:
        raise missing(keyword, name)
    try:
        array = np.array(found, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        array = np.array([])
    if array.size != count or not np.isfinite(array).all():
        raise UnreadableScan(
            f"{name}: {element(keyword)} must be {count} numbers, not '{shown(str(found), 40)}'."
        )
    return array


def whole(data: Dataset, keyword: str, name: str, *, default: int | None = None) -> int:
    """Whole number of an element; `default` where it is missing.

    Raises
    ------
    UnreadableScan
        If it is missing and there is no default, or is no whole number.
    """
    if value(data, keyword, name) is None and default is not None:
        return default
    return int(numbers(data, keyword, 1, name)[0])


def text(data: Dataset, keyword: str) -> str:
    r"""Text of an element, several values joined by ``\``; empty where missing or unreadable."""
    try:
        found = value(data, keyword)
    except UnreadableScan:
        return ""
    if found is None:
        return ""
    parts = found if isinstance(found, MultiValue | list) else [found]
    return "\\".join(str(part) for part in parts).strip()


def items(data: Dataset, keyword: str) -> list[Dataset]:
    """Items of a sequence; none where it is missing or is no sequence."""
    try:
        found = value(data, keyword)
    except UnreadableScan:
        return []
    return list(found) if isinstance(found, pydicom.Sequence) else []


def missing(keyword: str, name: str) -> UnreadableScan:
    """Error for an element without which there is no volume."""
    return UnreadableScan(
        f"{name}: {element(keyword)} is missing; the file is cut short or was stripped of it."
    )
