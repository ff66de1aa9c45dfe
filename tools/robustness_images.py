"""Real specimens of L1 as clinical CT shows them, under one changed setting at a time."""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from osteon.core import HU, Grid, Mask, Volume
from osteon.pipelines.knee.specimens.specimens import Specimen
from osteon.simulate.ct import CTView, Scanner
from osteon.simulate.ct.acquire import Stuff, image_grid, scan_stuff
from osteon.simulate.scene.render import render
from osteon.simulate.scene.specimen import specimen_scene


@dataclass(frozen=True)
class Protocol:
    """What is changed of a scan."""

    pixel: float = 0.625
    """mm."""
    thickness: float = 1.25
    """Of a slice, and from slice to slice, mm."""
    dose: float = 10.0
    """mGy."""


USUAL = Protocol()
USUAL_NAME = "usual"
AGAIN = "again"
PROTOCOLS: Mapping[str, Protocol] = {
    USUAL_NAME: USUAL,
    AGAIN: USUAL,
    "pixel 0.4": Protocol(pixel=0.4),
    "pixel 0.5": Protocol(pixel=0.5),
    "pixel 1.0": Protocol(pixel=1.0),
    "slice 0.625": Protocol(thickness=0.625),
    "slice 2.5": Protocol(thickness=2.5),
    "dose 20": Protocol(dose=20.0),
    "dose 5": Protocol(dose=5.0),
    "dose 2.5": Protocol(dose=2.5),
}
"""Scans of each specimen. All sides divide the region's 10 mm, which so has the same size on every
grid; the noise of each scan is its own."""

COMPARED: Mapping[str, tuple[str, ...]] = {
    "voxel_size": ("pixel 0.4", "pixel 0.5", "usual", "pixel 1.0"),
    "slice_thickness": ("slice 0.625", "usual", "slice 2.5"),
    "noise": ("dose 20", "usual", "dose 5", "dose 2.5"),
    AGAIN: ("usual", AGAIN),
}
"""Scans that a feature is compared over, by what was changed."""

REGION_MM = 10.0
"""Side of the region: the specimen itself."""

AROUND_MM = 5.0
"""Image beyond each face of the region, where the specimen's mirror images lie: its rim meets bone,
as in a vertebra."""

COARSE_MM = 2.0
"""Grids of larger voxels are pictures of the whole trunk, for beam hardening and noise."""

TRUNK_MM = 300.0
"""Water around the specimen: noise and beam hardening of a trunk."""

FAT = 0.6
"""Share of fat in the marrow of every specimen."""


def images_of(specimen: Specimen, kept: Path) -> dict[str, Volume]:
    """CT of a specimen under every protocol, from the folder where they are there already."""
    # images of other settings are no longer found
    path = kept / f"{specimen.name}-{zlib.crc32(json.dumps(told()).encode()):08x}.npz"
    if not path.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        begun = path.with_name(f"begun-{path.name}")
        scans: dict[str, Any] = dict(_scans(specimen))
        np.savez_compressed(begun, **scans)
        begun.replace(path)
    with np.load(path) as stored:
        return {
            name: Volume(stored[name], image_grid(scanner_of(name), view_of(one)), HU)
            for name, one in PROTOCOLS.items()
        }


def region_of(grid: Grid) -> Mask:
    """Voxels of an image whose centres lie in the specimen."""
    inside = np.ones(grid.shape, np.bool_)
    for axis, many in enumerate(grid.shape):
        index = np.zeros((many, 3))
        index[:, axis] = np.arange(many)
        near = np.abs(grid.to_world(index)[:, axis]) < 0.5 * REGION_MM
        # the other two axes are constant over the index, so that one axis is judged at a time
        inside &= near.reshape([-1 if other == axis else 1 for other in range(3)])
    return Mask(inside, grid)


def scanner_of(name: str) -> Scanner:
    """One scanner, a routine kernel, 120 kVp; 8 HU of noise at 10 mGy and 5 mm in 320 mm."""
    one = PROTOCOLS[name]
    thickness = one.thickness
    return Scanner(
        name=name, pixel=one.pixel, thickness=thickness, increment=thickness, dose=one.dose
    )


def view_of(one: Protocol) -> CTView:
    """The region and its surroundings, whole pixels and slices each."""
    fov, high = (
        (round(REGION_MM / side) + 2 * ceil(AROUND_MM / side)) * side
        for side in (one.pixel, one.thickness)
    )
    return CTView((0.0, 0.0), fov, -0.5 * high, 0.5 * high)


def told() -> dict[str, object]:
    """Settings of the scans as plain data."""
    return {
        "scanner": scanner_of(USUAL_NAME).to_dict(),
        "protocols": {name: asdict(one) for name, one in PROTOCOLS.items()},
        "compared": {name: list(names) for name, names in COMPARED.items()},
        "region_mm": REGION_MM,
        "trunk_mm": TRUNK_MM,
        "fat": FAT,
    }


def _scans(specimen: Specimen) -> Iterator[tuple[str, NDArray[np.int16]]]:
    scene = specimen_scene(specimen.bone, width=TRUNK_MM, fat=FAT)
    seed = zlib.crc32(specimen.name.encode())

    def paint(
        grid: Grid, values: NDArray[np.float32], samples: tuple[int, int, int]
    ) -> NDArray[np.float32]:
        if float(grid.spacing.max()) > COARSE_MM:
            return render(scene, grid, values, samples=samples)
        share = bone_shares(specimen.bone, grid)
        marrow, bone = (value[:, None, None, None] for value in values[2:])
        return np.asarray(marrow + (bone - marrow) * share, np.float32)

    stuff = Stuff(paint, scene.tissues, scene.size)
    for number, (name, one) in enumerate(PROTOCOLS.items()):
        rng = np.random.default_rng([seed, number])
        image = scan_stuff(stuff, scanner_of(name), view_of(one), rng)
        yield name, np.asarray(image.volume.values, np.int16)


def bone_shares(bone: Mask, grid: Grid) -> NDArray[np.float32]:
    """Share of bone in each voxel of a grid along the specimen's own axes.

    Exact: the scanner's own samples, 0.3 mm apart, would miss single trabeculae, other ones on
    every grid, and texture would take that for a change of the image.
    """
    found = bone.values.astype(np.float32)
    for axis in range(3):
        moved = np.moveaxis(found, axis, 0)
        part = _overlaps(bone.grid, grid, axis) @ moved.reshape(moved.shape[0], -1)
        found = np.moveaxis(part.reshape(-1, *moved.shape[1:]), 0, axis)
    return np.ascontiguousarray(found)


def _overlaps(of: Grid, onto: Grid, axis: int) -> sparse.csr_array:
    """Parts of the voxels of a specimen, mirrored at its faces without end, in those of a grid."""
    many, side = of.shape[axis], float(of.spacing[axis])
    width = float(onto.spacing[axis]) / side
    first = (float(onto.origin[axis]) - float(of.origin[axis])) / side + 0.5 - 0.5 * width
    low = first + width * np.arange(onto.shape[axis])[:, None]
    at = np.floor(low).astype(int) + np.arange(int(np.ceil(width)) + 1)
    weights = np.minimum(at + 1, low + width) - np.maximum(at, low)
    folded = at % (2 * many)
    folded = np.minimum(folded, 2 * many - 1 - folded)
    rows = np.broadcast_to(np.arange(len(at))[:, None], at.shape)
    weights = np.maximum(weights, 0).astype(np.float32) / np.float32(width)
    shape = (onto.shape[axis], many)
    return sparse.coo_array((weights.ravel(), (rows.ravel(), folded.ravel())), shape).tocsr()
