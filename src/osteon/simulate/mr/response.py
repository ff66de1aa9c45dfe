"""Signal of every tissue at every off-resonance, as few numbers a voxel.

The signals of all tissues, written as (tissues × off-resonances), are nearly of low rank: a few
shares a tissue, each with one curve over the off-resonance. Shares mix linearly in a voxel, so
they are what is rendered; the curves are looked up afterwards, where the field is known.
"""

from collections.abc import Sequence as Listing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..materials import Tissue
from .sequence import Kind, Sequence
from .signals import MS, response

FREQUENCIES = 128
"""Off-resonances in one period of a balanced sequence."""

WIDTHS = 48
"""Widths of the spread of off-resonances within a voxel, from none to the widest."""

WIDEST = 3.0
"""Widest spread looked up, in turns until the echo (or the period, where shorter)."""

KEPT_WITHIN = 3e-3
"""Largest error of the shares and curves, as a part of the largest signal."""


@dataclass(frozen=True, eq=False)
class Response:
    """Shares of tissues and their curves.

    Attributes
    ----------
    shares : (tissues, r) array of float32
        Shares of each tissue, for the renderer.
    curves : (f, w, r) array of complex64
        Signal of a share by off-resonance (period `period`, from 0) and by the width of its even
        spread within a voxel (0 to `widest`); without the turn by the mean off-resonance.
    period, widest : float
        In Hz.
    phase_time : float
        Time in s over which protons off resonance turn until the echo.
    """

    shares: NDArray[np.float32]
    curves: NDArray[np.complex64]
    period: float
    widest: float
    phase_time: float


def respond(tissues: Listing[Tissue], sequence: Sequence) -> Response:
    """Shares and curves of tissues in a sequence.

    Parameters
    ----------
    tissues : sequence of Tissue
        Such as ``Scene.tissues``.
    sequence : Sequence
        Which.

    Returns
    -------
    Response
        Their product is the signal of each tissue within `KEPT_WITHIN` of the largest.

    Notes
    -----
    A balanced sequence repeats itself every 1/TR. The mean over an even spread of off-resonance is
    exact for every harmonic n: sinc((n TR + TE) width).
    """
    balanced = sequence.kind is Kind.BALANCED
    count = FREQUENCIES if balanced else 1
    period = 1 / (sequence.tr * MS)
    signal = response(tissues, sequence, np.arange(count, dtype=np.float64) * (period / count))
    flat = np.concatenate((signal.real, signal.imag), axis=1)
    left, size, right = np.linalg.svd(flat, full_matrices=False)
    rank = max(1, int(np.count_nonzero(size > KEPT_WITHIN * max(size[0], 1e-30))))
    shares = left[:, :rank] * size[:rank]
    basis = right[:rank, :count] + 1j * right[:rank, count:]
    turn = sequence.phase_time * MS
    widest = WIDEST / max(turn, 1e-6)
    harmonics = np.fft.fft(basis, axis=1) / count
    order = np.fft.fftfreq(count, 1 / count)
    lasting = (order * sequence.tr * MS if balanced else 0 * order) + turn
    widths = np.linspace(0, widest, WIDTHS)
    spread = np.sinc(lasting[:, None] * widths)
    curves = np.fft.ifft(harmonics[:, :, None] * spread * count, axis=1)
    return Response(
        shares.astype(np.float32),
        np.ascontiguousarray(np.moveaxis(curves, 0, 2), np.complex64),
        period,
        float(widest),
        turn,
    )
