"""What makes the numbers of a vertebra less trustworthy."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Flag, Grid, Labels, Mask, Volume
from .body import Body
from .compartments import Compartments

COARSE_MM = 3.0
"""Slices further apart than this along the body smear endplates into the core."""

FEWEST_SLICES = 3
"""A core with fewer slices than this along the body's axis is flagged."""

METAL_HU = 2000.0
METAL_MM3 = 30.0
CEMENT_HU = 800.0
CEMENT_MM3 = 150.0
AROUND_MM = 8.0
"""Metal is looked for in the vertebra and this far around it, in mm."""

CONTRAST_HU = 100.0
"""Blood without contrast agent has 30 to 60 HU; above this it has been given."""

LEFT_RIGHT = (
    ("autochthonous muscle", 86, 87),
    ("iliopsoas", 88, 89),
    ("kidney", 3, 2),
    ("gluteus maximus", 80, 81),
    ("rib 10", 101, 113),
    ("rib 5", 96, 108),
)
"""Structures of TotalSegmentator's task "total": name, label on the left, label on the right."""


def body_flags(body: Body, compartments: Compartments, slice_mm: float | None) -> tuple[Flag, ...]:
    """Flags of the geometry of one body: cut, turned about, too few slices.

    Parameters
    ----------
    body : Body
        The vertebral body.
    compartments : Compartments
        Its regions.
    slice_mm : float or None
        Thickness of the slices as reconstructed, where the file says it.

    Returns
    -------
    tuple of Flag
        Empty where nothing is wrong.
    """
    flags = [*compartments.flags]
    if body.cut:
        text = f"The field of view cuts the body ({body.cut}); heights are not given."
        flags.append(Flag("cut-by-field-of-view", text))
    if body.canal is None:
        text = "No spinal canal was seen: the cut between body and pedicles is less certain."
        flags.append(Flag("canal-not-seen", text))
    elif body.axes["anterior"][1] > 0:
        text = (
            "The body lies behind its canal: front and back of the image or of the labels are "
            "exchanged, or the image is stored the wrong way round."
        )
        flags.append(Flag("front-back-not-anatomical", text))
    step = _step_along(compartments.box, body.axes["superior"])
    apart = max(step, slice_mm or 0.0)
    core = compartments.masks.get("core")
    slices = _extent(core, body) / step if core else 0.0
    if apart > COARSE_MM or (core and slices < FEWEST_SLICES):
        text = (
            f"Slices of {apart:.1f} mm are coarse for this region ({slices:.1f} slices in the "
            f"core; at most {COARSE_MM:g} mm and at least {FEWEST_SLICES} slices are wanted): "
            "endplates may be smeared into it."
        )
        flags.append(Flag("slices-too-coarse", text))
    return tuple(flags)


def _step_along(grid: Grid, axis: NDArray[np.float64]) -> float:
    """Distance of neighbouring voxels along a direction, in mm."""
    return float(np.linalg.norm((grid.direction.T @ axis) * grid.spacing))


def _extent(core: Mask, body: Body) -> float:
    """Height of a region along the body's axis, in mm."""
    height = body.local(core.grid.to_world(np.argwhere(core.values)))[:, 2]
    return float(np.ptp(height)) + _step_along(core.grid, body.axes["superior"])


def metal_flags(scan: Volume, vertebra: Mask) -> tuple[Flag, ...]:
    """Flag of metal in or beside a vertebra, or of cement inside it.

    Parameters
    ----------
    scan : Volume of shape (i, j, k), in HU
        The CT.
    vertebra : Mask of shape (i, j, k)
        The whole vertebra on the scan's grid.

    Returns
    -------
    tuple of Flag
        Empty where nothing was found.
    """
    margin = np.ceil(AROUND_MM / scan.grid.spacing).astype(int)
    box = tuple(
        slice(max(int(side[0]) - m, 0), int(side[-1]) + m + 1)
        for side, m in zip(
            (np.flatnonzero(vertebra.values.any(axis=o)) for o in ((1, 2), (0, 2), (0, 1))),
            margin,
            strict=True,
        )
    )
    values, inside = scan.values[box], vertebra.values[box]
    metal = np.count_nonzero(values > METAL_HU) * scan.grid.voxel_volume
    if metal >= METAL_MM3:
        text = (
            f"{metal / 1000:.2f} cm³ above {METAL_HU:.0f} HU in or beside the vertebra: metal, "
            "whose streaks falsify HU nearby."
        )
        return (Flag("metal", text),)
    dense = np.count_nonzero(values[inside] > CEMENT_HU) * scan.grid.voxel_volume
    if dense < CEMENT_MM3:
        return ()
    deep = ndimage.distance_transform_edt(inside, sampling=scan.grid.spacing) > 4.0
    cement = np.count_nonzero(values[deep] > CEMENT_HU) * scan.grid.voxel_volume
    if cement >= CEMENT_MM3:
        text = (
            f"{cement / 1000:.2f} cm³ above {CEMENT_HU:.0f} HU inside the vertebra: cement or "
            "dense sclerosis."
        )
        return (Flag("cement-or-sclerosis", text),)
    return ()


def contrast_flags(scan: Volume, aorta: Mask | None, stated: bool | None) -> tuple[Flag, ...]:
    """Flag of contrast agent, seen in the aorta or stated by the file.

    Parameters
    ----------
    scan : Volume of shape (i, j, k), in HU
        The CT.
    aorta : Mask of shape (i, j, k), or None
        The aorta on the scan's grid, where it is labelled.
    stated : bool or None
        What the file says of contrast agent.

    Returns
    -------
    tuple of Flag
        Empty where there is no sign of contrast agent.
    """
    seen = aorta is not None and aorta.voxels > 0
    blood = float(np.median(scan.values[aorta.values])) if aorta is not None and seen else None
    effect = "trabecular HU are raised by it, in published phases by more than 6 mg/cm³ of density"
    source = "Kaesmacher 2017, PMC5359785"
    if blood is not None and blood > CONTRAST_HU:
        text = (
            f"Contrast agent: the aorta has a median of {blood:.0f} HU (without contrast 30 to "
            f"60 HU); {effect} ({source})."
        )
        return (Flag("contrast", text),)
    if stated:
        return (Flag("contrast", f"The file states contrast agent; {effect} ({source})."),)
    return ()


def side_flags(organs: Labels) -> tuple[Flag, ...]:
    """Flag of left and right exchanged, from paired structures of TotalSegmentator.

    Parameters
    ----------
    organs : Labels of shape (i, j, k)
        Labels of TotalSegmentator's task "total".

    Returns
    -------
    tuple of Flag
        Empty where left lies on the patient's left, or no pair is there.
    """
    wrong = []
    for name, left, right in LEFT_RIGHT:
        place, other = _centroid(organs, left), _centroid(organs, right)
        if place is not None and other is not None and place <= other:
            wrong.append(name)
    if not wrong:
        return ()
    text = (
        f"Left and right are not anatomical: the left {' and '.join(wrong)} lies on the patient's "
        "right. The image or the labels are mirrored."
    )
    return (Flag("left-right-not-anatomical", text),)


def _centroid(organs: Labels, label: int) -> float | None:
    """World x of the centroid of a label in mm, None where it is absent."""
    place = np.argwhere(organs.values == label)
    return float(organs.grid.to_world(place.mean(axis=0))[0]) if len(place) else None
