"""From a fine lattice to the frequencies a scanner measures, and from those to the picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Encoding:
    """Frequencies measured along one axis.

    Attributes
    ----------
    fine, shown : int
        Voxels of the fine lattice, and of the picture, over the same length.
    order : (n,) array of int64
        The frequencies measured, in cycles over that length; negative ones first.
    weight : (n,) array of float64
        Window at each of them: 1 in full, 0 where nothing is measured.
    """

    fine: int
    shown: int
    order: NDArray[np.int64]
    weight: NDArray[np.float64]

    def keep(self, spectrum: NDArray[np.complex64], axis: int) -> NDArray[np.complex64]:
        """Measured frequencies of the spectrum of a fine lattice, smallest first.

        The blur by the fine voxels' own width is undone, and the middle of the first voxel of the
        picture becomes the place 0.
        """
        width = np.sinc(self.order / self.fine)
        ahead = 0.5 * (self.fine / self.shown - 1)
        turn = np.exp(2j * np.pi * self.order * ahead / self.fine)
        factor = (turn / (width * self.fine)).astype(np.complex64)
        return _along(np.take(spectrum, self.order % self.fine, axis=axis), factor, axis)

    def fill(self, measured: NDArray[np.complex64], axis: int) -> NDArray[np.complex64]:
        """Windowed spectrum of the picture: what was measured, zero elsewhere."""
        sides = list(measured.shape)
        sides[axis] = self.shown
        out = np.zeros(sides, np.complex64)
        place = [slice(None)] * measured.ndim
        half = -int(self.order[0])
        factor = (self.weight * self.shown).astype(np.complex64)
        weighted = _along(measured, factor, axis)
        for to, of in ((slice(-half, None), slice(0, half)), (slice(0, half), slice(half, None))):
            target, source = list(place), list(place)
            target[axis], source[axis] = to, of
            out[tuple(target)] = weighted[tuple(source)]
        return out


def encoding(
    counts: tuple[int, int], length: float, voxel: float, *, window: float, partial: float = 1.0
) -> Encoding:
    """Frequencies that voxels of a width need, along one axis.

    Parameters
    ----------
    counts : 2 int
        Voxels of the fine lattice, and of the picture.
    length : float
        Length they cover, in mm.
    voxel : float
        Width of a voxel as acquired, in mm.
    window : float
        Share of the frequencies, at their ends, that is tapered by half a cosine.
    partial : float
        Share that is measured; of the negative frequencies the largest are not.

    Returns
    -------
    Encoding
        An even number of frequencies, never more than the picture holds.
    """
    fine, shown = counts
    half = max(1, min(round(length / voxel / 2), shown // 2, fine // 2))
    order = np.arange(-half, half)
    out = np.abs(order + 0.5) / half
    taper = np.clip((out - (1 - window)) / max(window, 1e-9), 0, 1)
    weight = 0.5 * (1 + np.cos(np.pi * taper)) if window > 0 else np.ones(2 * half)
    weight = np.where(order < -(2 * partial - 1) * half, 0.0, weight)
    return Encoding(fine, shown, order, weight)


def _along(
    values: NDArray[np.complex64], factor: NDArray[np.complex64], axis: int
) -> NDArray[np.complex64]:
    """Values times a factor along one axis."""
    shape = [1] * values.ndim
    shape[axis] = len(factor)
    return np.asarray(values * factor.reshape(shape), np.complex64)


def slice_profile(sides: tuple[int, int], spacing: float, thickness: float) -> NDArray[np.float64]:
    """Shares of the fine slices in each slice excited singly.

    Parameters
    ----------
    sides : 2 int
        Fine slices, and slices of the picture, over the same length.
    spacing : float
        Distance of fine slices in mm.
    thickness : float
        Width of the profile at half height, in mm.

    Returns
    -------
    (slices, fine slices) array of float64
        Each row adds up to 1; flanks fall over a quarter of the thickness (assumed).
    """
    fine, shown = sides
    per = fine / shown
    offset = (np.arange(fine)[None, :] + 0.5 - (np.arange(shown)[:, None] + 0.5) * per) * spacing
    # mean of the profile over a fine slice, by a few points in it
    inside = (np.arange(5) - 2) / 5 * spacing
    far = np.abs(offset[..., None] + inside)
    steep = np.clip((0.625 * thickness - far) / (0.25 * thickness), 0, 1).mean(axis=-1)
    return np.asarray(steep / steep.sum(axis=1, keepdims=True), np.float64)
