"""Rigid registration of two volumes: searched coarsely, refined, and judged."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..core import BadSetting, EmptyRegion, Mask, UnsuitableScan, Volume
from .levels import AnyLevel, Moving, level
from .mind import Described
from .quality import Quality, judge, judging
from .search import SAME_MM, best_apart, poses_around
from .similarity import Similarity
from .transforms import Rigid

METRICS = ("mutual-information", "correlation", "mind")
"""Names of measures of similarity."""

LEAST_VOXELS = 50
"""Voxels of the coarsest level that a region needs to be registered by."""

PLACES = 4000
"""Places at which poses are compared, at most."""

ON_THE_WAY, AT_THE_END = 6_000, 24_000
"""Places compared in a descent, about, before and on the last level: more are hardly better."""

AGREED = 3
"""So many descents that end at the best answer are taken to have found it."""

KEPT = 4
"""Different answers of the coarsest level that the next one refines, at most."""

NEARLY_AS_GOOD = 0.8
"""Those below this part of the best one's similarity are given up."""


@dataclass(frozen=True)
class RigidSettings:
    """Choices that change the transform found.

    Attributes
    ----------
    metric : str
        What is made largest: ``"mutual-information"`` (Mattes 2003, doi:10.1109/TMI.2002.803111),
        for any two modalities, ``"mind"``, descriptors of neighbourhoods (Heinrich 2012,
        doi:10.1016/j.media.2012.05.008), also for any two, or ``"correlation"``, for one.
    levels_mm : sequence of float
        Voxel sizes from coarse to fine; a last one of 0 is for the images' own voxels.
    reach_mm, reach_deg : float
        How far from the start the answer is looked for.
    poses : int
        Poses tried on the coarsest level, beside the start.
    descents : int
        The best of them from which a descent is begun.
    steps : int
        Steps of a descent, at most.
    seed : int
        Of the poses.
    least_gain : float
        The start is kept where the images are not by this part more alike under the answer, on
        voxels of about 1.5 mm: for images that were laid over each other before. 0 never keeps it.

    Raises
    ------
    BadSetting
        If one is outside its range.
    """

    metric: str = "mutual-information"
    levels_mm: Sequence[float] = (3.0, 1.5, 0.8)
    reach_mm: float = 20.0
    reach_deg: float = 15.0
    poses: int = 1024
    descents: int = 12
    steps: int = 100
    seed: int = 0
    least_gain: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if self.metric not in METRICS:
            raise BadSetting(
                f"no similarity is called '{self.metric}'; there are {', '.join(METRICS)}."
            )
        levels = list(self.levels_mm)
        if not levels or min(levels) < 0 or levels != sorted(set(levels), reverse=True):
            raise BadSetting(f"levels_mm must fall, to no less than 0; got {levels}.")
        if self.metric == "mind" and min(levels) == 0:
            raise BadSetting("descriptors need cubic voxels; end levels_mm at 0.7, say, for mind.")
        if min(self.reach_mm, self.reach_deg, self.poses) < 0 or self.reach_deg > 180:
            raise BadSetting(
                "reach_mm and poses must be at least 0 and reach_deg 0 to 180; got "
                f"{self.reach_mm}, {self.poses} and {self.reach_deg}."
            )
        if self.least_gain < 0:
            raise BadSetting(f"least_gain must be at least 0; got {self.least_gain}.")
        if min(self.descents, self.steps) < 1:
            raise BadSetting(
                f"descents and steps must be at least 1; got {self.descents} and {self.steps}."
            )


@dataclass(frozen=True)
class Step:
    """What one level found.

    Attributes
    ----------
    spacing : float
        Voxel size in mm.
    transform : Rigid
        Best of the level.
    similarity : float
        There, on the level's own voxels.
    moved_mm : float
        How far at most it takes a place of the region from where the level before left it.
    """

    spacing: float
    transform: Rigid
    similarity: float
    moved_mm: float


@dataclass(frozen=True)
class Registered:
    """A transform, how much it can be trusted, and how it was found.

    Attributes
    ----------
    transform : Rigid
        From places of the fixed image to places of the moving one.
    quality : Quality
        Figures that tell a good answer from a bad one.
    failed : str or None
        Why the transform must not be used, in words; None where nothing speaks against it.
    trace : tuple of Step
        From coarse to fine.
    gain : float
        By what part of it the answer is more alike than the start was, on voxels of about 1.5 mm;
        infinite where the start showed nothing.
    """

    transform: Rigid
    quality: Quality
    failed: str | None
    trace: tuple[Step, ...] = field(repr=False)
    gain: float = float("inf")


