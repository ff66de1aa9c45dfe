"""The measuring code that real and simulated images share: percentiles, noise, power, edges.

Arrays are (i, j, k) with i to the patient's left, j to the back, k to the head (CT and axial MR) or
in plane and across (sagittal MR); nothing here knows whether an image is real.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float64]
Region = NDArray[np.bool_]
Spacing = tuple[float, float, float]
Numbers = dict[str, float]

PERCENTILES = (5, 25, 50, 75, 95)
FEWEST = 200
"""Voxels that a region needs to be described."""

PATCH_MM = 15.0
"""Side of the square patches whose power is taken."""

BANDS = ((0.06, 0.14), (0.14, 0.22), (0.22, 0.32), (0.32, 0.45), (0.45, 0.65))
"""Bands of spatial frequency in line pairs per mm."""

REACH_MM = 5.0
"""How far a profile across an edge reaches to either side."""


def percentiles(image: Image, region: Region, name: str) -> Numbers:
    """Percentiles of the values in a region; nothing of a region that is too small."""
    values = image[region]
    if len(values) < FEWEST:
        return {}
    found = np.percentile(values, PERCENTILES)
    return {f"{name} p{p}": float(v) for p, v in zip(PERCENTILES, found, strict=True)}


def eroded(region: Region, spacing: Spacing, millimetres: float) -> Region:
    """What lies deeper than so many millimetres."""
    depth = ndimage.distance_transform_edt(np.pad(region, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
    return np.asarray(depth > millimetres)


def eroded_in_plane(region: Region, spacing: Spacing, millimetres: float) -> Region:
    """What lies deeper than so many millimetres in its slice."""
    return eroded(region, (spacing[0], spacing[1], 1e6), millimetres)


def smoothed(image: Image, spacing: Spacing, millimetres: float) -> Image:
    """Image under an in-plane Gaussian of that standard deviation."""
    return np.asarray(
        ndimage.gaussian_filter(image, (millimetres / spacing[0], millimetres / spacing[1], 0))
    )


def tissue(image: Image, spacing: Spacing, bounds: tuple[float, float], margin: float) -> Region:
    """Voxels whose neighbourhood (SD 2 mm) lies between two values, without the margins."""
    level = smoothed(image, spacing, 2.0)
    return eroded_in_plane((level > bounds[0]) & (level < bounds[1]), spacing, margin)


def noise_sd(image: Image, region: Region, spacing: Spacing) -> float | None:
    """Noise: mean of the 5th to 25th percentile of local SD in plane, a smooth trend removed."""
    if region.sum() < FEWEST:
        return None
    rest = image - smoothed(image, spacing, 4.0)
    size = (7, 7, 1)
    mean = ndimage.uniform_filter(rest, size)
    local = np.sqrt(np.maximum(ndimage.uniform_filter(rest * rest, size) - mean * mean, 0))[region]
    low, high = np.percentile(local, (5, 25))
    return float(local[(local >= low) & (local <= high)].mean())


def power(image: Image, region: Region, spacing: Spacing) -> Numbers:
    """Log₁₀ of the in-plane power (value² mm²) of square patches inside a region, by band.

    Patches lie about the middle of the region in every slice where the region covers nine tenths
    of one; their mean is removed and their edges are tapered (Hann). ``… rel`` is relative to the
    lowest band.
    """
    side = round(PATCH_MM / spacing[0])
    window = np.outer(np.hanning(side + 2)[1:-1], np.hanning(side + 2)[1:-1])
    total = [_spectrum(patch, window, spacing[0]) for patch in _patches(image, region, side)]
    if not total:
        return {}
    mean = np.mean(total, axis=0)
    f = np.fft.fftfreq(side, spacing[0])
    radius = np.hypot(*np.meshgrid(f, f, indexing="ij"))
    found: Numbers = {}
    for low, high in BANDS:
        ring = (radius >= low) & (radius < high)
        if high <= 0.5 / spacing[0] + 1e-3 and ring.any():
            found[f"power {low:g}-{high:g}"] = float(np.log10(mean[ring].mean()))
    first = next(iter(found.values()), 0.0)
    rest = {f"{name} rel": value - first for name, value in list(found.items())[1:]}
    return found | rest


def _patches(image: Image, region: Region, side: int) -> list[Image]:
    found = []
    for k in np.flatnonzero(region.any(axis=(0, 1))):
        i, j = (round(float(c)) - side // 2 for c in ndimage.center_of_mass(region[..., k]))
        cut = (slice(max(i, 0), i + side), slice(max(j, 0), j + side), k)
        if region[cut].shape == (side, side) and region[cut].mean() > 0.9:
            found.append(image[cut])
    return found


def _spectrum(patch: Image, window: Image, pixel: float) -> Image:
    flat = (patch - (patch * window).sum() / window.sum()) * window
    return np.asarray(np.abs(np.fft.fft2(flat)) ** 2 * pixel**2 / (window**2).sum())


def skin_width(image: Image, body: Region, spacing: Spacing, least: float) -> float | None:
    """10–90 % width of the edge between air and skin in plane, mm: median over its places.

    Along the normal of the body's outline the profile is sampled at a quarter of a pixel; its width
    is that between 10 and 90 % of the way from the air to the first maximum inside.
    """
    widths = _widths(image, body, spacing, least)
    return float(np.median(widths)) if len(widths) >= 20 else None


def _widths(image: Image, body: Region, spacing: Spacing, least: float) -> Sequence[float]:
    step = spacing[0] / 4
    at = np.arange(-REACH_MM, REACH_MM + step, step)
    found: list[float] = []
    for k in range(2, image.shape[2] - 2, 3):
        depth = ndimage.gaussian_filter(body[..., k].astype(float), 3.0 / spacing[0])
        slope = np.stack(np.gradient(depth, spacing[0]), -1)
        outline = body[..., k] & ~ndimage.binary_erosion(body[..., k], border_value=1)
        margin = int(REACH_MM / spacing[0]) + 2
        outline[:margin] = outline[-margin:] = outline[:, :margin] = outline[:, -margin:] = False
        for i, j in np.argwhere(outline)[::5]:
            normal = slope[i, j] / max(float(np.hypot(*slope[i, j])), 1e-9)
            points = np.array([[i], [j]]) + normal[:, None] * at / spacing[0]
            line = ndimage.map_coordinates(image[..., k], points, order=1, mode="nearest")
            found += _rise(line, step, least)
    return found


def _rise(line: Image, step: float, least: float) -> list[float]:
    """Width of one rise, if the profile has one."""
    middle = len(line) // 2
    low = float(np.median(line[: middle // 2]))
    inner = line[middle:]
    falls = np.flatnonzero(inner < np.maximum.accumulate(inner) - 0.05 * least)
    high = float(inner[: max(int(falls[0]), 2) if len(falls) else None].max())
    if high - low < least:
        return []
    share = (line - low) / (high - low)
    last = middle + int(np.argmax(share[middle:] >= 0.9))
    below = np.flatnonzero(share[:last] < 0.1)
    if share[last] < 0.9 or not len(below):
        return []
    first = int(below[-1])
    start = first + (0.1 - share[first]) / max(share[first + 1] - share[first], 1e-9)
    end = last - (share[last] - 0.9) / max(share[last] - share[last - 1], 1e-9)
    return [float((end - start) * step)]


def largest(region: Region) -> Region:
    """Largest connected piece."""
    pieces, count = ndimage.label(region)
    if count == 0:
        return region
    return np.asarray(pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:])))


def body_of(image: Image, floor: float) -> Region:
    """Largest piece above a value, its holes filled slice by slice."""
    found = largest(ndimage.binary_opening(image > floor, np.ones((3, 3, 1))))
    for k in range(found.shape[2]):
        found[..., k] = ndimage.binary_fill_holes(found[..., k])
    return found


def kept(numbers: Mapping[str, float | None]) -> Numbers:
    """Numbers that could be measured."""
    return {name: value for name, value in numbers.items() if value is not None}
