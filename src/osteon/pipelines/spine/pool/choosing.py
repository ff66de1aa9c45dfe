"""Which windows of a vertebra become views, and what texture there is in each of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting
from .store import PatientPool


@dataclass(frozen=True)
class ViewSettings:
    """Which views are cut, and how they are described.

    Attributes
    ----------
    per_vertebra : int
        Views of a vertebra at most.
    side : int
        Voxels of a view along each axis.
    least_share : float
        Part of a window that must lie in the body, 0 to 1: of the one in the middle of a view, and
        of those that describe it. Features hang on how a window is cut, too.
    variance : float
        Part of the variance of the features that descriptors must hold, 0 to 1.
    components : int
        Numbers of a descriptor at most.
    """

    per_vertebra: int = 12
    side: int = 24
    least_share: float = 0.9
    variance: float = 0.95
    components: int = 16

    def __post_init__(self) -> None:
        """Refuse what gives no views."""
        if min(self.per_vertebra, self.side, self.components) < 1:
            raise BadSetting("per_vertebra, side and components of views must be at least 1.")
        if not (0 <= self.least_share <= 1 and 0 < self.variance <= 1):
            raise BadSetting(
                "least_share and variance of views are 0 to 1; got "
                f"{self.least_share:g} and {self.variance:g}."
            )


@dataclass(frozen=True, eq=False)
class Chosen:
    """Views of one vertebra, before they are cut.

    Attributes
    ----------
    first : (v, 3) int64 array
        First voxel of each view in the crop.
    values : (v, f) float32 array
        Mean of each feature over the windows that lie whole in the view, and in the body as the
        settings ask; NaN where none has it.
    """

    first: NDArray[np.int64]
    values: NDArray[np.float32]


def choose(
    pool: PatientPool,
    vertebra: int,
    crop: tuple[int, ...],
    reach: int,
    settings: ViewSettings,
) -> Chosen:
    """Choose windows spread over the body of a vertebra.

    Parameters
    ----------
    pool : PatientPool
        Windows of the patient.
    vertebra : int
        Number of the crop.
    crop : tuple of int
        Voxels of the crop.
    reach : int
        Voxels on both sides of a window's middle that were measured.
    settings : ViewSettings
        How many, and how large.

    Returns
    -------
    Chosen
        First the view nearest to the middle of the body, then each as far from those before as
        can be; fewer than `per_vertebra`, or none, where a crop has no more room.
    """
    own, side = pool.vertebra == vertebra, settings.side
    middles, values = pool.middles[own], pool.values[own]
    first = middles - side // 2
    room = (first >= 0).all(axis=1) & (first + side <= np.array(crop)).all(axis=1)
    full = pool.share[own] >= settings.least_share
    fit = np.flatnonzero(room & full)
    taken = fit[_spread(middles[fit], settings.per_vertebra)]
    seen = side // 2 - reach
    means = [_mean_within(middles[full], values[full], middles[at], seen) for at in taken]
    told = np.stack(means) if means else np.zeros((0, values.shape[1]), np.float32)
    return Chosen(first[taken], told)


def _spread(places: NDArray[np.int64], many: int) -> NDArray[np.int64]:
    """Numbers of places that lie far from each other; the most central one first."""
    if len(places) == 0:
        return np.zeros(0, np.int64)
    at = places.astype(np.float64)
    nearest = ((at - at.mean(axis=0)) ** 2).sum(axis=1)
    taken = [int(nearest.argmin())]
    away = np.full(len(at), np.inf)
    while len(taken) < min(many, len(at)):
        away = np.minimum(away, ((at - at[taken[-1]]) ** 2).sum(axis=1))
        taken.append(int(away.argmax()))
    return np.array(taken, np.int64)


def _mean_within(
    middles: NDArray[np.int64], values: NDArray[np.float32], middle: NDArray[np.int64], seen: int
) -> NDArray[np.float32]:
    """Mean of features over the windows whose middles lie within `seen` voxels of one."""
    away = middles - middle
    inside = ((away >= -seen) & (away < seen)).all(axis=1) | (away == 0).all(axis=1)
    near = values[inside].astype(np.float64)
    known = np.isfinite(near)
    total = np.where(known, near, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    mean = np.full(values.shape[1], np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean.astype(np.float32)
