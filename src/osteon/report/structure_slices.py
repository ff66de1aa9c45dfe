"""Slices through the middle of trabecular bone: grey values, thickness of bone, of marrow."""

from collections.abc import Sequence
from dataclasses import dataclass

import contourpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core import Volume
from . import patient_axes
from .bone_block import bounding_box
from .colours import Scale
from .drawing import data_address
from .structure_pictures import StructurePicture, StructurePictures, scale_bar

LARGEST_SLICE = 512
"""Pixels along the longer side above which a slice is thinned out."""

ENOUGH_VALUES = 10_000_000
"""Grey values that are looked at to choose a window."""

WINDOW_ENDS = (0.5, 99.5)
"""Percentiles of the grey values shown as black and as white."""

GROUND = (0.13, 0.16, 0.20)
"""Colour of marrow where only bone has colours, and of bone where only marrow has."""

DIMMED = 0.55
"""Brightness of grey values under the colours of a map."""

FADED = 0.35
"""Strength of everything outside the measured region."""

NORMALS = (2, 1, 0)
"""Axial, coronal, sagittal."""

NAMES = ("Sagittal", "Coronal", "Axial")

SHOWN = {
    "grey": "grey values with the outline of bone",
    "bone": "bone in white",
    "thickness": "bone coloured by its local thickness",
    "spacing": "marrow coloured by its local thickness",
}
"""What is seen on a slice of each kind."""

Colours = NDArray[np.float64]
Window = tuple[float, float]


@dataclass(frozen=True)
class SliceRow:
    """Axial, coronal and sagittal slice that show the same.

    Attributes
    ----------
    kind : str
        ``"grey"``, ``"bone"``, ``"thickness"`` or ``"spacing"``.
    pictures : sequence of StructurePicture
        The three slices.
    window : tuple of 2 float or None
        Grey values shown as black and as white.
    """

    kind: str
    pictures: Sequence[StructurePicture]
    window: Window | None


def slices(drawn: StructurePictures, thick: Scale | None, apart: Scale | None) -> list[SliceRow]:
    """Slices through the middle of what was measured, one row for each thing to be seen.

    Parameters
    ----------
    drawn : StructurePictures
        What is there to be seen.
    thick, apart : Scale or None
        Colours of the thickness of bone and of marrow, in mm; None where it was not measured.
    """
    window = None if drawn.grey is None else _window(drawn.grey)
    cuts = [_Cut(drawn, normal, window) for normal in NORMALS]
    rows = []
    if drawn.grey is not None:
        pictures = [cut.picture("grey", cut.ground(1.0)) for cut in cuts]
        rows.append(SliceRow("grey", pictures, window))
    elif drawn.thickness is None:
        rows.append(SliceRow("bone", [cut.picture("bone", cut.plain()) for cut in cuts], None))
    for kind, scale in (("thickness", thick), ("spacing", apart)):
        if getattr(drawn, kind) is not None and scale is not None:
            pictures = [cut.picture(kind, cut.coloured(kind, scale)) for cut in cuts]
            rows.append(SliceRow(kind, pictures, None))
    return rows


def _window(grey: Volume) -> Window:
    some = grey.values[:: max(grey.values.size // ENOUGH_VALUES, 1)]
    low, high = (float(end) for end in np.percentile(some, WINDOW_ENDS))
    return low, max(high, low + 1e-9)


class _Cut:
    """All that is drawn, on one slice."""

    def __init__(self, drawn: StructurePictures, normal: int, window: Window | None) -> None:
        grid = drawn.bone.grid
        measured = drawn.bone if drawn.region is None else drawn.region
        box = bounding_box(measured.values) or tuple(slice(0, n) for n in grid.shape)
        inside = box[patient_axes.upright(grid)[normal][0]]
        index = (inside.start + inside.stop - 1) // 2
        parts = {"bone": drawn.bone, "region": drawn.region, "grey": drawn.grey}
        parts |= {"thickness": drawn.thickness, "spacing": drawn.spacing}
        self._of: dict[str, NDArray[np.generic]] = {}
        for name, part in parts.items():
            if part is not None:
                whole = patient_axes.plane(part.values, grid, normal, index)
                step = -(-max(whole.shape) // LARGEST_SLICE)
                self._of[name] = whole[::step, ::step]
        self._normal, self._window = normal, window
        height, width = patient_axes.spacing(grid, normal)
        self._pixel = (step * height, step * width)

    def ground(self, brightness: float) -> Colours:
        """Grey values, or one dark colour where there are none."""
        shape = self._of["bone"].shape
        if self._window is None:
            return np.broadcast_to(np.array(GROUND), (*shape, 3)).copy()
        low, high = self._window
        grey = np.clip((self._of["grey"].astype(np.float64) - low) / (high - low), 0, 1)
        return np.repeat(brightness * grey[..., None], 3, axis=2)

    def coloured(self, kind: str, scale: Scale) -> Colours:
        """A map in its colours over the dimmed ground, faded outside the measured region."""
        values = self._of[kind].astype(np.float64)
        colours = np.where((values > 0)[..., None], scale.paint(values), self.ground(DIMMED))
        return self._faded(colours)

    def plain(self) -> Colours:
        """Bone in white, faded outside the measured region."""
        bone = self._of["bone"].astype(bool)[..., None]
        return self._faded(np.where(bone, 1.0, self.ground(1.0)))

    def _faded(self, colours: Colours) -> Colours:
        if "region" in self._of:
            outside = ~self._of["region"].astype(bool)
            colours[outside] = FADED * colours[outside]
        return colours

    def picture(self, kind: str, colours: Colours) -> StructurePicture:
        """The slice in these colours, with outlines, letters and a bar."""
        outlines = [("bone", outline(self._of["bone"]))] if kind == "grey" else []
        if "region" in self._of:
            outlines.append(("region", outline(self._of["region"])))
        alt = f"{NAMES[self._normal]} slice through the middle: {SHOWN[kind]}"
        return slice_picture(colours, self._pixel, self._normal, alt, outlines)


def slice_picture(
    colours: Colours,
    pixel: tuple[float, float],
    normal: int,
    alt: str,
    outlines: Sequence[tuple[str, str]],
) -> StructurePicture:
    """A slice in its colours, with the letters of its sides and a bar.

    Parameters
    ----------
    colours : (rows, columns, 3) array
        0 to 1.
    pixel : tuple of 2 float
        Height and width of a pixel in mm.
    normal : int
        Axis across which it is cut, as in `NORMALS`.
    alt : str
        What is seen, in words.
    outlines : sequence of (str, str)
        Class and SVG path of what is drawn over it.
    """
    rows, columns = colours.shape[:2]
    width = columns * pixel[1]
    return StructurePicture(
        source=data_address(Image.fromarray(np.rint(255 * colours).astype(np.uint8))),
        columns=columns,
        rows=rows,
        width=width,
        height=rows * pixel[0],
        bar=scale_bar(width),
        alt=alt,
        sides=patient_axes.sides(normal),
        outlines=outlines,
    )


def outline(inside: NDArray[np.generic]) -> str:
    """SVG path half-way between pixels inside and outside, in pixels from the top left corner."""
    lines = contourpy.contour_generator(z=np.pad(inside.astype(np.float64), 1)).lines(0.5)
    parts = []
    for line in lines:
        halves = np.rint(2 * (np.asarray(line) - 0.5)).astype(int)
        steps = np.diff(halves, axis=0)
        moves = " ".join(f"{dx} {dy}" for dx, dy in steps[steps.any(axis=1)])
        parts.append(f"M{halves[0, 0]} {halves[0, 1]}l{moves}z")
    return "".join(parts)
