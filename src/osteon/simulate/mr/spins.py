"""Signal of every voxel of the fine lattice: its tissues', turned and dephased by the field."""

from math import cos, floor, pi, sin, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.compiled import compiled, parallel, prange
from .response import Response

SPREAD = 48.0 / 45.0
"""Squared width of the even spread of the field around unresolved bone, over Δχ² φ (1 − φ).

The field of randomly placed pieces without direction varies by 4/45 Δχ² φ (1 − φ), the mean square
of the dipole kernel over all directions; an even spread is √12 times its standard deviation wide.
"""


class Fine(NamedTuple):
    """What the fine lattice holds, as compiled loops take it.

    Attributes
    ----------
    shares : (r, s, i, j) array of float32
        Shares of the tissues.
    bone : (s, i, j) array of float32
        Part of a voxel that is bone, 0–1.
    field : (s, i, j) array of float32
        Field in Hz; both of these are a single 0 where the field has no effect.
    coil, uneven : (a, b, c) array of float32
        Sensitivity, and uneven field in Hz, on nodes spread evenly over the lattice.
    """

    shares: NDArray[np.float32]
    bone: NDArray[np.float32]
    field: NDArray[np.float32]
    coil: NDArray[np.float32]
    uneven: NDArray[np.float32]


class _Scale(NamedTuple):
    """From Hz to places in the curves."""

    bins: float  # per Hz
    widths: float  # per Hz
    turn: float  # radians per Hz
    spread: float  # Hz², of unresolved bone


def signal(
    fine: Fine, response: Response, bone_hertz: float, slices: tuple[int, int]
) -> NDArray[np.complex64]:
    """Complex signal of some slices of the fine lattice.

    Parameters
    ----------
    fine : Fine
        Shares and fields of all slices.
    response : Response
        Curves of the shares.
    bone_hertz : float
        Difference between bone and marrow in Hz.
    slices : 2 int
        First slice, and slice after the last.

    Returns
    -------
    (slices, i, j) array of complex64
        Signal as the coil receives it.
    """
    first, stop = slices
    out = np.zeros((stop - first, *fine.shares.shape[2:]), np.complex64)
    scale = _Scale(
        response.curves.shape[0] / response.period,
        (response.curves.shape[1] - 1) / response.widest,
        2 * pi * response.phase_time,
        SPREAD * bone_hertz**2,
    )
    _signal(fine, response.curves, scale, first, out)
    return out


@compiled
def _between(nodes: NDArray[np.float32], u: float, v: float, w: float) -> float:
    """Value at a fractional index of a coarse lattice, between its eight nearest nodes."""
    i = min(int(u), nodes.shape[0] - 2)
    j = min(int(v), nodes.shape[1] - 2)
    k = min(int(w), nodes.shape[2] - 2)
    u -= i
    v -= j
    w -= k
    total = 0.0
    for a in range(2):
        for b in range(2):
            low = nodes[i + a, j + b, k] * (1 - w) + nodes[i + a, j + b, k + 1] * w
            total += low * (u if a else 1 - u) * (v if b else 1 - v)
    return total


@compiled
def _slopes(field: NDArray[np.float32], s: int, i: int, j: int) -> float:
    """Sum of the squared differences of the field across a voxel along the three axes."""
    n0, n1, n2 = field.shape
    a, b = max(s - 1, 0), min(s + 1, n0 - 1)
    c, d = max(i - 1, 0), min(i + 1, n1 - 1)
    e, f = max(j - 1, 0), min(j + 1, n2 - 1)
    x = (field[b, i, j] - field[a, i, j]) / max(b - a, 1)
    y = (field[s, d, j] - field[s, c, j]) / max(d - c, 1)
    z = (field[s, i, f] - field[s, i, e]) / max(f - e, 1)
    return float(x * x + y * y + z * z)


@compiled
def _total(
    shares: NDArray[np.float32],
    place: tuple[int, int, int],
    curves: NDArray[np.complex64],
    at: float,
    wide: float,
) -> complex:
    """Sum of a voxel's shares times their curves, between the four nearest entries of each."""
    s, i, j = place
    bins = curves.shape[0]
    wide = min(wide, curves.shape[1] - 1.001)
    q = int(wide)
    wide -= q
    at -= floor(at / bins) * bins
    p = int(at) % bins
    o = (p + 1) % bins
    at -= floor(at)
    total = 0.0 + 0.0j
    for r in range(shares.shape[0]):
        here = curves[p, q, r] * (1 - wide) + curves[p, q + 1, r] * wide
        if bins > 1:
            there = curves[o, q, r] * (1 - wide) + curves[o, q + 1, r] * wide
            here += (there - here) * at
        total += shares[r, s, i, j] * here
    return total


@parallel
def _signal(
    fine: Fine, curves: NDArray[np.complex64], scale: _Scale, first: int, out: NDArray[np.complex64]
) -> None:
    """Fill `out`, slice by slice."""
    depth, rows, columns = fine.shares.shape[1:]
    nodes = fine.coil.shape
    flat = fine.field.size == 1
    for n in prange(out.shape[0]):
        s = first + n
        u = s * (nodes[0] - 1) / max(depth - 1, 1)
        for i in range(rows):
            v = i * (nodes[1] - 1) / max(rows - 1, 1)
            for j in range(columns):
                if not fine.shares[:, s, i, j].any():
                    continue
                w = j * (nodes[2] - 1) / max(columns - 1, 1)
                hertz = _between(fine.uneven, u, v, w)
                square = 0.0
                if not flat:
                    hertz += fine.field[s, i, j]
                    part = fine.bone[s, i, j]
                    square = _slopes(fine.field, s, i, j) + scale.spread * part * (1 - part)
                at, wide = hertz * scale.bins, sqrt(max(square, 0.0)) * scale.widths
                total = _total(fine.shares, (s, i, j), curves, at, wide)
                turn = scale.turn * hertz
                seen = _between(fine.coil, u, v, w)
                out[n, i, j] = total * seen * complex(cos(turn), sin(turn))
