"""The bone as a body in space, seen from afar: lit, shaded, coloured by its local thickness."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bone_block import FULL, BoneBlock
from .bone_rays import meetings, openness, shares

PIXELS = 576
"""Pixels along the longer side of a view."""

FINER = 2
"""Rays along each side of a pixel, averaged so that edges are smooth."""

LEVEL = 0.45 * FULL
"""Share of bone from which on a place is bone; a little below half, to keep single voxels."""

MARGIN = 0.03
"""Room left around the box, as a share of the longer side of the view."""

LIGHTS = 40
"""Directions from which light comes for the shade in corners."""

LAMP = np.array([-0.45, -0.65, -0.85])
"""Where the lamp stands: to the left, above, behind the reader (right, down, ahead)."""

SKY, GLOW = 0.50, 0.62
"""Brightness of the light from all around, and of the lamp."""

HAZE, HAZE_COLOUR = 0.65, (0.93, 0.945, 0.96)
"""How much of the farthest place is lost in haze, which tells near from far, and its colour."""


@dataclass(frozen=True, eq=False)
class Camera:
    """From where a view is seen; all rays are parallel.

    Attributes
    ----------
    right, down, ahead : (3,) array
        Unit vectors (LPS) to the right and down in the picture, and away from the reader.
    """

    right: NDArray[np.float64]
    down: NDArray[np.float64]
    ahead: NDArray[np.float64]

    @property
    def axes(self) -> NDArray[np.float64]:
        """Rows: right, down, ahead."""
        return np.stack([self.right, self.down, self.ahead])


def camera(patient: NDArray[np.float64], azimuth: float, elevation: float) -> Camera:
    """Camera that looks at the patient from a side.

    Parameters
    ----------
    patient : (3, 3) array
        Columns: unit vectors (LPS) to the patient's left, back and head.
    azimuth : float
        From straight in front (0) to the patient's left (90), in degrees.
    elevation : float
        From level (0) to overhead (90), in degrees.
    """
    a, e = np.radians([azimuth, elevation])
    eye = np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])
    right = np.array([np.cos(a), np.sin(a), 0.0])
    down = np.cross(-eye, right)
    return Camera(patient @ right, patient @ down, patient @ -eye)


@dataclass(frozen=True, eq=False)
class View:
    """What a camera sees, before it is coloured.

    Attributes
    ----------
    depth : (row, column) float32 array
        Distance of the bone in mm from the plane of `origin`; -1 where there is none.
    thickness : (row, column) float32 array
        Local thickness there, in mm; 0 where there is no bone.
    light : (row, column) float32 array
        Brightness, 0 to about 1.
    pixel : float
        Size of a pixel in mm.
    origin : (3,) array
        World LPS mm of the centre of pixel (0, 0), in a plane in front of the box.
    camera : Camera
        From where.
    """

    depth: NDArray[np.float32]
    thickness: NDArray[np.float32]
    light: NDArray[np.float32]
    pixel: float
    origin: NDArray[np.float64]
    camera: Camera

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm."""
        rows, columns = self.depth.shape
        return columns * self.pixel, rows * self.pixel

    def place(self, world: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where (…, 3) world places appear: (…, 2) mm from the top left corner of the picture."""
        offset = (world - self.origin) @ np.stack([self.camera.right, self.camera.down]).T
        return np.asarray(offset + self.pixel / 2)


def look(block: BoneBlock, seen_from: Camera, pixels: int = PIXELS) -> View:
    """What of a block of bone is seen from a camera.

    Parameters
    ----------
    block : BoneBlock
        The bone.
    seen_from : Camera
        From where.
    pixels : int
        Pixels along the longer side of the picture, each of `FINER` by `FINER` rays.
    """
    along = block.corners @ seen_from.axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    width, height = high[:2] - low[:2]
    room = 2 * MARGIN * max(width, height)
    pixel = (max(width, height) + room) / (pixels * FINER)
    shape = tuple(round((side + room) / pixel / FINER) * FINER for side in (height, width))
    centre = (low[:2] + high[:2]) / 2
    first = centre - pixel * (np.array(shape[::-1]) - 1) / 2
    before = low[2] - 2 * float(block.grid.spacing.max())  # the very face of the box is bone too
    origin = np.array([*first, before]) @ seen_from.axes
    return _seen(block, seen_from, origin, pixel, (shape[0], shape[1]))


def _seen(
    block: BoneBlock,
    seen_from: Camera,
    origin: NDArray[np.float64],
    pixel: float,
    shape: tuple[int, int],
) -> View:
    to_index = np.linalg.inv(block.grid.direction * block.grid.spacing)
    steps = seen_from.axes * np.array([[pixel], [pixel], [1.0]])
    screen = np.ascontiguousarray(steps @ to_index.T)
    start = block.grid.to_index(origin)
    depth = meetings(block.solid, start, screen, shape, LEVEL)
    hit = depth >= 0
    row, column = np.nonzero(hit)
    places = np.stack([column, row, depth[hit]], axis=1) @ screen + start
    slope = _slope(block, places)
    thickness, light = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    thickness[hit] = _thickness(block, places, slope)
    light[hit] = _light(block, seen_from, places, slope)
    return View(depth, thickness, light, pixel, origin, seen_from)


def _slope(block: BoneBlock, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (LPS) that point out of the bone."""
    slope = np.empty_like(places)
    for axis in range(3):
        aside = np.zeros(3)
        aside[axis] = 0.75
        slope[:, axis] = shares(block.smooth, places - aside) - shares(block.smooth, places + aside)
    slope = (slope / block.grid.spacing) @ block.grid.direction.T
    length = np.linalg.norm(slope, axis=1, keepdims=True)
    return np.asarray(slope / np.maximum(length, 1e-9))


def _thickness(
    block: BoneBlock, places: NDArray[np.float64], slope: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Thickness of the bone just under the surface, blended over the voxels about it."""
    known = (block.thickness > 0).view(np.uint8)
    inward = -(slope @ block.grid.direction) / block.grid.spacing * block.grid.spacing.min()
    result = np.zeros(len(places), np.float32)
    for below in (0.5, 1.0, 0.0):
        open_ = np.flatnonzero(result == 0)
        nearby = places[open_] + below * inward[open_]
        share = shares(known, nearby)
        value = shares(block.thickness, nearby)
        result[open_] = np.where(share > 0.05, value / np.maximum(share, 0.05), 0)
    return result


def _light(
    block: BoneBlock, seen_from: Camera, places: NDArray[np.float64], slope: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Brightness of each place: lamp and sky, less what stands in the way of the sky."""
    lamp = LAMP / np.linalg.norm(LAMP) @ seen_from.axes
    inner = slope @ block.grid.direction
    sky = openness(block.solid, places, inner, _all_around(LIGHTS))
    direct = np.clip(slope @ lamp, 0, 1)
    return np.asarray(SKY * sky + GLOW * direct * (0.35 + 0.65 * sky))


def _all_around(count: int) -> NDArray[np.float64]:
    """Unit vectors spread evenly over a sphere, on a spiral of golden angles."""
    n = np.arange(count) + 0.5
    height = 1 - 2 * n / count
    turn = np.pi * (1 + 5**0.5) * n
    across = np.sqrt(1 - height**2)
    return np.stack([across * np.cos(turn), across * np.sin(turn), height], axis=1)


def painted(view: View, colours: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The view as a picture with see-through ground.

    Parameters
    ----------
    view : View
        What is seen.
    colours : (row, column, 3) array
        Colour of the bone in each pixel of `view`, 0 to 1.

    Returns
    -------
    (row, column, 4) uint8 array
        Red, green, blue, opacity; `FINER` times smaller than `view` along each side.
    """
    hit = view.depth >= 0
    far = float(view.depth.max())
    near = float(view.depth[hit].min()) if hit.any() else 0.0
    away = np.clip((view.depth - near) / max(far - near, 1e-9), 0, 1)[..., None]
    lit = np.clip(colours * (0.25 + view.light[..., None]), 0, 1)
    haze = HAZE * away
    lit = lit * (1 - haze) + np.array(HAZE_COLOUR) * haze * (0.35 + 0.65 * view.light[..., None])
    opaque = hit.astype(np.float64)[..., None]
    whole = _mean(opaque)
    blended = _mean(lit * opaque) / np.maximum(whole, 1e-9)
    both = np.concatenate([np.clip(blended, 0, 1), whole], axis=-1)
    return np.asarray(np.rint(255 * both), np.uint8)


def _mean(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the rays of each pixel."""
    rows, columns, parts = picture.shape
    blocks = picture.reshape(rows // FINER, FINER, columns // FINER, FINER, parts)
    return np.asarray(blocks.mean(axis=(1, 3)))
