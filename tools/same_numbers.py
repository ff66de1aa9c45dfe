"""Write docs/data/same-numbers.json: how much numbers change when the same CT is stored otherwise.

Each sample CT is mirrored, stored in another order of axes, and resampled with its labels onto
oblique grids; regions are then found anew. Run as ``python tools/same_numbers.py``.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from osteon.core import Grid, Labels, Volume, resample
from osteon.io import read_ct, read_labels
from osteon.regions import (
    Margins,
    field_of_view,
    find_body,
    find_compartments,
    follow_spine,
    measure_shape,
    name_levels,
)

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "data" / "same-numbers.json"

LEVELS = {"lumbar_ct": ("L3",), "chest_abdomen_ct": ("T12", "L1", "L2")}
"""Levels that lie whole in the field of view."""

OBLIQUE = {
    "10° about (1, 0, 0)": (10.0, (1, 0, 0)),
    "20° about (1, 2, 3)": (20.0, (1, 2, 3)),
    "30° about (3, -1, 1)": (30.0, (3, -1, 1)),
}
"""Turned grids that keep the scan's spacing: name, angle, axis."""

FINER_MM = {"lumbar_ct": 1.0, "chest_abdomen_ct": 1.0}
"""Side of the cubic voxels of one more grid, turned by 25° about (-1, 1, 2)."""

AROUND_MM = 16.0
"""How far around the vertebrae an oblique grid reaches."""

ROOM_MM = 20.0
"""How much of the scan around the vertebrae is used."""


@dataclass(frozen=True)
class Numbers:
    """Numbers of one level: HU mean and volume of each region, and height in the middle."""

    hu: dict[str, float]
    volume: dict[str, float]
    height: float


def measure(scan: Volume, labels: Labels, levels: tuple[str, ...]) -> dict[str, Numbers]:
    """Numbers of levels as `osteon measure` finds them."""
    named = name_levels(labels)
    spine = follow_spine(labels, named.levels)
    known = field_of_view(scan, float(scan.values.min()))
    found = {}
    for level in levels:
        body = find_body(labels.mask(named.levels[level]), spine.superior[level], known=known)
        regions = find_compartments(body, scan, Margins(), known)
        place = tuple(
            slice(a, a + n) for a, n in zip(regions.start, regions.box.shape, strict=True)
        )
        hu = {
            name: float(scan.values[place][mask.values].mean(dtype=np.float64))
            for name, mask in regions.masks.items()
        }
        volume = {name: regions.volumes[name] for name in hu}
        found[level] = Numbers(hu, volume, measure_shape(body).heights["middle"])
    return found


def mirrored(grid: Grid) -> Grid:
    """The same voxels in the patient's mirror image (x to −x)."""
    flip = np.diag([-1.0, 1.0, 1.0])
    return Grid(grid.shape, flip @ grid.origin, flip @ grid.direction, grid.spacing)


def reordered(
    values: NDArray[np.generic], grid: Grid, axes: tuple[int, int, int], reverse: tuple[int, ...]
) -> tuple[NDArray[np.generic], Grid]:
    """The same voxels at the same places, stored in another order of axes and directions."""
    first = np.zeros(3)
    first[list(reverse)] = [grid.shape[axis] - 1 for axis in reverse]
    signs = np.where(np.isin(np.arange(3), reverse), -1.0, 1.0)
    order = list(axes)
    other = Grid(
        (grid.shape[axes[0]], grid.shape[axes[1]], grid.shape[axes[2]]),
        grid.to_world(first),
        (grid.direction * signs)[:, order],
        grid.spacing[order],
    )
    return np.flip(values, reverse).transpose(axes), other


