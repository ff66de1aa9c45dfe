"""Where the voxels of a volume lie in the patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import BadGeometry

ORTHONORMAL_WITHIN = 1e-3
"""Largest departure of the direction cosines from right angles and unit length."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular lattice of voxels in the patient.

    World coordinates are LPS in mm, as in DICOM: x grows to the patient's left, y to the
    back, z to the head. Arrays are indexed ``[i, j, k]``.

    Attributes
    ----------
    shape : tuple of 3 int
        Number of voxels along i, j, k; each at least 1.
    origin : (3,) array
        World position of the centre of voxel (0, 0, 0), in mm.
    direction : (3, 3) array
        Column n is the unit vector along which array axis n runs. Left-handed (mirrored)
        storage is allowed, shear is not.
    spacing : (3,) array
        Distance of neighbouring voxel centres along i, j, k, in mm; each above 0.

    Raises
    ------
    BadGeometry
        If the numbers describe no grid.
    """

    shape: tuple[int, int, int]
    origin: NDArray[np.float64]
    direction: NDArray[np.float64]
    spacing: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Freeze the arrays and refuse what is no grid."""
        shape = tuple(int(n) for n in self.shape)
        if len(shape) != 3 or min(shape) < 1:
            raise BadGeometry(f"a grid has three sides of at least one voxel; got {shape}.")
        object.__setattr__(self, "shape", shape)
        for name, size in (("origin", (3,)), ("direction", (3, 3)), ("spacing", (3,))):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != size or not np.isfinite(array).all():
                raise BadGeometry(f"{name} must be {size} finite numbers; got {array.tolist()}.")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if (self.spacing <= 0).any():
            raise BadGeometry(f"spacing must be above 0 mm; got {self.spacing.tolist()}.")
        skew = float(np.abs(self.direction.T @ self.direction - np.eye(3)).max())
        if skew > ORTHONORMAL_WITHIN:
            raise BadGeometry(
                f"the axes are not at right angles: cosines are off by {skew:.3g}, at most "
                f"{ORTHONORMAL_WITHIN:g} is allowed. Straighten the image by resampling it first."
            )

    @classmethod
    def from_affine(cls, shape: Sequence[int], affine: ArrayLike) -> "Grid":
        """Grid of a 4×4 matrix that takes voxel indices to world LPS mm."""
        matrix = np.asarray(affine, dtype=np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            raise BadGeometry(f"an affine is 4×4 finite numbers; got shape {matrix.shape}.")
        spacing = np.linalg.norm(matrix[:3, :3], axis=0)
        if (spacing <= 0).any():
            raise BadGeometry(f"an axis of the affine has no length: spacing {spacing.tolist()}.")
        i, j, k = shape
        return cls((i, j, k), matrix[:3, 3], matrix[:3, :3] / spacing, spacing)

    @property
    def affine(self) -> NDArray[np.float64]:
        """4×4 matrix from voxel indices to world LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.direction * self.spacing
        matrix[:3, 3] = self.origin
        return matrix

    @property
    def voxel_volume(self) -> float:
        """Volume of one voxel in mm³."""
        return float(np.prod(self.spacing))

    def to_world(self, index: ArrayLike) -> NDArray[np.float64]:
        """World LPS mm of (…, 3) voxel indices."""
        return np.asarray(index, np.float64) @ (self.direction * self.spacing).T + self.origin

    def to_index(self, world: ArrayLike) -> NDArray[np.float64]:
        """Fractional voxel indices of (…, 3) world LPS mm."""
        inverse = np.linalg.inv(self.direction * self.spacing)
        return (np.asarray(world, np.float64) - self.origin) @ inverse.T

    def corners(self) -> NDArray[np.float64]:
        """World LPS mm of the centres of the eight corner voxels, (8, 3)."""
        return self.to_world(list(product(*[(0, n - 1) for n in self.shape])))

    def apart(self, other: "Grid") -> float:
        """Largest distance in mm between the same outer corner of two grids of one shape.

        Outer corners, so that slices of another thickness differ even where there is only one.
        """
        outer = list(product(*[(-0.5, n - 0.5) for n in self.shape]))
        away = self.to_world(outer) - other.to_world(outer)
        return float(np.linalg.norm(away, axis=1).max())

    def crop(self, start: Sequence[int], stop: Sequence[int]) -> "Grid":
        """Grid of the box from voxel `start` up to, not including, voxel `stop`."""
        i, j, k = (int(b) - int(a) for a, b in zip(start, stop, strict=True))
        return Grid((i, j, k), self.to_world(start), self.direction, self.spacing)

    def part(self, box: tuple[slice, slice, slice]) -> "Grid":
        """Grid of a box of voxels; a slice with a step thins the grid out along its axis."""
        cuts = [cut.indices(n) for cut, n in zip(box, self.shape, strict=True)]
        i, j, k = (len(range(*cut)) for cut in cuts)
        steps = np.array([cut[2] for cut in cuts])
        start = self.to_world([cut[0] for cut in cuts])
        return Grid((i, j, k), start, self.direction, self.spacing * steps)

    def around(self, world: ArrayLike, margin: int = 4) -> tuple[slice, slice, slice]:
        """Box of voxels that holds (…, 3) places in world LPS mm, at least one voxel.

        Parameters
        ----------
        world : (…, 3) array
            Places, which may lie beyond the grid.
        margin : int
            Further voxels at each side, where there are any: what interpolation looks at.
        """
        index = self.to_index(world).reshape(-1, 3)
        last = np.array(self.shape) - 1
        low = np.clip(np.floor(index.min(axis=0)).astype(int) - margin, 0, last)
        high = np.clip(np.ceil(index.max(axis=0)).astype(int) + margin, 0, last)
        i, j, k = (slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))
        return i, j, k

    @property
    def orientation(self) -> str:
        """Patient directions to which i, j, k run, nearest letter each, such as ``"LPS"``."""
        letters = []
        for column in self.direction.T:
            axis = int(np.abs(column).argmax())
            letters.append(("RL", "AP", "IS")[axis][int(column[axis] > 0)])
        return "".join(letters)

    def __str__(self) -> str:
        """Size and spacing, as shown in messages."""
        shape = "×".join(str(n) for n in self.shape)
        spacing = "×".join(f"{s:.4g}" for s in self.spacing)
        return f"{shape} voxels of {spacing} mm"
