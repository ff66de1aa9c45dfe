"""A scan of bodies whose picture is known on paper."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.core import BadSetting
from osteon.simulate.materials import Material
from osteon.simulate.mr import SEQUENCES, Kind, MRView, acquire, scan_mr
from osteon.simulate.mr.signals import signal_table
from osteon.simulate.scene import Soft
from scenes_of_simulate import AIR, BONE, MARROW, bone_ball, box, scene, soft_ball

STILL = replace(
    SEQUENCES["bffe"],
    kind=Kind.SPIN_ECHO,
    tr=600.0,
    te=12.0,
    flip=90.0,
    bias=1.0,
    b0_ppm=0.0,
    snr=1e6,
    snr_of=Material.YELLOW_MARROW,
    window=0.0,
    voxel=(0.5, 0.5, 0.5),
    spacing=(0.4, 0.4, 0.4),
)
"""Spin echo without noise, coil or window."""


def solid(name, tissue, depth, half=(24.0, 24.0, 24.0), step=0.4):
    """A soft object whose signed distance is a function of world x, y, z."""
    counts = tuple(int(2 * h / step) + 1 for h in half)
    grid = box(counts, step)
    at = np.moveaxis(grid.to_world(np.moveaxis(np.indices(counts), 0, -1)), -1, 0)
    return Soft(name, grid, depth(*at).astype(np.float32), np.eye(4), tissue=tissue)


BLOCK = solid("block", MARROW, lambda x, y, z: 30.0 + 0 * x, half=(24, 24, 24), step=4.0)
WALL = scene(solid("wall", MARROW, lambda x, y, z: 10.0 - y, step=1.0))
BALL = scene(soft_ball("ball", 14.0, tissue=MARROW))


def rng():
    return np.random.default_rng(7)


def sizes(image):
    """Picture in units of signal."""
    return image.volume.values / image.truth["scale"]


def marrow_signal(sequence):
    table = signal_table(BALL.tissues, sequence)
    return float(np.hypot(*table[MARROW]))


def ratios_of_noise():
    """Noise in air and signal in marrow, each over what Rice's statistics say."""
    noisy = replace(STILL, snr=12.0)
    image = scan_mr(BALL, noisy, MRView((0, 0, 0), (50.0, 50.0, 50.0)), rng())
    at = np.moveaxis(image.volume.grid.to_world(
        np.moveaxis(np.indices(image.volume.grid.shape), 0, -1)), -1, 0)  # fmt: skip
    far = np.sqrt((at**2).sum(axis=0))
    sigma = image.truth["noise_sd"]
    air = image.volume.values[np.abs(at).min(axis=0) > 17].astype(float)
    inner = (sizes(image)[far < 11] ** 2).mean()
    wanted = marrow_signal(noisy) ** 2 * (1 + 2 / 12**2)
    return {
        "sigma": sigma / (marrow_signal(noisy) / 12 * image.truth["scale"]),
        "mean": float(air.mean() / (sigma * np.sqrt(np.pi / 2))),
        "sd": float(air.std() / (sigma * np.sqrt(2 - np.pi / 2))),
        "power": float(inner / wanted),
    }


def test_noise_is_rician():
    found = ratios_of_noise()
    assert found["sigma"] == pytest.approx(1, rel=1e-6)
    assert found["mean"] == pytest.approx(1, rel=0.02)
    assert found["sd"] == pytest.approx(1, rel=0.03)
    assert found["power"] == pytest.approx(1, rel=0.01)


