"""An MR scan of a scene: signal, field, coil, frequencies measured, noise, whole numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, fft2, ifft, ifft2

from ...core import BadSetting, Grid, Volume
from ..materials import Material, pure
from ..scene.render import render
from ..scene.scene import Scene
from .coil import sensitivity, uneven_field
from .field import dipole_field, shimmed
from .kspace import Encoding
from .lattice import Layout, MRView, lay_out
from .relaxation import HZ_PER_TESLA, susceptibility
from .response import Response, respond
from .sequence import Kind, Sequence
from .signals import MS, signal_table
from .spins import Fine, signal

TOP = 2047
"""Largest value of a picture, as scanners store it in 11 bits."""

BRIGHT = (99.5, 0.6)
"""A scanner scales its picture so that this percentile becomes this part of `TOP`; assumed."""

SLAB_VOXELS = 6_000_000
"""Voxels of the fine lattice that are worked on at a time."""

SAMPLE_MM = 0.34
"""Largest distance of the renderer's sample points, in mm; two a side at least."""

BONES = (Material.BONE, Material.CALCIUM)


@dataclass(frozen=True, eq=False)
class MRImage:
    """A scan and what is known of it.

    Attributes
    ----------
    volume : Volume
        Picture: int16, 0–2047, unit "1"; i along rows, j down columns, k from slice to slice.
    settings : mapping of str
        What a scanner would write beside it, with BIDS names; times in s.
    truth : mapping of str
        What it would not know: ``noise_sd`` (each of the two channels, in values of the picture),
        ``scale`` (values per unit of signal), and on coarse lattices ``sensitivity`` and
        ``field_ppm`` (unevenness of the main field, without the body's own).
    """

    volume: Volume
    settings: Mapping[str, Any]
    truth: Mapping[str, Any]


def scan_mr(scene: Scene, sequence: Sequence, view: MRView, rng: np.random.Generator) -> MRImage:
    """Scan a scene.

    Parameters
    ----------
    scene : Scene
        Who is scanned, in the pose of the scan.
    sequence : Sequence
        How.
    view : MRView
        Where.
    rng : Generator
        Draws coil, main field and noise; the same generator gives the same bytes.

    Returns
    -------
    MRImage
        Picture, settings and truth.

    Raises
    ------
    BadSetting
        If the view does not suit the voxels, or ``sequence.snr_of`` gives no signal.
    """
    noise = _noise(sequence)
    layout = lay_out(view, sequence)
    coil = sensitivity(layout.fine, sequence, rng)
    uneven = uneven_field(layout.fine, sequence, rng)
    hertz = HZ_PER_TESLA * sequence.field * 1e-6
    response = respond(scene.tissues, sequence)
    body = _body(scene, layout.fine, response, sequence)
    fine = Fine(*body, coil.values, (uneven.values * hertz).astype(np.float32))
    measured = _measured(fine, response, layout, _bone_contrast(hertz))
    del body, fine
    picture = _picture(measured, layout, noise, rng)
    bright = float(np.percentile(picture[:, ::4, ::4], BRIGHT[0]))
    scale = BRIGHT[1] * TOP / max(bright, 3 * noise)
    picture *= scale
    values = np.clip(np.rint(picture, out=picture), 0, TOP).astype(np.int16)
    truth = {"noise_sd": noise * scale, "scale": scale, "sensitivity": coil, "field_ppm": uneven}
    volume = Volume(np.ascontiguousarray(np.moveaxis(values, 0, 2)), layout.picture, "1")
    return MRImage(volume, _settings(sequence), truth)


def _noise(sequence: Sequence) -> float:
    """Standard deviation of the noise of each channel, in units of signal."""
    table = signal_table([pure(sequence.snr_of)], sequence)
    size = float(np.hypot(*table[0]))
    if size < 1e-6:
        raise BadSetting(
            f"{sequence.name}: {sequence.snr_of} gives no signal, so snr cannot be held against "
            "it. Name another material as snr_of."
        )
    return size / sequence.snr


def _bone_contrast(hertz: float) -> float:
    """Difference of bone and yellow marrow in Hz."""
    apart = susceptibility(pure(Material.BONE)) - susceptibility(pure(Material.YELLOW_MARROW))
    return apart * hertz


def _feels_field(sequence: Sequence) -> bool:
    """False where an echo refocuses what the field turned."""
    return sequence.kind is Kind.BALANCED or sequence.phase_time > 0


