"""Show what a median over an eroded whole vertebra is made of, against Osteon's core.

Writes docs/data/reference-erosion.json (every number) and docs/images/reference-erosion.png.
Run as ``python tools/reference_erosion.py``; it takes about ten seconds.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import ndimage

from osteon import __version__
from osteon.core import Grid, Labels, Mask, Volume, resample
from osteon.io import read_ct, read_labels
from osteon.pipelines import Companions, MeasureSettings, measure_spine
from osteon.pipelines.level import Level
from osteon.regions.surface import depth_inside

ROOT = Path(__file__).parents[1]
NUMBERS = ROOT / "docs" / "data" / "reference-erosion.json"
PICTURE = ROOT / "docs" / "images" / "reference-erosion.png"

REFERENCE_HU = {
    "chest_abdomen_ct": {"T12": 142.0, "L1": 147.0, "L2": 152.0, "L3": 120.0},
    "lumbar_ct": {"L2": 112.0, "L3": 65.0, "L4": 61.0},
}
"""Reference values this project was given: median HU of "an independent erosion"."""

KEPT = {"chest_abdomen_ct": range(29, 34), "lumbar_ct": range(21, 24)}
"""Labels worked on: the levels above and one neighbour, which the axis of T12 hangs on."""

ITERATIONS = 2
"""Steps of the erosion by the cross of six neighbours that gives the reference values."""

BODY_LABELS = (49, 50)
"""Cortex and inside of the body in the sub-region mask of the lumbar sample."""

DEPTHS = tuple(np.arange(1.0, 7.01, 0.5))
FEWEST = 100
"""Medians of fewer voxels are not shown."""

SHOWN = (("chest_abdomen_ct", "L1"), ("chest_abdomen_ct", "L2"), ("lumbar_ct", "L3"))
NAMES = {
    "chest_abdomen_ct": "chest/abdomen CT, 0.7×0.7×2.5 mm",
    "lumbar_ct": "lumbar CT, 1.5 mm",
}
ORANGE, BLUE, GREY = "#E69F00", "#0072B2", "#555555"
COLOURS = {"T12": "#009E73", "L1": "#D55E00", "L2": "#0072B2", "L3": "#CC79A7", "L4": "#000000"}
"""After Okabe and Ito; each level also has a marker of its own."""
MARKERS = {"T12": "v", "L1": "o", "L2": "s", "L3": "^", "L4": "D"}


@dataclass(frozen=True, eq=False)
class Vertebra:
    """One level of a sample with what is compared, voxels in the order left, back, head.

    Attributes
    ----------
    sample, level : str
        Where it is from.
    scan : (i, j, k) array
        The whole CT, in HU.
    spacing : (3,) array
        Distance of voxel centres to the left, back and head, in mm.
    eroded, core : (i, j, k) bool array
        The eroded whole vertebra, and Osteon's core.
    depth : (i, j, k) array
        Distance into the body in mm; 0 outside of it.
    middle : int
        Voxel along the first axis at which the middle of the body lies.
    given : (i, j, k) bool array or None
        The body by the sub-region mask, where the sample has one.
    """

    sample: str
    level: str
    scan: NDArray[np.float64]
    spacing: NDArray[np.float64]
    eroded: NDArray[np.bool_]
    core: NDArray[np.bool_]
    depth: NDArray[np.float32]
    middle: int
    given: NDArray[np.bool_] | None


def in_order(values: NDArray[Any], grid: Grid) -> NDArray[Any]:
    """Voxels in the order left, back, head, however the file stores them."""
    axes = [int(a) for a in np.abs(grid.direction).argmax(axis=1)]
    turned = values.transpose(axes)
    step = [-1 if grid.direction[n, axis] < 0 else 1 for n, axis in enumerate(axes)]
    ordered: NDArray[Any] = turned[:: step[0], :: step[1], :: step[2]]
    return ordered


def load(sample: str) -> list[Vertebra]:
    """The levels of a sample that reference values are given for."""
    folder = ROOT / "samples" / sample
    scan = read_ct(folder / "ct.nii.gz")
    grid = scan.volume.grid
    stored, _ = read_labels(folder / "vertebrae.nii.gz", onto=grid)
    kept = np.where(np.isin(stored.values, KEPT[sample]), stored.values, 0)
    result = measure_spine(
        scan, Labels(kept, grid), beside=Companions(), settings=MeasureSettings()
    )
    parts = folder / "subregions.nii.gz"
    bodies = read_labels(parts, onto=grid)[0].mask(*BODY_LABELS) if parts.is_file() else None
    cores = result.region("core").values
    levels = [one for one in result.levels if one.name in REFERENCE_HU[sample]]
    return [_vertebra(sample, scan.volume, kept, cores, level, bodies) for level in levels]


def _vertebra(
    sample: str,
    scan: Volume,
    labels: NDArray[Any],
    cores: NDArray[Any],
    level: Level,
    bodies: Mask | None,
) -> Vertebra:
    if level.body is None:
        raise ValueError(f"{level.name} of {sample} was not measured: {level.reason}")
    grid, vertebra, surface = scan.grid, labels == level.label, level.body.surface
    inside = depth_inside(surface.values.astype(np.float64), surface.grid.spacing)
    depth = resample(Volume(inside.astype(np.float32), surface.grid, "mm"), onto=grid)
    at = np.zeros(grid.shape, bool)
    at[tuple(np.round(grid.to_index(level.body.centre)).astype(int))] = True
    return Vertebra(
        sample,
        level.name,
        in_order(scan.values, grid),
        grid.spacing[np.abs(grid.direction).argmax(axis=1)],
        in_order(ndimage.binary_erosion(vertebra, iterations=ITERATIONS), grid),
        in_order(cores == level.label, grid),
        in_order(depth.values, grid),
        int(np.argwhere(in_order(at, grid))[0, 0]),
        None if bodies is None else in_order(bodies.values & vertebra, grid),
    )


def median(vertebra: Vertebra, where: NDArray[np.bool_]) -> dict[str, float | int] | None:
    """Median HU and number of voxels of a region; None where it is too small."""
    voxels = int(np.count_nonzero(where))
    if voxels < FEWEST:
        return None
    return {"median_hu": float(np.median(vertebra.scan[where])), "voxels": voxels}


def steps(vertebra: Vertebra) -> dict[str, dict[str, float | int] | None]:
    """Medians from the eroded whole vertebra to Osteon's core, step by step."""
    eroded, depth = vertebra.eroded, vertebra.depth
    found = {
        "eroded whole vertebra": median(vertebra, eroded),
        "of it, behind and beside the body": median(vertebra, eroded & (depth == 0)),
        "of it, in the body": median(vertebra, eroded & (depth > 0)),
        "body, 3 mm deep": median(vertebra, depth >= 3.0),
        "body, 4 mm deep": median(vertebra, depth >= 4.0),
        "body, 5 mm deep": median(vertebra, depth >= 5.0),
        "core of Osteon": median(vertebra, vertebra.core),
    }
    if vertebra.given is not None:
        far = ndimage.distance_transform_edt(vertebra.given, sampling=vertebra.spacing)
        found["body by sub-region mask, 4 mm deep"] = median(vertebra, far > 4.0)
    return found


