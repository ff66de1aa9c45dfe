"""Pictures of single vertebrae as the networks saw them, with body and rest outlined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting
from .structure_pictures import StructurePicture
from .structure_slices import outline, slice_picture

WINDOW = (-200.0, 800.0)
"""HU shown as black and as white."""

BODY = 2
"""Number of the body among the parts of a crop."""

SAGITTAL, CORONAL, AXIAL = 0, 1, 2


@dataclass(frozen=True, eq=False)
class SpinePictures:
    """What is drawn.

    Attributes
    ----------
    crops : mapping of str to (array, array)
        By level: HU and parts (0 outside, 1 the rest of the vertebra, 2 its body), (i, j, k) to
        the left, to the back and to the head.
    spacing_mm : float
        Side of the voxels.
    """

    crops: Mapping[str, tuple[NDArray[np.int16], NDArray[np.uint8]]]
    spacing_mm: float

    def checked(self) -> "SpinePictures":
        """Return these pictures, having checked that parts are of the crop they lie on.

        Raises
        ------
        BadSetting
            If they are not.
        """
        for level, (hu, parts) in self.crops.items():
            if hu.shape != parts.shape or hu.ndim != 3 or not (parts == BODY).any():
                raise BadSetting(
                    f"{level} cannot be drawn: its crop is {hu.shape} and its parts, which need a "
                    f"body, {parts.shape}."
                )
        return self


def vertebra_pictures(drawn: SpinePictures, level: str) -> Sequence[StructurePicture]:
    """Sagittal, coronal and axial slice through the middle of a body; none where it was not cut."""
    if level not in drawn.crops:
        return ()
    hu, parts = drawn.crops[level]
    middle = [round(float(x)) for x in np.argwhere(parts == BODY).mean(axis=0)]
    low, high = WINDOW
    grey = np.clip((hu.astype(np.float64) - low) / (high - low), 0, 1)
    pictures = []
    for normal, name in ((SAGITTAL, "sagittal"), (CORONAL, "coronal"), (AXIAL, "axial")):
        shades, seen = _cut(grey, normal, middle), _cut(parts, normal, middle)
        outlines = [
            ("vertebra-rest", outline(seen > 0)),
            ("vertebra-body", outline(seen == BODY)),
        ]
        pictures.append(
            slice_picture(
                np.repeat(shades[..., None], 3, axis=2),
                (drawn.spacing_mm, drawn.spacing_mm),
                normal,
                f"{level}, {name} slice through the middle of its body",
                outlines,
            )
        )
    return pictures


def _cut(values: NDArray[Any], normal: int, middle: Sequence[int]) -> NDArray[Any]:
    """One slice as it is looked at: head up, or front up where axial; left on the right."""
    plane = np.take(values, middle[normal], axis=normal).T
    return np.asarray(plane if normal == AXIAL else plane[::-1])
