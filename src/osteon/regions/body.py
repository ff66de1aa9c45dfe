"""The vertebral body, cut from its posterior elements and seen along its own axes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Box, EmptyRegion, Grid, Mask, Volume
from .spine import ANTERIOR
from .surface import FAR_MM, Distances, depth_inside, extended, seen_along, signed_distance

STEP_MM = 1.0
"""Side of the cubic voxels in which a vertebra is cut up, whatever the scan's own voxels.
Surfaces are held as distances, so that they are finer than this."""

SMALLEST_RADIUS_MM = 5.0
"""A body whose largest inscribed sphere is smaller is too little of a body to measure."""

OPENING = 0.5
"""Radius of the ball that parts the body from its processes, as a share of the largest
sphere inside the body: wider than a pedicle, narrower than a body."""

CANAL_MM2 = 40.0
"""A hole seen along the spine is the canal from this area on; real ones have 150 mm² and more."""

CUT_MM3 = 60.0
"""A body is cut by the field of view when this much of it would lie beyond."""

LARGEST_BEYOND = 0.5
"""A body with a larger share beyond the field of view is not measured."""

LOOKS = 4
"""How often a body is looked for, each time along the axes that the last look gave: after two
a vertebra turned by 25° is still 4° off, after three less than 1°; the fourth takes out what is
left of where the first began."""

WALL_WITHIN_MM = 4.0
"""The posterior wall is taken within this distance of the middle of the canal, to both sides."""

WALL_SHARE = 0.9
"""Share of the lines through the body to the canal that end in front of the posterior wall: the
opening of the basivertebral vein and hollow walls do not move it forward."""

LARGEST_TURN_DEG = 35.0
"""Endplates that would turn the body's axis further than this are not believed."""


@dataclass(frozen=True, eq=False)
class Body:
    """One vertebral body along its own axes.

    Attributes
    ----------
    surface : Volume of shape (i, j, k), in mm
        Signed distance to the surface of the body, negative inside, in cubic voxels of STEP_MM;
        i runs to the left, j to the back, k to the head of the body, and not of the patient.
        Where the field of view ends the body goes on as if it were longer.
    rims : Volume of shape (i, j, k), in mm
        The same before the opening that took the pedicles off and rounded the rims: what of the
        vertebra lies in front of the canal. In the middle strip this is the body alone.
    canal : (2,) array or None
        Position (left, back) of the middle of the canal in mm from the body's centre; None
        where no canal could be seen.
    cut : str
        Sides at which the field of view ends inside the body: ``""``, ``"bottom"``, ``"side"``,
        ``"top"`` or several joined by a comma.
    centre : (3,) array
        Middle of the body in world LPS mm.
    """

    surface: Volume
    rims: Volume
    canal: NDArray[np.float64] | None
    cut: str
    centre: NDArray[np.float64]

    @property
    def axes(self) -> dict[str, NDArray[np.float64]]:
        """Unit vectors of the body in world LPS: left, anterior, superior."""
        left, posterior, superior = self.surface.grid.direction.T
        return {"left": left, "anterior": -posterior, "superior": superior}

    def local(self, world: NDArray[np.float64]) -> NDArray[np.float64]:
        """(…, 3) world LPS mm as mm to the left, back and head of the body's centre."""
        offset: NDArray[np.float64] = (world - self.centre) @ self.surface.grid.direction
        return offset


