"""What the pictures of trabecular bone are made from, and what one of them is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..core import Mask, Volume
from .colours import nice


@dataclass(frozen=True, eq=False)
class StructurePictures:
    """What is drawn, all on one grid.

    Attributes
    ----------
    bone : Mask
        Bone voxels.
    thickness : Volume or None
        Local thickness of bone in mm, 0 outside bone; None where it was not measured.
    spacing : Volume, optional
        Local thickness of marrow in mm, 0 in bone.
    grey : Volume, optional
        The image before it was made bone and marrow.
    region : Mask, optional
        What was measured; all where None.
    """

    bone: Mask
    thickness: Volume | None
    spacing: Volume | None = None
    grey: Volume | None = None
    region: Mask | None = None

    def checked(self) -> "StructurePictures":
        """Return these pictures, having checked that all lie on one grid and maps are in mm."""
        grid = self.bone.grid
        maps = {"the thickness map": self.thickness, "the spacing map": self.spacing}
        for name, volume in maps.items():
            if volume is not None:
                volume.on(grid, name=name).in_unit("mm")
        if self.grey is not None:
            self.grey.on(grid, name="the image")
        if self.region is not None:
            self.region.on(grid, name="the region")
        return self


@dataclass(frozen=True)
class StructurePicture:
    """One picture of the page.

    Attributes
    ----------
    source : str
        PNG as a ``data:`` address.
    columns, rows : int
        Size in pixels, which is the size of the drawing over it too.
    width, height : float
        Size in mm.
    bar : float
        Length of the scale bar in mm.
    alt : str
        What is seen, in words.
    sides : sequence of str
        Patient directions at the left, right, top and bottom; none on a slanting view.
    behind : str
        SVG path of the edges of the box behind the bone.
    outlines : sequence of (str, str)
        Class and SVG path of what is drawn over it.
    triad : sequence of (str, float, float)
        Letter and end of each patient axis, in pixels from where they meet.
    """

    source: str
    columns: int
    rows: int
    width: float
    height: float
    bar: float
    alt: str
    sides: Sequence[str] = ()
    behind: str = ""
    outlines: Sequence[tuple[str, str]] = field(default=())
    triad: Sequence[tuple[str, float, float]] = field(default=())


def scale_bar(width: float) -> float:
    """A round length in mm, between a tenth and a quarter of the width of a picture."""
    return nice(width / 10)