def register_rigid(
    fixed: Volume,
    moving: Volume,
    *,
    fixed_mask: Mask | None = None,
    moving_mask: Mask | None = None,
    start: Rigid | None = None,
    settings: RigidSettings | None = None,
) -> Registered:
    """The turn and shift that lay the places of one volume over those of another.

    Poses around the start are compared on coarse voxels; from the best of them ITK descends, level
    by level, and the best end wins. All draws have seeds and sums are made by one thread, so that
    the same libraries give the same numbers on any number of cores. Then the answer is put to the
    test, see `Quality`.

    Parameters
    ----------
    fixed, moving : Volume
        The images; the world of each is its own.
    fixed_mask : Mask or None
        Where to compare, on the grid of `fixed`: the bone, and some mm around it, since bone and
        what it borders on must both be seen. Everywhere if None.
    moving_mask : Mask or None
        Where `moving` counts, on its grid; everywhere if None.
    start : Rigid or None
        About where the answer lies. If None: with both masks, their middles are laid over each
        other, else the images are taken as they lie.
    settings : RigidSettings or None
        The usual ones if None.

    Returns
    -------
    Registered
        Also where it failed: then `failed` says why.

    Raises
    ------
    GridMismatch
        If a mask is not on the grid of its image.
    EmptyRegion
        If a mask is empty, or too small for the coarsest level.
    UnsuitableScan
        If an image has voxels that are not finite.
    """
    inside = _checked(fixed_mask, fixed, "the fixed mask") or _everywhere(fixed)
    first = start or _by_middles(fixed_mask, moving_mask)
    return register_prepared(
        fixed, inside, prepared(moving, moving_mask), first, settings or RigidSettings()
    )


def prepared(moving: Volume, mask: Mask | None = None) -> Moving:
    """A moving image that several regions are registered to, for `register_prepared`."""
    _must_be_numbers(moving, "the moving image")
    return Moving(moving, _checked(mask, moving, "the moving mask"))


def register_prepared(
    fixed: Volume, inside: Mask, moving: Moving, start: Rigid, settings: RigidSettings
) -> Registered:
    """`register_rigid` with a moving image that was prepared once for several regions."""
    _must_be_numbers(fixed, "the fixed image")
    levels = [
        level(fixed, inside, moving, spacing, (settings.metric, start))
        for spacing in settings.levels_mm
    ]
    if (voxels := levels[0].inside.voxels) < LEAST_VOXELS:
        raise EmptyRegion(
            f"the region to register by has {voxels} voxels of {levels[0].spacing:g} mm; at least "
            f"{LEAST_VOXELS} are needed. Give a larger region or finer levels_mm."
        )
    trace = _refined(levels, start, settings)
    answer = trace[-1].transform
    compared = judging(levels).similarity(PLACES)
    before = compared.value(start)
    gain = compared.value(answer) / before - 1 if before > 0 else float("inf")
    if gain < settings.least_gain and settings.least_gain > 0:
        answer = start
    quality = judge(levels, answer, settings.steps)
    return Registered(answer, quality, quality.failure(), tuple(trace), gain)


def _checked(mask: Mask | None, image: Volume, name: str) -> Mask | None:
    """The mask, if it suits its image."""
    if mask is None:
        return None
    mask.on(image.grid, name=name)
    if mask.voxels == 0:
        raise EmptyRegion(f"{name} has no voxel; draw it, or leave it out to use the whole image.")
    return mask


def _must_be_numbers(image: Volume, name: str) -> None:
    """Refuse NaN and infinity."""
    if odd := int(np.count_nonzero(~np.isfinite(image.values))):
        raise UnsuitableScan(
            f"{name} has {odd} voxels that are not finite numbers; fill them first, and mask them."
        )


def _everywhere(volume: Volume) -> Mask:
    return Mask(np.ones(volume.grid.shape, bool), volume.grid)


def _by_middles(fixed: Mask | None, moving: Mask | None) -> Rigid:
    """Lays the middles of two masks over each other; nothing where one is missing."""
    if fixed is None or moving is None:
        return Rigid.identity()
    here, there = (m.grid.to_world(np.argwhere(m.values).mean(axis=0)) for m in (fixed, moving))
    return Rigid.about(here, shift_mm=there - here)


def _refined(levels: Sequence[AnyLevel], start: Rigid, settings: RigidSettings) -> list[Step]:
    """The best answer of every level, from coarse to fine."""
    coarse = levels[0].similarity(PLACES)
    places = coarse.points
    reach = (settings.reach_mm, settings.reach_deg)
    poses = poses_around(start, places.mean(axis=0), reach, settings.poses, settings.seed)
    begun = [p for _, p in best_apart(poses, coarse.value, places, settings.descents)]
    trace: list[Step] = []
    before = start
    for at, current in enumerate(levels):
        places_of = AT_THE_END if current is levels[-1] else ON_THE_WAY
        compared = current.similarity(places_of)
        ends = _descended(current, compared, begun, settings.steps, places_of)
        most = KEPT if at == 0 else 1
        kept = best_apart([*ends, *begun], compared.value, places, most, NEARLY_AS_GOOD)
        begun = [pose for _, pose in kept]
        value, best = kept[0]
        trace.append(Step(current.spacing, best, value, float(best.apart(before, places).max())))
        before = best
    return trace


def _descended(
    current: AnyLevel,
    compared: Similarity | Described,
    begun: Sequence[Rigid],
    steps: int,
    places_of: int,
) -> list[Rigid]:
    """Where descents end; once enough of them end where the best does, the others are left out."""
    ends: list[Rigid] = []
    values: list[float] = []
    for pose in begun:
        ends.append(current.descend(pose, steps, places_of))
        values.append(compared.value(ends[-1]))
        best = ends[int(np.argmax(values))]
        agreed = sum(float(best.apart(end, compared.points).max()) <= SAME_MM for end in ends)
        if agreed >= AGREED:
            break
    return ends
