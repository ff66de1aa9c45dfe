"""Mean intercept length in all directions, its ellipsoid, and the degree of anisotropy."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ....core import EmptyRegion, Flag, Grid, Mask, Method
from ...feature import METHODS, Feature, enter
from .fabric_fit import NONE_BELOW, TensorFit, crossings_per_voxel, fit_tensor
from .intercepts import Intercepts, count_intercepts

MIL_METHOD = Method(
    "mean-intercept-length",
    "Length of test line ÷ intersections with the bone surface in 49 directions, from all pairs "
    "of voxels of the region, corrected for second crossings within a step; the ellipsoid is "
    "fitted to 1/MIL² by weighted least squares.",
    "doi:10.1007/BF00540446",
    "Harrigan TP, Mann RW. Characterization of microstructural anisotropy in orthotropic "
    "materials using a second rank tensor. J Mater Sci 1984;19:761–767.",
)
METHODS[MIL_METHOD.key] = MIL_METHOD

_NOT_SMALL = (
    "Of a region of fewer than three trabeculae it describes those trabeculae, not the bone; "
    "blind to what a second-rank tensor cannot hold, such as cubic symmetry."
)

enter(
    Feature(
        "DA",
        "1",
        MIL_METHOD.key,
        "Degree of anisotropy: longest ÷ shortest axis of the ellipsoid of mean intercept length.",
        "doi:10.1002/jbmr.141",
        "1 (isotropic) upwards; trabecular bone 1.1 to 3",
        _NOT_SMALL,
    ),
    Feature(
        "DA (0-1)",
        "1",
        MIL_METHOD.key,
        "Degree of anisotropy as BoneJ has it: 1 − (1/c²)/(1/a²) for ellipsoid radii a ≤ b ≤ c.",
        "doi:10.1016/j.bone.2010.08.023",
        "0 (isotropic) to 1 (no intercept along one direction)",
        _NOT_SMALL,
    ),
    *(
        Feature(
            f"MIL.{n}",
            "mm",
            MIL_METHOD.key,
            f"{which} radius of the ellipsoid of mean intercept length: length of test line ÷ "
            "number of its intersections with the bone surface, bone and marrow taken together.",
            "doi:10.1016/S8756-3282(97)00007-0",
            "above 0; trabecular bone 0.2 to 2",
            "No thickness: the intercept in bone alone is 2·BV/TV times this, "
            "that in marrow 2·(1 − BV/TV) times this.",
        )
        for n, which in ((1, "Longest"), (2, "Middle"), (3, "Shortest"))
    ),
)

GROUPS = 10
"""Groups of slices left out in turn for the standard uncertainty."""

TRABECULAE = 3
"""A region narrower than this many trabeculae with their gaps is flagged (Harrigan 1988)."""

FEWEST_INTERCEPTS = 1000
"""Fewer intersections than this, along all directions of one voxel, are flagged."""

COARSE_FROM = 0.7
"""Crossings a voxel, as for `KNEE`, from which trabeculae are thinner than about two voxels."""

UNSURE_FROM = 0.05
"""Relative standard uncertainty of DA from which it is flagged."""

MISFIT_FROM = 0.1
"""Relative misfit of the ellipsoid from which it is flagged."""


@dataclass(frozen=True, eq=False)
class Fabric:
    """The ellipsoid of mean intercept length.

    Attributes
    ----------
    lengths : (3,) array
        Its radii MIL.1 ≥ MIL.2 ≥ MIL.3, in mm; infinite where no line meets a surface.
    directions : (3, 3) array
        Row n is the unit vector of radius n in patient coordinates (LPS), its largest component
        positive. Row 0 is the principal direction, along which trabeculae run.
    tensor : (3, 3) array
        1/MIL² along unit vector v is ``v @ tensor @ v``, in 1/mm², patient coordinates.
    line_directions : (49, 3) array
        Unit vectors (LPS) along which intercepts were counted.
    line_lengths : (49,) array
        Mean intercept length along each, in mm, corrected for second crossings; rough (5 %)
        where a step is longer than half a trabecula with its gap.
    misfit : float
        Root mean square of (MIL counted ÷ MIL of the ellipsoid − 1), steps weighted as fitted.
    uncertainty : float or None
        Standard uncertainty of DA, from leaving out each tenth of the slices in turn.
    intercepts : Intercepts
        What was counted.
    flags : tuple of Flag
        What a reader must know before using the numbers.
    """

    lengths: NDArray[np.float64]
    directions: NDArray[np.float64]
    tensor: NDArray[np.float64]
    line_directions: NDArray[np.float64]
    line_lengths: NDArray[np.float64]
    misfit: float
    uncertainty: float | None
    intercepts: Intercepts
    flags: tuple[Flag, ...] = ()

    @property
    def anisotropy(self) -> float | None:
        """DA as longest ÷ shortest radius; None where the longest has no end."""
        return _or_none(self.lengths[0] / self.lengths[2])

    def named(self) -> dict[str, float | None]:
        """Features by name: MIL in mm, DA without unit."""
        return {
            "DA": self.anisotropy,
            "DA (0-1)": float(1.0 - (self.lengths[2] / self.lengths[0]) ** 2),
            **{f"MIL.{n + 1}": _or_none(length) for n, length in enumerate(self.lengths)},
        }


def fabric(bone: Mask, *, region: Mask | None = None, block: int | None = None) -> Fabric:
    """Mean intercept length, its ellipsoid and the degree of anisotropy.

    MIL along a direction is the length of test line divided by the number of its intersections
    with the surface of bone (Odgaard 1997): the mean over intercepts in bone and in marrow.

    The share p of voxel pairs a vector o apart that differ is, for short o, |o|/MIL. For longer
    ones lines have turned back: p falls short, by a part that depends on |o|/MIL alone if the
    structure is an isotropic one that was stretched. The tensor H and that part are therefore
    fitted together, oᵀHo = p² (1 + β t² + γ t⁴) with t = p / (2·BV/TV·(1 − BV/TV)).

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        The bone.
    region : Mask of shape (i, j, k), optional
        Where to measure; None is the whole image.
    block : int, optional
        Slices in memory at once; None is all. No value depends on it.

    Returns
    -------
    Fabric
        Radii in mm and directions in patient coordinates.

    Raises
    ------
    EmptyRegion
        If the region has no voxel, no bone or no marrow.
    UnsuitableScan
        If the region is too thin for steps in all directions.
    GridMismatch
        If the region lies on another grid than the bone.
    """
    counted = count_intercepts(bone, region=region, block=block)
    if counted.bone in (0, counted.voxels):
        phase = "no bone" if counted.bone == 0 else "nothing but bone"
        raise EmptyRegion(
            f"there is {phase} in the {counted.voxels} voxels of the region; "
            "intercepts need a surface. Check the threshold."
        )
    fit = fit_tensor(counted)
    values, vectors = np.linalg.eigh(fit.tensor)
    values = np.where(values < NONE_BELOW * values[-1], 0.0, values)
    with np.errstate(divide="ignore"):
        lengths = 1.0 / np.sqrt(values)
    largest = np.abs(vectors).argmax(axis=0)
    directions = (vectors * np.sign(vectors[largest, range(3)])).T
    lines = counted.primitive & fit.used
    ways = counted.vectors[lines]
    found = Fabric(
        lengths,
        directions,
        fit.tensor,
        ways / np.linalg.norm(ways, axis=1)[:, None],
        fit.line_lengths[lines],
        fit.misfit,
        _uncertainty(counted, fit) if values[0] > 0 else None,
        counted,
    )
    return replace(found, flags=tuple(_flags(found, region)))


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _uncertainty(counted: Intercepts, fit: TensorFit) -> float | None:
    """Standard uncertainty of DA: jackknife over groups of slices (Efron 1982)."""
    found = []
    for group in np.array_split(np.arange(len(counted.pairs)), GROUPS):
        values = np.linalg.eigvalsh(fit.without(counted, group))
        if values[0] <= NONE_BELOW * values[-1]:
            return None
        found.append(np.sqrt(values[-1] / values[0]))
    return float(np.sqrt((GROUPS - 1) * np.var(found)))


def _flags(found: Fabric, region: Mask | None) -> Iterator[Flag]:
    counted = found.intercepts
    trabecula = 2.0 / np.sqrt(np.trace(found.tensor) / 3.0)
    if (width := _width(counted.grid, region)) < TRABECULAE * trabecula:
        yield Flag(
            "region-below-three-trabeculae",
            f"The region is {width:.3g} mm wide at its narrowest, {width / trabecula:.2g} times "
            f"a trabecula with its gap ({trabecula:.3g} mm); from {TRABECULAE} on a fabric is "
            "that of the bone.",
        )
    beside = np.abs(counted.steps).sum(axis=1) == 1
    if (count := int(counted.crossings[:, beside].sum())) < FEWEST_INTERCEPTS:
        yield Flag(
            "few-intercepts",
            f"Lines along the axes meet the surface {count} times in the region; from "
            f"{FEWEST_INTERCEPTS} on the fabric is steady.",
        )
    if not np.isfinite(found.lengths[0]):
        yield Flag(
            "no-intercepts-along-a-direction",
            "Along a direction no line meets a surface: its mean intercept length and the "
            "longest ÷ shortest DA have no value.",
        )
    yield from _trust(found)


def _trust(found: Fabric) -> Iterator[Flag]:
    counted = found.intercepts
    if (share := crossings_per_voxel(counted, found.tensor)) > COARSE_FROM:
        yield Flag(
            "trabeculae-below-two-voxels",
            f"From one voxel to the next {share:.2f} of all lines that can change from bone to "
            f"marrow do so (at most {COARSE_FROM}): the voxels are too long for these trabeculae.",
        )
    if found.misfit > MISFIT_FROM:
        yield Flag(
            "fabric-no-ellipsoid",
            f"Mean intercept lengths depart by {found.misfit:.0%} from the ellipsoid (at most "
            f"{MISFIT_FROM:.0%}); the fabric is not that of a second-rank tensor.",
        )
    da, unsure = found.anisotropy, found.uncertainty
    if da is not None and unsure is not None and unsure > UNSURE_FROM * da:
        yield Flag(
            "fabric-unsure",
            f"DA is {da:.3g} ± {unsure:.2g} (1 SD between parts of the region); below "
            f"{UNSURE_FROM:.0%} it is steady.",
        )


def _width(grid: Grid, region: Mask | None) -> float:
    """Shortest side of the box around the region, in mm."""
    if region is None:
        return float((np.array(grid.shape) * grid.spacing).min())
    across = [region.values.any(axis=others) for others in ((1, 2), (0, 2), (0, 1))]
    voxels = np.array([np.ptp(np.flatnonzero(side)) + 1 for side in across])
    return float((voxels * grid.spacing).min())
