"""The bone in space: slanting from above, and a slab of its middle from the front."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from PIL import Image

from . import patient_axes
from .bone_block import BoneBlock, bone_block
from .bone_view import FINER, View, camera, look, painted
from .colours import Scale
from .drawing import data_address
from .structure_pictures import StructurePicture, StructurePictures, scale_bar

SLANT = (-35.0, 25.0)
"""Azimuth and elevation of the slanting view: from the patient's right, in front and above."""

SLAB_SHARE = 0.15
"""Thickness of the slab seen from the front, as a share of the depth of the bone."""

IVORY = (0.86, 0.82, 0.73)
"""Colour of bone whose thickness was not measured."""

TRIAD_PIXELS = 34.0
"""Length of the patient's axes in the corner of the slanting view."""


def views(drawn: StructurePictures, scale: Scale | None) -> list[StructurePicture]:
    """The measured bone slanting from above, and a slab of its middle from the front.

    Parameters
    ----------
    drawn : StructurePictures
        Bone, its thickness, and the region that was measured.
    scale : Scale or None
        Colours of the thickness in mm; one colour for all bone where None.

    Returns
    -------
    list of StructurePicture
        Empty where there is no bone.
    """
    whole = bone_block(drawn.bone, drawn.thickness, drawn.region)
    if whole is None:
        return []
    patient = patient_axes.directions(drawn.bone.grid)
    slanting = look(whole, camera(patient, *SLANT))
    coloured = "" if scale is None else " coloured by its local thickness"
    alt = f"The bone{coloured}, seen slanting from above"
    first = _picture(slanting, scale, alt, behind=_edges(whole, slanting), triad=_triad(slanting))
    middle, depth = _slab(drawn)
    if middle is None:
        return [first]
    front = look(middle, camera(patient, 0, 0))
    alt = f"A slab of the bone, {depth:.2g} mm from front to back, seen from the front"
    return [first, _picture(front, scale, alt, sides=patient_axes.sides(1))]


def _slab(drawn: StructurePictures) -> tuple[BoneBlock | None, float]:
    """The middle of the measured bone from front to back, and its depth in mm."""
    region, grid = drawn.region, drawn.bone.grid
    measured = drawn.bone.values if region is None else drawn.bone.values & region.values
    axis = patient_axes.upright(grid)[1][0]
    used = np.flatnonzero(measured.any(axis=tuple(a for a in range(3) if a != axis)))
    count = max(round(len(used) * SLAB_SHARE), 1)
    first = (len(used) - count) // 2
    low, high = int(used[first]), int(used[first + count - 1])
    cut = [slice(None)] * 3
    cut[axis] = slice(low, high + 1)
    place = (cut[0], cut[1], cut[2])
    inside = None if region is None else region.part(place)
    local = None if drawn.thickness is None else drawn.thickness.part(place)
    block = bone_block(drawn.bone.part(place), local, inside)
    return block, (high + 1 - low) * float(grid.spacing[axis])


def _picture(
    view: View,
    scale: Scale | None,
    alt: str,
    *,
    sides: Sequence[str] = (),
    behind: str = "",
    triad: Sequence[tuple[str, float, float]] = (),
) -> StructurePicture:
    plain = np.broadcast_to(np.array(IVORY), (*view.depth.shape, 3))
    shades = painted(view, plain if scale is None else scale.paint(view.thickness))
    width, height = view.size
    return StructurePicture(
        source=data_address(Image.fromarray(shades)),
        columns=shades.shape[1],
        rows=shades.shape[0],
        width=width,
        height=height,
        bar=scale_bar(width),
        alt=alt,
        sides=sides,
        behind=behind,
        triad=triad,
    )


def _edges(block: BoneBlock, view: View) -> str:
    """Edges of the box, but for those that meet in the corner next to the reader."""
    corners = view.place(block.corners) / (view.pixel * FINER)
    nearest = int((block.corners @ view.camera.ahead).argmin())
    parts = []
    for one, two in combinations(range(8), 2):
        if (one ^ two) in (1, 2, 4) and nearest not in (one, two):
            (x1, y1), (x2, y2) = corners[[one, two]]
            parts.append(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}")
    return "".join(parts)


def _triad(view: View) -> list[tuple[str, float, float]]:
    """Letters L, P and S with the ends of the patient's axes as the camera sees them, in pixels."""
    screen = TRIAD_PIXELS * np.stack([view.camera.right, view.camera.down])
    return [
        (letters[1], round(float(x), 1), round(float(y), 1))
        for letters, (x, y) in zip(patient_axes.LETTERS, screen.T, strict=True)
    ]
