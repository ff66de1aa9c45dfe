"""Which series are in the input, and which of them is meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...core import UnreadableScan, UnsuitableScan
from .header import DicomFile, missing, text, whole
from .multiframe import groups
from .wording import counted, element, listed, shown

READABLE = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",  # CT Image Storage
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",  # Enhanced CT
    "1.2.840.10008.5.1.4.1.1.2.2": "CT",  # Legacy Converted Enhanced CT
    "1.2.840.10008.5.1.4.1.1.4": "MR",  # MR Image Storage
    "1.2.840.10008.5.1.4.1.1.4.1": "MR",  # Enhanced MR
    "1.2.840.10008.5.1.4.1.1.4.4": "MR",  # Legacy Converted Enhanced MR
}
"""SOP classes that are read, and the modality of each (PS3.4 annex B.5)."""

SHORTEST_ENDING = 5
"""Fewest characters of the end of a SeriesInstanceUID by which a series may be chosen."""

LISTED = 12
"""Most series named in one message."""


@dataclass(frozen=True)
class SeriesInfo:
    """What is needed to choose a series; nothing that names the patient.

    Attributes
    ----------
    number : int or None
        SeriesNumber.
    modality : str
        ``"CT"`` or ``"MR"``.
    slices : int
        Number of slices, frames counted one by one.
    rows, columns : int or None
        Size of a slice.
    spacing : tuple of 2 float, or None
        Distance between rows and between columns, in mm.
    thickness : float or None
        Slice thickness in mm.
    kernel : str
        Reconstruction kernel; empty where the file does not say.
    ending : str
        Last characters of the SeriesInstanceUID, enough to choose the series by.
    """

    number: int | None
    modality: str
    slices: int
    rows: int | None
    columns: int | None
    spacing: tuple[float, float] | None
    thickness: float | None
    kernel: str
    ending: str

    def __str__(self) -> str:
        """One line for a list of series."""
        name = f"…{self.ending}" if self.number is None else str(self.number)
        facts = [self.modality, counted(self.slices, "slice")]
        if self.rows and self.columns:
            facts[1] += f" of {self.columns}×{self.rows}"
        if self.spacing:
            facts.append(f"{self.spacing[1]:.3g}×{self.spacing[0]:.3g} mm")
        if self.thickness:
            facts.append(f"{self.thickness:.3g} mm thick")
        if self.kernel:
            facts.append(f"kernel {self.kernel}")
        return f"{name}: {' '.join(facts)}"


@dataclass(frozen=True, eq=False)
class Series:
    """Files of one series.

    Attributes
    ----------
    uid : str
        SeriesInstanceUID.
    info : SeriesInfo
        What it is.
    files : list of DicomFile
        Its files, in the order of their names.
    """

    uid: str
    info: SeriesInfo
    files: list[DicomFile]


def image_series(files: Iterable[DicomFile], where: str) -> list[Series]:
    """CT and MR series among the files, in the order of their numbers.

    What is no image (structure sets, reports, directories) and images of other modalities are
    left aside, as are series that consist of localizers only.

    Parameters
    ----------
    files : iterable of DicomFile
        All files of the input.
    where : str
        Name of the input, for messages.

    Raises
    ------
    UnsuitableScan
        If there is no such series; the message says what there is instead.
    UnreadableScan
        If a file does not say to which series it belongs.
    """
    members: dict[str, list[DicomFile]] = {}
    others: list[DicomFile] = []
    for file in files:
        if not file.sop_class or not len(file.header):
            raise missing("SOPClassUID", file.name)
        if str(file.sop_class) in READABLE and not file.complete:
            raise missing("PixelData", file.name)
        if not _is_readable(file):
            others.append(file)
            continue
        uid = text(file.header, "SeriesInstanceUID")
        if not uid:
            raise missing("SeriesInstanceUID", file.name)
        members.setdefault(uid, []).append(file)
    found = {uid: group for uid, group in members.items() if not all(map(is_localizer, group))}
    if not found:
        raise _nothing([*others, *(file for group in members.values() for file in group)], where)
    return _described(found)


def choose(series: Sequence[Series], wanted: str | int | None, where: str) -> Series:
    """The series that is meant.

    Parameters
    ----------
    series : sequence of Series
        What there is.
    wanted : str, int or None
        SeriesNumber, SeriesInstanceUID, or a unique ending of it of five characters or more;
        None where there is only one.
    where : str
        Name of the input, for messages.

    Raises
    ------
    UnsuitableScan
        If none or several fit; the message lists them.
    """
    fitting = list(series)
    if wanted is not None:
        said = str(wanted).strip()
        number = int(said) if said.lstrip("-").isdecimal() else None
        fitting = [s for s in series if number is not None and s.info.number == number]
        if not fitting and len(said) >= SHORTEST_ENDING:
            fitting = [s for s in series if s.uid.endswith(said)]
    if len(fitting) == 1:
        return fitting[0]
    there = listed([str(s.info) for s in fitting or series], LISTED, "series", joint="; ")
    if not fitting:
        ending = shown(str(wanted), 16)
        raise UnsuitableScan(f"{where} holds no series {ending}; there is {there}.")
    clash = len({s.info.number for s in fitting}) < len(fitting)
    how = "its number"
    if clash:
        there = "; ".join(f"{s.info} (UID …{s.info.ending})" for s in fitting[:LISTED])
        how = "the end of its UID"
    raise UnsuitableScan(
        f"{where} holds {len(fitting)} series: {there}. Choose one by {how}, with --series."
    )


def is_localizer(file: DicomFile) -> bool:
    """Whether a file is a planning view, which is part of no volume."""
    return "LOCALIZER" in text(file.header, "ImageType").upper()


def _is_readable(file: DicomFile) -> bool:
    """Whether a file holds slices of a CT or MR by its SOP class and its modality."""
    modality = READABLE.get(str(file.sop_class))
    return modality is not None and text(file.header, "Modality").upper() in ("", modality)


def _nothing(others: Sequence[DicomFile], where: str) -> Exception:
    """Error that says what the input holds instead of a CT or MR."""
    if not others:
        return UnreadableScan(
            f"{where} holds no DICOM file; give the folder, zip or file of a CT or MR series."
        )
    kinds = list(dict.fromkeys(_kind(file) for file in others))
    first = f" (first: {others[0].name})" if len(others) > 1 else ""
    return UnsuitableScan(
        f"{where} holds no CT or MR slices but {listed(kinds, 4, 'other kinds')}{first}; "
        "give a CT or MR series."
    )


def _kind(file: DicomFile) -> str:
    modality = shown(text(file.header, "Modality"), 16) or "?"
    name = file.sop_class.name
    name = "a private SOP class" if name == str(file.sop_class) else name
    if is_localizer(file):
        name = f"localizers ({element('ImageType')} LOCALIZER)"
    return f"{name} with {element('Modality')} {modality}"


def _described(members: dict[str, list[DicomFile]]) -> list[Series]:
    length = SHORTEST_ENDING
    while len({uid[-length:] for uid in members}) < len(members):
        length += 1
    found = [
        Series(uid, _info(files, shown(uid[-length:])), sorted(files, key=lambda file: file.name))
        for uid, files in members.items()
    ]
    return sorted(found, key=lambda s: (s.info.number is None, s.info.number or 0, s.uid))


def _info(files: list[DicomFile], ending: str) -> SeriesInfo:
    header = files[0].header
    measures = next(groups(header, "PixelMeasuresSequence"), header)
    kernels = [header, *groups(header, "CTReconstructionSequence")]
    kernel = next((k for d in kernels if (k := text(d, "ConvolutionKernel"))), "")
    spacing = _numbers(text(measures, "PixelSpacing"))
    thickness = _numbers(text(measures, "SliceThickness"))
    number = _numbers(text(header, "SeriesNumber"))
    rows, columns = (_numbers(text(header, keyword)) for keyword in ("Rows", "Columns"))
    return SeriesInfo(
        number=int(number[0]) if number else None,
        modality=READABLE[str(files[0].sop_class)],
        slices=sum(max(whole(f.header, "NumberOfFrames", f.name, default=1), 1) for f in files),
        rows=int(rows[0]) if rows else None,
        columns=int(columns[0]) if columns else None,
        spacing=(spacing[0], spacing[1]) if len(spacing) == 2 else None,
        thickness=thickness[0] if thickness else None,
        kernel=shown(kernel.replace("\\", " "), 16),
        ending=ending,
    )


def _numbers(said: str) -> list[float]:
    """Numbers of a text as DICOM joins them; none where one of them is no number."""
    try:
        return [float(part) for part in said.split("\\")] if said else []
    except ValueError:
        return []