def find_body(
    vertebra: Mask,
    superior: NDArray[np.float64],
    *,
    known: Mask | None = None,
    given: Mask | None = None,
) -> Body:
    """Cut the body of a vertebra from its posterior elements.

    The vertebra is turned so that it is looked at along the spine. What lies in front of the
    spinal canal and withstands an opening by a ball of half the size of the body is the body
    (ball and canal from geometry alone; no grey values are used). Its endplates and its canal
    then give the axes anew, and the cut is made again along those, LOOKS times in all. All
    distances are in mm in the patient, so that the storage of the image (flips, oblique grids)
    does not matter.

    Parameters
    ----------
    vertebra : Mask of shape (i, j, k)
        One whole vertebra.
    superior : (3,) array
        Unit vector in world LPS along the spine to the head.
    known : Mask of shape (i, j, k), optional
        Where the scan has image and not padding; everywhere if not given.
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
    if known is None:
        known = Mask(np.ones(vertebra.grid.shape, bool), vertebra.grid)
    longer = extended(vertebra, known)
    whole = signed_distance(longer)
    body = None if given is None else signed_distance(extended(given, known))
    place = whole.grid.to_world(np.argwhere(longer.values))
    axis, forward = superior, _rough_front(whole, place, superior, known)
    for _ in range(LOOKS):
        found = _look_along(whole, body, place, axis, forward)
        found = replace(found, cut=_cut_sides(found, known))
        axis, forward = _endplate_axis(found, superior), _forward(found)
    return found


def _look_along(
    whole: Volume,
    given: Volume | None,
    place: NDArray[np.float64],
    superior: NDArray[np.float64],
    forward: NDArray[np.float64],
) -> Body:
    """Cut the body with `superior` as the axis and `forward` as the rough front."""
    grid = _turned_grid(place, superior, forward)
    vertebra = seen_along(whole, grid)
    canal, wall = _find_canal(vertebra)
    if given is None:
        surface, rims = _open(vertebra, wall)
    else:
        surface = rims = seen_along(given, grid)
    radius = float(depth_inside(surface, grid.spacing).max())
    if radius < SMALLEST_RADIUS_MM:
        raise EmptyRegion(
            f"only {(surface < 0).sum() * STEP_MM**3 / 1000:.1f} cm³ of the body is in view, with "
            f"room for a sphere of {radius:.1f} mm radius; at least {SMALLEST_RADIUS_MM:.1f} mm "
            "are needed."
        )
    index = _middle(surface)
    offset = None if canal is None else (canal - index[:2]) * STEP_MM
    box = _around(surface)
    part = grid.part(box)
    fields = [Volume(f[box].astype(np.float32), part, "mm") for f in (surface, rims)]
    return Body(fields[0], fields[1], offset, "", grid.to_world(index))


def _rough_front(
    whole: Volume, place: NDArray[np.float64], superior: NDArray[np.float64], known: Mask
) -> NDArray[np.float64]:
    """The patient's front; the back where the vertebra is thickest behind its canal."""
    grid = _turned_grid(place, superior, ANTERIOR)
    vertebra = seen_along(whole, grid)
    canal, _ = _find_canal(vertebra)
    if canal is None:
        return ANTERIOR
    # What lies beyond the scan is only as thick as it was made up to be, and ends there.
    there = _known_at(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)), known)
    depth = depth_inside(np.where(there, vertebra, STEP_MM), grid.spacing)
    thickest = np.unravel_index(depth.argmax(), depth.shape)
    return ANTERIOR if thickest[1] < canal[1] else -ANTERIOR


def _turned_grid(
    place: NDArray[np.float64], superior: NDArray[np.float64], forward: NDArray[np.float64]
) -> Grid:
    """Cubic voxels around a vertebra, k along `superior`, j away from `forward`."""
    front = forward - superior * (forward @ superior)
    front /= np.linalg.norm(front)
    axes = np.stack([np.cross(-front, superior), -front, superior], axis=1)
    local = place @ axes
    low = local.min(axis=0) - 5.0
    i, j, k = np.ceil((local.max(axis=0) + 5.0 - low) / STEP_MM).astype(int) + 1
    return Grid((i, j, k), axes @ low, axes, np.full(3, STEP_MM))


def _around(surface: Distances) -> Box:
    """Box within a few voxels of what is inside."""
    place = np.argwhere(surface < 0)
    start = np.maximum(place.min(axis=0) - 4, 0)
    stop = np.minimum(place.max(axis=0) + 5, surface.shape)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    return i, j, k


def _find_canal(vertebra: Distances) -> tuple[NDArray[np.float64] | None, float]:
    """Middle of the canal (i, j), and the place j of the posterior wall of the body."""
    nothing = None, float(vertebra.shape[1])
    whole = vertebra < 0
    shadow = whole.any(axis=2)
    hole = ndimage.binary_fill_holes(shadow) & ~shadow
    if hole.sum() * STEP_MM**2 < CANAL_MM2:
        slices = [ndimage.binary_fill_holes(s) & ~s for s in np.moveaxis(whole, 2, 0)]
        hole = np.mean(slices, axis=0) > 0.2
    pieces, count = ndimage.label(hole)
    if count == 0:
        return nothing
    sizes = np.bincount(pieces.ravel())[1:]
    if sizes.max() * STEP_MM**2 < CANAL_MM2:
        return nothing
    middle = np.argwhere(pieces == sizes.argmax() + 1).mean(axis=0)
    i, j = np.round(middle).astype(int)
    reach = round(WALL_WITHIN_MM / STEP_MM)
    beam = vertebra[max(i - reach, 0) : i + reach + 1, : j + 1]
    lines = np.moveaxis(beam, 1, 2).reshape(-1, j + 1)
    _, last = crossings(lines[lines[:, -1] > 0])
    return (middle, float(np.quantile(last, WALL_SHARE))) if len(last) else nothing


