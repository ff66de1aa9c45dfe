"""Whether the answer of a registration can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .levels import AnyLevel, Level
from .similarity import LEAST_SEEN
from .transforms import Rigid

COARSE_MM = 1.5
"""Voxels on which answers are tested: a wrong place is wrong there too, at less cost."""

PLACES = 4000
"""Places at which similarities are compared, at most."""

PLACES_OF_DESCENTS = 5_000
"""The same in each descent of the basin test."""

NUDGE = (3.0, 3.0)
"""Shift in mm and turn in degrees of a nudge, from which the descent must come back."""

LARGEST_SPREAD_MM = 1.5
"""Where nudged descents end further from it than this, an answer is none. Voxel sizes alone make
up to about 0.7 mm on virtual knees."""

LEAST_LEAD = 3.0
"""Standard deviations by which the answer must be more alike than poses far from it."""

FAR = (12.0, 12.0)
"""Shift in mm and turn in degrees of those poses."""

BESIDE = (2.0, 2.0)
"""Shift in mm and turn in degrees of the poses that an answer must be sharper than."""

DETAILS = 12_000
"""Places at which that is told, at most."""


@dataclass(frozen=True)
class Quality:
    """Figures by which a good answer is told from a bad one, on voxels of about 1.5 mm.

    Attributes
    ----------
    similarity : float
        Of the images under the answer: mutual information in nats, or squared correlation, times
        `seen`.
    lead : float
        By how many standard deviations that is above the similarity of poses 12 mm and 12 degrees
        away in 16 directions. A right answer stands out; a wrong one is a pose among others.
    spread_mm : float
        Basin test: descents from the answer and from 6 poses 3 mm and 3 degrees beside it; median
        distance of their ends from the answer, over the region. None where too little is seen.
    seen : float
        Part of the region that the moving image shows, 0 to 1.
    sharpness : float or None
        How many times as alike the images are on their own voxels as 2 mm and 2 degrees beside
        the answer, by mutual information. The bone of another person fits about, but in no
        detail. None where it was not asked for; see `BonesSettings.least_sharpness`.
    """

    similarity: float
    lead: float
    spread_mm: float | None
    seen: float
    sharpness: float | None = None

    def failure(self) -> str | None:
        """Why the answer must not be used, in words; None where nothing speaks against it."""
        if self.seen < LEAST_SEEN:
            return (
                f"the moving image shows {self.seen:.0%} of the region, at least {LEAST_SEEN:.0%} "
                "is needed: the images show different places, or the start is too far off."
            )
        if self.lead < LEAST_LEAD:
            return (
                "the images are hardly more alike under the answer than 12 mm away "
                f"({self.lead:.1f} standard deviations, at least {LEAST_LEAD:g} are needed): other "
                "body parts or sides, no structure in view, or a start too far off."
            )
        if self.spread_mm is not None and self.spread_mm > LARGEST_SPREAD_MM:
            return (
                f"descents from nearby end {self.spread_mm:.1f} mm away from the answer, at most "
                f"{LARGEST_SPREAD_MM:g} mm is allowed: the images do not fix the place."
            )
        return None


def judging(levels: Sequence[AnyLevel]) -> AnyLevel:
    """The level on which answers are tested: the finest of at least 1.5 mm, or the first."""
    return [level for level in levels if level.spacing >= COARSE_MM or level is levels[0]][-1]


def judge(levels: Sequence[AnyLevel], answer: Rigid, steps: int) -> Quality:
    """Put an answer to the test.

    Parameters
    ----------
    levels : sequence of Level
        From coarse to fine.
    answer : Rigid
        What the last level found.
    steps : int
        Steps of a descent, at most.
    """
    current = judging(levels)
    compared = current.similarity(PLACES)
    centre = compared.points.mean(axis=0)
    value, seen = compared.at(answer)
    far = np.array([compared.at(pose)[0] for pose in _away(answer, centre, FAR, 16)])
    lead = (value - far.mean()) / max(float(far.std(ddof=1)), 1e-6)
    if seen < LEAST_SEEN:
        return Quality(value, float(lead), None, seen)
    begun = [answer, *_away(answer, centre, NUDGE, 6)]
    ends = [current.descend(pose, steps, PLACES_OF_DESCENTS) for pose in begun]
    spread = np.median([np.median(end.apart(answer, compared.points)) for end in ends])
    return Quality(value, float(lead), float(spread), seen)


def sharpness(level: Level, answer: Rigid) -> float:
    """How many times as alike the images are under an answer as 2 mm and 2 degrees beside it.

    Parameters
    ----------
    level : Level
        The images, on fine voxels.
    answer : Rigid
        From places of the fixed image to places of the moving one.
    """
    compared = level.similarity(DETAILS)
    beside = _away(answer, compared.points.mean(axis=0), BESIDE, 16)
    around = float(np.mean([compared.value(pose) for pose in beside]))
    return compared.value(answer) / max(around, 1e-9)


def _away(
    pose: Rigid, centre: NDArray[np.float64], by: tuple[float, float], many: int
) -> list[Rigid]:
    """Poses at one distance, spread evenly over the directions."""
    # points of a golden spiral lie evenly on a sphere; the turn goes about another one of them
    at = np.arange(many) + 0.5
    height, around = 1 - 2 * at / many, np.pi * (1 + np.sqrt(5)) * at
    flat = np.sqrt(1 - height**2)
    ways = np.column_stack((flat * np.cos(around), flat * np.sin(around), height))
    axes = np.roll(ways, many // 3, axis=0)
    return [
        pose @ Rigid.about(centre, turn_deg=by[1] * axis, shift_mm=by[0] * way)
        for way, axis in zip(ways, axes, strict=True)
    ]
