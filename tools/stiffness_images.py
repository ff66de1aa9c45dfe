"""Real L1 cubes as each spine scanner shows them, cut to windows as the texture encoder takes."""

import csv
import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from robustness_images import bone_shares

from osteon.calibration import kvp_factor
from osteon.core import Grid, Mask, UnusableTable, resample
from osteon.pipelines.cohorts.store import PART
from osteon.pipelines.knee.specimens.specimens import Specimen, read_specimens
from osteon.pipelines.spine.crops.cut import CropSettings
from osteon.simulate.bone.specimens import specimen_cube, specimens
from osteon.simulate.ct import CTView, scanner_named
from osteon.simulate.ct.acquire import Stuff, scan_stuff
from osteon.simulate.scene.render import render
from osteon.simulate.scene.specimen import specimen_scene

SEEN = ("spine-a", "spine-b", "spine-c")
"""Scanners that predictors are fitted on."""

UNSEEN = "spine-d"
"""A scanner, voltage and kernel that nothing is fitted on."""

FAT = (0.4, 0.8)
"""Least and largest share of fat in the marrow, uniform; one a vertebra and draw."""

ALIKE = 0.6
"""Share of fat where the marrow of all is alike."""

DRAWS = 3
"""Draws of marrow and noise, besides one of marrow alike."""

SIDE = 24
"""Voxels along each side of a window."""

REACH_MM = 11.0
"""Half the width of the scan; beyond its 10 mm the cube lies amid its own mirror images."""

TRUNK_MM = 300.0
"""Water around, for the noise and beam hardening of a trunk."""

COARSE_MM = 2.0
"""Grids of larger voxels are pictures of the whole trunk."""


@dataclass(frozen=True)
class Cube:
    """What is known of a cube.

    Attributes
    ----------
    name, vertebra : str
        Its own, and of which vertebra it was cut.
    stiffness : float
        Upstream finite-element stiffness index.
    share : float
        BV/TV of the micro-CT.
    interior : bool
        Whether it holds no cortex.
    shipped : bool
        Whether virtual spines are built of this very cube.
    """

    name: str
    vertebra: str
    stiffness: float
    share: float
    interior: bool
    shipped: bool


@dataclass(frozen=True, eq=False)
class Windows:
    """One scan of every cube: (cubes, 24, 24, 24) int16 HU, and the kVp factor of the scanner."""

    scanner: str
    draw: int
    hu: NDArray[np.int16]
    factor: float


def cubes_of(folder: Path, table: Path) -> tuple[tuple[Specimen, ...], tuple[Cube, ...]]:
    """Specimens, with what the table says of each.

    Raises
    ------
    UnusableTable
        If the table lacks a cube, or BV/TV in it is not that of the cube.
    """
    found = read_specimens(folder)
    with table.open(encoding="utf-8", newline="") as rows:
        told = {row["file"].removesuffix(".nii.gz"): row for row in csv.DictReader(rows)}
    cubes = []
    for one in found:
        if one.name not in told:
            raise UnusableTable(f"{table.name} has no row of {one.name}.")
        row, share = told[one.name], float(one.bone.values.mean())
        if abs(share - float(row["bvtv_upstream"])) > 1e-3:
            raise UnusableTable(
                f"{one.name} has a BV/TV of {share:.4f}, {row['bvtv_upstream']} in {table.name}; "
                "these are not the same cubes."
            )
        stiff, interior = float(row["fe_stiffness_index"]), row["interior_trabecular"] == "1"
        cubes.append(Cube(one.name, one.donor, stiff, share, interior, _shipped(one)))
    return found, tuple(cubes)


def _shipped(one: Specimen) -> bool:
    same = [name for name in specimens() if name == f"L1-{one.donor}"]
    return any(np.array_equal(specimen_cube(name), one.bone.values) for name in same)


def scans_of(found: Sequence[Specimen], kept: Path) -> list[Windows]:
    """Windows of every cube, scanner and draw, of which draw 0 has the marrow alike; kept."""
    kept.mkdir(parents=True, exist_ok=True)
    plan = [(scanner, draw) for scanner in (*SEEN, UNSEEN) for draw in range(DRAWS + 1)]
    stored: dict[tuple[str, int], list[NDArray[np.int16]]] = {pair: [] for pair in plan}
    for done, one in enumerate(found):
        clock = time.strftime("%H:%M:%S")
        print(f"{clock} scans of {one.name} ({done} of {len(found)})", file=sys.stderr)
        windows = _kept(one, plan, kept)
        for pair, window in zip(plan, windows, strict=True):
            stored[pair].append(window)
    return [
        Windows(scanner, draw, np.stack(hu), kvp_factor(scanner_named(scanner).kvp)[0])
        for (scanner, draw), hu in stored.items()
    ]


def _kept(one: Specimen, plan: list[tuple[str, int]], kept: Path) -> NDArray[np.int16]:
    # windows of another plan are no longer found
    path = kept / f"{one.name}-{zlib.crc32(repr((plan, FAT, ALIKE, SIDE)).encode()):08x}.npy"
    if not path.is_file():
        part = path.with_name(f"{PART}{path.name}")
        np.save(part, np.stack([_window(one, *pair) for pair in plan]))
        part.replace(path)
    return np.asarray(np.load(path))


def fat_of(vertebra: str, draw: int) -> float:
    """Share of fat in the marrow of a vertebra, the same for all its cubes and scanners."""
    if draw == 0:
        return ALIKE
    return float(np.random.default_rng([zlib.crc32(vertebra.encode()), draw]).uniform(*FAT))


def _window(one: Specimen, scanner: str, draw: int) -> NDArray[np.int16]:
    scene = specimen_scene(one.bone, width=TRUNK_MM, fat=fat_of(one.donor, draw))

    def paint(
        grid: Grid, values: NDArray[np.float32], samples: tuple[int, int, int]
    ) -> NDArray[np.float32]:
        if float(grid.spacing.max()) > COARSE_MM:
            return render(scene, grid, values, samples=samples)
        share = bone_shares(one.bone, grid)
        marrow, bone = (value[:, None, None, None] for value in values[2:])
        return np.asarray(marrow + (bone - marrow) * share, np.float32)

    rng = np.random.default_rng([zlib.crc32(f"{one.name} {scanner}".encode()), draw])
    view = CTView((0.0, 0.0), 2 * REACH_MM, -REACH_MM, REACH_MM)
    stuff = Stuff(paint, scene.tissues, scene.size)
    image = scan_stuff(stuff, scanner_named(scanner), view, rng).volume
    seen = resample(image, onto=_lattice()).values
    return np.asarray(np.rint(seen), np.int16)


def _lattice() -> Grid:
    side = CropSettings().spacing_mm
    return Grid((SIDE,) * 3, np.full(3, -0.5 * (SIDE - 1) * side), np.eye(3), np.full(3, side))


def own_voxels() -> Mask:
    """The voxels of a window whose centres lie in the cube itself, 10 mm wide."""
    grid = _lattice()
    middle = np.abs(grid.origin[0] + np.arange(SIDE) * grid.spacing[0]) < 5.0
    inside = middle[:, None, None] & middle[None, :, None] & middle[None, None, :]
    return Mask(inside, grid)
