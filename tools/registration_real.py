"""Lay real MR of knees and hips over their CT, and tell how far bone edges lie apart.

``python tools/registration_real.py FOLDER`` reads ``STS_*_ct.nii.gz`` and ``STS_*_mr_t1.nii.gz``
(TCIA Soft-tissue-Sarcoma, doi:10.7937/K9/TCIA.2015.7GO2GSKS) and writes
docs/data/registration_real.json and docs/images/registration_real.png. There is no truth: an edge
is where CT is brightest and MR darkest along the normal of a bone's surface, in the slice, and the
figure is the median of how far these two lie apart. It is not what registration makes small.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray
from scipy import ndimage

from osteon.core import Mask, Volume
from osteon.io import read_scan
from osteon.registration import Registered, Rigid, RigidSettings, register_rigid, resample_by

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "docs" / "data" / "registration_real.json"
PICTURE = ROOT / "docs" / "images" / "registration_real.png"

PAIRS = ("028", "036", "010", "017", "050", "035", "042")

BONE_HU = 180
"""Brighter voxels, and what they enclose, are bone."""

LEAST_MM3 = 25_000.0
"""Smaller pieces are left out."""

NEAR_MM = 5.0
"""So much around bone is compared."""

SETTINGS = RigidSettings(
    levels_mm=(4.0, 2.0, 1.0), reach_mm=15, reach_deg=8, poses=256, descents=6, least_gain=0.1
)
"""The images were laid over each other before: the start is kept unless clearly beaten."""

CLEAR = 15.0
"""Standard deviations by which an answer must lead (`Quality.lead`), or the start is kept.
Chosen on these pairs: what looks right leads by 22 and more, what does not by 11 at most."""

ALONG = np.linspace(-6, 6, 121)
"""Places along a normal, in mm."""

Floats = NDArray[np.float64]


def bones(ct: Volume) -> list[Mask]:
    """Whole bones of a CT by a threshold; bones that touch are parted where they are thin."""
    solid = ndimage.binary_closing(ct.values > BONE_HU, iterations=2)
    for k in range(solid.shape[2]):
        solid[:, :, k] = ndimage.binary_fill_holes(solid[:, :, k])
    solid = ndimage.binary_opening(solid, iterations=2)
    depth = ndimage.distance_transform_edt(solid, sampling=ct.grid.spacing)
    least = LEAST_MM3 / ct.grid.voxel_volume
    best = pieces(solid, solid, least)
    for deep in (3.0, 5.0, 7.0, 9.0):
        parted = pieces(depth > deep, solid, least)
        if len(parted) > len(best):
            best = parted
    return [Mask(one, ct.grid) for one in best]


def pieces(seeds: NDArray[np.bool_], solid: NDArray[np.bool_], least: float) -> list[Any]:
    """Large pieces of the seeds, each with the solid voxels that are nearest to it."""
    marked, count = ndimage.label(seeds)
    sizes = np.bincount(marked.ravel(), minlength=count + 1)
    sizes[0] = 0
    marked[~np.isin(marked, np.flatnonzero(sizes >= least / 20))] = 0
    if not marked.any():
        return []
    nearest = ndimage.distance_transform_edt(
        marked == 0, return_distances=False, return_indices=True
    )
    grown = np.where(solid, marked[tuple(nearest)], 0)
    numbers = [n for n in np.unique(grown) if n]
    return [grown == n for n in numbers if np.count_nonzero(grown == n) >= least]


def apart(ct: Volume, mr: Volume, move: Rigid, bone: Mask) -> tuple[float, int]:
    """Median distance in mm of the edges of a bone in both images, and at how many places."""
    grid = ct.grid
    smooth = ndimage.gaussian_filter(bone.values.astype(float), (1, 1, 0.3))
    flat = np.ones((3, 3, 1), bool)
    index = np.argwhere(bone.values & ~ndimage.binary_erosion(bone.values, structure=flat))
    slope = np.stack(np.gradient(smooth), -1)[tuple(index.T)] / grid.spacing
    slope[:, 2] = 0
    length = np.linalg.norm(slope, axis=1)
    index, normal = index[length > 1e-3], -slope[length > 1e-3] / length[length > 1e-3, None]
    line = grid.to_world(index)[:, None] + (normal @ grid.direction.T)[:, None] * ALONG[:, None]
    bright, _ = along(ct, line)
    dark, seen = along(mr, move(line))
    at_ct, at_mr = ALONG[bright.argmax(axis=1)], ALONG[dark.argmin(axis=1)]
    good = seen & (bright.max(axis=1) > BONE_HU + 70) & (np.abs(at_ct) < 4)
    if not good.any():
        return float("nan"), 0
    return float(np.median(np.abs(at_mr - at_ct)[good])), int(good.sum())


def along(image: Volume, line: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Values along lines, and which of them the image shows whole."""
    index = image.grid.to_index(line).reshape(-1, 3).T
    last = np.array(image.grid.shape)[:, None] - 1
    inside = ((index >= 0) & (index <= last)).reshape(3, *line.shape[:2])
    seen: NDArray[np.bool_] = np.logical_and.reduce(inside, axis=(0, 2))
    values = ndimage.map_coordinates(image.values.astype(float), index, order=1, mode="nearest")
    return values.reshape(line.shape[:2]), seen


