"""Options that commands share, each documented once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True)
class Reading:
    """How the scan is read."""

    series: str | None = None
    """Number or UID of the DICOM series, where there are several."""

    allow_gaps: Annotated[bool, Parameter(negative="")] = False
    """Resample slices that are missing or unequal, instead of refusing them."""

    kvp: float | None = None
    """Tube voltage in kV, where the file does not say it."""

    contrast: Literal["yes", "no"] | None = None
    """Whether contrast agent was given, where the file does not say it."""

    @property
    def contrast_given(self) -> bool | None:
        """The answer as true, false or unknown."""
        return None if self.contrast is None else self.contrast == "yes"


@Parameter(name="*")
@dataclass(frozen=True)
class Beside:
    """What goes with the scan."""

    labels: Path | None = None
    """Vertebra labels on the grid of the CT (NIfTI, NRRD, MetaImage), as TotalSegmentator, VerSe
    or TPTBox number them; or a folder of masks such as vertebrae_L1.nii.gz. Needed: vertebrae are
    not found automatically yet."""

    organs: Path | None = None
    """Labels of TotalSegmentator's task "total": aorta for contrast, muscle for calibration."""

    subregions: Path | None = None
    """Sub-region labels of TPTBox or SPINEPS, where the vertebral body is known."""

    numbering: str | None = None
    """Numbering of the labels, TotalSegmentator or VerSe, where it is not recognised."""

    level_map: Path | None = None
    """JSON file with the level of each label number, such as {"1": "L1"}."""

    rods: Path | None = None
    """TOML file with the rods of a density phantom and their mean HU."""

    @property
    def images(self) -> dict[str, Path | None]:
        """Label images by their role."""
        return {"labels": self.labels, "organs": self.organs, "subregions": self.subregions}

    @property
    def tables(self) -> dict[str, Path | None]:
        """Files written by hand, by their role."""
        return {"level_map": self.level_map, "rods": self.rods}


@Parameter(name="*")
@dataclass(frozen=True)
class Margins:
    """What is taken off a vertebral body to leave trabecular bone."""

    shell_mm: float = 4.0
    """Taken off the surface, in mm."""

    endplate_mm: float = 5.0
    """Taken off at the endplates, in mm."""

    oval_height_mm: float = 5.0
    """Height of the mid-body oval, in mm."""


@Parameter(name="*")
@dataclass(frozen=True)
class Naming:
    """How the results are told."""

    subject: str | None = None
    """What the subject is called in the tables; a code made from the file otherwise."""

    keep_identifiers: Annotated[bool, Parameter(negative="")] = False
    """Write name, number and dates of the patient into results.json."""

    json: Annotated[bool, Parameter(negative="")] = False
    """Print results.json to stdout instead of one line saying where the results are."""
