"""From HU to mg/cm³ for every level, by every calibration that the scan allows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..calibration import (
    Calibration,
    Indication,
    Rod,
    Screened,
    Unavailable,
    available_calibrations,
    indications,
    sample_tissue,
)
from ..core import MG_CM3, BadSetting, Box, EmptyRegion, Flag, Grid, Labels, Measurement, Volume
from ..features import VBMD
from ..regions import find_tissues
from .level import Ground, Level

SAMPLED_MM = 1.5
"""Tissues are looked for in voxels this far apart, where the scan is finer."""


@dataclass(frozen=True)
class Densities:
    """Densities of a scan.

    Attributes
    ----------
    calibrations : tuple of Calibration or Unavailable
        Every method, with the reason where it cannot be had.
    measurements : tuple of Measurement
        One a level and method that can be had, one a method that cannot.
    indications : tuple of Indication
        What HU and densities indicate against published thresholds.
    """

    calibrations: tuple[Calibration | Unavailable, ...]
    measurements: tuple[Measurement, ...]
    indications: tuple[Indication, ...]


def calibrate_scan(
    scan: Volume,
    organs: Labels | None,
    *,
    kvp: float | None,
    contrast: bool | None,
    rods: Sequence[Rod] | None = None,
) -> list[Calibration | Unavailable]:
    """Try every calibration on a scan.

    Parameters
    ----------
    scan : Volume of shape (i, j, k), in HU
        The CT.
    organs : Labels of shape (i, j, k), or None
        Labels of TotalSegmentator's task "total"; without them blood and muscle are not known.
    kvp : float or None
        Tube voltage in kV.
    contrast : bool or None
        Whether contrast agent was given.
    rods : sequence of Rod, optional
        Rods of a phantom, with their mean HU.

    Returns
    -------
    list of Calibration or Unavailable
        One a method.

    Raises
    ------
    BadSetting
        If rods are given that fit no line.
    """
    samples = []
    thin = _thinned(scan.grid)
    scan, organs = scan.part(thin), None if organs is None else organs.part(thin)
    for name, mask in find_tissues(scan, organs).items():
        try:
            samples.append(sample_tissue(scan, mask, name))
        except EmptyRegion:
            continue  # too small to sample: for the calibration it is not in view
    found = available_calibrations(samples, kvp=kvp, contrast=contrast, rods=rods)
    if rods:
        _phantom_used(found)
    return found


def _phantom_used(found: Sequence[Calibration | Unavailable]) -> None:
    """Refuse rods that were given and give no calibration: whoever named them counts on it."""
    phantoms = [one for one in found if one.method.key.startswith("phantom")]
    if not any(isinstance(one, Calibration) for one in phantoms):
        reasons = [one.reason for one in phantoms if isinstance(one, Unavailable)]
        raise BadSetting(f"--rods give no calibration: {' '.join(reasons)}")


def _thinned(grid: Grid) -> Box:
    """Every nth voxel, so that samples lie up to 1.5 mm apart: a mean needs no more."""
    i, j, k = (slice(None, None, max(int(SAMPLED_MM / step), 1)) for step in grid.spacing)
    return i, j, k


def densities(
    ground: Ground,
    levels: Sequence[Level],
    calibrations: Sequence[Calibration | Unavailable],
    *,
    kvp: float | None,
    contrast: bool | None,
) -> Densities:
    """Density of the core of every level, and what the values indicate.

    Parameters
    ----------
    ground : Ground
        What all levels share.
    levels : sequence of Level
        Measured levels.
    calibrations : sequence of Calibration or Unavailable
        From `calibrate_scan`.
    kvp, contrast : float or None, bool or None
        As far as known.

    Returns
    -------
    Densities
        Values in mg/cm³, each with method, equivalent mineral and uncertainty.
    """
    measured = []
    screened = [value for level in levels for value in _screened_hu(level)]
    for calibration in calibrations:
        if isinstance(calibration, Unavailable):
            why = Flag("not-available", calibration.reason)
            key = calibration.method.key
            measured.append(Measurement("", "core", VBMD.name, None, MG_CM3, key, None, (why,)))
            continue
        for level in levels:
            if level.compartments is None or "core" not in level.compartments.masks:
                continue
            number = _vbmd(ground, level, calibration)
            measured.append(number)
            if number.value is not None:
                screened.append(
                    Screened(
                        level.name,
                        VBMD.name,
                        number.value,
                        number.uncertainty,
                        number.method,
                        calibration.equivalent,
                        level.flags,
                    )
                )
    judged = indications(screened, contrast=contrast, kvp=kvp)
    return Densities(tuple(calibrations), tuple(measured), tuple(judged))


def _vbmd(ground: Ground, level: Level, calibration: Calibration) -> Measurement:
    if level.compartments is None:
        raise EmptyRegion(f"{level.name} was not measured: {level.reason}")
    hu = level.crop(ground.scan.volume).values[level.compartments.masks["core"].values]
    middle = float(hu.mean())
    value = float(calibration.density(hu).mean())
    per_hu = float(np.diff(calibration.density([middle - 0.5, middle + 0.5]))[0])
    of_fit = calibration.standard_uncertainty(middle)
    of_margin = _hu(level, "core", "HU mean")
    margin = of_margin.uncertainty if of_margin and of_margin.uncertainty else 0.0
    unsure = None if of_fit is None else float(np.hypot(of_fit, per_hu * margin))
    mineral = Flag(
        calibration.equivalent.lower(), f"In mg/cm³ of {calibration.equivalent} equivalent."
    )
    flags = (mineral, *calibration.flags, *level.flags, *ground.flags)
    key = calibration.method.key
    return Measurement(level.name, "core", VBMD.name, value, MG_CM3, key, unsure, flags)


def _screened_hu(level: Level) -> list[Screened]:
    """The mean of the oval, as in the studies of the thresholds; of the core without one."""
    for region in ("oval", "core"):
        found = _hu(level, region, "HU mean")
        if found is not None and found.value is not None:
            name, value, unsure = found.name, found.value, found.uncertainty
            return [Screened(level.name, name, value, unsure, found.method, flags=level.flags)]
    return []


def _hu(level: Level, region: str, name: str) -> Measurement | None:
    for number in level.measurements:
        if (number.region, number.name) == (region, name):
            return number
    return None
