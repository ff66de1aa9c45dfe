"""The main job: a CT with labelled vertebrae becomes regions, HU, densities and flags."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..calibration import Rod
from ..core import HU, Flag, Labels, Mask, Measurement, Scan, UnsuitableScan
from ..regions import (
    AORTA,
    REGIONS,
    NamedLevels,
    contrast_flags,
    follow_spine,
    name_levels,
    side_flags,
    suspect_fractures,
)
from .density import Densities, calibrate_scan, densities
from .level import BODY, Ground, Level, find_level, measure_level
from .settings import MeasureSettings

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps are done, and of how many."""


VERTEBRAE = range(25, 51)
"""Labels of sacrum and vertebrae in TotalSegmentator's task "total"."""


@dataclass(frozen=True, eq=False)
class Companions:
    """What may be given beside the vertebra labels.

    Attributes
    ----------
    numbering : str or None
        Name of the numbering of the vertebra labels; recognised where it is not given.
    level_map : mapping of int to str, or None
        Level of each label number, for labels in no numbering known.
    organs : Labels or None
        Labels of TotalSegmentator's task "total" on the scan's grid.
    subregions : Labels or None
        Sub-region labels of TPTBox or SPINEPS on the scan's grid.
    rods : sequence of Rod
        Rods of a density phantom with their mean HU.
    """

    numbering: str | None = None
    level_map: Mapping[int, str] | None = None
    organs: Labels | None = None
    subregions: Labels | None = None
    rods: Sequence[Rod] = ()


@dataclass(frozen=True, eq=False)
class SpineResult:
    """Everything that `osteon measure` found.

    Attributes
    ----------
    scan : Scan
        The CT.
    vertebrae : Labels
        The labels it was measured with, named by level.
    named : NamedLevels
        Which numbering they follow.
    levels : tuple of Level
        Head to tail.
    densities : Densities
        Calibrations, densities, screening indications.
    scan_flags, label_flags : tuple of Flag
        What bears on the whole scan, and what is odd about the labels.
    settings : MeasureSettings
        Choices.
    contrast : bool or None
        Whether contrast agent was given: as set, as the file says, or as the aorta shows.
    """

    scan: Scan
    vertebrae: Labels
    named: NamedLevels
    levels: tuple[Level, ...]
    densities: Densities
    scan_flags: tuple[Flag, ...]
    label_flags: tuple[Flag, ...]
    settings: MeasureSettings
    contrast: bool | None

    @property
    def measurements(self) -> list[Measurement]:
        """All numbers, level by level from head to tail, then densities."""
        return [
            *(number for level in self.levels for number in level.measurements),
            *self.densities.measurements,
        ]

    def region(self, name: str) -> Labels:
        """One region of all levels on the scan's grid, each with its vertebra's label number."""
        values = np.zeros(self.scan.volume.grid.shape, self.vertebrae.values.dtype)
        for level in self.levels:
            if level.compartments is None or name not in level.compartments.masks:
                continue
            start = level.compartments.start
            mask = level.compartments.masks[name].values
            place = tuple(slice(a, a + n) for a, n in zip(start, mask.shape, strict=True))
            values[place][mask] = level.label
        return Labels(values, self.scan.volume.grid, self.vertebrae.names)


