"""Which voxels are bone: thresholds that carry their unit, and are found in the region."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import filters

from ....core import (
    HU,
    MG_CM3,
    BadSetting,
    EmptyRegion,
    Flag,
    Mask,
    Method,
    UnitMismatch,
    UnsuitableScan,
    Volume,
)
from ...feature import METHODS

BINS = 1024
"""Classes of the histogram of values that are no whole numbers."""

MANY = 2**16
"""Whole numbers that are classes of their own; also how many values are counted at once."""

REFERENCE_BMD = 446.8
"""Threshold usual with the software of HR-pQCT scanners, in mg/cm³ of hydroxyapatite; on its
images that is 1170 HU or 0.52/cm."""

for method in (
    Method(
        "threshold-binary",
        "Takes an image of two values as it is: the one is bone, the other marrow.",
    ),
    Method(
        "threshold-fixed",
        "Bone is what reaches a given value.",
        "doi:10.1002/jbmr.141",
        "Bouxsein ML et al. Guidelines for assessment of bone microstructure in rodents using "
        "micro-computed tomography. J Bone Miner Res 2010;25:1468–1486.",
    ),
    Method(
        "threshold-otsu",
        "Bone is what lies beyond the value that separates the region's histogram into two "
        "classes of the least variance within.",
        "doi:10.1109/TSMC.1979.4310076",
        "Otsu N. A threshold selection method from gray-level histograms. IEEE Trans Syst Man "
        "Cybern 1979;9:62–66.",
    ),
    Method(
        "threshold-isodata",
        "Bone is what lies beyond the least value that is halfway between the means of the two "
        "classes it makes in the region's histogram.",
        "doi:10.1109/TSMC.1978.4310039",
        "Ridler TW, Calvard S. Picture thresholding using an iterative selection method. IEEE "
        "Trans Syst Man Cybern 1978;8:630–632.",
    ),
    Method(
        "threshold-adaptive",
        "Bone is what reaches the mean of its surroundings in the region, weighted by a Gaussian, "
        "plus a given value.",
    ),
    Method(
        "threshold-ipl",
        "Smooths with a Gaussian of part of a voxel, cut off after a few, as the software of "
        "HR-pQCT scanners does; bone is what then reaches a given value.",
        "doi:10.1002/jbmr.141",
        "Bouxsein ML et al. Guidelines for assessment of bone microstructure in rodents using "
        "micro-computed tomography. J Bone Miner Res 2010;25:1468–1486.",
    ),
    Method(
        "threshold-dual-reference",
        "Bone is what is nearer to the intensity of compact bone than to that of marrow, both "
        "given.",
        "doi:10.1359/jbmr.1997.12.1.111",
        "Majumdar S et al. Correlation of trabecular bone structure with age, bone mineral "
        "density, and osteoporotic status: in vivo studies in the distal radius using high "
        "resolution magnetic resonance imaging. J Bone Miner Res 1997;12:111–118.",
    ),
):
    METHODS[method.key] = method


@dataclass(frozen=True)
class Fixed:
    """Bone is what reaches `value`, in UCUM `unit`; a voxel right on it is bone."""

    value: float
    unit: str


@dataclass(frozen=True)
class Otsu:
    """Bone lies beyond the threshold of Otsu 1979, found in the region."""


@dataclass(frozen=True)
class Isodata:
    """Bone lies beyond the threshold of Ridler and Calvard 1978, found in the region."""


@dataclass(frozen=True)
class Adaptive:
    """Bone reaches the mean around it plus `offset`; for images that are shaded.

    Attributes
    ----------
    sigma_mm : float
        Width (1 SD) of the Gaussian that weighs the surroundings, in mm, above 0: some times
        the distance of trabeculae, so that there is always bone and marrow in it.
    offset : float
        What bone is to be above that mean (below it, where bone is dark), in the image's unit.
    """

    sigma_mm: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a window without width."""
        if not self.sigma_mm > 0:
            raise BadSetting(f"the window of the local mean is {self.sigma_mm:g} mm; above 0 fits.")


