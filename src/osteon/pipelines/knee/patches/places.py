"""Where patches of subchondral bone are cut, and the lattice on which they lie; from CT alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ....core import BadSetting, Box, Grid, Mask, Scan, Volume, resample
from ....registration import Rigid, resample_by
from ...voltage import to_120_kvp

SIDE_MM = 12.8
"""Side of a patch, about that of the published ones."""

VOXELS = 32
"""Voxels along a side of a patch."""

INSIDE_MM = 3.0
"""Centres lie this deep in the region where there is such a place, so that a patch is full."""

OUTSIDE_HU = -1000.0
"""CT number where the scan does not reach: air."""

MARGIN = 4
"""Voxels around a patch that are read for interpolation."""


@dataclass(frozen=True, eq=False)
class PatchPlace:
    """Where a patch is.

    Attributes
    ----------
    region : str
        Name of the region, such as ``"medial femur"``.
    number : int
        Number of the patch in its region, from 0.
    centre_mm : (3,) array
        World LPS mm of the CT.
    """

    region: str
    number: int
    centre_mm: NDArray[np.float64]

    @property
    def bone(self) -> str:
        """The bone of the region, such as ``"femur"``."""
        return self.region.split()[-1]


def patch_places(
    regions: Mapping[str, Mask], *, spacing_mm: float = 6.0, most: int = 6
) -> list[PatchPlace]:
    """Places spread over each region: the middle, then always the one farthest from all others.

    Parameters
    ----------
    regions : mapping of str to Mask
        Regions of one knee on the CT's grid; empty ones have no place.
    spacing_mm : float
        No two places of a region are closer, above 0.
    most : int
        Places a region, at most.

    Returns
    -------
    list of PatchPlace
        By region in the order given; the same for the same regions.

    Raises
    ------
    BadSetting
        If a setting is outside its range.
    """
    if not spacing_mm > 0.0 or most < 1:
        raise BadSetting(
            f"places need spacing_mm above 0 and most at least 1; got {spacing_mm:g} and {most}."
        )
    return [
        PatchPlace(name, number, centre)
        for name, region in regions.items()
        for number, centre in enumerate(_spread(region, spacing_mm, most))
    ]


def _spread(region: Mask, spacing_mm: float, most: int) -> list[NDArray[np.float64]]:
    """Centres by farthest-point sampling among the voxels that lie deep in the region."""
    if region.voxels == 0:
        return []
    box = ndimage.find_objects(region.values.astype(np.uint8))[0]
    inside = np.pad(region.values[box], 1)
    depth = ndimage.distance_transform_edt(inside, sampling=region.grid.spacing)
    deep = depth >= min(INSIDE_MM, float(depth.max()))
    index = np.argwhere(deep) - 1 + [cut.start for cut in box]
    points = region.grid.to_world(index)
    centres = [points[int(_squares(points, points.mean(axis=0)).argmin())]]
    away = _squares(points, centres[0])
    while len(centres) < most and away.max() >= spacing_mm**2:
        farthest = int(away.argmax())
        centres.append(points[farthest])
        away = np.minimum(away, _squares(points, points[farthest]))
    return centres


def _squares(points: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared distances to a centre."""
    return np.asarray(((points - centre) ** 2).sum(axis=1))


def lattice(
    place: PatchPlace, *, side: str, side_mm: float = SIDE_MM, voxels: int = VOXELS
) -> Grid:
    """Lattice of a patch: along the axes of the world, the first axis to lateral.

    Parameters
    ----------
    place : PatchPlace
        Its middle.
    side : {"left", "right"}
        Which knee it is; of a right one the first axis runs to the patient's right, so that both
        kinds of knee look alike.
    side_mm : float
        Side of the patch in mm.
    voxels : int
        Voxels along a side.

    Raises
    ------
    BadSetting
        If the side is neither, or the patch has no size.
    """
    if side not in ("left", "right"):
        raise BadSetting(f"a knee is left or right; got '{side}'.")
    if not side_mm > 0.0 or voxels < 1:
        raise BadSetting(f"a patch has a size; got {side_mm:g} mm in {voxels} voxels.")
    lateral = 1.0 if side == "left" else -1.0
    direction = np.diag([lateral, 1.0, 1.0])
    step = side_mm / voxels
    origin = place.centre_mm - direction @ np.full(3, 0.5 * step * (voxels - 1))
    return Grid((voxels,) * 3, origin, direction, np.full(3, step))


def cut_ct(
    ct: Scan,
    regions: Mapping[str, Mask],
    place: PatchPlace,
    *,
    side: str,
    side_mm: float = SIDE_MM,
    voxels: int = VOXELS,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """CT of a patch, and where its region is.

    Parameters
    ----------
    ct : Scan
        In HU, with the tube voltage where it is known.
    regions : mapping of str to Mask
        Regions on the CT's grid; that of the place is looked up.
    place : PatchPlace
        Which patch.
    side, side_mm, voxels
        As of `lattice`.

    Returns
    -------
    (voxels, voxels, voxels) float32 array
        HU as at 120 kVp, interpolated once (cubic spline); air where the CT does not reach.
    (voxels, voxels, voxels) bool array
        True in the region.
    """
    onto = lattice(place, side=side, side_mm=side_mm, voxels=voxels)
    box = reach(ct.volume.grid, onto)
    grey = resample(ct.volume.part(box), onto=onto, method="bspline", outside=OUTSIDE_HU)
    inside = resample(regions[place.region].part(box), onto=onto)
    return grey.values.astype(np.float32) * np.float32(
        to_120_kvp(ct.acquisition.kvp)
    ), inside.values


def cut_mr(
    mr: Volume, transform: Rigid, place: PatchPlace, *, side: str, voxels: int = VOXELS
) -> NDArray[np.float32]:
    """MR of a patch on the lattice of its CT, interpolated once.

    Parameters
    ----------
    mr : Volume
        On its own grid.
    transform : Rigid
        From places of the CT to places of the MR, of the bone of the place.
    place : PatchPlace
        Which patch, in the world of the CT.
    side : {"left", "right"}
        Which knee it is.
    voxels : int
        Voxels along a side of `SIDE_MM`.

    Returns
    -------
    (voxels, voxels, voxels) float32 array
        Grey values; 0 where the MR does not reach.
    """
    onto = lattice(place, side=side, voxels=voxels)
    box = reach(mr.grid, onto, transform)
    return resample_by(mr.part(box), transform, onto=onto, method="bspline").values.astype(
        np.float32
    )


def reach(grid: Grid, onto: Grid, transform: Rigid | None = None) -> Box:
    """Box of voxels of a grid that holds another grid, at least one voxel, with a margin.

    Parameters
    ----------
    grid : Grid
        Where the image lies.
    onto : Grid
        What is to be seen of it.
    transform : Rigid, optional
        From places of `onto` to places of `grid`.
    """
    corners = onto.corners()
    return grid.around(corners if transform is None else transform(corners), MARGIN)
