"""Which voxels of a real or a simulated image are compared: one rule for both."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from realism_measure import (
    Image,
    Numbers,
    Region,
    Spacing,
    body_of,
    eroded,
    eroded_in_plane,
    kept,
    largest,
    noise_sd,
    percentiles,
    power,
    skin_width,
    smoothed,
    tissue,
)
from scipy import ndimage

FAT, MUSCLE = (-145.0, -60.0), (15.0, 95.0)
"""HU between which the neighbourhood of fat and of muscle lies."""

BONE_HU = 200.0
"""HU from which a knee's bone is bone."""

HEAD_MM2 = 1500.0
"""Least section of a bone near the knee joint: shafts are narrower."""


class Scan(NamedTuple):
    """An image to be measured."""

    image: Image
    spacing: Spacing
    vertebrae: Sequence[Region] = ()
    aorta: Region | None = None
    exclude: Region | None = None


def spine(scan: Scan) -> Numbers:
    """Everything that is compared of vertebrae in CT."""
    image, spacing = scan.image, scan.spacing
    core, rim = np.zeros(image.shape, bool), np.zeros(image.shape, bool)
    back = np.zeros(image.shape, bool)
    for vertebra in scan.vertebrae:
        own, wall, behind = _vertebra(vertebra, spacing)
        core |= own
        rim |= wall
        back |= behind
    muscle = tissue(image, spacing, MUSCLE, 3.0) & back
    fat = tissue(image, spacing, FAT, 3.0)
    found = percentiles(image, core, "trabecular core") | percentiles(image, rim, "front wall")
    found |= percentiles(image, muscle, "muscle") | percentiles(image, fat, "fat")
    if scan.aorta is not None:
        found |= percentiles(image, eroded(scan.aorta, spacing, 3.0), "aorta")
    body = body_of(image, -400)
    found |= kept(
        {
            "noise in muscle": noise_sd(image, muscle, spacing),
            "noise in fat": noise_sd(image, fat, spacing),
            "skin edge": skin_width(image, body, spacing, 600),
        }
    )
    return found | power(image, core, spacing)


def _vertebra(mask: Region, spacing: Spacing) -> tuple[Region, Region, Region]:
    """Core of the body, front of its wall, and the room of the muscles behind."""
    filled = ndimage.binary_closing(mask, iterations=2) | mask
    depth = ndimage.distance_transform_edt(filled, sampling=spacing)
    core = largest(depth > 5)
    where = np.argwhere(core)
    x, y, _ = where.mean(axis=0)
    low, high = where[:, 2].min(), where[:, 2].max() + 1
    i, j, k = np.ogrid[tuple(slice(n) for n in mask.shape)]
    level = (k >= low) & (k < high)
    wall = mask & (depth <= 2.5) & (j <= y) & level
    beside = np.abs((i - x) * spacing[0]) < 50
    return core, wall, level & beside & ((j - y) * spacing[1] > 30)


def knee_ct(scan: Scan) -> Numbers:
    """Everything that is compared of a knee in CT."""
    image, spacing = scan.image, scan.spacing
    bone = smoothed(image, spacing, 0.7) > BONE_HU
    heads = np.zeros(image.shape, bool)
    for k in range(image.shape[2]):
        closed = ndimage.binary_closing(np.pad(bone[..., k], 6), iterations=3)[6:-6, 6:-6]
        filled = largest(ndimage.binary_opening(ndimage.binary_fill_holes(closed), iterations=2))
        if filled.sum() * spacing[0] * spacing[1] >= HEAD_MM2:
            heads[..., k] = filled
    depth = eroded_in_plane(heads, spacing, 0)  # margins of the image are margins of the bone
    core, rim = eroded_in_plane(heads, spacing, 7), depth & ~eroded_in_plane(heads, spacing, 3)
    muscle, fat = tissue(image, spacing, MUSCLE, 3.0), tissue(image, spacing, FAT, 2.0)
    if scan.exclude is not None:
        near = ndimage.binary_dilation(scan.exclude, iterations=3)
        muscle, fat = muscle & ~near, fat & ~near
    found = percentiles(image, core, "trabecular core") | percentiles(image, rim, "rim")
    found |= percentiles(image, muscle, "muscle") | percentiles(image, fat, "fat")
    found |= kept(
        {
            "noise in muscle": noise_sd(image, muscle, spacing),
            "noise in fat": noise_sd(image, fat, spacing),
            "skin edge": skin_width(image, body_of(image, -400), spacing, 600),
        }
    )
    return found | power(image, core, spacing)


