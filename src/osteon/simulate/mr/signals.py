"""Signal of a tissue in the steady state of a sequence, in closed form.

Times are in ms, angles in radians, off-resonance in Hz. A signal is complex, its phase turning
with exp(+i 2π f TE), and a fraction of the equilibrium magnetisation.
"""

from collections.abc import Sequence as Listing

import numpy as np
from numpy.typing import NDArray

from ..materials import Material, Tissue
from .relaxation import FAT_SHIFT, HZ_PER_TESLA, relaxation
from .sequence import Kind, Sequence

MS = 1e-3
"""Seconds in a millisecond."""

FAT_LEFT = 0.05
"""Share of fat's signal left by fat suppression; our assumption."""

Signal = NDArray[np.complex128]


def balanced(
    t1: float, t2: float, sequence: Sequence, hertz: NDArray[np.float64] | float = 0.0
) -> Signal:
    """Signal of balanced steady-state free precession with alternating pulses, at the echo time.

    Parameters
    ----------
    t1, t2 : float
        Relaxation times in ms.
    sequence : Sequence
        Its TR, TE and flip angle.
    hertz : array or float
        Off-resonance; the band of full signal is ±1/(2 TR) wide, around 0.

    Returns
    -------
    array of complex128
        Fraction of the equilibrium magnetisation, one an off-resonance.

    Notes
    -----
    Freeman & Hill 1971 (doi:10.1016/0022-2364(71)90047-3); Hänicke & Vogel 2003
    (doi:10.1002/mrm.10410). On resonance it is M0 sin α (1 − E1) / (1 − (E1 − E2) cos α − E1 E2)
    times exp(−TE/T2).
    """
    e1, e2 = np.exp(-sequence.tr / t1), np.exp(-sequence.tr / t2)
    flip = np.radians(sequence.flip)
    frequency = np.asarray(hertz, np.float64)
    angle = 2 * np.pi * frequency * sequence.tr * MS + np.pi
    bottom = (1 - e1 * np.cos(flip)) * (1 - e2 * np.cos(angle)) - e2 * (e1 - np.cos(flip)) * (
        e2 - np.cos(angle)
    )
    after_pulse = (1 - e1) * np.sin(flip) * (1 - e2 * np.exp(-1j * angle)) / bottom
    turned = np.exp(2j * np.pi * frequency * sequence.te * MS)
    return np.asarray(after_pulse * turned * np.exp(-sequence.te / t2), np.complex128)


def spoiled(t1: float, t2star: float, sequence: Sequence) -> float:
    """Signal of a spoiled gradient echo (Ernst & Anderson 1966, doi:10.1063/1.1719961)."""
    e1, flip = np.exp(-sequence.tr / t1), np.radians(sequence.flip)
    steady = np.sin(flip) * (1 - e1) / (1 - e1 * np.cos(flip))
    return float(steady * np.exp(-sequence.te / t2star))


def ernst_angle(t1: float, tr: float) -> float:
    """Flip angle of the largest spoiled gradient echo, in degrees."""
    return float(np.degrees(np.arccos(np.exp(-tr / t1))))


def spin_echo(t1: float, t2: float, sequence: Sequence) -> float:
    """Signal of a spin echo after a pulse of `flip` and one refocusing pulse of 180°.

    The refocusing pulse turns what is left along the field over as well; for 90° this is
    (1 − 2 exp(−(TR − TE/2)/T1) + exp(−TR/T1)) exp(−TE/T2).
    """
    flip, e1 = np.radians(sequence.flip), np.exp(-sequence.tr / t1)
    late = np.exp(-(sequence.tr - sequence.te / 2) / t1)
    along = (1 - 2 * late + e1) / (1 + np.cos(flip) * e1)
    return float(np.sin(flip) * along * np.exp(-sequence.te / t2))