@dataclass(frozen=True)
class Ipl:
    """Gaussian, then a fixed threshold, as the software of HR-pQCT scanners does.

    Attributes
    ----------
    value, unit : float, str
        Threshold and its UCUM unit; bone reaches it.
    sigma : float
        Width (1 SD) of the Gaussian in voxels along each axis, above 0.
    support : int
        Neighbours on either side that the Gaussian takes in, 1 and more; its weights there sum
        to 1. Beyond the image the last voxel goes on.
    """

    value: float = REFERENCE_BMD
    unit: str = MG_CM3
    sigma: float = 0.5
    support: int = 1

    def __post_init__(self) -> None:
        """Refuse a Gaussian without width or reach."""
        if not self.sigma > 0 or self.support < 1:
            raise BadSetting(
                f"a Gaussian of {self.sigma:g} voxels over {self.support} neighbours smooths "
                "nothing; give a width above 0 and at least 1 neighbour."
            )


@dataclass(frozen=True)
class DualReference:
    """Threshold between the intensities of marrow and of compact bone (Majumdar 1997), for MRI.

    Attributes
    ----------
    marrow, bone : float
        Mean intensities of a piece of marrow and of compact bone (or tendon). Where bone is
        less than marrow it is dark, whatever else is asked for.
    unit : str
        Their UCUM unit, mostly ``1``.
    share : float
        Where between bone (0) and marrow (1) the threshold lies; halfway unless told.
    """

    marrow: float
    bone: float
    unit: str = "1"
    share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse references that do not differ."""
        if self.marrow == self.bone or not 0 < self.share < 1:
            raise BadSetting(
                f"marrow {self.marrow:g}, bone {self.bone:g} and share {self.share:g} give no "
                "threshold between; the two must differ and the share lie between 0 and 1."
            )


Threshold = Fixed | Otsu | Isodata | Adaptive | Ipl | DualReference
"""How bone is told from marrow."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Bone, and how it was told from marrow.

    Attributes
    ----------
    mask : Mask of shape (i, j, k)
        True in bone, in the whole image, not only in the region.
    method : str
        Key of the method.
    threshold : float or None
        The value used; the mean over the region where it differs from place to place; None for
        an image that was binary already.
    unit : str
        UCUM unit of `threshold`.
    bright : bool
        Whether bone lies above it.
    flags : tuple of Flag
        What a reader must know.
    """

    mask: Mask
    method: str
    threshold: float | None
    unit: str
    bright: bool
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class _Cut:
    """Values, and what separates bone from marrow in them."""

    method: str
    values: NDArray[Any]
    at: float | NDArray[np.float32]
    reached: bool
    """Whether a voxel right at the threshold is bone."""


def segment(
    volume: Volume, how: Threshold, *, region: Mask | None = None, bright: bool = True
) -> Segmentation:
    """Bone of an image, told from marrow by a threshold.

    An image of two values is taken as it is, whatever `how` says. A given value counts as bone
    when it is reached; a value found in the histogram is the last of marrow if bone is bright,
    and the last of bone if it is dark.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        The image, in any unit.
    how : Fixed, Otsu, Isodata, Adaptive, Ipl or DualReference
        The threshold.
    region : Mask of shape (i, j, k) or None
        Where histograms and local means are taken, and where there must be bone and marrow;
        None is the whole image. Bone is returned for the whole image.
    bright : bool
        Whether bone is brighter than marrow; not so in MRI.

    Returns
    -------
    Segmentation
        Bone on the grid of the image.

    Raises
    ------
    UnitMismatch
        If the threshold is in another unit than the image.
    BadSetting
        If a given threshold lies outside the values of the image.
    EmptyRegion
        If the region has no voxel, no bone or no marrow.
    GridMismatch
        If the region lies on another grid.
    UnsuitableScan
        If values are missing (not finite), or too close together to part into classes.

    Notes
    -----
    No threshold undoes the blur of the scanner: where trabeculae are thinner than the resolution
    BV/TV and thickness depend on it. `Adaptive` marks noise where its window holds one tissue.
    """
    inside = _inside(volume, region)
    low, high = float(volume.values.min()), float(volume.values.max())
    if not np.isfinite([low, high]).all():
        raise UnsuitableScan("the image has values that are not finite; fill or crop them first.")
    if low == high:
        raise EmptyRegion(
            f"every voxel of the image has the value {low:g}: it is all bone or no bone, and has "
            "no structure to measure."
        )
    if _has_two_values(volume.values, low, high):
        bone = volume.values == (high if bright else low)
        flag = Flag("already-binary", f"The image has the values {low:g} and {high:g} only.")
        done = Segmentation(
            Mask(bone, volume.grid), "threshold-binary", None, volume.unit, bright, (flag,)
        )
    else:
        if isinstance(how, DualReference):
            bright = how.bone > how.marrow
        _check_given(volume, how, low, high)
        cut = _cut(volume, how, inside, bright)
        at = cut.at if isinstance(cut.at, float) else float(cut.at[inside].mean(dtype=np.float64))
        bone = Mask(_beyond(cut, bright), volume.grid)
        done = Segmentation(bone, cut.method, at, volume.unit, bright)
    _must_have_both(volume, done, inside)
    return done


def _inside(volume: Volume, region: Mask | None) -> Any:
    """Index of the region's voxels: a mask, or everything."""
    if region is None:
        return ...
    if not region.on(volume.grid, name="the region").values.any():
        raise EmptyRegion("the region has no voxel; no threshold can be found in it.")
    return region.values


