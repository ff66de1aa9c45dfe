"""What the whole body does to a place in it: beam hardening, dark bands, and how noisy it is.

Rays are followed through a coarse picture of the body as water and bone. For each ray the scanner
measures a polychromatic signal and corrects it as if all were water; what is then wrong is
reconstructed and added to the image (Brooks & Di Chiro 1976, doi:10.1088/0031-9155/21/3/004).
Noise at a place is the mean over the rays through it of the inverse of the photons that arrive
(Barrett, Gordon & Hershel 1976, Comput Biol Med 6:307; Chesler, Riederer & Pelc 1977, J Comput
Assist Tomogr 1:64; papers not read here).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.compiled import compiled
from ..materials import Material
from .attenuation import attenuation_of
from .projection import Rays, back, offsets, project, sharpened
from .scanner import Scanner
from .spectrum import detected

GROUPS = 24
"""Groups of neighbouring photon energies that rays are followed with."""

BOW_TIE = 0.5
"""Share of what a round phantom lacks off its centre that the bow tie makes up (assumed)."""

MOST_LOSS = 8.0
"""Largest loss of a ray beyond that of the phantom, as a logarithm: what is less is lost in the
detector's range (assumed: 20 bits in all)."""

METAL_SHARE = 1.5
"""Bone-equivalent above which a voxel holds metal; compact bone is 1, titanium 11."""


class Beam(NamedTuple):
    """A spectrum in groups of energies, as compiled loops take it."""

    weight: NDArray[np.float64]  # share of the signal in air
    water: NDArray[np.float64]  # 1/cm
    bone: NDArray[np.float64]
    length: NDArray[np.float64]  # cm of water
    signal: NDArray[np.float64]  # -log of the signal behind each length, rising
    ratio: float  # cm of water that a cm of bone adds where the CT numbers are right


class Coarse(NamedTuple):
    """Errors on a coarse lattice, (k, i, j)."""

    hardening: NDArray[np.float32]  # HU to be added
    variance: NDArray[np.float32]  # of the noise, relative to amid the phantom at 10 mGy
    dose: float  # CTDIvol after modulation of the current, mGy


class Body(NamedTuple):
    """A coarse picture of a body, in the frame of the slices."""

    water: NDArray[np.float32]  # (k, i, j)
    bone: NDArray[np.float32]
    pixel: float  # mm
    ellipse: tuple[float, float]  # width and depth of the body, mm of water


def beam(scanner: Scanner, water_mm: float) -> Beam:
    """Spectrum of a scanner in groups.

    Parameters
    ----------
    scanner : Scanner
        Voltage and filters.
    water_mm : float
        Path for which the CT numbers of bone are right, mm of water.
    """
    seen = detected(scanner.kvp, scanner.filtration)
    edges = np.searchsorted(np.cumsum(seen), np.linspace(0, 1, GROUPS + 1)[1:-1])
    parts = [part for part in np.split(np.arange(len(seen)), edges) if seen[part].sum() > 0]
    weight = np.array([seen[part].sum() for part in parts])
    water, bone = (
        np.array([(attenuation_of(m)[part] * seen[part]).sum() for part in parts]) / weight
        for m in (Material.WATER, Material.BONE)
    )
    length = np.linspace(-40.0, 120.0, 1601)
    signal = -np.log(np.exp(-length[:, None] * water) @ weight)
    behind = weight * np.exp(-0.1 * water_mm * water)
    ratio = float((bone @ behind) / (water @ behind))
    return Beam(weight, water, bone, length, signal, ratio)


@compiled
def _signal(beam: Beam, water: float, bone: float) -> float:
    """Minus the logarithm of the signal behind cm of water and of bone."""
    total = 0.0
    for n in range(len(beam.weight)):
        total += beam.weight[n] * np.exp(-beam.water[n] * water - beam.bone[n] * bone)
    return float(-np.log(total))


