"""The vertebral body, cut from its posterior elements and seen along its own axes."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ..core import EmptyRegion, Grid, Mask, Volume, resample
from .spine import ANTERIOR

STEP_MM = 1.0
"""Side of the cubic voxels in which a vertebra is cut up, whatever the scan's own voxels."""

SMALLEST_RADIUS_MM = 5.0
"""A body whose largest inscribed sphere is smaller is too little of a body to measure."""

OPENING = 0.5
"""Radius of the ball that parts the body from its processes, as a share of the largest
sphere inside the body: wider than a pedicle, narrower than a body."""

CANAL_MM2 = 40.0
"""A hole seen along the spine is the canal from this area on; real ones have 150 mm² and more."""

CUT_MM3 = 20.0
"""A body is cut by the field of view when this much of it lies in the outermost voxels."""

LARGEST_TURN_DEG = 35.0
"""Endplates that would turn the body's axis further than this are not believed."""


@dataclass(frozen=True, eq=False)
class Body:
    """One vertebral body along its own axes.

    Attributes
    ----------
    inside : Mask of shape (i, j, k)
        The body in cubic voxels of STEP_MM; i runs to the left, j to the back, k to the head
        of the body, and not of the patient.
    canal : (2,) array or None
        Position (i, j) of the middle of the canal in mm from the body's centre; None where no
        canal could be seen.
    cut : str
        Sides at which the field of view ends inside the body: ``""``, ``"top"``,
        ``"bottom"``, ``"side"`` or several joined by a comma.
    centre : (3,) array
        Middle of the body in world LPS mm.
    """

    inside: Mask
    canal: NDArray[np.float64] | None
    cut: str
    centre: NDArray[np.float64]

    @property
    def axes(self) -> dict[str, NDArray[np.float64]]:
        """Unit vectors of the body in world LPS: left, anterior, superior."""
        left, posterior, superior = self.inside.grid.direction.T
        return {"left": left, "anterior": -posterior, "superior": superior}

    def local(self, world: NDArray[np.float64]) -> NDArray[np.float64]:
        """(…, 3) world LPS mm as mm to the left, back and head of the body's centre."""
        offset: NDArray[np.float64] = (world - self.centre) @ self.inside.grid.direction
        return offset


def find_body(vertebra: Mask, superior: NDArray[np.float64], *, given: Mask | None = None) -> Body:
    """Cut the body of a vertebra from its posterior elements.

    The vertebra is turned so that it is looked at along the spine. What lies in front of the
    spinal canal and withstands an opening by a ball of half the size of the body is the body
    (ball and canal from geometry alone; no grey values are used). Its endplates then give the
    axis anew, and the cut is made a second time along that. All distances are in mm in the
    patient, so that the storage of the image (flips, oblique grids) does not matter.

    Parameters
    ----------
    vertebra : Mask of shape (i, j, k)
        One whole vertebra.
    superior : (3,) array
        Unit vector in world LPS along the spine to the head.
    given : Mask of shape (i, j, k), optional
        The body where it is known; then it is used as it is, and only the axes are found.

    Returns
    -------
    Body
        The body along its own axes.

    Raises
    ------
    EmptyRegion
        If too little of a body is there.
    """
    body = _look_along(vertebra, superior, given)
    turned = _endplate_axis(body, superior)
    return _look_along(vertebra, turned, given, forward=_forward(body))


def _look_along(
    vertebra: Mask,
    superior: NDArray[np.float64],
    given: Mask | None,
    forward: NDArray[np.float64] = ANTERIOR,
) -> Body:
    """Cut the body with `superior` as the axis and `forward` as the rough front."""
    whole = _turned(vertebra, superior, forward)
    canal, wall = _find_canal(whole)
    if given is None:
        inside = _open(whole.values, wall)
    else:
        solid = _distance(given)
        inside = resample(solid, onto=whole.grid, outside=50.0).values < 0
    radius = float(ndimage.distance_transform_edt(inside).max()) * STEP_MM
    if radius < SMALLEST_RADIUS_MM:
        raise EmptyRegion(
            f"only {inside.sum() * STEP_MM**3 / 1000:.1f} cm³ of the body is in view, with room "
            f"for a sphere of {radius:.0f} mm radius; at least {SMALLEST_RADIUS_MM:.0f} mm are "
            "needed."
        )
    index = _middle(inside)
    centre = whole.grid.to_world(index)
    offset = None if canal is None else (canal - index[:2]) * STEP_MM
    body = Body(_cropped(Mask(inside, whole.grid)), offset, "", centre)
    return replace(body, cut=_cut_sides(body, vertebra.grid))


def _turned(vertebra: Mask, superior: NDArray[np.float64], forward: NDArray[np.float64]) -> Mask:
    """The vertebra in cubic voxels, k along `superior`, j away from `forward`."""
    front = forward - superior * (forward @ superior)
    front /= np.linalg.norm(front)
    axes = np.stack([np.cross(-front, superior), -front, superior], axis=1)
    solid = _distance(vertebra)
    local = solid.grid.to_world(np.argwhere(solid.values < 0)) @ axes
    low = local.min(axis=0) - 4.0 * STEP_MM
    size = np.ceil((local.max(axis=0) + 4.0 * STEP_MM - low) / STEP_MM).astype(int) + 1
    grid = Grid(tuple(size), axes @ low, axes, np.full(3, STEP_MM))
    return Mask(resample(solid, onto=grid, outside=50.0).values < 0, grid)