def _has_two_values(values: NDArray[Any], low: float, high: float) -> bool:
    """Whether an image has two values; a look at part of it mostly tells that it has more."""
    parts = (values[::16, ::16, ::16], *values) if low < high else ()
    return low < high and all(((part == low) | (part == high)).all() for part in parts)


def _check_given(volume: Volume, how: Threshold, low: float, high: float) -> None:
    """Refuse a value in another unit than the image, or that the image never reaches."""
    if isinstance(how, Otsu | Isodata | Adaptive):
        return
    value = _between(how) if isinstance(how, DualReference) else how.value
    unit = volume.unit
    if how.unit != unit:
        raise UnitMismatch(
            f"the threshold is {value:g} '{how.unit}', the image is in '{unit}'; give it in "
            f"'{unit}', or bring the image to '{how.unit}' by calibration."
        )
    if not low <= value <= high:
        other = {HU: MG_CM3, MG_CM3: HU}.get(unit, f"{HU} or {MG_CM3}")
        raise BadSetting(
            f"the threshold {value:g} '{unit}' lies outside the image, which has {low:g} to "
            f"{high:g} '{unit}'; is it meant in {other}?"
        )


def _between(how: DualReference) -> float:
    return float(how.bone + how.share * (how.marrow - how.bone))


def _cut(volume: Volume, how: Threshold, inside: Any, bright: bool) -> _Cut:
    values = volume.values
    match how:
        case Fixed():
            return _Cut("threshold-fixed", values, float(how.value), reached=True)
        case DualReference():
            return _Cut("threshold-dual-reference", values, _between(how), reached=True)
        case Otsu():
            return _Cut("threshold-otsu", values, _otsu(*_histogram(values[inside])), not bright)
        case Isodata():
            found = _isodata(*_histogram(values[inside]))
            return _Cut("threshold-isodata", values, found, reached=not bright)
        case Ipl():
            smooth = ndimage.gaussian_filter(
                values, how.sigma, radius=how.support, mode="nearest", output=np.float32
            )
            return _Cut("threshold-ipl", smooth, float(how.value), reached=True)
        case Adaptive():
            local = _local_mean(volume, inside, how.sigma_mm)
            local += how.offset if bright else -how.offset
            return _Cut("threshold-adaptive", values, local, reached=True)


