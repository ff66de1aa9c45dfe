"""A block of bone with plates in it, seen by CT, and by an MR that lies askew."""

import numpy as np

from osteon.core import HU, Grid, Labels, Mask, Volume
from osteon.pipelines.knee.patches.places import PatchPlace
from osteon.registration import Rigid

POSE = Rigid.about((0, 0, 0), turn_deg=(4.0, -3.0, 5.0), shift_mm=(6.0, -3.0, 2.0))
"""From places of the CT to places of the MR."""

HALF = 13.0
"""Half the side of the block, with a shell of compact bone of 2 mm."""

PERIOD, THICK = 2.4, 0.96
"""Distance of plates and their thickness, across y."""

CT_GRID = Grid((60, 60, 30), (-14.75, -14.75, -14.5), np.eye(3), (0.5, 0.5, 1.0))
SAGITTAL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
MR_GRID = Grid((84, 84, 34), (-10.6, -19.6, -14.6), SAGITTAL, (0.4, 0.4, 1.0))
PLACE = PatchPlace("medial femur", 0, np.zeros(3))


def share(points):
    """Share of bone at places of the CT's world: plates, and a shell around them."""
    phase = np.mod(points[..., 1], PERIOD)
    # an edge of a quarter of a mm, as a voxel makes it
    inside = np.clip((0.5 * THICK - np.abs(phase - 0.5 * PERIOD)) / 0.25 + 0.5, 0, 1)
    return np.where(np.abs(points).max(axis=-1) > HALF - 2.0, 1.0, inside)


def places_of(grid):
    return grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))


def cube(half, grid=CT_GRID, centre=(0, 0, 0)):
    return Mask(np.abs(places_of(grid) - centre).max(axis=-1) <= half, grid)


def ct():
    points = places_of(CT_GRID)
    bone = np.abs(points).max(axis=-1) <= HALF
    return Volume(np.where(bone, 1200.0 * share(points), 40.0).astype(np.int16), CT_GRID, HU)


def mr(shading=0.0, pose=POSE, scale=600.0):
    """Bone dark, marrow bright, brighter along z of the MR by a share of `shading` a mm."""
    there = places_of(MR_GRID)
    points = pose.inverse()(there)
    bone = np.abs(points).max(axis=-1) <= HALF
    grey = np.where(bone, 1.0 - share(points), 0.4) * scale * (1.0 + shading * there[..., 2])
    return Volume(np.rint(grey).astype(np.int16), MR_GRID, "1")


def bones():
    """The block is the femur."""
    values = cube(HALF).values.astype(np.uint8)
    return Labels(values, CT_GRID, {1: "femur", 2: "tibia"})
