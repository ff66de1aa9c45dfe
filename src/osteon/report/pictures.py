"""Pictures of the spine: grey PNG inside the page, with outlines drawn over it as vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core import Grid, Labels, Mask, Volume
from . import sheet as sheets
from .drawing import data_address
from .sheet import Sheet

WINDOW = (-200.0, 800.0)
"""HU shown as black and as white: wide enough for the shell, narrow enough for trabecular bone."""

THUMB_MM = 70.0
"""Width and height of a picture of one vertebra, in mm."""

THUMB_PIXEL = 0.3125
"""Pixel of a picture of one vertebra, in mm: 224 pixels a side."""

BACKWARDS_MM = 8.0
"""How far behind the body centre axial and sagittal pictures are centred, to show the arch."""

OVERVIEW_PIXEL = 0.5
"""Pixel of the overview, in mm."""

SLAB_MM = (-2.0, 0.0, 2.0)
"""Planes averaged in the overview, in mm from the bent sheet."""

MARGIN_MM = {"x": (52.0, 52.0), "y": (46.0, 64.0), "z": (34.0, 34.0)}
"""Room left around the body centres in the overview: right/left, front/back, below/above."""

LABEL_APART_MM = 7.0
"""Distance of a level's name from the side of its body in the overview."""

NAME_SHARE, NAME_MM = 0.1, 4.0
"""How far a name is kept from the overview's sides, in widths, and from its ends, in mm."""

USUAL_MM = {"depth_mm": 30.0, "width_mm": 40.0}
"""Depth and width of a body taken for placing a name where they were not measured."""


@dataclass(frozen=True)
class Label:
    """A word on a picture, at `x`, `y` mm from its top left corner, to one side of that point."""

    text: str
    x: float
    y: float
    side: str
    muted: bool = False


