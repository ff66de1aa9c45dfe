"""What is behind the body: pedicles, laminae, processes, and the canal that they leave free."""

import numpy as np

from .implicit import Axes, Capsule, Field, oval
from .levels import Size

BLEND = 3.0
"""Filling of the corners between the parts of the arch, in mm (assumed)."""


def arch(size: Size, facets: float) -> tuple[Capsule, ...]:
    """Parts of the arch of a vertebra, in its own coordinates.

    Parameters
    ----------
    size : Size
        Its dimensions in mm.
    facets : float
        Wear of its facet joints, 0–1: worn ones are thicker.
    """
    wall = 0.5 * size.mean_depth
    behind = wall + size.canal[1]
    half = 0.5 * size.mean_height
    out = 0.5 * (size.canal[0] + size.pedicle[0])
    up = half - 0.5 * size.pedicle[1] - 1
    thick = 1 + 0.2 * facets
    parts = []
    for left in (1.0, -1.0):
        root, hinge = left * out, left * size.facets
        parts += [
            Capsule(
                (root, wall - 4, up),
                (root, wall + 0.6 * size.canal[1], up - 1),
                (0.5 * size.pedicle[0], 0.5 * size.pedicle[0]),
                float(np.clip(size.pedicle[1] / size.pedicle[0], 1.0, 2.0)),
            ),
            Capsule(
                (root + left, wall + 0.75 * size.canal[1], up),
                (hinge + 4.5 * left, behind - 3.5, half + 7),
                (4.8, 4.0 * thick),
            ),
            Capsule(
                (root, wall + 0.8 * size.canal[1], up - 2),
                (hinge + left, behind + 4, -half),
                (4.6, 4.4),
            ),
            Capsule(
                (hinge + left, behind + 4, -half),
                (hinge - left, behind + 4.5, -half - 9),
                (4.5, 4.0 * thick),
            ),
            Capsule((root - left, behind, -1), (0.0, behind + 7, -4), (3.0, 3.0), 2.6),
            Capsule(
                (root + 2 * left, wall + 3, up - 3),
                (left * (0.5 * size.transverse - 3), wall + 10, up - 2),
                (4.4, 3.2),
                1.3,
            ),
        ]
    tip = (0.0, behind + size.spinous - 4, -9.0)
    return (*parts, Capsule((0.0, behind + 6, -5.0), tip, (2.6, 3.4), 2.6))


def joints_of(size: Size, facets: float) -> tuple[Capsule, ...]:
    """Joint processes, pillars and laminae, of which the vertebra above keeps clear."""
    parts = arch(size, facets)
    return tuple(parts[n] for n in (1, 2, 4, 7, 8, 10))


def sacral_parts(size: Size) -> tuple[Capsule, ...]:
    """Wings, lower pieces, crest and joint processes of the sacrum, in its own coordinates."""
    wall = 0.5 * size.mean_depth
    half = 0.5 * size.mean_height
    behind = wall + size.canal[1]
    parts = []
    for left in (1.0, -1.0):
        hinge = left * size.facets
        parts += [
            Capsule((left * 16, wall - 10, 2.0), (left * 42, wall + 10, -8.0), (12.0, 14.0)),
            Capsule((left * 38, wall + 8, -8.0), (left * 18, wall + 18, -52.0), (12.0, 7.0)),
            Capsule(
                (left * 21, wall + 8, 0.0), (hinge + 5 * left, behind - 2, half + 6), (7.0, 4.5)
            ),
            Capsule((left * 19, behind, -4.0), (0.0, behind + 5, -6.0), (3.5, 3.5), 2.5),
        ]
    return (
        *parts,
        Capsule((0.0, wall - 12, -half), (0.0, wall + 12, -half - 42), (16.0, 8.0)),
        Capsule((0.0, behind + 4, -6.0), (0.0, behind + 14, -44.0), (3.5, 3.0)),
    )


def sacral_joints(size: Size) -> tuple[Capsule, ...]:
    """Joint processes and laminae of the sacrum, of which L5 keeps clear."""
    parts = sacral_parts(size)
    return tuple(parts[n] for n in (2, 3, 6, 7))


def canal_at(size: Size, axes: Axes) -> Field:
    """Signed distance to the spinal canal, positive inside, in mm."""
    x, y, _ = axes
    middle = np.float32(0.5 * (size.mean_depth + size.canal[1]))
    return oval(x, y - middle, (0.5 * size.canal[0], 0.5 * size.canal[1]), 2.2)
