"""Thickness, separation and number of trabeculae, and the thickness of the cortex."""

from dataclasses import dataclass

import numpy as np

from ....core import Flag, Mask, Method
from ...feature import METHODS, Feature, enter
from .blocks import slabs
from .metric import Metric
from .mid_axes import mid_axis_distance
from .thickness import Convention, Thickness, checked, local_thickness

THICKNESS_METHOD = Method(
    "maximal-spheres",
    "Diameter of the largest sphere that fits in the phase and covers the voxel, exact on the "
    "voxel grid, fitted in the whole image and averaged over the voxels of the region.",
    "doi:10.1046/j.1365-2818.1997.1340694.x",
    "Hildebrand T, Rüegsegger P. A new method for the model-independent assessment of thickness "
    "in three-dimensional images. J Microsc 1997;185:67–75.",
)
NUMBER_METHOD = Method(
    "mid-axis-distance",
    "Inverse of the mean distance between mid-axes: maximal spheres between the voxels whose own "
    "sphere is the largest that covers them.",
    "doi:10.1359/jbmr.1999.14.7.1167",
    "Hildebrand T, Laib A, Müller R, Dequeker J, Rüegsegger P. Direct three-dimensional "
    "morphometric analysis of human cancellous bone. J Bone Miner Res 1999;14:1167–1174.",
)
METHODS[THICKNESS_METHOD.key] = THICKNESS_METHOD
METHODS[NUMBER_METHOD.key] = NUMBER_METHOD

STATISTICS = {"": "Mean", ".SD": "Standard deviation (divided by n)", ".max": "Maximum"}
"""What is told of a thickness, by the ending of its name."""

PHASES = {
    "Tb.Th": ("trabecular bone", "micro-CT of human vertebrae 0.1 to 0.3; coarse voxels give more"),
    "Tb.Sp": ("marrow between trabeculae", "human vertebrae 0.5 to 1.5"),
    "Ct.Th": ("the cortical shell", "human radius and tibia 0.4 to 2; vertebral shell 0.2 to 0.6"),
}
"""Phase and usual mean, in mm, of each thickness."""

FEWEST_REPEATS = 3.0
"""A region narrower than so many distances between trabeculae is no sample of the structure."""

FEWEST_VOXELS = 3.0
"""Below so many voxels the half-voxel convention changes a thickness by a third and more."""

enter(
    *(
        Feature(
            name + ending,
            "mm",
            THICKNESS_METHOD.key,
            f"{statistic} over the region's voxels of the diameter of the largest sphere that "
            f"fits in {phase} and covers the voxel; distances run to the centre of the first "
            "voxel outside, or stop half a voxel short of it at both ends where the convention "
            "is 'border'.",
            THICKNESS_METHOD.doi,
            f"above 0; {usual}" if ending == "" else "0 and more",
            "Moves in steps of voxels: plates of an odd number of voxels are one voxel too thick "
            "('centre'), of an even number one too thin ('border'). Not corrected for blur.",
        )
        for name, (phase, usual) in PHASES.items()
        for ending, statistic in STATISTICS.items()
    ),
    Feature(
        "Tb.N",
        "/mm",
        NUMBER_METHOD.key,
        "Inverse of the mean diameter of the largest sphere that covers a voxel between the "
        "mid-axes of trabeculae, measured to the centres of their voxels.",
        NUMBER_METHOD.doi,
        "above 0; micro-CT of human vertebrae 0.8 to 1.6",
        "Up to one voxel short in the distance, so too high for fine structures; "
        "counts plates and rods alike.",
    ),
    Feature(
        "Tb.N (derived)",
        "/mm",
        THICKNESS_METHOD.key,
        "BV/TV divided by Tb.Th, both in the region.",
        "doi:10.1002/jbmr.141",
        "above 0; micro-CT of human vertebrae 0.5 to 2",
        "Holds for plates; no independent measurement, and inherits the error of Tb.Th.",
    ),
)


@dataclass(frozen=True, eq=False)
class Trabecular:
    """Trabeculae of a region, as spheres see them.

    Attributes
    ----------
    thickness, separation, mid_axes : Thickness
        Of the bone, of the marrow, and of what lies between the mid-axes of the bone.
    bone_fraction : float
        Bone voxels of the region divided by all its voxels.
    flags : tuple of Flag
        What a reader must know before using the numbers.
    """

    thickness: Thickness
    separation: Thickness
    mid_axes: Thickness
    bone_fraction: float
    flags: tuple[Flag, ...]

    def named(self) -> dict[str, float | None]:
        """Value of each feature, in its unit."""
        return {
            **_statistics("Tb.Th", self.thickness),
            **_statistics("Tb.Sp", self.separation),
            "Tb.N": 1.0 / self.mid_axes.mean,
            "Tb.N (derived)": self.bone_fraction / self.thickness.mean,
        }