def turned_grid(
    labels: Labels, degrees: float, axis: tuple[int, int, int], spacing: NDArray[np.float64]
) -> Grid:
    """Oblique grid around the labelled voxels."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = np.radians(degrees)
    turn = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    direction = turn @ labels.grid.direction
    place = labels.grid.to_world(np.argwhere(labels.values)) @ direction
    low, high = place.min(axis=0) - AROUND_MM, place.max(axis=0) + AROUND_MM
    i, j, k = np.ceil((high - low) / spacing).astype(int)
    return Grid((i, j, k), direction @ low, direction, spacing)


def stored_otherwise(
    sample: str, scan: Volume, labels: Labels
) -> Iterator[tuple[str, Volume, Labels]]:
    """The same CT and labels in other ways of storing them."""
    values, grid = reordered(scan.values, scan.grid, (2, 0, 1), (0, 2))
    numbers, _ = reordered(labels.values, scan.grid, (2, 0, 1), (0, 2))
    yield "another order of axes", Volume(values, grid, scan.unit), Labels(numbers, grid)
    mirror = mirrored(scan.grid)
    yield "mirrored", Volume(scan.values, mirror, scan.unit), Labels(labels.values, mirror)
    grids = {
        name: turned_grid(labels, degrees, axis, scan.grid.spacing)
        for name, (degrees, axis) in OBLIQUE.items()
    }
    side = FINER_MM[sample]
    grids[f"25° about (-1, 1, 2), {side:g} mm"] = turned_grid(
        labels, 25.0, (-1, 1, 2), np.full(3, side)
    )
    for name, onto in grids.items():
        volume = resample(scan, onto=onto, outside=-1024.0)
        yield name, volume, resample(labels, onto=onto, method="linear")


def load(sample: str) -> tuple[Volume, Labels]:
    """CT of a sample and the labels of the levels used, with their neighbours."""
    folder = ROOT / "samples" / sample
    scan = read_ct(folder / "ct.nii.gz").volume
    labels, _ = read_labels(folder / "vertebrae.nii.gz", onto=scan.grid)
    named = name_levels(labels).levels
    order = list(named)
    near = {
        order[n]
        for level in LEVELS[sample]
        for n in range(order.index(level) - 1, order.index(level) + 2)
        if 0 <= n < len(order)
    }
    keep = np.isin(labels.values, [named[level] for level in near])
    margin = np.ceil(ROOM_MM / scan.grid.spacing).astype(int)
    i, j, k = (
        slice(max(int(side[0]) - m, 0), int(side[-1]) + m + 1)
        for side, m in zip(
            (np.flatnonzero(keep.any(axis=o)) for o in ((1, 2), (0, 2), (0, 1))),
            margin,
            strict=True,
        )
    )
    near_labels = Labels(np.where(keep, labels.values, 0), labels.grid)
    return scan.part((i, j, k)), near_labels.part((i, j, k))


def compare() -> list[dict[str, str | float]]:
    """One row for each level, way of storing, and region: differences from the CT as it is."""
    rows: list[dict[str, str | float]] = []
    for sample, levels in LEVELS.items():
        scan, labels = load(sample)
        usual = measure(scan, labels, levels)
        for name, volume, numbers in stored_otherwise(sample, scan, labels):
            for level, found in measure(volume, numbers, levels).items():
                rows += [
                    {
                        "sample": sample,
                        "level": level,
                        "stored": name,
                        "region": region,
                        "hu_mean": round(usual[level].hu[region], 2),
                        "volume_mm3": round(usual[level].volume[region], 1),
                        "hu_change": round(found.hu[region] - usual[level].hu[region], 3),
                        "volume_change_percent": round(
                            100 * found.volume[region] / usual[level].volume[region] - 100, 3
                        ),
                    }
                    for region in usual[level].hu
                ]
    return rows


def main() -> int:
    """Print the table and write it."""
    rows = compare()
    for row in rows:
        print("  ".join(f"{value!s:>{25 if key == 'stored' else 9}}" for key, value in row.items()))
    text = {"command": "python tools/same_numbers.py", "rows": rows}
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