def _slabs(grid: Grid) -> Iterator[tuple[int, int]]:
    """First slice and slice after the last of slabs of a fine lattice."""
    step = max(1, SLAB_VOXELS // (grid.shape[1] * grid.shape[2]))
    for first in range(0, grid.shape[0], step):
        yield first, min(first + step, grid.shape[0])


def _body(
    scene: Scene, fine: Grid, response: Response, sequence: Sequence
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Shares, bone and field in Hz of a scene on the fine lattice, rendered slab by slab."""
    feels = _feels_field(sequence)
    chi = np.array([susceptibility(tissue) for tissue in scene.tissues], np.float32)
    bony = [sum(t.parts.get(part, 0.0) for part in BONES) for t in scene.tissues]
    rank = response.shares.shape[1]
    columns = [response.shares, chi[:, None], np.array(bony, np.float32)[:, None]]
    values = np.hstack(columns if feels else columns[:1]).astype(np.float32)
    shares = np.empty((rank, *fine.shape), np.float32)
    rest = fine.shape if feels else (1, 1, 1)
    magnetism, bone = np.zeros(rest, np.float32), np.zeros(rest, np.float32)
    i, j, k = (int(n) for n in np.maximum(np.ceil(fine.spacing / SAMPLE_MM), 2))
    for first, stop in _slabs(fine):
        part = fine.crop((first, 0, 0), (stop, fine.shape[1], fine.shape[2]))
        seen = render(scene, part, values, samples=(i, j, k))
        shares[:, first:stop] = seen[:rank]
        if feels:
            magnetism[first:stop], bone[first:stop] = seen[rank], seen[rank + 1]
    field = magnetism
    if feels:
        change = dipole_field(Volume(magnetism, fine, "[ppm]"))
        shimmed(change, shares[0])
        field = change.values
        field *= np.float32(HZ_PER_TESLA * sequence.field * 1e-6)
    return shares, bone, field


def _measured(
    fine: Fine, response: Response, layout: Layout, bone_hertz: float
) -> NDArray[np.complex64]:
    """Frequencies measured, without noise: (frequencies or slices, row, column)."""
    row, column, across = layout.row, layout.column, layout.across
    depth = layout.fine.shape[0]
    sides = (depth, len(row.order), len(column.order))
    kept = np.empty(sides, np.complex64)
    for first, stop in _slabs(layout.fine):
        seen = signal(fine, response, bone_hertz, (first, stop))
        spectrum = fft2(seen, axes=(1, 2), overwrite_x=True)
        kept[first:stop] = column.keep(row.keep(spectrum, 1), 2)
    if not isinstance(across, Encoding):
        mixed = across.astype(np.float32) @ kept.reshape(depth, -1)
        return np.asarray(mixed.reshape(-1, *sides[1:]), np.complex64)
    out = np.empty((len(across.order), *sides[1:]), np.complex64)
    for n in range(sides[1]):
        out[:, n] = across.keep(fft(kept[:, n], axis=0), 0)
    return out


def _picture(
    measured: NDArray[np.complex64], layout: Layout, noise: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Size of the signal in the picture's voxels, (slice, row, column), noise added."""
    row, column, across = layout.row, layout.column, layout.across
    squares = float((row.weight**2).sum() * (column.weight**2).sum())
    if isinstance(across, Encoding):
        squares *= float((across.weight**2).sum())
    each = np.float32(noise / np.sqrt(squares))
    for n in range(len(measured)):
        parts = rng.standard_normal((*measured.shape[1:], 2), np.float32) * each
        measured[n] += parts.view(np.complex64)[..., 0]
    if isinstance(across, Encoding):
        filled = np.empty((across.shown, *measured.shape[1:]), np.complex64)
        for n in range(measured.shape[1]):
            filled[:, n] = ifft(across.fill(measured[:, n], 0), axis=0)
        measured = filled
    out = np.empty((len(measured), row.shown, column.shown), np.float32)
    for n, plane in enumerate(measured):
        spectrum = column.fill(row.fill(plane, 0), 1)
        out[n] = np.abs(ifft2(spectrum, overwrite_x=True))
    return out


def _settings(sequence: Sequence) -> dict[str, Any]:
    """What a scanner would write beside the picture, with BIDS names."""
    return {
        "Modality": "MR",
        "MagneticFieldStrength": sequence.field,
        "MRAcquisitionType": "3D" if sequence.volumetric else "2D",
        "PulseSequenceType": sequence.kind.value,
        "SequenceName": sequence.name,
        "RepetitionTime": sequence.tr * MS,
        "EchoTime": sequence.te * MS,
        "FlipAngle": sequence.flip,
        "SliceThickness": sequence.voxel[2],
        "SpacingBetweenSlices": sequence.spacing[2],
        "AcquisitionVoxelSize": list(sequence.voxel),
        "PartialFourier": sequence.partial,
        "FatSuppressed": sequence.fat_suppressed,
    }