@dataclass(frozen=True, eq=False)
class Cortical:
    """Thickness of a cortical shell.

    Attributes
    ----------
    thickness : Thickness
        Of the shell.
    flags : tuple of Flag
        What a reader must know before using the numbers.
    """

    thickness: Thickness
    flags: tuple[Flag, ...]

    def named(self) -> dict[str, float | None]:
        """Value of each feature, in its unit."""
        return dict(_statistics("Ct.Th", self.thickness))


def trabecular(
    bone: Mask,
    *,
    region: Mask | None = None,
    convention: Convention = "centre",
    block: int | None = None,
    keep_maps: bool = True,
) -> Trabecular:
    """Thickness, separation and number of trabeculae.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        The trabeculae; everything else is marrow.
    region : Mask of shape (i, j, k), optional
        Voxels over which to count; the structure is measured in the whole image. None for all.
    convention : {"centre", "border"}
        Where the surface of thickness and separation lies, see `thickness.Convention`.
    block : int, optional
        Slices along axis 0 to work on at once, to need less memory; changes nothing else.
    keep_maps : bool
        Whether to keep thickness and separation voxel by voxel.

    Returns
    -------
    Trabecular
        Flagged where the region is narrower than three distances between trabeculae, or
        trabeculae than three voxels.

    Raises
    ------
    EmptyRegion
        If there is no bone, nothing but bone, or the region lacks one of the two.
    GridMismatch
        If the region lies on another grid.
    BadSetting
        If there is no such convention or the block is below 1.
    """
    marrow = Mask(~bone.values, bone.grid)
    for phase in (bone, marrow):
        checked(phase, region, convention)
    thickness, separation = (
        local_thickness(
            phase, region=region, convention=convention, block=block, keep_map=keep_maps
        )
        for phase in (bone, marrow)
    )
    del marrow
    apart = mid_axis_distance(bone, region=region, block=block)
    fraction = thickness.voxels / (thickness.voxels + separation.voxels)
    flags = (
        *_narrow(bone if region is None else region, apart.mean, block, whole=region is None),
        *_coarse("trabeculae", thickness, bone),
    )
    return Trabecular(thickness, separation, apart, fraction, flags)


def cortical(
    cortex: Mask,
    *,
    region: Mask | None = None,
    convention: Convention = "centre",
    block: int | None = None,
    keep_map: bool = True,
) -> Cortical:
    """Thickness of a cortical shell.

    Parameters
    ----------
    cortex : Mask of shape (i, j, k)
        The shell, with its pores filled unless they are to count.
    region : Mask of shape (i, j, k), optional
        Voxels over which to count. None for all.
    convention : {"centre", "border"}
        Where the surface lies, see `thickness.Convention`.
    block : int, optional
        Slices along axis 0 to work on at once, to need less memory; changes nothing else.
    keep_map : bool
        Whether to keep the thickness of each voxel.

    Returns
    -------
    Cortical
        Flagged where the shell is thinner than three voxels.

    Raises
    ------
    EmptyRegion, GridMismatch, BadSetting
        As `local_thickness`.
    """
    thickness = local_thickness(
        cortex, region=region, convention=convention, block=block, keep_map=keep_map
    )
    return Cortical(thickness, _coarse("the shell", thickness, cortex))


def _statistics(name: str, thickness: Thickness) -> dict[str, float]:
    return {name: thickness.mean, f"{name}.SD": thickness.sd, f"{name}.max": thickness.max}


def _narrow(region: Mask, apart_mm: float, block: int | None, whole: bool) -> tuple[Flag, ...]:
    """Flag a region that holds too few trabeculae side by side to stand for the structure."""
    width = float((np.array(region.grid.shape) * region.grid.spacing).min())
    if not whole and not region.values.all():
        metric = Metric.of(region.grid)
        parts = slabs(region.values, metric, block)
        inside = np.array([slab.squared[slab.own()].max() for slab in parts])
        width = min(width, 2.0 * float(metric.mm(inside).max()))
    if width >= FEWEST_REPEATS * apart_mm:
        return ()
    text = (
        f"The region is {width:.3g} mm wide, less than {FEWEST_REPEATS:g} times the "
        f"{apart_mm:.3g} mm between trabeculae; its values depend on where it was placed."
    )
    return (Flag("thin-region", text),)


def _coarse(what: str, thickness: Thickness, phase: Mask) -> tuple[Flag, ...]:
    """Flag a structure of few voxels, whose thickness hangs on the half-voxel convention."""
    voxels = thickness.mean / float(phase.grid.spacing.max())
    if voxels >= FEWEST_VOXELS:
        return ()
    text = (
        f"At {voxels:.2g} voxels on average {what} cannot be measured well: below "
        f"{FEWEST_VOXELS:g} voxels the half-voxel convention makes a third of the thickness."
    )
    return (Flag("few-voxels-thick", text),)
