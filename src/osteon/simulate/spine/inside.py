"""What is inside a vertebra: thickness of its shell, share of bone by place, kind of marrow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .body import Body
from .implicit import Axes, Field

CORTEX_MM = (0.42, 0.55, 1.2)
"""Thickness of the side wall, the endplates and the arch of an average young adult in mm.

Side wall and endplates: Silva 1994 (doi:10.1016/8756-3282(94)90294-1: about 0.4), Edwards 2001 and
Palepu 2019 (doi:10.14444/6049: endplates 0.5–0.8), rounded. The arch is tuned, within what is seen
on CT, so that areal density of women of 50 meets NHANES (see ``dxa``)."""

ARCH_SHARE = 0.24
"""BV/TV inside the arch of a person with 0.12 in the body (assumed)."""

CORE = (0.7, 0.7, 0.6)
"""The middle of a body: an ellipse of this share of its width and depth, this share of its
height. BV/TV asked for is the mean there."""

SCLEROSIS_MM = 1.5
"""How deep hardening below an endplate reaches, in mm (assumed): it raises areal density, and
leaves the core as it is."""

MOST = 0.6
"""Largest BV/TV of spongy bone."""


@dataclass(frozen=True)
class Make:
    """What fills one vertebra.

    Attributes
    ----------
    share : float
        BV/TV of the core.
    cortex : float
        Factor on the thickness of compact bone.
    age : float
        In years: the old keep bone near the endplates.
    sclerosis, facets : float
        Hardening below the endplates and of the joints, 0–1.
    noise : (5, 5, 5) array
        Normal numbers for variation without a pattern.
    """

    share: float
    cortex: float
    age: float
    sclerosis: float
    facets: float
    noise: NDArray[np.float64]


def arch_weight(body: Body, y: Field) -> Field:
    """0 in the body, 1 behind it."""
    at = np.clip((y - np.float32(0.5 * body.size.mean_depth + 1)) / np.float32(5), 0, 1)
    return np.asarray(at * at * (3 - 2 * at), np.float32)


def shell_of(body: Body, make: Make, axes: Axes, depths: tuple[Field, Field]) -> Field:
    """Thickness of the shell below the nearest surface, in mm.

    Parameters
    ----------
    body : Body
        The body.
    make : Make
        What fills it.
    axes : 3 arrays of float32
        Coordinates in mm.
    depths : 2 arrays of float32
        Depth below the surface and below the nearer endplate, in mm.
    """
    x, y, _ = axes
    wall, plate, behind = CORTEX_MM
    plate = plate * (1 + 1.2 * make.sclerosis)
    near_plate = np.clip(1 - (depths[1] - np.maximum(depths[0], 0)) / np.float32(1.5), 0, 1)
    front = wall + (plate - wall) * near_plate
    behind = behind * body.size.arch
    worn = np.float32(0.45 * make.facets) * np.clip(np.abs(x) / np.float32(6) - 1, 0, 1)
    w = arch_weight(body, y)
    return np.asarray(make.cortex * (front * (1 - w) + behind * (1 + worn) * w), np.float32)


def core_of(body: Body, axes: Axes) -> NDArray[np.bool_]:
    """The middle of a body."""
    x, y, z = axes
    size = body.size
    u, v = x / (0.5 * size.mean_width * CORE[0]), y / (0.5 * size.mean_depth * CORE[1])
    high = 0.5 * size.mean_height * (1 - body.fracture.loss) * CORE[2]
    return np.asarray((u * u + v * v < 1) & (np.abs(z) < high))


def variation(make: Make, shape: tuple[int, ...]) -> Field:
    """Smooth noise of about unit variance over a lattice."""
    steps = [np.linspace(0, 4, n) for n in shape]
    out = make.noise
    for axis, at in enumerate(steps):
        low = np.minimum(at.astype(int), 3)
        part = (at - low).reshape([-1 if n == axis else 1 for n in range(3)])
        out = np.take(out, low, axis) * (1 - part) + np.take(out, low + 1, axis) * part
    return out.astype(np.float32)


def share_of(body: Body, make: Make, axes: Axes, ends: Field) -> Field:
    """BV/TV by place.

    Denser below the endplates, more so in the old; denser at the back than in front; less around
    the basivertebral vein; more where a fracture pressed bone together.
    """
    x, y, z = axes
    size = body.size
    back = np.float32(0.5 * size.mean_depth)
    rise = 0.3 + 0.25 * float(np.clip((make.age - 40) / 45, 0, 1))
    near = np.exp(-np.maximum(ends, 0) / np.float32(3.0))
    vein = np.exp(-((x / 7) ** 2 + ((y - back) / 11) ** 2 + (z / 4.5) ** 2))
    pattern = (1 + rise * near) * (1 + np.float32(0.12) * np.clip(y / back, -1, 1))
    pattern = pattern * (1 - np.float32(0.55) * vein)
    pattern = pattern * (1 + np.float32(0.07) * variation(make, pattern.shape))
    pattern = pattern / pattern[core_of(body, axes)].mean()
    hard = np.exp(-np.maximum(ends, 0) / np.float32(SCLEROSIS_MM))
    share = make.share * pattern + np.float32(0.35 * make.sclerosis) * hard
    share = share * np.float32(1 + 1.0 * body.fracture.loss)
    w = arch_weight(body, y)
    behind = np.float32(ARCH_SHARE * (make.share / 0.12) ** 0.5)
    return np.asarray(np.clip(share * (1 - w) + behind * w, 0.005, MOST), np.float32)


def marrow_of(body: Body, make: Make, axes: Axes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Kind of marrow by place: 0 redder, 1 as usual, 2 fattier."""
    noise = variation(make, shape)[::-1, ::-1, ::-1]
    x, y, z = axes
    back = np.float32(0.5 * body.size.mean_depth)
    vein = np.exp(-((x / 8) ** 2 + ((y - back) / 9) ** 2 + (z / 5) ** 2))
    fatty = ndimage.gaussian_filter(noise, 1.0) + 1.5 * vein + arch_weight(body, y)
    kinds = 1 + (fatty > 0.8).astype(np.int8) - (fatty < -0.7).astype(np.int8)
    return np.asarray(kinds, np.uint8)
