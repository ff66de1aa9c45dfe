"""Measure shapes of known structure ever finer, and write how far the numbers are from the truth.

Each shape is turned and moved at random, sampled with partial volume, cut at one half, and measured
at several voxel sizes, once with cubic voxels and once with voxels twice as long along one axis.
``make truth`` writes docs/data/structure-truth.json; docs/conformance.md shows it.
"""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from known_shapes import SHAPES, Shape
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from osteon.core import Grid, Mask, OsteonError, Volume
from osteon.features.structure import (
    amount,
    star,
    structure_model_index,
    subvoxel_trabecular,
    topology,
    trabecular,
)

RESULT = Path(__file__).parents[1] / "docs" / "data" / "structure-truth.json"

VOXELS = (4, 6, 8, 12)
"""Voxels across the thickness of a shape."""

POSES = 4
"""Random turns and moves of each."""

STRETCH = {"cubes": (1.0, 1.0, 1.0), "1:1:2": (1.0, 1.0, 2.0)}
"""Sides of a voxel, in those of its shortest."""

FINE = 3
"""Points along each side of a voxel by which its partial volume is found."""

ABSOLUTE = {"SMI", "Euler", "Conn"}
"""Features whose error is told as a difference; of all others as a part of the truth."""


def sampled(shape: Shape, voxels: int, sides: tuple[float, ...], seed: int) -> Volume:
    """Share of each voxel that lies inside a shape, turned and moved at random."""
    rng = np.random.default_rng(seed)
    turn = Rotation.random(random_state=rng).as_matrix() if shape.cell is None else np.eye(3)
    move = rng.uniform(-1, 1, 3) * (shape.thickness / voxels if shape.finite else shape.half)
    spacing = np.array(sides) * shape.thickness / voxels
    reach = np.ceil(shape.half / spacing).astype(int)
    grid = Grid(tuple(2 * reach + 1), -reach * spacing, np.eye(3), spacing)
    share = np.empty(grid.shape, np.float32)
    offsets = [(np.arange(FINE) + 0.5) / FINE - 0.5] * 3
    for i in range(grid.shape[0]):
        at = np.stack(np.meshgrid([i], *(np.arange(n) for n in grid.shape[1:]), indexing="ij"), -1)
        inside = np.zeros(at.shape[:3], np.float32)
        for offset in product(*offsets):
            world = grid.to_world(at + np.array(offset))
            inside += shape.distance((world - move) @ turn) < 0
        share[i] = inside[0] / FINE**3
    return Volume(share, grid, "1")


def inner(shape: Shape, grid: Grid) -> Mask | None:
    """The middle of an endless shape, away from where it is cut; None for a body."""
    if shape.finite:
        return None
    if shape.cell is not None:
        cell = np.zeros(grid.shape, np.bool_)
        side = np.rint(shape.cell / grid.spacing).astype(int)
        start = (np.array(grid.shape) - side) // 2
        cell[tuple(slice(a, a + n) for a, n in zip(start, side, strict=True))] = True
        return Mask(cell, grid)
    at = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), -1)
    away = np.linalg.norm(grid.to_world(at), axis=-1)
    return Mask(away < shape.half - shape.margin, grid)


def numbers(shape: Shape, image: Volume) -> dict[str, float | None]:
    """Every feature of the image whose truth is known."""
    bone = Mask(image.values >= 0.5, image.grid)
    where = inner(shape, image.grid)
    parts = (
        lambda: amount(bone, region=where),
        lambda: topology(bone, region=where),
        lambda: trabecular(bone, region=where, keep_maps=False),
        lambda: subvoxel_trabecular(image, 0.5, region=where, blur=0.0),
        lambda: structure_model_index(bone, region=where),
        lambda: star(bone, region=where),
    )
    found: dict[str, float | None] = {}
    for part in parts:
        try:
            found |= part().named()
        except OsteonError as fault:
            print(f"{shape.name}: {fault}", file=sys.stderr)
    return {name: found.get(name) for name in shape.truth}


def errors(task: tuple[str, int, str, int]) -> dict[str, float]:
    """Error of each feature of one shape at one voxel size in one pose."""
    name, voxels, sides, seed = task
    shape = next(one for one in SHAPES if one.name == name)
    found = numbers(shape, sampled(shape, voxels, STRETCH[sides], seed))
    told = {}
    for feature, truth in shape.truth.items():
        value = found[feature]
        if value is None:
            continue
        absolute = feature in ABSOLUTE or truth == 0
        told[feature] = float(value - truth) if absolute else float(value / truth - 1)
    return told


def order(voxels: list[int], errors_at: list[NDArray[np.float64]]) -> float | None:
    """Power of the voxel size with which the mean absolute error falls; None for no error."""
    mean = np.array([np.abs(one).mean() for one in errors_at])
    if (mean < 1e-9).any():
        return None
    return float(-np.polyfit(np.log(voxels), np.log(mean), 1)[0])


def table() -> Iterator[dict[str, Any]]:
    """One row a shape, kind of voxel and feature."""
    tasks = [
        (shape.name, voxels, sides, seed)
        for shape in SHAPES
        for sides in STRETCH
        for voxels in VOXELS
        for seed in range(POSES)
    ]
    with ProcessPoolExecutor(2) as pool:
        done = dict(zip(tasks, pool.map(errors, tasks), strict=True))
    for shape, sides in product(SHAPES, STRETCH):
        for feature in shape.truth:
            at = {
                voxels: np.array(
                    [
                        done[shape.name, voxels, sides, seed][feature]
                        for seed in range(POSES)
                        if feature in done[shape.name, voxels, sides, seed]
                    ]
                )
                for voxels in VOXELS
            }
            if all(one.size == POSES for one in at.values()):
                yield {
                    "shape": shape.name,
                    "voxels": sides,
                    "feature": feature,
                    "truth": shape.truth[feature],
                    "absolute": feature in ABSOLUTE or shape.truth[feature] == 0,
                    "mean_error": {str(n): float(one.mean()) for n, one in at.items()},
                    "worst_error": {str(n): float(np.abs(one).max()) for n, one in at.items()},
                    "order": order(list(at), list(at.values())),
                }


def main() -> int:
    """Measure and write."""
    rows = list(table())
    made = {"command": "make truth", "poses": POSES, "across": list(VOXELS), "rows": rows}
    RESULT.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for row in rows:
        errors_at = "  ".join(f"{row['mean_error'][str(n)]:+.4f}" for n in VOXELS)
        falls = "exact" if row["order"] is None else f"order {row['order']:.1f}"
        print(f"{row['shape']:16}{row['voxels']:7}{row['feature']:20}{errors_at}  {falls}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
