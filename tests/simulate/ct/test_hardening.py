"""What a body's own shadow does: cupping, dark bands, streaks."""

import numpy as np
import pytest

from ct_of_simulate import BONE, METAL, QUIET, ROUND, WATER, cylinder, look, stuff
from osteon.simulate.ct.acquire import Stuff
from osteon.simulate.ct.attenuation import attenuation_of
from osteon.simulate.ct.hardening import beam
from osteon.simulate.ct.projection import back, project, rays_for, sharpened
from osteon.simulate.ct.spectrum import detected

BODY = (cylinder(0, 0, 160), WATER)


def rods(tissue: int = BONE, radius: float = 12.0) -> Stuff:
    return stuff(BODY, (cylinder(-50, 0, radius), tissue), (cylinder(50, 0, radius), tissue))


def at(values: np.ndarray, x: float, y: float, pixel: float = 1.0, half: int = 4) -> float:
    middle = 0.5 * (values.shape[0] - 1)
    i, j = round(middle + x / pixel), round(middle + y / pixel)
    return float(values[i - half : i + half + 1, j - half : j + half + 1].mean())


def test_a_projection_goes_back_to_where_it_came_from() -> None:
    x, y = np.meshgrid(np.arange(64) - 31.5, np.arange(48) - 23.5, indexing="ij")
    disc = (((x - 6) ** 2 + (y + 4) ** 2) < 14**2).astype(np.float32)[None]
    rays = rays_for((64, 48), 120)
    lines = project(disc, rays)
    assert lines.max() == pytest.approx(28, rel=0.03)
    assert lines.sum(axis=2) == pytest.approx(disc.sum(), rel=0.01)
    again = back(sharpened(lines), rays, (64, 48))[0] * np.pi
    assert again[disc[0] > 0].mean() == pytest.approx(1, abs=0.03)
    assert np.abs(again[np.hypot(x - 6, y + 4) > 18]).mean() < 0.02


def test_a_water_disc_is_flat_after_water_correction() -> None:
    image = look(stuff(BODY), 300.0, 0.0, 2.0, pixel=1.0)
    values = image.volume.values[:, :, 0].astype(float)
    assert at(values, 0, 0) == pytest.approx(0, abs=1)
    assert at(values, 130, 0) == pytest.approx(at(values, 0, 0), abs=2)


def test_two_dense_rods_have_a_dark_band_between_them() -> None:
    values = look(rods(), 200.0, 0.0, 2.0, pixel=1.0).volume.values[:, :, 0].astype(float)
    between, beside = at(values, 0, 0), at(values, 0, 60)
    assert -60 < between < -8
    assert abs(beside) < 5 < beside - between
    # and the correction for bone of a scanner takes its share of it
    half = look(rods(), 200.0, 0.0, 2.0, pixel=1.0, bone_correction=0.5).volume.values[:, :, 0]
    whole = look(rods(), 200.0, 0.0, 2.0, pixel=1.0, bone_correction=1.0).volume.values[:, :, 0]
    assert at(half, 0, 0) == pytest.approx(between / 2, abs=1.5)
    assert at(whole, 0, 0) == pytest.approx(0, abs=1)


def test_the_coarse_beam_loses_what_the_spectrum_loses() -> None:
    held = beam(QUIET, 200.0)
    seen = detected(QUIET.kvp, QUIET.filtration)
    for water, bone in ((20.0, 0.0), (30.0, 3.0), (10.0, 8.0)):
        paths = water * attenuation_of("water") + bone * attenuation_of("bone")
        grouped = held.weight @ np.exp(-held.water * water - held.bone * bone)
        assert -np.log(grouped) == pytest.approx(-np.log(seen @ np.exp(-paths)), rel=0.01)


def test_bone_reads_lower_in_a_larger_body() -> None:
    values = []
    for diameter in (160.0, 320.0):
        size = ROUND | {"width": diameter, "depth": diameter}
        seen = stuff((cylinder(0, 0, diameter / 2), WATER), (cylinder(0, 0, 8.0), BONE), size=size)
        image = look(seen, 40.0, 0.0, 2.0, pixel=0.5)
        values.append(at(image.volume.values[:, :, 0].astype(float), 0, 0, 0.5))
    assert 1.02 < values[0] / values[1] < 1.2


def test_metal_throws_streaks_where_they_are_wanted() -> None:
    spread = []
    for streaks in (True, False):
        image = look(rods(METAL, 4.0), 200.0, 0.0, 4.0, pixel=1.0, streaks=streaks)
        values = image.volume.values[:, :, 0].astype(float)
        assert image.volume.values.max() == 3071
        spread.append(values[60:140, 95:106].std())
        between = at(values, 0, 0)
        assert between < -25 if streaks else abs(between) < 20
    assert spread[0] > 3 * spread[1]