def row(vertebra: Vertebra) -> dict[str, Any]:
    """Everything that is told of one level."""
    eroded, depth = vertebra.eroded, vertebra.depth
    share = {
        "outside the body": eroded & (depth == 0),
        "outer 4 mm of the body": eroded & (depth > 0) & (depth < 4.0),
        "deeper in the body": eroded & (depth >= 4.0),
    }
    along = {f"{d:g}": median(vertebra, depth >= d) for d in DEPTHS}
    return {
        "sample": vertebra.sample,
        "level": vertebra.level,
        "reference_hu": REFERENCE_HU[vertebra.sample][vertebra.level],
        "steps": steps(vertebra),
        "share_of_eroded_percent": {
            name: round(100.0 * float(np.count_nonzero(part) / np.count_nonzero(eroded)), 1)
            for name, part in share.items()
        },
        "median_hu_by_depth_mm": {d: m and m["median_hu"] for d, m in along.items()},
    }


def draw_slice(axes: Axes, vertebra: Vertebra, view: str) -> None:
    """One slice with the eroded whole vertebra filled and Osteon's core outlined."""
    beyond = vertebra.eroded & (vertebra.depth == 0)
    normal, kept = (2, (0, 1)) if view == "axial" else (0, (1, 2))
    both = beyond.sum(axis=(0, 1)) * vertebra.core.sum(axis=(0, 1))
    at = int(both.argmax()) if view == "axial" else vertebra.middle
    spacing = vertebra.spacing
    place = np.argwhere(vertebra.eroded | vertebra.core)
    low = np.maximum(place.min(axis=0) - np.ceil(8.0 / spacing).astype(int), 0)
    high = np.minimum(place.max(axis=0) + np.ceil(8.0 / spacing).astype(int) + 1, beyond.shape)
    cut = [slice(a, b) for a, b in zip(low, high, strict=True)]
    cut[normal] = slice(at, at + 1)

    def seen(values: NDArray[Any]) -> NDArray[Any]:
        plane = values[tuple(cut)].squeeze(normal).T
        return plane if view == "axial" else plane[::-1]  # the head is up

    picture = seen(vertebra.scan)
    side, down = spacing[kept[0]], spacing[kept[1]]
    extent = (0.0, picture.shape[1] * side, picture.shape[0] * down, 0.0)
    axes.imshow(picture, cmap="gray", vmin=-150, vmax=450, extent=extent)
    eroded, core = seen(vertebra.eroded), seen(vertebra.core)
    tint = np.zeros((*eroded.shape, 4))
    tint[eroded] = (0.902, 0.624, 0.0, 0.35)
    axes.imshow(tint, extent=extent, interpolation="nearest")
    across = (np.arange(eroded.shape[1]) + 0.5) * side
    along = (np.arange(eroded.shape[0]) + 0.5) * down
    axes.contour(across, along, eroded, [0.5], colors=ORANGE, linewidths=1.4)
    if core.any():
        axes.contour(across, along, core, [0.5], colors="white", linewidths=3.6)
        axes.contour(across, along, core, [0.5], colors=BLUE, linewidths=2.0)
    axes.plot([2.0, 12.0], [extent[2] - 2.5] * 2, color="white", linewidth=3)
    axes.text(7.0, extent[2] - 3.8, "10 mm", color="white", ha="center", fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])


