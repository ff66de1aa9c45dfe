"""Mean HU of the patient's own tissues, as internal calibration needs them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import HU, EmptyRegion, Flag, Mask, UnknownName, Volume

MINIMUM_AREA = 10.0
"""Smallest area of a tissue in one slice, in mm².

As published (Michalski 2020, doi:10.1016/j.medengphy.2020.01.009).
"""

ENHANCED_ABOVE = 100.0
"""Mean HU of the aorta from which its blood is taken to hold contrast agent.

Our choice: blood without contrast agent lies at 30 to 60 HU, in the arterial and portal-venous
phases well above 100. It is left out, because tabulated blood holds no iodine.
"""

KEPT_WITHIN = 3.0
"""Voxels further from the median than this many robust standard deviations are left out."""

ROBUST_SD = 1.4826
"""Standard deviation of a normal distribution, in median absolute deviations."""


@dataclass(frozen=True)
class Tissue:
    """A tissue of which internal calibration knows the attenuation.

    Attributes
    ----------
    name : str
        What it is called in words.
    lowest, highest : float
        Mean HU outside of which a sample cannot be this tissue. Our choice, wide on purpose.
    spread : float
        Standard deviation of its HU between people and scanners that tables do not know, in HU.
        Our choice: it stands for differing composition, scatter and beam hardening.
    density : float
        Mass density in g/cm³ (ICRU Report 44 as printed by NIST, doi:10.18434/T4D01F).
    """

    name: str
    lowest: float
    highest: float
    spread: float
    density: float


TISSUES: dict[str, Tissue] = {
    "adipose": Tissue("subcutaneous fat", -150.0, -50.0, 10.0, 0.95),
    "air": Tissue("air outside the body", -1020.0, -900.0, 5.0, 0.001205),
    "blood": Tissue("blood of the aorta", 0.0, ENHANCED_ABOVE, 10.0, 1.06),
    "bone": Tissue("cortical bone", 1000.0, 2500.0, 100.0, 1.92),
    "muscle": Tissue("skeletal muscle", 0.0, 120.0, 10.0, 1.05),
}
"""Tissues of internal calibration by the name that samples carry.

