"""How a series was acquired, and what in its header names the patient."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
from pydicom import Dataset

from ...core import Acquisition
from .header import items, text
from .multiframe import groups
from .wording import shown

IDENTIFIERS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "AccessionNumber",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "StudyDate",
    "InstitutionName",
    "ReferringPhysicianName",
)
"""Elements that name the patient or the examination; kept apart from everything else."""

NO_CONTRAST = {"NONE", "NO", "N", "NO CONTRAST", "WITHOUT", "NATIVE", "UNENHANCED", "0"}
"""What scanners write as the contrast agent where none was given."""


def acquisition_of(header: Dataset, modality: str) -> Acquisition:
    """How the series was made, from the classic elements or the functional groups.

    Parameters
    ----------
    header : Dataset
        Header of one file of the series.
    modality : str
        Its modality.

    Returns
    -------
    Acquisition
        What the file does not say, or says unreadably, is None.
    """
    return Acquisition(
        modality=modality,
        kvp=_positive(header, "CTXRayDetailsSequence", "KVP"),
        kernel=_words(header, "CTReconstructionSequence", "ConvolutionKernel"),
        slice_thickness=_positive(header, "PixelMeasuresSequence", "SliceThickness"),
        manufacturer=_words(header, "", "Manufacturer"),
        model=_words(header, "", "ManufacturerModelName"),
        contrast=_contrast(header),
    )


def identifiers_of(header: Dataset) -> dict[str, str]:
    """What names the patient, by DICOM keyword, as far as present."""
    found = {keyword: text(header, keyword) for keyword in IDENTIFIERS}
    return {keyword: said for keyword, said in found.items() if said}


def _said(header: Dataset, group: str, keyword: str) -> Iterator[str]:
    """What the header says, first outside of and then inside functional groups."""
    places = chain([header], groups(header, group) if group else ())
    return (said for place in places if (said := text(place, keyword)))


def _words(header: Dataset, group: str, keyword: str) -> str | None:
    said = next(_said(header, group, keyword), "")
    return shown(said.replace("\\", " "), 64) or None


def _positive(header: Dataset, group: str, keyword: str) -> float | None:
    for said in _said(header, group, keyword):
        try:
            number = float(said)
        except ValueError:
            continue
        if np.isfinite(number) and number > 0:
            return number
    return None


def _contrast(header: Dataset) -> bool | None:
    """True where an agent is named or was administered, False where the file says none was."""
    agent = text(header, "ContrastBolusAgent").upper()
    if agent:
        return agent not in NO_CONTRAST
    usages = groups(header, "ContrastBolusUsageSequence")
    given = {text(usage, "ContrastBolusAgentAdministered").upper() for usage in usages} - {""}
    if given:
        return "YES" in given
    return True if items(header, "ContrastBolusAgentSequence") else None