def unbalanced(t1: float, t2: float, sequence: Sequence) -> tuple[float, float]:
    """Sizes right after and right before the pulse of the two echoes of an unbalanced steady state.

    Returns
    -------
    float, float
        The free induction echo (FISP) after the pulse, and the one before the next (PSIF).

    Notes
    -----
    Mean of the balanced steady state over a full turn of precession, in closed form:
    Hänicke & Vogel 2003 (doi:10.1002/mrm.10410), after Gyngell 1988
    (doi:10.1016/0730-725X(88)90478-X) and Bruder 1988 (doi:10.1002/mrm.1910070105).
    """
    e1, e2 = np.exp(-sequence.tr / t1), np.exp(-sequence.tr / t2)
    flip = np.radians(sequence.flip)
    p = 1 - e1 * np.cos(flip) - e2**2 * (e1 - np.cos(flip))
    q = e2 * (1 - e1) * (1 + np.cos(flip))
    root = np.sqrt(p**2 - q**2)
    ratio = (1 - e2**2) / root
    half = np.tan(flip / 2)
    after = half * (1 - (e1 - np.cos(flip)) * ratio)
    before = half * (1 - (1 - e1 * np.cos(flip)) * ratio)
    return float(after), float(before)


def pool(
    times: tuple[float, float, float], sequence: Sequence, hertz: NDArray[np.float64]
) -> Signal:
    """Signal of protons of one kind, without the precession by `hertz` up to the echo.

    Parameters
    ----------
    times : (T1, T2, T2')
        In ms.
    sequence : Sequence
        Which.
    hertz : (n,) array
        Off-resonance.

    Returns
    -------
    (n,) array of complex128
        Signal; only in a balanced sequence does its size depend on the off-resonance.
    """
    t1, t2, t2prime = times
    lost = np.exp(-sequence.phase_time / t2prime)
    if sequence.kind is Kind.BALANCED:
        turned = np.exp(-2j * np.pi * hertz * sequence.te * MS)
        return np.asarray(balanced(t1, t2, sequence, hertz) * turned, np.complex128)
    if sequence.kind is Kind.SPOILED:
        size = spoiled(t1, t2, sequence) * lost
    elif sequence.kind is Kind.SPIN_ECHO:
        size = spin_echo(t1, t2, sequence)
    else:
        size = unbalanced(t1, t2, sequence)[0] * np.exp(-sequence.te / t2) * lost
    return np.full(hertz.shape, size, np.complex128)


def response(
    tissues: Listing[Tissue], sequence: Sequence, hertz: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Signal of tissues against off-resonance, without the precession by `hertz` up to the echo.

    Parameters
    ----------
    tissues : sequence of Tissue
        Mixtures whose parts do not exchange protons: their signals add up.
    sequence : Sequence
        Which.
    hertz : (n,) array
        Off-resonance of the water.

    Returns
    -------
    (tissues, n) array of complex128
        Signal of a full voxel of each tissue, water's protons being 1.
    """
    parts = {part for tissue in tissues for part in tissue.parts}
    signal = {part: _material(part, sequence, hertz) for part in sorted(parts)}
    nothing = np.zeros(hertz.shape, np.complex128)
    return np.array(
        [sum((s * signal[part] for part, s in t.parts.items()), nothing) for t in tissues]
    )


def _material(
    material: Material, sequence: Sequence, hertz: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Signal of a material: its water's and, turned by the chemical shift, its fat's."""
    own = relaxation(material, sequence.field)
    shift = FAT_SHIFT * 1e-6 * HZ_PER_TESLA * sequence.field
    water = pool((own.t1, own.t2, own.t2prime), sequence, hertz)
    fat = pool((own.fat_t1, own.fat_t2, own.t2prime), sequence, hertz + shift)
    turned = np.exp(2j * np.pi * shift * sequence.phase_time * MS)
    left = FAT_LEFT if sequence.fat_suppressed else 1.0
    both = (1 - own.fat) * water + own.fat * left * turned * fat
    return np.asarray(own.protons * both, np.complex128)


def signal_table(tissues: Listing[Tissue], sequence: Sequence) -> NDArray[np.float32]:
    """Signal of tissues on resonance, as the renderer takes it.

    Parameters
    ----------
    tissues : sequence of Tissue
        Such as ``Scene.tissues``.
    sequence : Sequence
        Which.

    Returns
    -------
    (tissues, 2) array of float32
        Real and imaginary part; water's protons, all upright, would be 1.
    """
    signal = response(tissues, sequence, np.zeros(1))[:, 0]
    return np.stack((signal.real, signal.imag), axis=1).astype(np.float32)