Air reaches down to -1020 HU only, so that padding of -1024 HU is not taken for it. Bone begins
at 1000 HU, because solid cortex shows 1087 HU even at 100 keV, above any clinical beam: a lower
mean, as of the thin cortex of a vertebra, is partial volume and would make all densities too high.
"""


@dataclass(frozen=True)
class TissueSample:
    """Mean HU of one tissue of a patient.

    Attributes
    ----------
    name : str
        One of `TISSUES`: adipose, air, blood, bone (cortical), muscle (skeletal).
    mean_hu, sd_hu : float
        Mean and standard deviation of its voxels in HU, outliers left out.
    voxels : int
        Number of voxels used.
    volume_mm3 : float
        Their volume in mm³.

    Raises
    ------
    UnknownName
        If `name` is none of `TISSUES`.
    EmptyRegion
        If it holds no voxel, or a value is not a finite number.
    """

    name: str
    mean_hu: float
    sd_hu: float
    voxels: int
    volume_mm3: float

    def __post_init__(self) -> None:
        """Refuse what is no sample."""
        if self.name not in TISSUES:
            raise UnknownName(f"no tissue is called '{self.name}'; there are {sorted(TISSUES)}.")
        if self.voxels < 1 or not np.isfinite([self.mean_hu, self.sd_hu]).all() or self.sd_hu < 0:
            raise EmptyRegion(
                f"a sample of {self.name} needs voxels with a mean and SD; got {self.voxels} "
                f"voxels, {self.mean_hu:.4g} ± {self.sd_hu:.4g} HU."
            )


def sample_tissue(
    volume: Volume, mask: Mask, name: str, *, erosion_mm: float = 2.0
) -> TissueSample:
    """Mean HU of a tissue, its rim and its outliers left out.

    The mask is first eroded by a box that reaches `erosion_mm` along each axis of the grid
    (rounded up to whole voxels; the border of the image counts as outside), so that no voxel
    shared with a neighbour is used. Then voxels further than 3 robust standard deviations
    (1.4826 · median absolute deviation) from the median are left out.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    mask : Mask
        The tissue, on the grid of `volume`.
    name : str
        One of `TISSUES`.
    erosion_mm : float
        Depth of the rim in mm; 0 for none.

    Returns
    -------
    TissueSample
        With the mean of the voxels kept.

    Raises
    ------
    UnitMismatch, GridMismatch, UnknownName
        If the volume is not in HU, the mask lies on another grid, the name is unknown.
    EmptyRegion
        If less than 10 mm² is left in every axial slice.
    """
    volume = volume.in_unit(HU)
    mask = mask.on(volume.grid, name=f"the mask of {name}")
    if name not in TISSUES:
        raise UnknownName(f"no tissue is called '{name}'; there are {sorted(TISSUES)}.")
    inner = _eroded(mask, erosion_mm)
    area = _largest_axial_area(inner, mask)
    if area < MINIMUM_AREA:
        raise EmptyRegion(
            f"{TISSUES[name].name} covers {area:.1f} mm² of an axial slice once {erosion_mm:g} mm "
            f"of its rim are off, at least {MINIMUM_AREA:g} mm² are needed."
        )
    values = volume.values[inner].astype(np.float64)
    off = np.abs(values - np.median(values))
    kept = values[off <= KEPT_WITHIN * ROBUST_SD * np.median(off)]
    return TissueSample(
        name, float(kept.mean()), float(kept.std()), kept.size, kept.size * mask.grid.voxel_volume
    )


def usable(samples: Sequence[TissueSample]) -> tuple[tuple[TissueSample, ...], tuple[Flag, ...]]:
    """Samples that internal calibration may use, and a flag for each one left out.

    Left out are blood with contrast agent, tissues outside their HU, and less than 10 mm³.

    Raises
    ------
    UnknownName
        If a tissue is named twice.
    """
    names = [sample.name for sample in samples]
    if len(set(names)) < len(names):
        raise UnknownName(f"each tissue may be sampled once; got {sorted(names)}.")
    kept, flags = [], []
    for sample in samples:
        flag = _fault(sample)
        if flag is None:
            kept.append(sample)
        else:
            flags.append(flag)
    return tuple(kept), tuple(flags)


def blood_is_enhanced(samples: Sequence[TissueSample]) -> bool:
    """Whether the sample of blood, if there is one, holds contrast agent."""
    return any(s.name == "blood" and s.mean_hu > ENHANCED_ABOVE for s in samples)


def _fault(sample: TissueSample) -> Flag | None:
    """Why a sample must be left out, or None."""
    tissue = TISSUES[sample.name]
    if blood_is_enhanced([sample]):
        text = (
            f"Blood of the aorta is {sample.mean_hu:.0f} HU, above {ENHANCED_ABOVE:g} HU: it holds "
            "contrast agent and is left out of the internal calibration."
        )
        return Flag("blood-enhanced", text)
    if not tissue.lowest <= sample.mean_hu <= tissue.highest:
        text = (
            f"The sample of {tissue.name} is {sample.mean_hu:.0f} HU, outside {tissue.lowest:g} to "
            f"{tissue.highest:g} HU, and is left out of the internal calibration."
        )
        return Flag(f"implausible-{sample.name}", text)
    if sample.volume_mm3 < MINIMUM_AREA:  # 10 mm² in slices of at least 1 mm
        text = (
            f"The sample of {tissue.name} is {sample.volume_mm3:.1f} mm³, less than "
            f"{MINIMUM_AREA:g} mm³, and is left out of the internal calibration."
        )
        return Flag(f"small-{sample.name}", text)
    return None


def _eroded(mask: Mask, erosion_mm: float) -> NDArray[np.bool_]:
    """The mask without its rim; three passes along the axes are a box and quick on large masks."""
    inner = mask.values.view(np.uint8)
    for axis, spacing in enumerate(mask.grid.spacing):
        reach = int(np.ceil(erosion_mm / spacing))
        if reach > 0:
            inner = ndimage.minimum_filter1d(inner, 2 * reach + 1, axis, mode="constant", cval=0)
    eroded: NDArray[np.bool_] = inner > 0
    return eroded


def _largest_axial_area(inner: NDArray[np.bool_], mask: Mask) -> float:
    """Largest area in mm² of the slices across the axis that runs nearest to head-foot."""
    axis = int(np.abs(mask.grid.direction[2]).argmax())
    across = tuple(other for other in range(3) if other != axis)
    area_of_pixel = float(np.prod(mask.grid.spacing[list(across)]))
    return float(np.count_nonzero(inner, axis=across).max()) * area_of_pixel