def _distance(mask: Mask) -> Volume:
    """Signed distance to the surface in mm, negative inside, in the box around a mask.

    Interpolating distances gives smooth surfaces where the slices are thick; interpolating
    the mask itself gives stairs.
    """
    box = _cropped(mask, np.ceil(6.0 / mask.grid.spacing).astype(int) + 1)
    outer = ndimage.distance_transform_edt(~box.values, sampling=box.grid.spacing)
    inner = ndimage.distance_transform_edt(box.values, sampling=box.grid.spacing)
    return Volume((outer - inner).astype(np.float32), box.grid, "mm")


def _cropped(mask: Mask, margin: ArrayLike = 3) -> Mask:
    """The part of a mask within `margin` voxels of what is inside."""
    sides = [np.flatnonzero(mask.values.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
    start = np.maximum([side[0] for side in sides] - np.asarray(margin), 0)
    stop = np.minimum([side[-1] + 1 for side in sides] + np.asarray(margin), mask.grid.shape)
    box = mask.values[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    return Mask(box, mask.grid.crop(start, stop))


def _find_canal(whole: Mask) -> tuple[NDArray[np.float64] | None, int]:
    """Middle of the canal (i, j) and the first j behind the posterior wall of the body."""
    shadow = whole.values.any(axis=2)
    hole = ndimage.binary_fill_holes(shadow) & ~shadow
    if hole.sum() * STEP_MM**2 < CANAL_MM2:
        slices = [ndimage.binary_fill_holes(s) & ~s for s in np.moveaxis(whole.values, 2, 0)]
        hole = np.mean(slices, axis=0) > 0.2
    pieces, count = ndimage.label(hole)
    if count == 0:
        return None, whole.grid.shape[1]
    sizes = np.bincount(pieces.ravel())[1:]
    if sizes.max() * STEP_MM**2 < CANAL_MM2:
        return None, whole.grid.shape[1]
    place = np.argwhere(pieces == sizes.argmax() + 1)
    return place.mean(axis=0), int(place[:, 1].min())


def _open(whole: NDArray[np.bool_], wall: int) -> NDArray[np.bool_]:
    """What lies in front of j = `wall` and holds a ball, joined to the largest ball."""
    front = whole.copy()
    front[:, wall:] = False
    # The cut at the wall is no surface of bone: the ball may stand on it.
    room = ndimage.distance_transform_edt(front)
    radius = OPENING * float(room.max())
    pieces, _ = ndimage.label(room > radius)
    largest = pieces == pieces.flat[room.argmax()]
    body: NDArray[np.bool_] = front & (ndimage.distance_transform_edt(~largest) <= radius)
    return body


def _middle(inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Middle (i, j, k) of the body: halfway between its walls, and between its endplates."""
    middle: NDArray[np.float64] = np.argwhere(inside).mean(axis=0)
    for axis in (1, 2, 0):
        beam = [slice(max(int(m) - 3, 0), int(m) + 4) for m in middle]
        beam[axis] = slice(None)
        ends = np.flatnonzero(np.moveaxis(inside[tuple(beam)], axis, 0).any(axis=(1, 2)))
        if len(ends):
            middle[axis] = (ends[0] + ends[-1]) / 2.0
    return middle


def _cut_sides(body: Body, scan: Grid) -> str:
    """Sides of the body that lie within a voxel of the end of the scan."""
    place = body.inside.grid.to_world(np.argwhere(body.inside.values))
    index = scan.to_index(place)
    last = np.array(scan.shape) - 1.0
    superior = body.axes["superior"]
    sides = set()
    for axis, upper in product(range(3), (False, True)):
        near = index[:, axis] > last[axis] - 0.5 if upper else index[:, axis] < 0.5
        if near.sum() * STEP_MM**3 >= CUT_MM3:
            rise = float(scan.direction[:, axis] @ superior) * (1 if upper else -1)
            sides.add("top" if rise > 0.5 else "bottom" if rise < -0.5 else "side")
    return ", ".join(sorted(sides))


def _endplate_axis(body: Body, superior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean normal of the endplates that are in view, in world LPS."""
    inside = body.inside.values
    core = ndimage.distance_transform_edt(inside.any(axis=2)) > 6.0 / STEP_MM
    i, j = np.nonzero(core & inside.any(axis=2))
    columns = inside[i, j]
    heights = {
        "top": columns.shape[1] - 1 - columns[:, ::-1].argmax(axis=1),
        "bottom": columns.argmax(axis=1),
    }
    normals = []
    for side, height in heights.items():
        if side in body.cut or len(i) < 30:
            continue
        slopes = _plane(i, j, height.astype(float))
        normals.append(np.array([-slopes[0], -slopes[1], 1.0]))
    if not normals:
        return superior
    mean = np.sum([n / np.linalg.norm(n) for n in normals], axis=0)
    axis: NDArray[np.float64] = body.inside.grid.direction @ (mean / np.linalg.norm(mean))
    turn = np.degrees(np.arccos(np.clip(axis @ superior, -1.0, 1.0)))
    return axis if turn <= LARGEST_TURN_DEG else superior


def _plane(
    i: NDArray[np.int_], j: NDArray[np.int_], height: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Slopes of the plane through a height map, without its worst fifth (osteophytes, nodes)."""
    terms = np.stack([i, j, np.ones(len(i))], axis=1).astype(float)
    keep = np.ones(len(i), bool)
    fit = np.zeros(3)
    for _ in range(3):
        fit = np.linalg.lstsq(terms[keep], height[keep], rcond=None)[0]
        off = np.abs(terms @ fit - height)
        keep = off <= np.quantile(off, 0.8)
    return fit[:2]


def _forward(body: Body) -> NDArray[np.float64]:
    """Direction from the canal to the middle of the body; the patient's front without a canal."""
    if body.canal is None:
        return ANTERIOR
    left, posterior, _ = body.inside.grid.direction.T
    forward: NDArray[np.float64] = -(left * body.canal[0] + posterior * body.canal[1])
    return forward / np.linalg.norm(forward)
