"""The geometry gate: slices become a stack only if they lie like one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...core import Flag, UnsuitableScan
from .frames import Frame
from .header import text
from .series import is_localizer
from .wording import counted, element, listed, mm

FEWEST_SLICES = 3
"""Fewest slices that make a volume."""

POSITION_WITHIN_MM = 0.01
"""Departure of a slice from its place on a regular grid that is taken for rounding, in mm."""

DRIFT_WITHIN_MM = 0.1
"""Sideways departure of a slice from the stack's normal that is taken for rounding of the
direction cosines, in mm; four decimals of a cosine make 0.02 mm in a stack of 200 mm."""

COSINE_WITHIN = 1e-4
"""Difference of direction cosines that is taken for rounding; 0.006°."""

USUAL_FROM = 0.25
"""Share of all steps from which a slice distance counts as usual for the series."""

Steps = list[tuple[float, int, int]]
"""Runs of equal slice distance: distance in mm, number of the first and the last slice that is
followed by it, counted from 1 along the normal."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices in the order in which they lie, and how they lie.

    Attributes
    ----------
    frames : tuple of Frame
        One a position, along the normal of the image planes.
    distances : (n,) array
        Way from the first slice along the normal, in mm; growing.
    step : float
        Distance of neighbouring slices in mm: of all where `regular`, else the finest usual one.
    regular : bool
        Whether the slices are equally spaced.
    shear : (2,) array
        Sideways shift along i and j for each mm of way along the normal; 0 without gantry tilt.
    flags : tuple of Flag
        What was odd and what was done about it.
    """

    frames: tuple[Frame, ...]
    distances: NDArray[np.float64]
    step: float
    regular: bool
    shear: NDArray[np.float64]
    flags: tuple[Flag, ...] = ()

    @property
    def tilt(self) -> float:
        """Angle between the stack's axis and the normal of the image planes, in degrees."""
        return float(np.degrees(np.arctan(np.linalg.norm(self.shear))))

    @property
    def direction(self) -> NDArray[np.float64]:
        """Unit vectors of i, j and the normal as columns."""
        row, column = self.frames[0].cosines[:3], self.frames[0].cosines[3:]
        return np.column_stack([row, column, _normal(self.frames[0])])


def stacked(
    frames: Sequence[Frame],
    *,
    where: str,
    allow_gaps: bool,
    same_pixels: Callable[[Sequence[Frame]], bool],
) -> Stack:
    """Slices as a stack, if they make one.

    Parameters
    ----------
    frames : sequence of Frame
        Slices of one series, in any order.
    where : str
        Name of the input, for messages.
    allow_gaps : bool
        Whether unequal slice distances are let through.
    same_pixels : function of slices
        Whether all of these slices hold the same values; asked of slices at one position.

    Returns
    -------
    Stack
        Straight and regular, or with the shear and distances that have to be resampled.

    Raises
    ------
    UnsuitableScan
        If matrix, pixel spacing, orientation or frame of reference change from slice to slice,
        if different slices lie at one position, if there are fewer than three, if they are
        shifted sideways unevenly, or if their distances are unequal and `allow_gaps` is not set.
    """
    kept, left_out = _without_localizers(frames)
    _check_stacks(kept, where)
    if kept:
        _check_alike(kept)
    kept, copies = _one_a_position(kept, where, same_pixels)
    if len(kept) < FEWEST_SLICES:
        raise UnsuitableScan(
            f"{where}: too few slices for a volume, {len(kept)} where at least {FEWEST_SLICES} are "
            "needed; give the folder or zip with the whole series."
        )
    distances, shear = _layout(kept, where)
    step = float(distances[-1]) / (len(kept) - 1)
    even = np.arange(len(kept), dtype=np.float64) * step
    regular = bool(np.abs(distances - even).max() <= POSITION_WITHIN_MM)
    stack = Stack(tuple(kept), even if regular else distances, step, regular, shear)
    if not regular:
        stack = replace(stack, step=_usual(np.diff(distances)))
        if not allow_gaps:
            raise UnsuitableScan(
                f"{where}: {gaps(stack)}{_tilt_too(stack)}. Give the whole series, or let the "
                "distances be evened out by linear interpolation with --allow-gaps."
            )
    return replace(stack, flags=left_out + copies)


