"""The magnetic field that tissues make: dipoles, and what shimming leaves of them."""

from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fftfreq, irfftn, next_fast_len, rfftfreq, rfftn

from ...core import Grid, Volume

MARGIN_MM = 8.0
"""Room around the lattice in which its edge is continued, so that its ends do not meet."""

SHIM_ORDER = 2
"""Shims cancel fields that are polynomials up to this order."""

SHIM_STEP_MM = 5.0
"""Distance of the places at which the field is shimmed."""

FIELD_AXIS = 2
"""World axis along which the main field points: foot to head."""


def dipole_field(susceptibility: Volume) -> Volume:
    """Relative change of the main field by susceptibility, with the Lorentz sphere taken off.

    Parameters
    ----------
    susceptibility : Volume
        Volume susceptibility in ppm (SI); beyond its lattice the edge goes on for 8 mm and
        then meets the other end.

    Returns
    -------
    Volume
        Field in ppm of the main field, which points along z; without its mean.

    Notes
    -----
    In the frequencies k: (1/3 − kz²/k²) χ(k) (Marques & Bowtell 2005, doi:10.1002/cmr.b.20034).
    """
    grid, values = susceptibility.grid, np.asarray(susceptibility.values, np.float32)
    room = [round(MARGIN_MM / step) for step in grid.spacing]
    sides = [next_fast_len(n + 2 * m, real=True) for n, m in zip(grid.shape, room, strict=True)]
    pads = [(m, side - n - m) for n, m, side in zip(grid.shape, room, sides, strict=True)]
    spectrum = rfftn(np.pad(values, pads, mode="edge"), overwrite_x=True)
    _times_kernel(spectrum, (sides[0], sides[1], sides[2]), grid)
    field = irfftn(spectrum, s=sides, overwrite_x=True)
    inner = tuple(slice(m, m + n) for n, m in zip(grid.shape, room, strict=True))
    return Volume(np.ascontiguousarray(field[inner], np.float32), grid, "[ppm]")


def _times_kernel(spectrum: NDArray[np.complex64], sides: tuple[int, int, int], grid: Grid) -> None:
    """Multiply half a spectrum by the dipole's, plane by plane, so that no second one is held."""
    u = fftfreq(sides[0], grid.spacing[0])
    v = fftfreq(sides[1], grid.spacing[1])[:, None]
    w = rfftfreq(sides[2], grid.spacing[2])[None, :]
    to_z = grid.direction[FIELD_AXIS]
    for n, first in enumerate(u):
        along = to_z[0] * first + to_z[1] * v + to_z[2] * w
        square = first**2 + v**2 + w**2
        kernel = 1 / 3 - np.divide(along**2, square, out=np.zeros_like(square), where=square > 0)
        spectrum[n] *= np.where(square > 0, kernel, 0).astype(np.float32)


def shimmed(field: Volume, signal: NDArray[np.float32]) -> None:
    """Take off a field, in place, the polynomial that fits it best where there is signal.

    Parameters
    ----------
    field : Volume
        Field; changed.
    signal : (i, j, k) array of float32
        Where it counts: other than 0. Where it is 0 nearly everywhere, nothing happens.
    """
    steps = tuple(max(1, round(SHIM_STEP_MM / step)) for step in field.grid.spacing)
    thin = tuple(slice(None, None, step) for step in steps)
    axes = [np.linspace(-1, 1, n, dtype=np.float32) for n in field.grid.shape]
    some = np.meshgrid(*[a[t] for a, t in zip(axes, thin, strict=True)], indexing="ij")
    terms = [
        powers
        for order in range(SHIM_ORDER + 1)
        for powers in combinations_with_replacement(range(3), order)
    ]
    ones = np.ones(some[0].shape, np.float32)
    design = np.stack([np.prod([ones, *[some[a] for a in p]], axis=0) for p in terms], axis=-1)
    here = signal[thin] != 0
    if np.count_nonzero(here) <= len(terms):
        return
    values = field.values[thin][here].astype(np.float64)
    weights = np.linalg.lstsq(design[here].astype(np.float64), values, rcond=None)[0]
    for n, first in enumerate(axes[0]):
        grown = (np.float32(first), axes[1][:, None], axes[2][None, :])
        for weight, powers in zip(weights, terms, strict=True):
            term: NDArray[np.float32] | np.float32 = np.float32(weight)
            for axis in powers:
                term = term * grown[axis]
            field.values[n] -= term