def measure_spine(
    scan: Scan,
    labels: Labels,
    *,
    beside: Companions,
    settings: MeasureSettings,
    label_flags: tuple[Flag, ...] = (),
    progress: Progress = lambda what, done, steps: None,
) -> SpineResult:
    """Measure the labelled vertebrae of a CT.

    Parameters
    ----------
    scan : Scan
        A CT in HU.
    labels : Labels of shape (i, j, k)
        Vertebra labels on the scan's grid.
    beside : Companions
        Further labels, and what the label numbers mean.
    settings : MeasureSettings
        Choices that change the numbers.
    label_flags : tuple of Flag
        What reading the labels found odd.
    progress : callable
        Called as ``progress(what, done, steps)``.

    Returns
    -------
    SpineResult
        One entry a labelled level; a level that could not be measured carries its reason.

    Raises
    ------
    UnitMismatch
        If the scan is not in HU.
    GridMismatch
        If labels lie on another grid than the scan.
    EmptyRegion, UnknownName
        If no label is a vertebra, or its numbering is not known.
    UnsuitableScan
        If not a single vertebra could be measured.
    """
    volume = scan.volume.in_unit(HU)
    labels = labels.on(volume.grid, name="the label file")
    named = name_levels(labels, numbering=beside.numbering, mapping=beside.level_map)
    steps = 2 * len(named.levels) + 2
    progress("following the spine", 0, steps)
    spine = follow_spine(labels, named.levels)
    organs, kvp, contrast, seen = _circumstances(scan, labels, named, beside, settings)
    label_flags = (*label_flags, *spine.flags, *(side_flags(organs) if organs else ()))
    ground = Ground(
        scan,
        labels,
        spine,
        float(volume.values.min()),
        _subregions(beside, labels),
        settings,
        (*scan.flags, *seen, *label_flags),
    )
    found: list[Level] = []
    for name, label in named.levels.items():
        progress(f"finding {name}", len(found) + 1, steps)
        found.append(find_level(ground, name, label))
    suspected = suspect_fractures({one.name: one.shape for one in found if one.shape})
    levels = tuple(measure_level(ground, one, suspected.get(one.name, ())) for one in found)
    _some_measured(levels)
    progress("calibrating", steps - 2, steps)
    calibrations = calibrate_scan(
        volume, organs, kvp=kvp, contrast=contrast, rods=beside.rods or None
    )
    found_densities = densities(ground, levels, calibrations, kvp=kvp, contrast=contrast)
    progress("calibrated", steps, steps)
    names = {label: name for name, label in named.levels.items()}
    vertebrae = Labels(labels.values, labels.grid, names)
    scan_flags = (*scan.flags, *seen)
    return SpineResult(
        scan, vertebrae, named, levels, found_densities, scan_flags, label_flags, settings, contrast
    )


def _circumstances(
    scan: Scan,
    labels: Labels,
    named: NamedLevels,
    beside: Companions,
    settings: MeasureSettings,
) -> tuple[Labels | None, float | None, bool | None, tuple[Flag, ...]]:
    """Organ labels, tube voltage, contrast agent and its flags, as far as they are known."""
    organs = beside.organs
    if organs is not None and np.isin(organs.values, (0, *VERTEBRAE)).all():
        raise UnsuitableScan(
            "the organ file holds vertebrae only (labels 25 to 50); give labels of "
            'TotalSegmentator\'s task "total" with --organs, or leave it out.'
        )
    if organs is None and named.numbering == "TotalSegmentator" and labels.values.max() > 50:
        organs = labels  # the whole of task "total" was given in one file
    stated = scan.acquisition.contrast if settings.contrast is None else settings.contrast
    aorta: Mask | None = organs.mask(AORTA) if organs is not None else None
    flags = contrast_flags(scan.volume, aorta, stated)
    contrast = True if flags else stated
    if contrast is None and aorta is not None and aorta.voxels > 0:
        contrast = False
    kvp = scan.acquisition.kvp if settings.kvp is None else settings.kvp
    return organs, kvp, contrast, flags


def _subregions(beside: Companions, labels: Labels) -> Labels | None:
    if beside.subregions is None:
        return None
    subregions = beside.subregions.on(labels.grid, name="the sub-region file")
    if not np.isin(BODY, subregions.values).any():
        raise UnsuitableScan(
            f"the sub-region file has no vertebral body (labels {BODY[0]} and {BODY[1]} of TPTBox "
            "and SPINEPS); leave it out and the body is found from geometry."
        )
    return subregions


def _some_measured(levels: Sequence[Level]) -> None:
    if any(level.compartments is not None and level.compartments.masks for level in levels):
        return
    reasons = "; ".join(f"{level.name}: {level.reason or 'no region left'}" for level in levels)
    raise UnsuitableScan(
        f"not one of the labelled vertebrae could be measured ({reasons}). "
        f"Regions wanted: {', '.join(REGIONS)}."
    )
