"""What a densitometer prints: areal density, T-score and class of the spine and the hip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from ...core import BadSetting, UnknownName
from ..scene import Scene
from .devices import Class, Device, class_of
from .projection import Content, Projection, project

SHARED = 0.75
"""Share of the precision error of L1–L4 that all vertebrae have in common (assumed); the rest is
each one's own and averages out."""

ACCURACY = 0.03
"""Spread of how far a person's fat misleads a device, the same on every visit, as a share: part of
the 4–7 % by which two devices disagree after conversion (Fan 2010, doi:10.1007/s00198-009-1062-3,
not verified)."""

LEAST = 2
"""Fewest vertebrae that a diagnosis may rest on (ISCD 2019)."""

HIP_AGES = (25.0, 35.0, 45.0, 55.0, 65.0, 75.0, 85.0)

HIP_MEAN = {
    "F": (0.971, 0.960, 0.950, 0.915, 0.870, 0.810, 0.750),
    "M": (1.067, 1.029, 1.040, 1.015, 0.997, 0.961, 0.920),
}
"""Total hip of Hologic devices by age, g/cm²: men and the first of women from NHANES as quoted by
Varatharajan 2026 (doi:10.3389/fendo.2026.1748490); the rest assumed after NHANES III."""

HIP_SD = 0.130
"""Spread of the total hip within an age, g/cm² (NHANES: 0.11–0.14)."""

HIP_RELATION = 0.65
"""Correlation of hip and spine within an age (published 0.6–0.7)."""


@dataclass(frozen=True)
class VertebraReading:
    """One vertebra as printed.

    Attributes
    ----------
    bmc, area, bmd : float
        Mineral in g, area in cm², areal density in g/cm².
    t_score : float
        By the device's reference of L1–L4.
    """

    bmc: float
    area: float
    bmd: float
    t_score: float


@dataclass(frozen=True)
class SpineReading:
    """A spine as printed.

    Attributes
    ----------
    maker : str
        Maker of the device.
    vertebrae : dict of str to VertebraReading
        All that were read, excluded or not.
    excluded : tuple of str
        Vertebrae that do not count: broken ones.
    bmd, t_score : float or None
        Areal density in g/cm² and T-score of all that count; None where fewer than two are left.
    standard : float or None
        That density, standardised (sBMD), g/cm².
    diagnosis : str or None
        "normal", "osteopenia" or "osteoporosis".
    """

    maker: str
    vertebrae: dict[str, VertebraReading]
    excluded: tuple[str, ...]
    bmd: float | None
    t_score: float | None
    standard: float | None
    diagnosis: Class | None


@dataclass(frozen=True)
class HipReading:
    """A total hip as printed: density in g/cm², T-score, standardised density, class."""

    bmd: float
    t_score: float
    standard: float
    diagnosis: Class


def read_spine(
    scene: Scene,
    names: Sequence[str],
    device: Device,
    rng: np.random.Generator,
    *,
    sex: str,
    broken: Sequence[str] = (),
) -> SpineReading:
    """Read a spine on a device.

    Parameters
    ----------
    scene : Scene
        The body.
    names : sequence of str
        Vertebrae, from above, usually L1–L4.
    device : Device
        The densitometer.
    rng : numpy.random.Generator
        Source of the errors.
    sex : str
        "F" or "M": whose young adults the T-score compares with.
    broken : sequence of str
        Vertebrae that the reader sees to be fractured and leaves out.

    Returns
    -------
    SpineReading
        With errors of accuracy and of precision.

    Raises
    ------
    UnknownName
        If a vertebra or the sex is unknown.
    """
    personal = float(rng.normal(1, ACCURACY))
    return read_projection(
        project(scene, names), device, rng, sex=sex, broken=broken, personal=personal
    )


def read_projection(
    seen: Projection,
    device: Device,
    rng: np.random.Generator,
    *,
    sex: str,
    broken: Sequence[str] = (),
    personal: float = 1.0,
) -> SpineReading:
    """Read what was projected; again and again gives repeats on other days.

    Parameters
    ----------
    seen : Projection
        True mineral and regions.
    device : Device
        The densitometer.
    rng : numpy.random.Generator
        Source of the precision error, whose coefficient of variation is the device's.
    sex : str
        "F" or "M".
    broken : sequence of str
        Vertebrae to leave out.
    personal : float
        How the person misleads this device, as a factor, the same on every visit.

    Returns
    -------
    SpineReading
        Standardised density is the projected one, of hydroxyapatite.

    Raises
    ------
    BadSetting
        If `personal` is not above 0.
    UnknownName
        If the sex is unknown.
    """
    if not personal > 0:
        raise BadSetting(f"a person's factor is above 0; got {personal:g}.")
    names = tuple(seen.contents)
    error = device.precision[0]
    own = error * sqrt((1 - SHARED**2) * len(names))
    day = personal * float(rng.normal(1, SHARED * error))
    vertebrae = {}
    for name, content in seen.contents.items():
        bmd = device.reads(content.bmd) * day * float(rng.normal(1, own))
        area = content.area * float(rng.normal(1, 0.5 * own))
        vertebrae[name] = VertebraReading(bmd * area, area, bmd, device.t_score(bmd, sex))
    excluded = tuple(name for name in names if name in broken)
    counted = {name: vertebrae[name] for name in names if name not in excluded}
    if len(counted) < min(LEAST, len(names)):
        return SpineReading(device.maker, vertebrae, excluded, None, None, None, None)
    bmd = sum(v.bmc for v in counted.values()) / sum(v.area for v in counted.values())
    t_score = device.t_score(bmd, sex)
    return SpineReading(
        device.maker, vertebrae, excluded, bmd, t_score, device.standard(bmd), class_of(t_score)
    )


def mean_density(contents: Mapping[str, Content]) -> float:
    """Areal density of several vertebrae together, g/cm²: all mineral over all area."""
    return sum(c.bmc for c in contents.values()) / sum(c.area for c in contents.values())


def read_hip(
    age: float, sex: str, spine_score: float, device: Device, rng: np.random.Generator
) -> HipReading:
    """Read a total hip that goes with a spine.

    Parameters
    ----------
    age : float
        In years.
    sex : str
        "F" or "M".
    spine_score : float
        How far the spine lies from the mean of its age and sex, in standard deviations.
    device : Device
        The densitometer.
    rng : numpy.random.Generator
        Source of what the spine does not tell, and of the precision error.

    Returns
    -------
    HipReading
        Correlated with the spine by `HIP_RELATION`.

    Raises
    ------
    UnknownName
        If the sex is unknown.
    """
    if sex not in HIP_MEAN:
        raise UnknownName(f"the sex is F or M; got '{sex}'.")
    own = float(rng.normal())
    score = HIP_RELATION * spine_score + sqrt(1 - HIP_RELATION**2) * own
    hologic = max(float(np.interp(age, HIP_AGES, HIP_MEAN[sex])) + HIP_SD * score, 0.3)
    a, b = HOLOGIC_HIP
    bmd = device.reads(a + b * hologic, "hip") * float(rng.normal(1, device.precision[1]))
    t_score = device.t_score(bmd, sex, "hip")
    return HipReading(bmd, t_score, device.standard(bmd, "hip"), class_of(t_score))


HOLOGIC_HIP = (0.006, 1.008)
"""a and b of Hologic's total hip (Hanson 1997), in whose readings `HIP_MEAN` is written."""