def knee_t1(scan: Scan) -> Numbers:
    """Everything that is compared of a knee in T1-weighted MR; values relative to fat."""
    image, spacing = scan.image, scan.spacing
    bright = float(np.percentile(image[image > 0.15 * np.percentile(image, 99)], 90))
    level = smoothed(image, spacing, 1.5) / bright
    body = body_of(image, 0.12 * bright)
    under = body & ~eroded_in_plane(body, spacing, 25)
    fat = eroded_in_plane((level > 0.65) & under, spacing, 2.5)
    if scan.exclude is not None:
        near = ndimage.binary_dilation(scan.exclude, iterations=4)
        fat &= ~near
    scale = float(np.median(image[fat]))
    image = image / scale
    level = level * bright / scale
    dark = (level > 0.15) & (level < 0.5) & eroded_in_plane(body, spacing, 6)
    muscle = eroded_in_plane(dark, spacing, 3.5)
    if scan.exclude is not None:
        muscle &= ~near
    marrow = _enclosed(image, body, spacing)
    found = percentiles(image, muscle, "muscle") | percentiles(image, fat, "fat")
    found |= percentiles(image, marrow, "marrow")
    found |= kept(
        {
            "noise in muscle": noise_sd(image, muscle, spacing),
            "noise in fat": noise_sd(image, fat, spacing),
            "noise in marrow": noise_sd(image, marrow, spacing),
            "skin edge": skin_width(image, body, spacing, 0.35),
        }
    )
    return found | power(image, marrow, spacing)


def _enclosed(image: Image, body: Region, spacing: Spacing) -> Region:
    """Marrow: large bright pieces of a slice that a dark line parts from the fat outside."""
    found = np.zeros(image.shape, bool)
    area = spacing[0] * spacing[1]
    for k in range(image.shape[2]):
        pieces, count = ndimage.label(image[..., k] > 0.55)
        for n in range(1, count + 1):
            piece = pieces == n
            if not 200 <= piece.sum() * area <= 5000 or _on_margin(piece):
                continue
            filled = ndimage.binary_fill_holes(piece)
            deep = ndimage.distance_transform_edt(filled, sampling=spacing[:2])
            if deep.max() > 0.3 * np.sqrt(filled.sum() * area) and piece.sum() > 0.9 * filled.sum():
                found[..., k] |= deep > 4
    return found & body


def _on_margin(piece: Region) -> bool:
    return bool(piece[0].any() or piece[-1].any() or piece[:, 0].any() or piece[:, -1].any())


def knee_dess(scan: Scan) -> Numbers:
    """Everything that is compared of a knee in DESS; values relative to muscle.

    Bone marrow is what is dark, lies 6 mm deep in plane and reaches the upper or the lower margin
    of the image, but neither its front nor its back; muscle is what is bright and even.
    """
    image, spacing = scan.image, scan.spacing
    middle = range(image.shape[2] // 4, 3 * image.shape[2] // 4)
    tissue_level = float(np.percentile(image, 97))
    level = smoothed(image, spacing, 1.2)
    dark = level < 0.22 * tissue_level
    marrow = np.zeros(image.shape, bool)
    for k in middle:
        pieces, count = ndimage.label(
            ndimage.distance_transform_edt(dark[..., k], sampling=spacing[:2]) > 4
        )
        for n in range(1, count + 1):
            piece = pieces == n
            aside = piece[:40].any() or piece[-40:].any()
            if not aside and piece.sum() * spacing[0] * spacing[1] > 150:
                marrow[..., k] |= piece
    bright = (level > 0.35 * tissue_level) & (level < 1.3 * tissue_level)
    muscle = eroded_in_plane(bright, spacing, 5)
    scale = float(np.median(image[muscle]))
    image = image / scale
    found = percentiles(image, muscle, "muscle") | percentiles(image, marrow, "marrow")
    found |= kept(
        {
            "noise in muscle": noise_sd(image, muscle, spacing),
            "noise in marrow": noise_sd(image, marrow, spacing),
        }
    )
    return found | power(image, marrow, spacing)
