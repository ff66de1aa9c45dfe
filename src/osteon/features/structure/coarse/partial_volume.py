"""Bone volume fraction from grey values where every voxel holds both bone and marrow."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Flag, Mask, Method, UnsuitableScan, Volume
from ...feature import METHODS, Feature, enter

PARTIAL_VOLUME = Method(
    "partial-volume",
    "A voxel's grey value is a mixture of pure marrow and pure bone; the mean share of bone over "
    "the region is BV/TV. Shares are limited to 0 to 1, widened by three times the noise, so that "
    "noise about pure voxels does not shift the mean.",
    "doi:10.1109/TMI.2005.859192",
    "Vasilic B, Wehrli FW. A novel local thresholding algorithm for trabecular bone volume "
    "fraction mapping in the limited spatial resolution regime of in vivo MRI. IEEE Trans Med "
    "Imaging 2005;24:1574–1585 (the mixture of two pure values).",
)
METHODS[PARTIAL_VOLUME.key] = PARTIAL_VOLUME

enter(
    Feature(
        "BV/TV (grey)",
        "1",
        PARTIAL_VOLUME.key,
        "Mean over the region of (grey − marrow) / (bone − marrow), from the pure values of both.",
        PARTIAL_VOLUME.doi,
        "0 to 1",
        "As good as the pure values: an error of theirs goes through in proportion. Red marrow, "
        "contrast agent, coil shading and cortical bone in the region are not told apart.",
    )
)

WIDENED = 3.0
"""Shares may lie outside 0 to 1 by this many SD of the noise."""

SAMPLE = 1_000_000
"""Most voxels from which pure values are estimated; more are thinned out evenly."""

FEWEST = 50
"""Voxels of each kind below which no pure value is estimated."""


@dataclass(frozen=True)
class PureValues:
    """Grey values of voxels full of marrow and full of bone.

    Attributes
    ----------
    marrow, bone : float
        Grey values, in the unit of the volume; bone may be the darker one, as in MR.
    marrow_sd, bone_sd : float
        Standard uncertainties of both.
    noise : float
        SD of the noise of one voxel.
    flags : tuple of Flag
        What to know about estimated values.

    Raises
    ------
    BadSetting
        If both are equal, or an uncertainty is negative.
    """

    marrow: float
    bone: float
    marrow_sd: float = 0.0
    bone_sd: float = 0.0
    noise: float = 0.0
    flags: tuple[Flag, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values between which nothing can lie."""
        if not abs(self.bone - self.marrow) > 0.0:
            raise BadSetting(
                f"pure marrow and pure bone must differ; got {self.marrow:g} and {self.bone:g}."
            )
        if min(self.marrow_sd, self.bone_sd, self.noise) < 0.0:
            raise BadSetting(
                "uncertainties and noise are 0 or more; got "
                f"{self.marrow_sd:g}, {self.bone_sd:g} and {self.noise:g}."
            )