def gaps(stack: Stack) -> str:
    """Unequal slice distances in words, such as ``1 gap: 10 mm after slice 3, where …``."""
    runs = [
        run
        for run in _runs(np.diff(stack.distances))
        if abs(run[0] - stack.step) > 2 * POSITION_WITHIN_MM
    ]
    if not runs:
        return "the slices leave a regular grid little by little"
    places = [
        f"{mm(step)} after slice" + (f"s {first} to {last}" if last > first else f" {first}")
        for step, first, last in runs
    ]
    number = sum(last - first + 1 for _, first, last in runs)
    noun = "gap" if all(step > stack.step for step, _, _ in runs) else "unequal slice distance"
    usual = f"where {mm(stack.step)} are usual"
    return f"{counted(number, noun)}: {listed(places, 4, 'more places')}, {usual}"


def _tilt_too(stack: Stack) -> str:
    return f"; besides, the gantry was tilted by {stack.tilt:.1f}°" if stack.shear.any() else ""


def _normal(frame: Frame) -> NDArray[np.float64]:
    normal = np.cross(frame.cosines[:3], frame.cosines[3:])
    return np.asarray(normal / np.linalg.norm(normal), np.float64)


def _without_localizers(frames: Sequence[Frame]) -> tuple[list[Frame], tuple[Flag, ...]]:
    kept = [f for f in frames if "LOCALIZER" not in f.image_type and not is_localizer(f.file)]
    dropped = len(frames) - len(kept)
    if not dropped:
        return kept, ()
    text_ = f"{counted(dropped, 'localizer')} in the series left out ({element('ImageType')})."
    return kept, (Flag("localizer-dropped", text_),)


def _check_stacks(frames: Sequence[Frame], where: str) -> None:
    """Refuse frames that the file itself assigns to several stacks."""
    stacks: dict[str, int] = {}
    for frame in frames:
        if name := frame.apart.get("StackID"):
            stacks[name] = stacks.get(name, 0) + 1
    if len(stacks) > 1:
        sizes = listed([counted(size, "slice") for size in stacks.values()], 6)
        raise UnsuitableScan(
            f"{where} holds {len(stacks)} stacks in one series ({element('StackID')}: {sizes}); "
            "export them as separate series."
        )


def _check_alike(frames: Sequence[Frame]) -> None:
    """Refuse slices that differ in what must be the same all through a volume."""
    facts: list[tuple[str, Callable[[Frame], NDArray[np.float64]], float]] = [
        ("Rows", lambda f: np.array([float(f.rows)]), 0.0),
        ("Columns", lambda f: np.array([float(f.columns)]), 0.0),
        ("ImageOrientationPatient", lambda f: f.cosines, COSINE_WITHIN),
        ("PixelSpacing", lambda f: f.spacing, 1e-4),
    ]
    for keyword, fact, within in facts:
        values = np.array([fact(frame) for frame in frames])
        if (np.ptp(values, axis=0) <= within).all():
            continue
        distinct, counts = np.unique(np.round(values, 4), axis=0, return_counts=True)
        usual = distinct[counts.argmax()]
        odd = np.flatnonzero((np.abs(values - usual) > within + 1e-4).any(axis=1))
        if odd.size:
            raise _differing(keyword, frames[int(odd[0])], values[odd[0]], usual, len(odd))
    references = {text(f.file.header, "FrameOfReferenceUID"): f for f in frames}
    references.pop("", None)
    if len(references) > 1:
        raise UnsuitableScan(
            f"{list(references.values())[-1].name}: {element('FrameOfReferenceUID')} differs from "
            "that of other slices, so their positions cannot be compared; give one series."
        )


