"""The choices of `osteon structure` that change a number."""

from dataclasses import dataclass
from math import isfinite

from ..core import BadSetting, UnknownName
from ..features.structure import Convention

MODES = ("auto", "standard", "apparent", "srrd", "cortical")
"""Parameters of resolved trabeculae, of voxels larger than one, of the knee recipe, of a shell."""

MAPS = ("Tb.Th", "Tb.Sp", "Ct.Th")
"""What can be written as a map."""

RESOLVED_MM = 0.15
"""Longest voxel side in mm up to which a trabecula (0.1 to 0.3 mm) is taken as resolved."""


@dataclass(frozen=True)
class StructureSettings:
    """Choices that change the numbers; every report prints them.

    Attributes
    ----------
    threshold : str
        How bone is told from marrow: ``otsu``, ``isodata``, ``adaptive``, ``ipl``, or a number
        with its unit, such as ``320 mg/cm3``; an image of two values is taken as it is.
    references : pair of float or None
        Intensity of pure marrow and of pure bone. They give the threshold in between
        (dual-reference limit), and BV/TV from partial volume.
    dark : bool
        Whether bone is darker than marrow, as in MR.
    mode : str
        One of `MODES`; ``auto`` goes by the voxel size.
    convention : str
        Where the surface lies between the voxels on its two sides, for thickness.
    block : int or None
        Slices worked on at once where memory is short; changes no number.
    strength : bool
        Whether the stiffness is computed by finite elements.
    modulus_gpa, poisson : float
        Elasticity of bone tissue.
    element_mm : float
        Least side of a finite element; smaller voxels are put together.
    map : tuple of str
        Which of `MAPS` are written.
    """

    threshold: str = "otsu"
    references: tuple[float, float] | None = None
    dark: bool = False
    mode: str = "auto"
    convention: Convention = "centre"
    block: int | None = None
    strength: bool = False
    modulus_gpa: float = 17.0
    poisson: float = 0.3
    element_mm: float = 0.1
    map: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.mode not in MODES:
            raise UnknownName(f"--mode {self.mode} is not known; it is one of {', '.join(MODES)}.")
        for name in self.map:
            if name not in MAPS:
                raise UnknownName(f"--map {name} is not known; it is one of {', '.join(MAPS)}.")
        if self.references is not None:
            self._check_references(*self.references)
        for option, value, low, high in (
            ("block", 8 if self.block is None else self.block, 1, 100000),
            ("modulus-gpa", self.modulus_gpa, 0.1, 100.0),
            ("poisson", self.poisson, 0.0, 0.49),
            ("element-mm", self.element_mm, 0.001, 1.0),
        ):
            if not low <= value <= high:
                raise BadSetting(f"--{option} is {value:g}; it must be from {low:g} to {high:g}.")

    def _check_references(self, marrow: float, bone: float) -> None:
        """Refuse references that give no threshold, or not the one that other options ask for."""
        option = f"--references {marrow:g} {bone:g}"
        if not (isfinite(marrow) and isfinite(bone) and marrow != bone):
            raise BadSetting(
                f"{option} must be two different numbers: the intensity of marrow, then of bone."
            )
        if self.threshold != "otsu":
            raise BadSetting(
                f"{option} and --threshold {self.threshold} are two thresholds; give one of them."
            )
        if self.dark and bone > marrow:
            raise BadSetting(
                f"{option} says that bone is brighter than marrow, --dark that it is darker; the "
                "intensity of marrow comes first."
            )
