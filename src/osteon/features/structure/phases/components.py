"""Connected pieces of bone (26 neighbours) and of marrow (6 neighbours)."""

from dataclasses import dataclass
from typing import Literal

import cc3d
import numpy as np
from numpy.typing import NDArray

from ....core import Mask
from ....core.compiled import compiled, parallel, prange

BONE_NEIGHBOURS: Literal[26] = 26
"""Bone voxels that share a face, an edge or a corner are connected."""

MARROW_NEIGHBOURS: Literal[6] = 6
"""Marrow voxels are connected by faces only, or marrow would pass through connected bone."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Connected pieces of a phase.

    Attributes
    ----------
    labels : (i, j, k) array of whole numbers
        Piece that each voxel belongs to, from 1; 0 outside the phase.
    number : int
        Number of pieces.
    """

    labels: NDArray[np.unsignedinteger]
    number: int

    def sizes(self) -> NDArray[np.int64]:
        """Voxels of each piece, (number + 1,); the first counts what is outside the phase."""
        return _sizes(self.labels.reshape(-1), self.number)

    def at_border(self) -> NDArray[np.bool_]:
        """True for each piece, (number + 1,), that has a voxel in a face of the image."""
        touches = np.zeros(self.number + 1, np.bool_)
        for axis in range(3):
            for end in (0, -1):
                touches[self.labels.take(end, axis=axis)] = True
        touches[0] = False
        return touches

    def within(self, region: Mask) -> NDArray[np.bool_]:
        """True for each piece, (number + 1,), that has a voxel in a region."""
        inside = np.zeros(self.number + 1, np.bool_)
        inside[self.labels[region.values]] = True
        inside[0] = False
        return inside

    def among(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Voxels whose piece is `chosen`, by a table of (number + 1,)."""
        return _among(self.labels, chosen)


def bone_pieces(bone: Mask) -> Pieces:
    """Pieces of bone; voxels that share a face, an edge or a corner belong together.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        True in bone.

    Returns
    -------
    Pieces
        None where there is no bone.
    """
    return _label(np.ascontiguousarray(bone.values), BONE_NEIGHBOURS)


def marrow_pieces(bone: Mask) -> Pieces:
    """Pieces of marrow; voxels that share a face belong together.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        True in bone; everything else is marrow.

    Returns
    -------
    Pieces
        None where all is bone.
    """
    return _label(np.logical_not(bone.values, order="C"), MARROW_NEIGHBOURS)


def _label(phase: NDArray[np.bool_], neighbours: Literal[6, 26]) -> Pieces:
    # cc3d takes no read-only memory, such as a mapped file
    phase = np.require(phase, requirements="W")
    labels, number = cc3d.connected_components(
        phase.view(np.uint8), connectivity=neighbours, binary_image=True, return_N=True
    )
    return Pieces(labels, int(number))


@compiled
def _sizes(labels: NDArray[np.unsignedinteger], number: int) -> NDArray[np.int64]:
    sizes = np.zeros(number + 1, np.int64)
    last, run = labels[0], 0
    for label in labels:
        if label == last:
            run += 1
        else:
            sizes[last] += run
            last, run = label, 1
    sizes[last] += run
    return sizes


@parallel
def _among(labels: NDArray[np.unsignedinteger], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    out = np.empty(labels.shape, np.bool_)
    for i in prange(labels.shape[0]):
        for j in range(labels.shape[1]):
            for k in range(labels.shape[2]):
                out[i, j, k] = chosen[labels[i, j, k]]
    return out
