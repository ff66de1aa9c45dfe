"""Pictures of real images beside simulated ones, in the same grey window and at the same scale."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from realism_regions import Scan

matplotlib.use("Agg")
from matplotlib import pyplot as plt

IMAGES = Path(__file__).parents[1] / "docs" / "images"
BAR_MM = 20.0
SIDE_MM = 120.0
"""Side of an axial picture."""


class Panel(NamedTuple):
    """One picture: values as (across, down), size of a pixel (across, down), window, title."""

    values: Any
    pixel: tuple[float, float]
    window: tuple[float, float]
    title: str


def axial(
    scan: Scan, middle: tuple[int, int, int], window: tuple[float, float], title: str
) -> Panel:
    """A slice as (to the left, to the back), around a voxel."""
    i, j, k = middle
    half = round(0.5 * SIDE_MM / scan.spacing[0])
    padded = np.pad(scan.image[..., k], half, mode="constant", constant_values=window[0])
    return Panel(padded[i : i + 2 * half, j : j + 2 * half], scan.spacing[:2], window, title)


def sagittal(
    scan: Scan, middle: tuple[int, int, int], window: tuple[float, float], title: str
) -> Panel:
    """A slice as (to the back, to the feet), around a voxel."""
    i, j, k = middle
    wide, high = round(0.5 * SIDE_MM / scan.spacing[1]), round(40.0 / scan.spacing[2])
    part = scan.image[i, max(j - wide, 0) : j + wide, max(k - high, 0) : k + high]
    return Panel(part[:, ::-1], (scan.spacing[1], scan.spacing[2]), window, title)


def middle_of(region: Any) -> tuple[int, int, int]:
    """Voxel amid a region."""
    i, j, k = (round(float(v)) for v in np.argwhere(region).mean(axis=0))
    return i, j, k


def drawn(rows: Sequence[Sequence[Panel]], name: str) -> Path:
    """Draw rows of pictures, real ones left."""
    columns = max(len(row) for row in rows)
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(3.0 * columns, 3.1 * len(rows)), squeeze=False
    )
    for row, line in zip(rows, axes, strict=True):
        for axis in line:
            axis.set_axis_off()
        for panel, axis in zip(row, line, strict=False):
            _show(panel, axis)
    figure.tight_layout(pad=0.4)
    path = IMAGES / f"realism_{name}.png"
    figure.savefig(path, dpi=75, bbox_inches="tight", pad_inches=0.05)
    plt.close(figure)
    return path


def _show(panel: Panel, axis: Any) -> None:
    wide, high = (n * s for n, s in zip(panel.values.shape, panel.pixel, strict=True))
    low, top = panel.window
    axis.imshow(
        panel.values.T, cmap="gray", vmin=low, vmax=top, extent=(0, wide, high, 0),
        interpolation="bilinear",
    )  # fmt: skip
    axis.plot([6, 6 + BAR_MM], [high - 6, high - 6], color="white", linewidth=2)
    axis.text(6, high - 9, f"{BAR_MM:g} mm", color="white", fontsize=7)
    axis.set_title(panel.title, fontsize=8)


def spine_rows(real: dict[str, Scan], kept: dict[str, Scan], number: int) -> list[list[Panel]]:
    """Vertebrae on three kinds of CT: real, simulated; axial and, where finely sliced, sagittal."""
    rows = []
    for key, said in (("spine ct", "LIDC-IDRI"), ("spine ct, sharp", "TPTBox")):
        window = (-160.0, 400.0) if key == "spine ct" else (-250.0, 550.0)
        pair: list[list[Panel]] = [[], []]
        for scan, who in ((real[key], f"real: {said}"), (kept[f"{key} {number}"], "simulated")):
            middle = middle_of(scan.vertebrae[len(scan.vertebrae) // 2])
            pair[0].append(axial(scan, middle, window, f"{who}, axial"))
            pair[1].append(sagittal(scan, middle, window, f"{who}, sagittal"))
        rows += pair
    return [[*rows[0], *rows[1]], [*rows[2], *rows[3]]]


def knee_rows(
    real: dict[str, Scan],
    kept: dict[str, Scan],
    key: str,
    shown: Sequence[tuple[str, int, int]],
    window: tuple[float, float],
) -> list[list[Panel]]:
    """Axial slices of knees in pairs, real left; shown: patient, real slice, simulated slice."""
    rows = []
    for number, (name, k, own) in enumerate(shown):
        row = []
        for scan, slice_at, who in (
            (real[name], k, f"real: {name}"),
            (kept[f"{key} {number}"], own, "simulated"),
        ):
            level = scan.image / _fat(scan.image) if key == "knee t1" else scan.image
            body = level[..., slice_at] > (0.15 if key == "knee t1" else -300)
            i, j = (round(float(v)) for v in np.argwhere(body).mean(axis=0))
            flat = Scan(level, scan.spacing)
            row.append(axial(flat, (i, j, slice_at), window, who))
        rows.append(row)
    return [[panel for row in rows for panel in row]]


def _fat(image: Any) -> float:
    return float(np.percentile(image[image > 0.15 * np.percentile(image, 99)], 90))


def main(
    kept: dict[str, Scan],
    spines: dict[str, Scan],
    cts: dict[str, Scan],
    mrs: dict[str, Scan],
) -> None:
    """Draw all three."""
    drawn(spine_rows(spines, kept, 1), "spine_ct")
    shown = (("STS_010", 50, 14), ("STS_017", 4, 30))
    drawn(knee_rows(cts, kept, "knee ct", shown, (-160.0, 500.0)), "knee_ct")
    shown = (("STS_010", 50, 14), ("STS_017", 12, 36))
    drawn(knee_rows(mrs, kept, "knee t1", shown, (0.0, 1.1)), "knee_mr")
