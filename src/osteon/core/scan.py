"""A scan as it was acquired: its volume, how it was made, and what is odd about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .measurement import Flag
from .volume import Volume


@dataclass(frozen=True)
class Acquisition:
    """How a scan was made, as far as the file says; None is unknown.

    Attributes
    ----------
    modality : str or None
        DICOM modality, such as ``"CT"`` or ``"MR"``.
    kvp : float or None
        Tube voltage in kV.
    kernel : str or None
        Reconstruction kernel as the maker calls it.
    slice_thickness : float or None
        Thickness of a slice as reconstructed, in mm; not the distance between slices.
    manufacturer, model : str or None
        Maker and model of the scanner.
    contrast : bool or None
        True where the file says that contrast agent was given, False where it says none was.
    """

    modality: str | None = None
    kvp: float | None = None
    kernel: str | None = None
    slice_thickness: float | None = None
    manufacturer: str | None = None
    model: str | None = None
    contrast: bool | None = None


@dataclass(frozen=True, eq=False)
class Scan:
    """One image of one patient.

    Attributes
    ----------
    volume : Volume
        Voxel values with grid and unit.
    acquisition : Acquisition
        How it was made.
    flags : tuple of Flag
        Oddities of the file and what was done about them.
    format : str
        What was read: ``"DICOM"``, ``"NIfTI"``, ``"NRRD"``, ``"MetaImage"``, ``"ISQ"``, ``"TIFF"``.
    identifiers : mapping of str to str
        What names the patient (DICOM keyword to value); written nowhere unless asked for.
    """

    volume: Volume
    acquisition: Acquisition = field(default_factory=Acquisition)
    flags: tuple[Flag, ...] = ()
    format: str = ""
    identifiers: Mapping[str, str] = field(default_factory=dict, repr=False)
