"""Options that commands share, each documented once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, Token


def whole(_: object, tokens: Sequence[Token]) -> int:
    """A whole number; cyclopts alone would round 2.5 to 2."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"'{tokens[0].value}' is no whole number.") from None


Whole = Annotated[int | None, Parameter(converter=whole)]


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


@Parameter(name="*")
@dataclass(frozen=True)
class Drawn:
    """What is measured of the image."""

    mask: Path | None = None
    """Region to measure, drawn on the voxels of the image; all of it without."""

    label: Whole = None
    """Number of the region in the mask; every voxel that is not 0 without it."""

    series: str | None = None
    """Number or UID of the DICOM series, where there are several."""

    spacing: Annotated[tuple[float, float, float] | None, Parameter(negative="")] = None
    """Distance of voxels along the three axes in mm, for a TIFF stack."""


@Parameter(name="*")
@dataclass(frozen=True)
class Bone:
    """How bone is found and measured."""

    threshold: Annotated[str, Parameter(allow_leading_hyphen=True)] = "otsu"
    """How bone is told from marrow: otsu, isodata, adaptive, ipl, or a value with its unit, such as
    "320 mg/cm3". An image of two values is taken as it is."""

    references: Annotated[tuple[float, float] | None, Parameter(negative="")] = None
    """Intensities of pure marrow and pure bone, MARROW BONE: the threshold lies halfway."""

    dark: Annotated[bool, Parameter(negative="")] = False
    """Bone is darker than marrow, as in MR."""

    mode: Literal["auto", "standard", "apparent", "srrd", "cortical"] = "auto"
    """Parameters of resolved trabeculae (standard), of voxels larger than one (apparent), of the
    published knee recipe (srrd), or of a shell (cortical); auto goes by the voxel size."""

    convention: Literal["centre", "border"] = "centre"
    """Where thickness takes the surface: in the centre of the next voxel outside (as BoneJ), or
    half a voxel before it (nearer to Scanco)."""

    block: Whole = None
    """Slices worked on at once where memory is short; changes no number."""

    map: Annotated[tuple[Literal["Tb.Th", "Tb.Sp", "Ct.Th"], ...], Parameter(negative="")] = ()
    """Map to write as NIfTI; give the option again for another one."""


@Parameter(name="*")
@dataclass(frozen=True)
class Strength:
    """Stiffness by finite elements."""

    strength: Annotated[bool, Parameter(negative="")] = False
    """Compute the stiffness of the cube; takes minutes."""

    modulus_gpa: float = 17.0
    """Young's modulus of bone tissue in GPa."""

    poisson: float = 0.3
    """Poisson's ratio of bone tissue."""

    element_mm: float = 0.1
    """Least side of an element in mm; smaller voxels are put together."""