def draw_curves(axes: Axes, rows: list[dict[str, Any]], sample: str) -> None:
    """Median HU against depth, with the eroded whole vertebra at the left."""
    for one in rows:
        level = one["level"]
        found = {float(d): m for d, m in one["median_hu_by_depth_mm"].items() if m is not None}
        look: dict[str, Any] = {"color": COLOURS[level], "marker": MARKERS[level]}
        axes.plot(list(found), list(found.values()), label=level, markersize=4, **look)
        axes.plot([0.0], [one["reference_hu"]], markersize=10, markerfacecolor="none", **look)
        axes.plot([8.2], [one["steps"]["core of Osteon"]["median_hu"]], markersize=9, **look)
    axes.axvspan(4.0, 5.0, color="#56B4E9", alpha=0.25, linewidth=0)
    names = ["whole\nvertebra,\neroded", *(str(depth) for depth in range(1, 8)), "core of\nOsteon"]
    axes.set_xticks([*range(8), 8.2], names)
    axes.set_xlim(-0.8, 8.9)
    axes.set_ylim(0.0, 190.0 if sample == "chest_abdomen_ct" else 140.0)
    for edge in (0.6, 7.5):
        axes.axvline(edge, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_xlabel("line: only the body, at least this many mm below its surface")
    axes.set_ylabel("median HU")
    axes.set_title(NAMES[sample], fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=4, loc="upper center")


def draw(vertebrae: list[Vertebra], rows: list[dict[str, Any]]) -> Figure:
    """The whole picture: slices above, curves below."""
    figure = Figure(figsize=(11.0, 12.0), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=(1.75, 1.0))
    above, below = parts
    grid = above.subplots(2, len(SHOWN))
    for column, shown in enumerate(SHOWN):
        vertebra = next(v for v in vertebrae if (v.sample, v.level) == shown)
        found = steps(vertebra)
        eroded, core = found["eroded whole vertebra"], found["core of Osteon"]
        if eroded is None or core is None:
            raise ValueError(f"{shown} has too few voxels to show")
        for place, view in enumerate(("axial", "sagittal")):
            draw_slice(grid[place, column], vertebra, view)
            grid[place, column].set_ylabel(view if column == 0 else "")
        grid[0, column].set_title(
            f"{vertebra.level}, {NAMES[vertebra.sample].split(',')[0]}\n"
            f"orange: eroded whole vertebra, {eroded['median_hu']:.0f} HU\n"
            f"blue line: core of Osteon, {core['median_hu']:.0f} HU",
            fontsize=11,
        )
    for axes, sample in zip(below.subplots(1, 2), NAMES, strict=True):
        draw_curves(axes, [one for one in rows if one["sample"] == sample], sample)
    return figure


def main() -> int:
    """Write numbers and picture, and print the table of the docs."""
    vertebrae = [vertebra for sample in NAMES for vertebra in load(sample)]
    rows = [row(vertebra) for vertebra in vertebrae]
    NUMBERS.parent.mkdir(parents=True, exist_ok=True)
    text = {"command": "python tools/reference_erosion.py", "osteon": __version__, "rows": rows}
    NUMBERS.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    draw(vertebrae, rows).savefig(PICTURE, dpi=100)
    for one in rows:
        print(one["sample"], one["level"], "reference", one["reference_hu"])
        for name, found in one["steps"].items():
            print(f"  {name:36} {found['median_hu'] if found else '–':>6} HU")
        print("  share of the eroded voxels in %:", one["share_of_eroded_percent"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