@dataclass(frozen=True)
class GreyFraction:
    """Bone volume fraction from grey values.

    Attributes
    ----------
    fraction : float
        BV/TV; slightly outside 0 to 1 where noise has it so.
    uncertainty : float
        Standard uncertainty from the pure values and the noise.
    pure : PureValues
        Values used.
    flags : tuple of Flag
        Those of the pure values.
    """

    fraction: float
    uncertainty: float
    pure: PureValues
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Values by the names of their features."""
        return {"BV/TV (grey)": self.fraction}


def grey_fraction(
    image: Volume, *, region: Mask | None = None, pure: PureValues | None = None
) -> GreyFraction:
    """Bone volume fraction of a region by partial volume; one slice at a time.

    Parameters
    ----------
    image : Volume of shape (i, j, k)
        Grey values, linear in the amount of bone (CT numbers, density; MR inverted).
    region : Mask, optional
        Where to measure, without cortical bone.
    pure : PureValues, optional
        Values of pure marrow and bone; estimated from the region where not given, which needs
        voxels that are full of bone.

    Returns
    -------
    GreyFraction
        BV/TV, 0 to 1, with its standard uncertainty.

    Raises
    ------
    GridMismatch
        If the region lies on another grid.
    EmptyRegion
        If the region has no voxel.
    UnsuitableScan
        If values are missing, or pure values are to be estimated where there are none.
    """
    inside = _inside(image, region)
    pure = pure or estimate_pure_values(image, region=region)
    step = pure.bone - pure.marrow
    noise = pure.noise / abs(step)
    low, high = -WIDENED * noise, 1.0 + WIDENED * noise
    sums, count = [], 0
    for n in range(image.grid.shape[0]):
        values = _finite(image.values[n] if inside is None else image.values[n][inside[n]])
        sums.append(float(np.clip((values - pure.marrow) / step, low, high).sum()))
        count += values.size
    fraction = math.fsum(sums) / count
    uncertainty = math.hypot(
        (1.0 - fraction) * pure.marrow_sd / step,
        fraction * pure.bone_sd / step,
        noise / math.sqrt(count),
    )
    return GreyFraction(fraction, uncertainty, pure, pure.flags)


def estimate_pure_values(
    image: Volume, *, region: Mask | None = None, bone_is_bright: bool = True
) -> PureValues:
    """Pure values of marrow and bone from the two peaks of the grey values.

    Peaks are half-sample modes (Robertson & Cryer 1974) below and above the middle of the range
    between the 0.5th and 99.5th percentile; the noise is the spread on the far side of the marrow
    peak, where no bone mixes in. Where voxels are larger than a trabecula there is no pure bone:
    the estimate is then too low and flagged; give the value of cortical bone instead.

    Parameters
    ----------
    image : Volume of shape (i, j, k)
        Grey values.
    region : Mask, optional
        Where to look.
    bone_is_bright : bool
        False where bone is dark, as in MR.

    Returns
    -------
    PureValues
        With standard uncertainties, noise and, where bone is nowhere pure, a flag.

    Raises
    ------
    UnsuitableScan
        If there are no two kinds of voxels.
    """
    inside = _inside(image, region)
    found = (image.values if inside is None else image.values[inside]).ravel()
    values = np.sort(_finite(found[:: max(1, -(-found.size // SAMPLE))]))
    sign = 1.0 if bone_is_bright else -1.0
    values = values if bone_is_bright else -values[::-1]
    low, high = np.percentile(values, (0.5, 99.5))
    split = int(np.searchsorted(values, 0.5 * (low + high)))
    if high <= low or min(split, values.size - split) < FEWEST:
        raise UnsuitableScan(
            f"pure values cannot be estimated: of {values.size} voxels {split} are marrow and "
            f"{values.size - split} bone, {FEWEST} of each are needed. Give both values."
        )
    marrow, bone = _mode(values[:split]), _mode(values[split:])
    noise = _spread(marrow - values[values <= marrow])
    beyond = _spread(values[values >= bone] - bone)
    flags: tuple[Flag, ...] = ()
    if beyond > 2.0 * noise + 0.02 * (bone - marrow):
        text = (
            f"Bone is nowhere pure: beyond its peak the grey values spread by {beyond:.3g}, noise "
            f"makes {noise:.3g}. BV/TV from grey values is too high; give the value of pure bone."
        )
        flags = (Flag("no-pure-bone", text),)
    # the mode of n values is known to about SD·n^(−1/3) (Chernoff 1964)
    return PureValues(
        sign * marrow,
        sign * bone,
        noise * split ** (-1.0 / 3.0),
        beyond * (values.size - split) ** (-1.0 / 3.0),
        noise,
        flags,
    )


def _inside(image: Volume, region: Mask | None) -> NDArray[np.bool_] | None:
    if region is None:
        return None
    if region.on(image.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; grey values are averaged over a region.")
    return region.values


def _finite(values: NDArray[np.generic]) -> NDArray[np.float64]:
    numbers = np.asarray(values, np.float64)
    if missing := int(np.count_nonzero(~np.isfinite(numbers))):
        raise UnsuitableScan(
            f"{missing} grey values of the region are no numbers. Leave them out of the region."
        )
    return numbers


def _spread(beyond: NDArray[np.float64]) -> float:
    """SD of a distribution about its peak, from the values on one side of it."""
    return math.sqrt(float(np.square(beyond).mean()))


def _mode(values: NDArray[np.float64]) -> float:
    """Half-sample mode of sorted values: the densest half of the densest half, and so on."""
    while values.size > 2:
        half = -(-values.size // 2)
        widths = values[half - 1 :] - values[: values.size - half + 1]
        # of equally dense halves the one in the middle, so that ties do not lean to one side
        start = np.flatnonzero(widths <= widths.min())
        first = int(start[start.size // 2])
        values = values[first : first + half]
    return float(values.mean())
