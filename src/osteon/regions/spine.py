"""How the vertebrae of a scan follow each other, and which way each one points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Box, Flag, Grid, Labels, UnsuitableScan

ANTERIOR = np.array([0.0, -1.0, 0.0])
SUPERIOR = np.array([0.0, 0.0, 1.0])

NEAREST_MM = 5.0
"""Centroids of neighbouring vertebrae lie 10 mm (cut by the field of view) to 40 mm apart."""


@dataclass(frozen=True, eq=False)
class Spine:
    """Centres and directions of the vertebrae.

    Attributes
    ----------
    centres : mapping of str to (3,) array
        Centroid of each labelled vertebra, world LPS mm.
    boxes : mapping of str to tuple of 3 slice
        Smallest box of voxels that holds each vertebra.
    superior : mapping of str to (3,) array
        Unit vector along the spine towards the head at each level.
    flags : tuple of Flag
        What is not anatomical about the order of the labels.
    """

    centres: Mapping[str, NDArray[np.float64]]
    boxes: Mapping[str, Box]
    superior: Mapping[str, NDArray[np.float64]]
    flags: tuple[Flag, ...]


def follow_spine(labels: Labels, levels: Mapping[str, int]) -> Spine:
    """Centres of the vertebrae and the direction of the spine at each.

    Parameters
    ----------
    labels : Labels of shape (i, j, k)
        Vertebra labels.
    levels : mapping of str to int
        Label number of each level, head to tail.

    Returns
    -------
    Spine
        One entry a level. The direction at a level is the line through the centroids of its
        neighbours, those cut by the edge of the scan left out; a level without a neighbour points
        to the patient's head.

    Raises
    ------
    UnsuitableScan
        If neighbouring labels lie nearer to each other than vertebrae can.
    """
    tight = ndimage.find_objects(labels.values)
    boxes = {level: tight[number - 1] for level, number in levels.items()}
    centres = {}
    for level, number in levels.items():
        part = labels.part(boxes[level])
        centres[level] = part.grid.to_world(np.argwhere(part.values == number).mean(axis=0))
    _must_be_vertebrae(centres)
    uncut = [level for level, box in boxes.items() if not _at_edge(box, labels.grid)]
    return Spine(centres, boxes, _directions(centres, uncut), _order(centres))


def _at_edge(box: Box, grid: Grid) -> bool:
    """Whether a box reaches the edge of the scan, where what it holds may be cut."""
    return any(cut.start == 0 or cut.stop == n for cut, n in zip(box, grid.shape, strict=True))


def _must_be_vertebrae(centres: Mapping[str, NDArray[np.float64]]) -> None:
    """Refuse labels of parts of one vertebra, which some numberings of vertebrae also know."""
    for (above, one), (below, other) in pairwise(centres.items()):
        apart = float(np.linalg.norm(one - other))
        if apart < NEAREST_MM:
            raise UnsuitableScan(
                f"the labels read as {above} and {below} lie {apart:.1f} mm apart, vertebrae at "
                f"least {NEAREST_MM:g} mm: these are parts of a vertebra. Give sub-region labels "
                "with --subregions and vertebra labels with --labels."
            )


def _directions(
    centres: Mapping[str, NDArray[np.float64]], uncut: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Line through the neighbours; cut vertebrae count only where there are not two others."""
    names, points = list(centres), np.array(list(centres.values()))
    trusted = [n for n, name in enumerate(names) if name in uncut]
    if len(trusted) < 2:
        trusted = list(range(len(names)))
    superior = {}
    for n, name in enumerate(names):
        above, below = _neighbours(n, trusted)
        along = points[above] - points[below]
        length = float(np.linalg.norm(along))
        upwards = length > 0 and along @ SUPERIOR > 0.3 * length
        superior[name] = along / length if upwards else SUPERIOR
    return superior


def _neighbours(n: int, trusted: Sequence[int]) -> tuple[int, int]:
    """Trusted places next above and below place n, or the two nearest on its one side."""
    above = [m for m in trusted if m < n]
    below = [m for m in trusted if m > n]
    line = [*above[-1:], *(m for m in trusted if m == n), *below[:1]]
    if len(line) < 2:
        line = above[-2:] or below[:2] or [n]
    return line[0], line[-1]


def _order(centres: Mapping[str, NDArray[np.float64]]) -> tuple[Flag, ...]:
    """Labels read from head to tail must go down in the patient."""
    names = list(centres)
    heights = np.array([centre[2] for centre in centres.values()])
    wrong = [
        f"{above} (z {heights[n]:.0f} mm) is below {below} (z {heights[n + 1]:.0f} mm)"
        for n, (above, below) in enumerate(pairwise(names))
        if heights[n] <= heights[n + 1]
    ]
    if not wrong:
        return ()
    return (
        Flag(
            "label-order-not-anatomical",
            f"The labels do not run from head to tail: {'; '.join(wrong[:3])}"
            f"{' and more' if len(wrong) > 3 else ''}. The image may be stored upside down, or "
            "the labels follow another numbering.",
        ),
    )
