"""Pictures of a cohort's data card: what the scanners saw, true to shape, with a scale bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core import BadSetting
from .drawing import data_address
from .words import is_number

BARS_MM = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Lengths of scale bars."""

BAR_SHARE = 0.3
"""Most of a picture's width that its scale bar takes."""


@dataclass(frozen=True, eq=False)
class CardPicture:
    """One picture of the gallery.

    Attributes
    ----------
    subject : str
        Whom it shows, such as ``"sub-001"``.
    title : str
        What it is, such as ``"Coronal, BFFE"``.
    caption : str
        What is to be seen; may be empty.
    shades : (row, column) array of uint8
        0 black to 255 white; row 0 is the top.
    pixel_mm : tuple of 2 float
        Distance of rows and of columns, in mm.
    group : str
        Row of the gallery that it belongs to, such as ``"CT"``.

    Raises
    ------
    BadSetting
        If the shades are not two-dimensional uint8, or a pixel has no size.
    """

    subject: str
    title: str
    caption: str
    shades: NDArray[np.uint8]
    pixel_mm: tuple[float, float]
    group: str

    def __post_init__(self) -> None:
        """Refuse what is no picture."""
        what = f"picture '{self.title}' of {self.subject}"
        shades: Any = self.shades
        if not isinstance(shades, np.ndarray) or shades.dtype != np.uint8:
            got = getattr(shades, "dtype", type(shades).__name__)
            raise BadSetting(
                f"{what} must hold shades of uint8, 0–255; got {got}. "
                "Choose a window of values and scale it to 0–255."
            )
        if shades.ndim != 2 or not shades.size:
            raise BadSetting(
                f"{what} must have rows and columns; got shape {shades.shape}. Hand in one plane."
            )
        sizes = [float(size) for size in self.pixel_mm]
        if len(sizes) != 2 or not all(is_number(size) and size > 0 for size in sizes):
            raise BadSetting(
                f"{what} must have pixels of two sizes above 0 mm; got {self.pixel_mm}. "
                "Hand in (row mm, column mm)."
            )


@dataclass(frozen=True)
class Shot:
    """A picture as it stands on the page: `width`, `height` and `bar` in mm."""

    source: str
    subject: str
    title: str
    caption: str
    width: float
    height: float
    bar: float

    @property
    def alt(self) -> str:
        """What is seen, in words."""
        return f"{self.subject}: {self.title}"


def gallery_rows(pictures: Sequence[CardPicture]) -> list[tuple[str, list[Shot]]]:
    """Pictures by group, groups and pictures in the order in which they were handed in."""
    rows: dict[str, list[Shot]] = {}
    for picture in pictures:
        rows.setdefault(picture.group, []).append(_shot(picture))
    return list(rows.items())


def _shot(picture: CardPicture) -> Shot:
    rows, columns = picture.shades.shape
    width = float(columns * picture.pixel_mm[1])
    fitting = [bar for bar in BARS_MM if bar <= BAR_SHARE * width]
    return Shot(
        source=data_address(Image.fromarray(np.ascontiguousarray(picture.shades))),
        subject=picture.subject,
        title=picture.title,
        caption=picture.caption,
        width=round(width, 3),
        height=round(float(rows * picture.pixel_mm[0]), 3),
        bar=fitting[-1] if fitting else 0.0,
    )