@compiled
def _measured(
    beam: Beam, water: NDArray[np.float32], bone: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Signal of each ray and error of its length, cm of water, after water correction."""
    signal = np.empty(water.shape, np.float32)
    error = np.zeros(water.shape, np.float32)
    for k in range(water.shape[0]):
        for a in range(water.shape[1]):
            for b in range(water.shape[2]):
                w, m = water[k, a, b], bone[k, a, b]
                signal[k, a, b] = _signal(beam, w, m)
                if m != 0.0:
                    read = np.interp(signal[k, a, b], beam.signal, beam.length)
                    error[k, a, b] = read - w - beam.ratio * m
    return signal, error


def _through_ellipse(body: Body, rays: Rays) -> NDArray[np.float64]:
    """Length of each ray in the body's water-equivalent ellipse, cm, (angles, bins)."""
    a, b = 0.5 * body.ellipse[0], 0.5 * body.ellipse[1]
    reach = (a * rays.cosines[:, :1]) ** 2 + (b * rays.cosines[:, 1:]) ** 2
    inside = np.maximum(reach - (offsets(rays) * body.pixel) ** 2, 0)
    return np.asarray(0.1 * 2 * a * b * np.sqrt(inside) / reach)


def coarse_errors(body: Body, scanner: Scanner, rays: Rays, water_mm: float) -> Coarse:
    """Beam hardening and relative noise on a coarse lattice.

    Parameters
    ----------
    body : Body
        The whole body in the beam.
    scanner : Scanner
        Voltage, filters, bow tie, dose and electronic noise.
    rays : Rays
        Rays through the lattice.
    water_mm : float
        Path for which the CT numbers are right, mm of water.
    """
    sides = (body.water.shape[1], body.water.shape[2])
    held = beam(scanner, water_mm)
    signal, error = _seen(_without_metal(body), rays, held)
    factor = np.float32(_to_hu(body) * (1 - scanner.bone_correction))
    hardening = back(sharpened(error), rays, sides) * factor
    variance, dose = _variance(signal, scanner, held, (rays, body))
    return Coarse(hardening, back(variance, rays, sides), dose)


def metal_errors(
    body: Body, scanner: Scanner, rays: Rays, water_mm: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Streaks of metal: hardening that `coarse_errors` leaves out, and rays that starve.

    Parameters
    ----------
    body, scanner, rays, water_mm
        As for `coarse_errors`, on a finer lattice of the slices with metal.
    rng : Generator
        Source of chance.

    Returns
    -------
    (k, i, j) array of float32
        HU to be added.
    """
    held = beam(scanner, water_mm)
    signal, error = _seen(body, rays, held)
    plain_signal, plain_error = _seen(_without_metal(body), rays, held)
    places = (rays, body)
    variance, _ = _variance(signal, scanner, held, places)
    plain, _ = _variance(plain_signal, scanner, held, places)
    sd = np.sqrt(np.maximum(variance - plain, 0)) * np.float32(
        scanner.noise * np.sqrt(12 * len(rays.cosines)) / np.pi
    )
    starved = rng.standard_normal(error.shape, dtype=np.float32) * sd
    lines = (error - plain_error) * np.float32(_to_hu(body) / np.pi) + starved
    return back(sharpened(lines), rays, body.water.shape[1:3]) * np.float32(np.pi)


def _to_hu(body: Body) -> float:
    """HU of a reconstruction of lines in cm of water."""
    return 1000 * np.pi * 10 / body.pixel


def _without_metal(body: Body) -> Body:
    """The body with metal turned into compact bone."""
    metal = body.bone > METAL_SHARE
    water = np.where(metal, 0, body.water).astype(np.float32)
    return body._replace(water=water, bone=np.where(metal, 1, body.bone).astype(np.float32))


def _seen(body: Body, rays: Rays, held: Beam) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Signal and error, cm of water, of all rays."""
    centimetres = np.float32(0.1 * body.pixel)
    water = project(body.water, rays) * centimetres
    bone = project(body.bone, rays) * centimetres
    outline = _through_ellipse(body, rays).astype(np.float32)
    return _measured(held, np.maximum(water, outline), bone)


def _variance(
    signal: NDArray[np.float32], scanner: Scanner, beam: Beam, place: tuple[Rays, Body]
) -> tuple[NDArray[np.float32], float]:
    """Variance of each ray relative to the phantom's central ray at 10 mGy, and the dose."""
    rays, body = place
    radius = 0.5 * scanner.phantom
    chord = 2 * np.sqrt(np.maximum(radius**2 - (offsets(rays) * body.pixel) ** 2, 0))
    phantom = _signal(beam, 0.1 * scanner.phantom, 0.0)
    tie = BOW_TIE * beam.water.mean() * 0.1 * (scanner.phantom - chord)
    middle = signal[:, :, rays.bins // 2].mean()
    dose = scanner.dose * float(np.exp(scanner.modulation * (middle - phantom)))
    excess = np.minimum(signal.astype(np.float64) + tie - phantom, MOST_LOSS)
    quanta = np.exp(excess) * (10 / dose)
    return (quanta + scanner.electronic * quanta**2).astype(np.float32), dose
