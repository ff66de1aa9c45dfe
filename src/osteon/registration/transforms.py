"""Rigid transforms as values, and images resampled by them, once."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from ..core import BadSetting, EmptyRegion, Grid, Mask, Volume, resample

TURNS_WITHIN = 1e-6
"""Largest departure of the rotation from right angles and unit length."""


@dataclass(frozen=True, eq=False)
class Rigid:
    """A turn and a shift, taking places of one image to places of another.

    What a registration finds takes places of the fixed image to places of the moving one; with it
    `resample_by` brings the moving image onto the fixed one's grid.

    Attributes
    ----------
    matrix : (4, 4) array
        Homogeneous matrix, world LPS mm to world LPS mm; frozen.

    Raises
    ------
    BadSetting
        If the matrix does anything but turn and shift: it scales, shears or mirrors.
    """

    matrix: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Freeze the matrix and refuse what is no rotation."""
        matrix = np.array(self.matrix, np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            raise BadSetting(f"a rigid transform is 4×4 finite numbers; got shape {matrix.shape}.")
        turn = matrix[:3, :3]
        off = float(np.abs(turn.T @ turn - np.eye(3)).max())
        if off > TURNS_WITHIN:
            raise BadSetting(
                f"a rigid transform keeps lengths and angles; this one is off by {off:.3g}, at "
                f"most {TURNS_WITHIN:g} is allowed. Take out scaling and shear first."
            )
        if np.linalg.det(turn) < 0:
            raise BadSetting("a rigid transform cannot mirror; left and right were exchanged.")
        if np.abs(matrix[3] - (0, 0, 0, 1)).max() > TURNS_WITHIN:
            raise BadSetting(
                f"the last row of a rigid transform is 0 0 0 1; got {matrix[3].tolist()}."
            )
        matrix.setflags(write=False)
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def identity(cls) -> "Rigid":
        """The transform that leaves every place where it is."""
        return cls(np.eye(4))

    @classmethod
    def about(
        cls,
        centre: ArrayLike,
        *,
        turn_deg: ArrayLike = (0.0, 0.0, 0.0),
        shift_mm: ArrayLike = (0.0, 0.0, 0.0),
    ) -> "Rigid":
        """Turn about a centre, then shift.

        Parameters
        ----------
        centre : (3,) array_like
            World LPS mm; moved by `shift_mm` only.
        turn_deg : (3,) array_like
            Axis of the turn, as long as its angle in degrees (right-handed).
        shift_mm : (3,) array_like
            Shift in mm.

        Raises
        ------
        BadSetting
            If one of them is not three finite numbers.
        """
        pivot = _three(centre, "the centre")
        turn = Rotation.from_rotvec(_three(turn_deg, "the turn"), degrees=True).as_matrix()
        return cls._of(turn, pivot - turn @ pivot + _three(shift_mm, "the shift"))

    @classmethod
    def from_euler(
        cls,
        angles_deg: ArrayLike,
        *,
        centre: ArrayLike = (0, 0, 0),
        shift_mm: ArrayLike = (0, 0, 0),
    ) -> "Rigid":
        """Turn about world x, then y, then z through a centre, then shift.

        Raises
        ------
        BadSetting
            If one of them is not three finite numbers.
        """
        pivot = _three(centre, "the centre")
        angles = _three(angles_deg, "the angles")
        turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
        return cls._of(turn, pivot - turn @ pivot + _three(shift_mm, "the shift"))

    @classmethod
    def _of(cls, turn: NDArray[np.float64], shift: NDArray[np.float64]) -> "Rigid":
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = turn, shift
        return cls(matrix)

    def __call__(self, points: ArrayLike) -> NDArray[np.float64]:
        """Where (…, 3) places in world LPS mm are taken to."""
        moved = np.asarray(points, np.float64) @ self.matrix[:3, :3].T + self.matrix[:3, 3]
        return np.asarray(moved)

    def __matmul__(self, first: "Rigid") -> "Rigid":
        """`first`, then this one."""
        # products of many turns drift away from right angles; the nearest rotation does not
        both = self.matrix @ first.matrix
        left, _, right = np.linalg.svd(both[:3, :3])
        return Rigid._of(left @ right, both[:3, 3])

    def inverse(self) -> "Rigid":
        """The transform that takes everything back."""
        turn = self.matrix[:3, :3].T
        return Rigid._of(turn, -turn @ self.matrix[:3, 3])

    @property
    def angle_deg(self) -> float:
        """Angle of the turn in degrees, 0 to 180."""
        return float(np.degrees(Rotation.from_matrix(self.matrix[:3, :3]).magnitude()))

    def shift_at(self, centre: ArrayLike) -> NDArray[np.float64]:
        """How far a place moves along x, y, z, in mm.

        A turn has no shift of its own: far from its axis it moves more.
        """
        pivot = _three(centre, "the centre")
        return self(pivot) - pivot

    def apart(self, other: "Rigid", where: Mask | ArrayLike) -> NDArray[np.float64]:
        """Distances in mm between where two transforms take the same places.

        Parameters
        ----------
        other : Rigid
            The transform to compare with.
        where : Mask or (n, 3) array_like
            Places: the centres of the voxels inside, or points in world LPS mm.

        Returns
        -------
        (n,) array
            0 or more.

        Raises
        ------
        EmptyRegion
            If there is no place.
        BadSetting
            If points are not three coordinates each.
        """
        points = places(where)
        difference = self.matrix[:3] - other.matrix[:3]
        away = points @ difference[:, :3].T + difference[:, 3]
        return np.asarray(np.sqrt((away**2).sum(axis=1)))


def places(where: Mask | ArrayLike) -> NDArray[np.float64]:
    """Places of a region in world LPS mm: (n, 3).

    Parameters
    ----------
    where : Mask or (n, 3) array_like
        A mask stands for the centres of the voxels inside.

    Raises
    ------
    EmptyRegion
        If there is no place.
    BadSetting
        If points are not three coordinates each.
    """
    if isinstance(where, Mask):
        points = where.grid.to_world(np.argwhere(where.values))
    else:
        points = np.asarray(where, np.float64)
        if points.ndim != 2 or points.shape[1] != 3:
            raise BadSetting(f"places are (n, 3) numbers in mm; got shape {points.shape}.")
    if len(points) == 0:
        raise EmptyRegion("a distance of transforms needs at least one place; there is none.")
    return points


def seen_through(grid: Grid, transform: Rigid) -> Grid:
    """Where the voxels of a moving image lie, told in the world of the fixed one.

    Parameters
    ----------
    grid : Grid
        Grid of the moving image.
    transform : Rigid
        From places of the fixed image to places of the moving one.
    """
    return Grid.from_affine(grid.shape, transform.inverse().matrix @ grid.affine)


def resample_by(
    volume: Volume,
    transform: Rigid,
    *,
    onto: Grid,
    method: Literal["nearest", "linear", "bspline"] = "linear",
    outside: float = 0.0,
) -> Volume:
    """Bring a moving image onto another grid, interpolated once.

    Parameters
    ----------
    volume : Volume
        Moving image; unchanged.
    transform : Rigid
        From world places of `onto` to world places of `volume`; compose several before.
    onto : Grid
        Where to bring it.
    method : {"nearest", "linear", "bspline"}
        Interpolation as of `osteon.core.resample`, which also smooths where `onto` is coarser.
    outside : float
        Value where the image does not reach.

    Returns
    -------
    Volume
        On `onto`, in the unit of `volume`.
    """
    here = Volume(volume.values, seen_through(volume.grid, transform), volume.unit)
    return resample(here, onto=onto, method=method, outside=outside)


def _three(values: ArrayLike, name: str) -> NDArray[np.float64]:
    numbers = np.asarray(values, np.float64)
    if numbers.shape != (3,) or not np.isfinite(numbers).all():
        raise BadSetting(f"{name} must be three finite numbers; got {numbers.tolist()}.")
    return numbers