@dataclass(frozen=True)
class Picture:
    """One picture of the page.

    Attributes
    ----------
    source : str
        PNG as a ``data:`` address.
    width, height : float
        Size in mm of the patient.
    sides : tuple of 4 str
        Patient directions at the left, right, top and bottom, as letters.
    outlines : mapping of str to str
        SVG path in tenths of a mm for each region, and ``"vertebra"`` for the labels.
    alt : str
        What is seen, in words.
    bar : float
        Length of the scale bar in mm.
    labels : sequence of Label
        Names of levels.
    """

    source: str
    width: float
    height: float
    sides: tuple[str, str, str, str]
    outlines: Mapping[str, str]
    alt: str
    bar: float
    labels: Sequence[Label] = field(default=())


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is drawn: the CT, the vertebra labels, and the regions, all on one grid."""

    scan: Volume
    vertebrae: Labels
    regions: Mapping[str, Mask]

    def picture(
        self, planes: Sequence[Sheet], sides: tuple[str, str, str, str], wanted: Sequence[int]
    ) -> dict[str, Any]:
        """Fields of a `Picture` of parallel planes; outlines are those of the middle one."""
        middle = planes[len(planes) // 2]
        coarse = middle.coarser(2)
        width, height = middle.size
        outlines = {"vertebra": _path(sheets.label_outlines(self.vertebrae, wanted, coarse))}
        for name, mask in self.regions.items():
            if name == "anterior" and "A" not in sides:
                continue  # a coronal plane through the centre is the very border of this half
            outlines[name] = _path(sheets.outline(mask, coarse, self.vertebrae, wanted))
        shades = sheets.grey(self.scan, planes, WINDOW)  # 0: outside the scan
        return {
            "source": data_address(Image.fromarray(shades), transparency=0),
            "width": width,
            "height": height,
            "sides": sides,
            "outlines": outlines,
        }


def thumbnails(drawn: Drawn, level: Mapping[str, Any]) -> list[Picture]:
    """Axial, sagittal and coronal picture of one vertebra in its own axes.

    The axial plane is seen from below (patient's left on the right side, front up), the
    sagittal plane from the left side (front to the left), the coronal plane from the front.

    Parameters
    ----------
    drawn : Drawn
        Scan, labels and regions.
    level : mapping
        A level of the results, with ``centre_mm``, ``axes``, ``label`` and ``level``.
    """
    centre = np.asarray(level["centre_mm"], float)
    left, anterior, superior = _axes(level["axes"])
    behind = centre - BACKWARDS_MM * anterior
    views = {
        "axial": (behind, left, -anterior, ("R", "L", "A", "P")),
        "sagittal": (behind, -anterior, -superior, ("A", "P", "S", "I")),
        "coronal": (centre, left, -superior, ("R", "L", "S", "I")),
    }
    taken = []
    for name, (middle, right, down, sides) in views.items():
        plane = sheets.flat(middle, right, down, (THUMB_MM, THUMB_MM), THUMB_PIXEL)
        fields = drawn.picture([plane], sides, [int(level["label"])])
        alt = f"{level['level']}, {name} plane through the body centre with the regions outlined"
        taken.append(Picture(**fields, alt=alt, bar=10.0))
    return taken


def overview(drawn: Drawn, levels: Sequence[Mapping[str, Any]]) -> list[Picture]:
    """Sagittal and coronal picture of the spine, on sheets bent to follow the body centres.

    Height is the patient's z; the sagittal sheet follows the centres from side to side, the
    coronal sheet from front to back, so that a scoliotic or kyphotic spine stays in view.

    Parameters
    ----------
    drawn : Drawn
        Scan, labels and regions.
    levels : sequence of mapping
        Levels of the results; those without ``centre_mm`` are left out.
    """
    placed = [level for level in levels if level["centre_mm"] is not None]
    if not placed:
        return []
    centres = np.array([level["centre_mm"] for level in placed], float)
    wanted = [int(level["label"]) for level in placed]
    made = []
    for name, across, sides in (("sagittal", "y", "AP"), ("coronal", "x", "RL")):
        middle = _bent(centres, across, drawn.scan.grid)
        normal = np.array([1.0, 0, 0]) if across == "y" else np.array([0, 1.0, 0])
        planes = [middle.shifted(offset * normal) for offset in SLAB_MM]
        fields = drawn.picture(planes, (sides[0], sides[1], "S", "I"), wanted)
        labels = _names(placed, middle, across)
        first, last = placed[0]["level"], placed[-1]["level"]
        alt = f"{name.capitalize()} overview of the spine, {first} to {last}, regions filled"
        made.append(Picture(**fields, alt=alt, bar=50.0, labels=labels))
    return made


def _bent(centres: NDArray[np.float64], across: str, grid: Grid) -> Sheet:
    """Sheet of rows at one z each, along x or y, that passes through every body centre."""
    ordered = centres[np.argsort(centres[:, 2])]
    a = "xyz".index(across)
    other = 1 - a
    columns = _span(centres[:, a], grid, across)
    rows = _span(centres[:, 2], grid, "z")[::-1]
    points = np.empty((len(rows), len(columns), 3))
    points[..., a] = columns[None, :]
    points[..., other] = np.interp(rows, ordered[:, 2], ordered[:, other])[:, None]
    points[..., 2] = rows[:, None]
    return Sheet(points, OVERVIEW_PIXEL)


def _span(at: NDArray[np.float64], grid: Grid, axis: str) -> NDArray[np.float64]:
    """Positions along a world axis that hold all centres with a margin, within the scan."""
    below, above = MARGIN_MM[axis]
    corners = grid.corners()[:, "xyz".index(axis)]
    start = max(float(at.min()) - below, float(corners.min()))
    stop = min(float(at.max()) + above, float(corners.max()))
    return np.arange(start, max(stop, start + OVERVIEW_PIXEL), OVERVIEW_PIXEL)


def _names(levels: Sequence[Mapping[str, Any]], sheet: Sheet, across: str) -> list[Label]:
    """Names in front of the bodies (sagittal) or on the patient's left of them (coronal)."""
    a = "xyz".index(across)
    first = sheet.points[0, 0]
    extent, towards, side = (
        ("depth_mm", -1, "before") if across == "y" else ("width_mm", 1, "after")
    )
    wide, high = sheet.size
    names = []
    for level in levels:
        apart = (level[extent] or USUAL_MM[extent]) / 2 + LABEL_APART_MM
        x = float(level["centre_mm"][a] - first[a]) + towards * apart
        y = float(first[2] - level["centre_mm"][2])
        x = float(np.clip(x, NAME_SHARE * wide, (1 - NAME_SHARE) * wide))
        y = float(np.clip(y, NAME_MM, max(high - NAME_MM, NAME_MM)))
        names.append(Label(level["level"], round(x, 1), round(y, 1), side, not level["measured"]))
    return names


def _axes(axes: Mapping[str, Sequence[float]]) -> tuple[NDArray[np.float64], ...]:
    """Left, anterior, superior at exact right angles: printed figures are rounded."""
    left, anterior, superior = (
        np.asarray(axes[name], float) for name in ("left", "anterior", "superior")
    )
    superior = superior / np.linalg.norm(superior)
    anterior = anterior - superior * (anterior @ superior)
    anterior = anterior / np.linalg.norm(anterior)
    left = left - superior * (left @ superior) - anterior * (left @ anterior)
    return left / np.linalg.norm(left), anterior, superior


def _path(lines: Sequence[NDArray[np.float64]]) -> str:
    """SVG path of outlines given in mm, in whole tenths of a mm."""
    parts = []
    for line in lines:
        tenths = np.rint(line * 10).astype(int)
        steps = np.diff(tenths, axis=0)
        steps = steps[steps.any(axis=1)]
        if len(steps) < 3:
            continue
        moves = " ".join(f"{dx} {dy}" for dx, dy in steps)
        parts.append(f"M{tenths[0, 0]} {tenths[0, 1]}l{moves}z")
    return "".join(parts)