def _histogram(values: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How many values each class has, and where the classes are; whole numbers are classes.

    Unless there would be too many of them: then, as for other values, classes are equally wide.
    """
    low, high = values.min(), values.max()
    if low == high:
        raise EmptyRegion(
            f"all values of the region are {float(low):g}: there is no bone, or all is bone; no "
            "histogram can tell them apart."
        )
    if np.issubdtype(values.dtype, np.integer) and float(high) - float(low) < MANY:
        counts = np.zeros(int(high) - int(low) + 1, np.int64)
        flat = values.ravel(order="K")
        for start in range(0, flat.size, MANY):
            some = flat[start : start + MANY].astype(np.int64) - int(low)
            counts += np.bincount(some, minlength=counts.size)
        return counts, np.arange(int(low), int(high) + 1, dtype=np.float64)
    if _between_are_few(float(low), float(high), values.dtype):
        raise UnsuitableScan(
            f"values of the region run from {float(low):.9g} to {float(high):.9g}, which numbers "
            f"of type {values.dtype} hardly tell apart; take off what they have in common."
        )
    counts, edges = np.histogram(values, bins=BINS)
    return counts, np.asarray(edges[:-1] + edges[1:], np.float64) / 2


def _between_are_few(low: float, high: float, kind: np.dtype[Any]) -> bool:
    """Whether numbers of a type lie too close together to part a range into `BINS` classes."""
    if not np.issubdtype(kind, np.floating):
        return False
    return high - low < 2 * BINS * float(np.spacing(kind.type(max(abs(low), abs(high)))))


def _otsu(counts: NDArray[np.int64], places: NDArray[np.float64]) -> float:
    """Threshold of the least variance within; the middle of the gap, where many do as well."""
    below = np.cumsum(counts)[:-1].astype(np.float64)
    moment = np.cumsum(counts * places)
    total = float(counts.sum())
    between = (moment[-1] * below - moment[:-1] * total) ** 2 / (below * (total - below))
    best = np.flatnonzero(between == between.max())
    return float((places[best[0]] + places[best[-1] + 1]) / 2)


def _isodata(counts: NDArray[np.int64], places: NDArray[np.float64]) -> float:
    """Least threshold halfway between the means of its classes."""
    found = filters.threshold_isodata(hist=(counts, places))  # type: ignore[no-untyped-call]
    return float(found)


def _local_mean(volume: Volume, inside: Any, sigma_mm: float) -> NDArray[np.float32]:
    """Mean around each voxel over what lies in the region; outside of it the nearest is kept."""
    weights = np.zeros(volume.values.shape, np.float32)
    weights[inside] = 1
    sigma = sigma_mm / volume.grid.spacing
    total = ndimage.gaussian_filter(volume.values * weights, sigma, mode="constant")
    share = ndimage.gaussian_filter(weights, sigma, mode="constant")
    far = share < 1e-4
    mean = np.divide(total, share, out=np.zeros_like(share), where=~far, casting="same_kind")
    if far.any():
        nearest = ndimage.distance_transform_edt(far, return_distances=False, return_indices=True)
        mean = mean[tuple(nearest)]
    return np.asarray(mean, np.float32)


def _beyond(cut: _Cut, bright: bool) -> NDArray[np.bool_]:
    if bright:
        found = cut.values >= cut.at if cut.reached else cut.values > cut.at
    else:
        found = cut.values <= cut.at if cut.reached else cut.values < cut.at
    return np.asarray(found, np.bool_)


def _must_have_both(volume: Volume, done: Segmentation, inside: Any) -> None:
    bone = done.mask.values[inside]
    found = int(np.count_nonzero(bone))
    if 0 < found < bone.size:
        return
    values = volume.values[inside]
    what, which = ("no bone", "lower") if found == 0 else ("all bone", "higher")
    if not done.bright:
        which = {"lower": "higher", "higher": "lower"}[which]
    at = "" if done.threshold is None else f" at a threshold of {done.threshold:g} '{done.unit}'"
    raise EmptyRegion(
        f"{what}: {found} of {bone.size} voxels of the region are bone{at}; its values run from "
        f"{float(values.min()):g} to {float(values.max()):g} '{volume.unit}'. Give a {which} "
        "threshold or another region."
    )