def _open(vertebra: Distances, wall: float) -> tuple[Distances, Distances]:
    """Surface of what lies in front of j = `wall` and holds a ball joined to the largest ball.

    With it comes the surface of all that lies in front.
    """
    steps = np.full(3, STEP_MM)
    behind = (np.arange(vertebra.shape[1]) - wall)[None, :, None] * STEP_MM
    front = np.maximum(vertebra, behind)
    # Nothing behind the canal matters, and distances take time.
    reach = min(int(wall) + 12, vertebra.shape[1])
    room = depth_inside(front[:, :reach], steps)
    radius = OPENING * float(room.max())
    pieces, _ = ndimage.label(room > radius)
    middle = pieces == pieces.flat[room.argmax()]
    # Distance to the ball centres, right to a fraction of a voxel as `room` is.
    apart = depth_inside(np.where(middle, np.maximum(room - radius, 1e-6), -FAR_MM), steps)
    opened = np.full(vertebra.shape, FAR_MM)
    opened[:, :reach] = np.maximum(front[:, :reach], apart - radius)
    return opened, front


def _middle(surface: Distances) -> NDArray[np.float64]:
    """Middle (i, j, k) of the body: halfway between its walls, and between its endplates."""
    middle: NDArray[np.float64] = np.argwhere(surface < 0).mean(axis=0)
    for axis in (1, 2, 0, 1, 2):
        beam = [slice(max(round(m) - 4, 0), round(m) + 5) for m in middle]
        beam[axis] = slice(None)
        lines = np.moveaxis(surface[tuple(beam)], axis, 2).reshape(-1, surface.shape[axis])
        low, high = crossings(lines)
        if len(low):
            middle[axis] = (np.median(low) + np.median(high)) / 2.0
    return middle


def crossings(lines: Distances) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and last place at which lines of signed distances are inside, in voxels.

    Parameters
    ----------
    lines : (n, m) array
        Signed distances along n lines.

    Returns
    -------
    first, last : (k,) arrays
        By linear interpolation, for the k lines that go inside.
    """
    inside = lines < 0
    inside[:, 0] = inside[:, -1] = False
    lines, inside = lines[inside.any(axis=1)], inside[inside.any(axis=1)]
    rows = np.arange(len(lines))
    first = inside.argmax(axis=1)
    last = lines.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    ends = []
    for at, beside in ((first, first - 1), (last, last + 1)):
        within, without = -lines[rows, at], np.maximum(lines[rows, beside], 0.0)
        ends.append(at + (beside - at) * within / (within + without))
    return ends[0], ends[1]


def _cut_sides(body: Body, known: Mask) -> str:
    """Sides at which more than a little of the body lies beyond what is known."""
    grid, inside = body.surface.grid, body.surface.values < 0
    place = grid.to_world(np.argwhere(inside))
    beyond = np.zeros(inside.shape, bool)
    beyond[inside] = ~_known_at(place, known)
    if beyond.sum() > LARGEST_BEYOND * inside.sum():
        raise EmptyRegion(
            f"{100 * beyond.sum() / inside.sum():.0f} % of the body lies beyond the field of view; "
            f"at most {100 * LARGEST_BEYOND:.0f} % may."
        )
    size = np.abs(body.local(place)).max(axis=0)
    pieces, count = ndimage.label(beyond)
    sides = set()
    for number in range(1, count + 1):
        piece = np.argwhere(pieces == number)
        if len(piece) * STEP_MM**3 >= CUT_MM3:
            left, back, up = (body.local(grid.to_world(piece)) / size).mean(axis=0)
            along = abs(up) >= max(abs(left), abs(back))
            sides.add(("top" if up > 0 else "bottom") if along else "side")
    return ", ".join(sorted(sides))


def _known_at(world: NDArray[np.float64], known: Mask) -> NDArray[np.bool_]:
    """Whether the scan has image at (…, 3) places in world LPS mm."""
    index = np.round(known.grid.to_index(world)).astype(int)
    near = np.clip(index, 0, np.array(known.grid.shape) - 1)
    there: NDArray[np.bool_] = known.values[tuple(np.moveaxis(near, -1, 0))]
    there = np.where((near == index).all(axis=-1), there, False)
    return there


def _endplate_axis(body: Body, superior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean normal of the endplates that are in view, in world LPS."""
    surface = body.surface.values.astype(np.float64)
    outline = (surface < 0).any(axis=2)
    i, j = np.nonzero(ndimage.distance_transform_edt(np.pad(outline, 1))[1:-1, 1:-1] > 6.0)
    if len(i) < 30:
        return superior
    low, high = crossings(surface[i, j])
    normals = []
    for side, height in (("top", high), ("bottom", low)):
        if side not in body.cut and len(height) == len(i):
            slopes = _plane(i, j, height)
            normals.append(np.array([-slopes[0], -slopes[1], 1.0]))
    if not normals:
        return superior
    mean = np.sum([n / np.linalg.norm(n) for n in normals], axis=0)
    axis: NDArray[np.float64] = body.surface.grid.direction @ (mean / np.linalg.norm(mean))
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
    left, posterior, _ = body.surface.grid.direction.T
    forward: NDArray[np.float64] = -(left * body.canal[0] + posterior * body.canal[1])
    return forward / np.linalg.norm(forward)