def _differing(
    keyword: str, frame: Frame, found: NDArray[np.float64], usual: NDArray[np.float64], odd: int
) -> UnsuitableScan:
    if keyword == "ImageOrientationPatient":
        chord = max(np.linalg.norm(found[:3] - usual[:3]), np.linalg.norm(found[3:] - usual[3:]))
        angle = np.degrees(2 * np.arcsin(min(float(chord) / 2, 1.0)))
        difference = f"is turned by {angle:.3g}° against the other slices"
    elif keyword == "PixelSpacing":
        difference = f"is {mm(found.tolist())}, that of the other slices {mm(usual.tolist())}"
    else:
        difference = f"is {found[0]:.0f}, that of the other slices {usual[0]:.0f}"
    return UnsuitableScan(
        f"{frame.name}: {element(keyword)} {difference} ({counted(odd, 'such slice')}); "
        "slices that differ in it make no volume. Take the odd ones out, or give another series."
    )


def _one_a_position(
    frames: Sequence[Frame], where: str, same_pixels: Callable[[Sequence[Frame]], bool]
) -> tuple[list[Frame], tuple[Flag, ...]]:
    """Slices in order, copies left out; different slices at one position are refused."""
    if not frames:
        return [], ()
    normal = _normal(frames[0])
    ordered = sorted(frames, key=lambda f: (float(f.position @ normal), f.name))
    places: list[list[Frame]] = [[ordered[0]]]
    for frame in ordered[1:]:
        if (frame.position - places[-1][-1].position) @ normal < POSITION_WITHIN_MM:
            places[-1].append(frame)
        else:
            places.append([frame])
    shared = [place for place in places if len(place) > 1]
    for place in shared:
        aside = max(float(np.linalg.norm(f.position - place[0].position)) for f in place)
        if aside > DRIFT_WITHIN_MM or not same_pixels(place):
            raise _no_volume(place, len(shared), where)
    copies = len(frames) - len(places)
    kept = [place[0] for place in places]
    if not copies:
        return kept, ()
    said = f"{counted(copies, 'slice')} stored again (same position, same pixels) left out."
    return kept, (Flag("duplicate-slices", said),)


def _no_volume(place: Sequence[Frame], positions: int, where: str) -> UnsuitableScan:
    apart = []
    for keyword in place[0].apart:
        values = list(dict.fromkeys(frame.apart.get(keyword, "") for frame in place))
        if len(values) > 1:
            apart.append(element(keyword))
    differ = f"; they differ in {listed(apart, 3)}" if apart else ""
    also = f", and so at {counted(positions - 1, 'other position')}" if positions > 1 else ""
    return UnsuitableScan(
        f"{where}: slices that are no volume: {len(place)} different slices lie at one position "
        f"({place[0].name} and on){also}{differ}. Export one phase, echo or reconstruction."
    )


def _layout(frames: Sequence[Frame], where: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Way of each slice along the normal from the first, and shear of the stack."""
    first = frames[0]
    way = np.array([frame.position - first.position for frame in frames])
    distances = np.asarray(way @ _normal(first), np.float64)
    sideways = way @ np.column_stack([first.cosines[:3], first.cosines[3:]])
    if np.abs(sideways).max() <= DRIFT_WITHIN_MM:
        return distances, np.zeros(2)
    shear = distances @ sideways / (distances @ distances)
    off = np.abs(sideways - distances[:, None] * shear).max(axis=1)
    if off.max() > DRIFT_WITHIN_MM:
        raise UnsuitableScan(
            f"{frames[int(off.argmax())].name}: {element('ImagePositionPatient')} lies "
            f"{mm(float(off.max()))} beside the line of the other slices of {where}, which neither "
            "a straight nor a tilted stack explains; give one series."
        )
    return distances, shear


def _runs(steps: NDArray[np.float64]) -> Steps:
    """Neighbouring steps of one size put together."""
    runs: Steps = []
    for number, step in enumerate(steps.tolist(), start=1):
        if runs and abs(step - runs[-1][0]) <= 2 * POSITION_WITHIN_MM:
            runs[-1] = (runs[-1][0], runs[-1][1], number)
        else:
            runs.append((step, number, number))
    return runs


def _usual(steps: NDArray[np.float64]) -> float:
    """Finest slice distance of those that make up a good share of all; else the median."""
    rest = np.sort(steps)
    while rest.size:
        alike = rest[rest <= rest[0] + 2 * POSITION_WITHIN_MM]
        if alike.size >= USUAL_FROM * steps.size:
            return float(np.median(alike))
        rest = rest[alike.size :]
    return float(np.median(steps))
