"""A lumbar spine made on paper, as a scan and its labels."""

from dataclasses import replace

import numpy as np

import shapes
from osteon.core import HU, Acquisition, Grid, Labels, Scan, Volume
from osteon.pipelines import Companions, MeasureSettings, measure_spine

GRID = Grid((48, 62, 60), [-47.0, -50.0, -22.0], np.eye(3), [2.0, 2.0, 2.0])
NAMES = ("L1", "L2", "L3")
AORTA = 52
"""Label of the aorta in task "total" of TotalSegmentator."""


def person(*, lattice=GRID, rising=0.0):
    """A scan and its labels; `rising` HU per mm² from the middle to the sides are added."""
    spine = shapes.spine(list(NAMES))
    values = shapes.ct(spine.values(), lattice)
    if rising:
        x = lattice.to_world(np.argwhere(np.ones(lattice.shape)))[:, 0].reshape(lattice.shape)
        values += (rising * x**2).astype(np.float32)
    numbers = shapes.labels(spine, lattice)
    scan = Scan(Volume(values, lattice, HU), Acquisition(modality="CT", kvp=120.0), format="NIfTI")
    return scan, Labels(numbers, lattice)


def alone(labels, level="L2"):
    """Labels of one vertebra, which are faster to measure."""
    number = shapes.TOTALSEGMENTATOR[level]
    return Labels(np.where(labels.values == number, number, 0).astype(np.uint8), labels.grid)


def with_values(scan, values):
    return replace(scan, volume=Volume(values, scan.volume.grid, scan.volume.unit))


def made_by(scan, **facts):
    return replace(scan, acquisition=replace(scan.acquisition, **facts))


def measured(scan, labels, *, settings=None, label_flags=(), **beside):
    return measure_spine(
        scan,
        labels,
        beside=Companions(**beside),
        settings=settings or MeasureSettings(),
        label_flags=label_flags,
    )


def number(result, level, region, name, method=None):
    """The one measurement of a name."""
    found = [
        one
        for one in result.measurements
        if (one.level, one.region, one.name) == (level, region, name)
        and method in (None, one.method)
    ]
    assert len(found) == 1, (level, region, name, method, found)
    return found[0]


def codes(flags):
    return {flag.code for flag in flags}
