"""Enhanced CT and MR: many slices in one file, described by functional groups."""

from collections.abc import Iterator, Sequence

from pydicom import Dataset

from ...core import UnreadableScan
from .frames import Frame, cosines, image_type, matrix, scale, spacing
from .header import DicomFile, items, missing, numbers, text, whole
from .wording import counted, element

FRAME_TYPES = ("CTImageFrameTypeSequence", "MRImageFrameTypeSequence")
"""Functional groups that hold the FrameType of a CT and an MR."""

APART = (
    ("FrameContentSequence", "StackID"),
    ("FrameContentSequence", "TemporalPositionIndex"),
    ("MREchoSequence", "EffectiveEchoTime"),
    ("MRDiffusionSequence", "DiffusionBValue"),
    ("MRImageFrameTypeSequence", "FrameType"),
    ("MRImageFrameTypeSequence", "ComplexImageComponent"),
    ("CTImageFrameTypeSequence", "FrameType"),
    ("CTReconstructionSequence", "ConvolutionKernel"),
)
"""Groups and elements in which frames at one position commonly differ."""


def is_enhanced(file: DicomFile) -> bool:
    """Whether slices are described by functional groups."""
    return "Enhanced" in file.sop_class.name or "PerFrameFunctionalGroupsSequence" in file.header


def enhanced_frames(file: DicomFile) -> list[Frame]:
    """All slices of an enhanced multi-frame file.

    Each group is taken from the frame's own item or, where it is not there, from the shared
    one (PS3.3 C.7.6.16).

    Raises
    ------
    UnreadableScan
        If a group or element is missing without which a slice has no place.
    """
    header, name = file.header, file.name
    count = whole(header, "NumberOfFrames", name, default=1)
    per_frame = items(header, "PerFrameFunctionalGroupsSequence")
    if not per_frame:
        raise missing("PerFrameFunctionalGroupsSequence", name)
    if len(per_frame) != count:
        raise UnreadableScan(
            f"{name}: {element('PerFrameFunctionalGroupsSequence')} describes "
            f"{counted(len(per_frame), 'frame')}, {element('NumberOfFrames')} says {count}."
        )
    shared = items(header, "SharedFunctionalGroupsSequence")[:1]
    return [_frame(file, index, [own, *shared]) for index, own in enumerate(per_frame)]


def groups(header: Dataset, keyword: str) -> Iterator[Dataset]:
    """Items of one functional group: shared first, then frame by frame."""
    for sequence in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in items(header, sequence):
            yield from items(item, keyword)


def _frame(file: DicomFile, index: int, places: Sequence[Dataset]) -> Frame:
    name = f"{file.name}, frame {index + 1}"
    rows, columns = matrix(file)
    types = [_group(places, keyword) for keyword in FRAME_TYPES]
    frame_type = next((t for t in types if t is not None), None)
    rescale = _group(places, "PixelValueTransformationSequence")
    return Frame(
        file,
        index,
        rows,
        columns,
        numbers(_needed(places, "PlanePositionSequence", name), "ImagePositionPatient", 3, name),
        cosines(_needed(places, "PlaneOrientationSequence", name), name),
        spacing(_needed(places, "PixelMeasuresSequence", name), name),
        scale(rescale if rescale is not None else Dataset(), [*places, file.header], name),
        image_type(file.header, "ImageType")
        + (image_type(frame_type, "FrameType") if frame_type is not None else ()),
        {
            keyword: text(group, keyword)
            for sequence, keyword in APART
            if (group := _group(places, sequence)) is not None
        },
    )


def _group(places: Sequence[Dataset], keyword: str) -> Dataset | None:
    return next((found[0] for place in places if (found := items(place, keyword))), None)


def _needed(places: Sequence[Dataset], keyword: str, name: str) -> Dataset:
    found = _group(places, keyword)
    if found is None:
        raise missing(keyword, name)
    return found
