"""A knee of four blocks: bones and regions that are known without looking for them."""

from dataclasses import dataclass

import numpy as np

from knee_models import REGIONS
from osteon.core import HU, Acquisition, Grid, Labels, Mask, Scan, Volume

SHAPE = (72, 48, 64)
GRID = Grid(SHAPE, np.array([-36.0, -24.0, 10.0]), np.eye(3), np.ones(3))
BOXES = {
    "medial femur": (slice(8, 32), slice(10, 38), slice(36, 48)),
    "lateral femur": (slice(40, 64), slice(10, 38), slice(36, 48)),
    "medial tibia": (slice(8, 32), slice(10, 38), slice(16, 28)),
    "lateral tibia": (slice(40, 64), slice(10, 38), slice(16, 28)),
}
"""Regions of a left knee: lateral is to the patient's left, +x."""

GREYS = dict(zip(REGIONS, (500, 300, 700, 400), strict=True))
"""HU around each region, wide enough that no patch sees another's."""


def regions(*missing):
    """Masks of the regions; those that are missing are empty."""
    masks = {}
    for name, box in BOXES.items():
        values = np.zeros(SHAPE, bool)
        values[box] = name not in missing
        masks[name] = Mask(values, GRID)
    return masks


def ct(greys=GREYS, **acquisition):
    """A quarter of the knee around each region has its HU."""
    values = np.zeros(SHAPE, np.int16)
    halves = {"medial": slice(0, 36), "lateral": slice(36, 72)}
    levels = {"femur": slice(32, 64), "tibia": slice(0, 32)}
    for name, grey in greys.items():
        part, bone = name.split()
        values[halves[part], :, levels[bone]] = grey
    known = {"modality": "CT", "kvp": 120.0, "kernel": "bone", **acquisition}
    return Scan(Volume(values, GRID, HU), Acquisition(**known), format="NIfTI")


@dataclass(frozen=True, eq=False)
class Bones:
    """What the finder of bones gives, as far as predicting asks."""

    flags: tuple = ()

    def labels(self):
        values = np.zeros(SHAPE, np.uint8)
        values[..., 32:] = 1
        values[..., :32] = 2
        return Labels(values, GRID, {1: "femur", 2: "tibia"})


@dataclass(frozen=True, eq=False)
class Subchondral:
    regions: dict


def stand_in(monkeypatch, *missing, side="left"):
    """Let predicting find these blocks instead of looking for a knee."""
    from osteon.pipelines.knee.prediction import predicting

    monkeypatch.setattr(predicting, "find_knee_bones", lambda volume: Bones())
    monkeypatch.setattr(predicting, "knee_side", lambda bones: side)
    found = Subchondral(regions(*missing))

    def find(bones, *, side, deepest_mm, plate_mm):
        """The blocks, less what lies deeper than asked in a block of 12 mm."""
        near = {name: mask.values.copy() for name, mask in found.regions.items()}
        for name, values in near.items():
            along = slice(None, 48 - int(deepest_mm)) if "femur" in name else slice(28, None)
            values[..., along] = False
        return Subchondral({name: Mask(values, GRID) for name, values in near.items()})

    monkeypatch.setattr(predicting, "find_subchondral", find)