def across(image):
    """Profile along the rows (front to back) through the middle, over the marrow's signal."""
    middle = sizes(image)[:, image.volume.grid.shape[1] // 2, image.volume.grid.shape[2] // 2]
    y = image.volume.grid.to_world(
        np.stack([np.arange(len(middle)), np.zeros(len(middle)), np.zeros(len(middle))], axis=1)
    )[:, 1]
    return y, middle / marrow_signal(STILL)


def test_an_edge_rings_by_nine_percent_and_a_window_stills_it():
    view = MRView((0, 10.0, 0), (3.2, 24.0, 3.2))
    fine = replace(STILL, voxel=(0.8, 0.5, 0.5), spacing=(0.15, 0.4, 0.4))
    y, ringing = across(scan_mr(WALL, fine, view, rng()))
    near = np.abs(y - 10) < 3
    assert ringing[near].max() - 1 == pytest.approx(0.0895, abs=0.01)  # Wilbraham–Gibbs
    y, calm = across(scan_mr(WALL, replace(fine, window=1.0), view, rng()))
    assert calm[near].max() - 1 < 0.02
    crossing = np.interp(-0.5, -ringing[near], y[near])
    assert crossing == pytest.approx(10, abs=0.1)


def rod_area(sequence, monkeypatch=None):
    """Area in mm² that looks dark around a rod of bone of radius 0.5 mm across the main field."""
    rod = solid("rod", BONE, lambda x, y, z: 0.5 - np.hypot(y, z), half=(6, 2, 2), step=0.1)
    image = scan_mr(scene(BLOCK, rod), sequence, MRView((0, 0, 0), (4.0, 14.0, 14.0)), rng())
    seen = sizes(image)
    plane = seen[:, :, seen.shape[2] // 2]
    edge = np.concatenate((plane[:3].ravel(), plane[-3:].ravel()))
    return float((1 - plane / np.median(edge)).sum() * 0.2**2)


THIN = {"window": 1.0, "voxel": (0.25, 0.25, 1.0), "spacing": (0.2, 0.2, 0.8)}
GRADIENT = replace(STILL, kind=Kind.SPOILED, tr=30.0, te=4.0, flip=20.0, **THIN)
BALANCED = replace(STILL, kind=Kind.BALANCED, tr=6.9, te=3.45, flip=60.0, **THIN)
TRUE_AREA = np.pi * 0.25


@pytest.mark.parametrize(
    ("short", "long"),
    [(GRADIENT, replace(GRADIENT, te=8.0)), (BALANCED, replace(BALANCED, te=6.9, tr=13.8))],
    ids=["spoiled", "balanced"],
)
def test_bone_looks_broader_than_it_is_and_more_so_later(short, long):
    early, late = rod_area(short), rod_area(long)
    assert early > 1.5 * TRUE_AREA
    assert late > 1.3 * early


def test_bone_looks_as_broad_as_it_is_without_susceptibility(monkeypatch):
    monkeypatch.setattr(acquire, "susceptibility", lambda tissue: 0.0)
    for sequence in (GRADIENT, replace(GRADIENT, te=8.0), BALANCED):
        assert rod_area(sequence) == pytest.approx(TRUE_AREA, rel=0.03)


def test_a_spin_echo_refocuses_what_bone_dephases():
    assert rod_area(replace(STILL, **THIN)) == pytest.approx(TRUE_AREA, rel=0.03)


def test_a_balanced_echo_goes_dark_between_its_bands():
    period = 1e3 / BALANCED.tr
    strong = replace(BALANCED, b0_ppm=0.35 * period / (42.577 * 3))
    image = scan_mr(scene(BLOCK), strong, MRView((0, 0, 0), (12.0, 40.0, 40.0)), rng())
    seen = sizes(image)
    assert np.percentile(seen, 0.5) < 0.5 * np.percentile(seen, 80)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    noisy, view = replace(SEQUENCES["bffe-coarse"]), MRView((0, 0, 0), (8.0, 26.0, 26.0))
    body = scene(soft_ball("ball", 16.0), bone_ball(10.0))
    first, again = (scan_mr(body, noisy, view, rng()).volume.values for _ in range(2))
    other = scan_mr(body, noisy, view, np.random.default_rng(8)).volume.values
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
    assert first.dtype == np.int16
    assert first.min() >= 0
    assert 600 < first.max() <= 2047


def test_slices_excited_singly_leave_out_what_lies_between_them():
    gaps = replace(STILL, volumetric=False, voxel=(1.0, 1.0, 2.0), spacing=(0.8, 0.8, 6.0))
    sheet = scene(solid("sheet", MARROW, lambda x, y, z: 1.0 - np.abs(x - 3.0), half=(8, 8, 8)))
    image = scan_mr(sheet, gaps, MRView((0, 0, 0), (12.0, 12.0, 12.0)), rng())
    # two slices, at x = -3 and 3: the sheet fills one of them and is missed by the other
    sums = sizes(image).sum(axis=(0, 1))
    assert image.volume.grid.shape[2] == 2
    assert sums[0] > 20 * sums[1]  # from left (x = 3) to right


def test_what_a_scanner_would_write_stands_beside_the_picture():
    view = MRView((0, 0, 0), (8.0, 10.0, 10.0))
    settings = scan_mr(BALL, SEQUENCES["bffe-coarse"], view, rng()).settings
    assert settings["RepetitionTime"] == pytest.approx(0.0092)
    assert settings["EchoTime"] == pytest.approx(0.0046)
    assert settings["FlipAngle"] == 35
    assert settings["MagneticFieldStrength"] == 3


def test_noise_cannot_be_held_against_what_gives_no_signal():
    with pytest.raises(BadSetting, match="bone gives no signal"):
        scan_mr(BALL, replace(STILL, snr_of=Material.BONE), MRView((0, 0, 0), (9, 9, 9)), rng())


def test_air_alone_makes_a_picture_of_noise():
    image = scan_mr(
        scene(soft_ball("gas", 5.0, tissue=AIR)), replace(STILL, snr=20.0),
        MRView((0, 0, 0), (10.0, 10.0, 10.0)), rng(),
    )  # fmt: skip
    assert image.volume.values.max() > 0
