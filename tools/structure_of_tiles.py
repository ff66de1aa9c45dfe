"""Measure the structure of tiles: python tools/structure_of_tiles.py fields|specimens > TABLE.

``fields`` makes src/osteon/simulate/bone/data/fields.csv, ``specimens`` makes specimens.csv beside
it; they take four and ten minutes of CPU.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from osteon.core import Grid, Mask
from osteon.features.structure import local_thickness, trabecular
from osteon.simulate.bone.cells import STEPS, level_of
from osteon.simulate.bone.fields import random_structure
from osteon.simulate.bone.specimens import specimen_tile, specimens
from osteon.simulate.bone.tiles import SIDE

RIM = 16
"""Voxels of the tile's other side put around it, so that spheres at its faces are limited."""

FIELD_AMOUNTS = (0.05, 0.12, 0.25, 0.45, 0.85)
CHARACTERS = (0.0, 0.3, 0.6, 1.0)
STRETCHES = (1.0, 2.0, 4.0)
SEEDS = (1, 2)
SPECIMEN_AMOUNTS = (0.04, 0.055, 0.07, 0.09, 0.115, 0.15, 0.2, 0.3, 0.5)


def bone_of(values: NDArray[np.int16], amount: float, spacing: float) -> tuple[Mask, Mask]:
    """Bone of a tile at a BV/TV with a rim of its other side, and the tile without the rim."""
    wide = np.pad(values, RIM, mode="wrap")
    grid = Grid(wide.shape, np.zeros(3), np.eye(3), np.full(3, spacing))
    region = np.zeros(wide.shape, np.bool_)
    region[RIM : RIM + SIDE, RIM : RIM + SIDE, RIM : RIM + SIDE] = True
    return Mask(wide > level_of(amount) * STEPS, grid), Mask(region, grid)


def fields() -> None:
    """Tb.Sp and Tb.Th of random structures in voxels, mean over tiles."""
    print("# Random structure (osteon.simulate.bone.fields): Tb.Sp and Tb.Th in voxels of the tile")
    print(f"# by BV/TV, character and stretch; mean over tiles of seeds {SEEDS}, whole tiles with")
    print("# their other side around them, maximal spheres to voxel centres. Made by")
    print("# tools/structure_of_tiles.py fields.")
    print("amount,character,stretch,separation,thickness")
    for character in CHARACTERS:
        for stretch in STRETCHES:
            tiles = [
                random_structure(stretch, character, np.random.default_rng(seed)) for seed in SEEDS
            ]
            for amount in FIELD_AMOUNTS:
                both = []
                for values in tiles:
                    bone, region = bone_of(values, amount, 1.0)
                    marrow = Mask(~bone.values, bone.grid)
                    both.append(
                        [
                            local_thickness(phase, region=region, keep_map=False).mean
                            for phase in (marrow, bone)
                        ]
                    )
                separation, thickness = np.mean(both, axis=0)
                found = f"{separation:.3f},{thickness:.3f}"
                print(f"{amount:g},{character:g},{stretch:g},{found}", flush=True)


def structure() -> None:
    """Tb.Th, Tb.Sp and Tb.N of the specimens' tiles by BV/TV."""
    print(
        "# Specimens (osteon.simulate.bone.specimens) thinned and thickened to a BV/TV: Tb.Th and"
    )
    print("# Tb.Sp in mm, Tb.N in 1/mm (mid-axes); whole tiles of 0.05 mm voxels with their other")
    print("# side around them, maximal spheres to voxel centres. Made by")
    print("# tools/structure_of_tiles.py specimens.")
    print("specimen,amount,thickness,separation,number")
    for name in specimens():
        tile = specimen_tile(name)
        for amount in SPECIMEN_AMOUNTS:
            bone, region = bone_of(tile.values, amount, tile.spacing)
            found = trabecular(bone, region=region, keep_maps=False)
            numbers = (found.thickness.mean, found.separation.mean, 1.0 / found.mid_axes.mean)
            print(f"{name},{amount:g}," + ",".join(f"{n:.4f}" for n in numbers), flush=True)


if __name__ == "__main__":
    {"fields": fields, "specimens": structure}[sys.argv[1]]()