def one_pair(folder: Path, name: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """Figures of each bone of a pair, and what the picture needs."""
    ct = read_scan(folder / f"STS_{name}_ct.nii.gz").volume
    mr = read_scan(folder / f"STS_{name}_mr_t1.nii.gz").volume
    every = bones(ct)
    away = [ndimage.distance_transform_edt(~b.values, sampling=ct.grid.spacing) for b in every]
    places = ct.grid.to_world(np.moveaxis(np.indices(ct.grid.shape), 0, -1))
    index = mr.grid.to_index(places)
    shown = ((index >= 0) & (index <= np.array(mr.grid.shape) - 1)).all(axis=-1)
    rows, drawn = [], []
    for number, bone in enumerate(every):
        nearest = np.all([away[number] <= other for other in away], axis=0)
        inside = Mask((away[number] <= NEAR_MM) & nearest & shown, ct.grid)
        before, places_seen = apart(ct, mr, Rigid.identity(), bone)
        if places_seen < 200:
            continue
        found = register_rigid(ct, mr, fixed_mask=inside, settings=SETTINGS)
        clear = found.failed is None and found.quality.lead >= CLEAR
        move = found.transform if clear else Rigid.identity()
        rows.append(row(name, number, found, (before, apart(ct, mr, move, bone)[0])))
        rows[-1] |= {"volume_cm3": bone.volume_mm3 / 1000, "start_kept": not clear}
        drawn.append((bone, move))
    return rows, [ct, mr, drawn]


def row(name: str, number: int, found: Registered, edges: tuple[float, float]) -> dict[str, Any]:
    """Figures of one bone."""
    return {
        "pair": name,
        "bone": number + 1,
        "before_mm": edges[0],
        "after_mm": edges[1],
        "gain": found.gain,
        "turn_deg": found.transform.angle_deg,
        "similarity": found.quality.similarity,
        "lead": found.quality.lead,
        "spread_mm": found.quality.spread_mm,
        "seen": found.quality.seen,
        "failed": found.failed,
    }


def picture(shown: dict[str, list[Any]], out: Path) -> None:
    """Edges of CT bone on MR, before and after, one pair a column."""
    mpl.rcParams["font.size"] = 8
    figure, axes = plt.subplots(2, len(shown), figsize=(1.7 * len(shown), 3.9), dpi=110)
    for column, (name, (ct, mr, drawn)) in enumerate(shown.items()):
        # a bone that was moved, the largest
        bone, move = max(drawn, key=lambda one: (one[1].angle_deg > 0, one[0].voxels))
        every = np.any([one[0].values for one in drawn], axis=0)
        k = int(bone.values.sum(axis=(0, 1)).argmax())
        for line, here in enumerate((Rigid.identity(), move)):
            values = resample_by(mr, here, onto=ct.grid).values[:, :, k]
            axis = axes[line, column]
            axis.imshow(values.T, cmap="gray", vmin=0, vmax=np.percentile(values, 99.5))
            outline = every if line == 0 else bone.values
            axis.contour(outline[:, :, k].T, [0.5], colors="#e69f00", linewidths=0.7)
            axis.set_axis_off()
        axes[0, column].set_title(name)
    axes[0, 0].text(-0.1, 0.5, "before", transform=axes[0, 0].transAxes, rotation=90, va="center")
    axes[1, 0].text(-0.1, 0.5, "after", transform=axes[1, 0].transAxes, rotation=90, va="center")
    figure.tight_layout(pad=0.3)
    figure.savefig(out)


def main() -> None:
    """Measure, and write down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", nargs="+", default=PAIRS)
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    chosen = parser.parse_args()
    rows: list[dict[str, Any]] = []
    shown = {}
    for name in chosen.pairs:
        made, drawn = one_pair(chosen.folder, name)
        for one in made:
            print(one, flush=True)
        rows += made
        if made:
            shown[name] = drawn
    chosen.out.write_text(json.dumps({"bones": rows}, indent=1) + "\n", encoding="utf-8")
    picture(shown, chosen.picture)


if __name__ == "__main__":
    main()
