"""A scan as a whole: geometry, storage, drift, profiles, refusals."""

import tomllib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ct_of_simulate import BONE, METAL, QUIET, ROUND, WATER, ball, look, stuff
from osteon.core import BadSetting, Grid, UnknownName
from osteon.simulate.ct import CTView, Scanner, scan_ct, scanner_named, scanners
from osteon.simulate.ct.acquire import image_grid, scan_stuff
from osteon.simulate.ct.kernels import Kernel
from osteon.simulate.materials import Material, pure
from osteon.simulate.scene import Scene, Soft

NARROW = ROUND | {"width": 60.0, "depth": 60.0}


@pytest.mark.parametrize("tilt", [0.0, 12.0, -20.0])
def test_a_point_lands_where_its_world_coordinate_says(tilt: float) -> None:
    place = np.array([4.3, -9.1, 7.7])
    seen = stuff((ball(4.3, -9.1, 7.7, 1.5), BONE), size=NARROW, fill=WATER)
    volume = look(seen, 40.0, -15.0, 15.0, tilt=tilt, thickness=1.5, offset=5.0).volume
    excess = np.maximum(volume.values - 15.0, 0)
    centre = np.array([(excess * n).sum() for n in np.indices(excess.shape)]) / excess.sum()
    assert volume.grid.to_world(centre) == pytest.approx(place, abs=0.1)
    assert np.degrees(np.arccos(volume.grid.direction[2, 2])) == pytest.approx(abs(tilt))


def test_a_view_covers_what_it_was_asked_for() -> None:
    grid = image_grid(replace(QUIET, pixel=0.5, increment=1.25), CTView((10, -20), 100, 5, 55))
    assert grid.shape == (200, 200, 40)
    low, high = grid.to_world(np.array([np.zeros(3), grid.shape]) - 0.5)
    assert low == pytest.approx([-40, -70, 5])
    assert high == pytest.approx([60, 30, 55])


def test_values_are_whole_numbers_that_twelve_bits_hold() -> None:
    seen = stuff((ball(0, 0, 0, 6.0), METAL), size=NARROW)
    values = look(seen, 30.0, -3.0, 3.0, noise=80.0).volume.values
    assert values.dtype == np.int16
    assert (values.min(), values.max()) == (-1024, 3071)


def test_the_same_seed_gives_the_same_bytes() -> None:
    seen = stuff((ball(0, 0, 0, 6.0), BONE), size=NARROW, fill=WATER)
    first, again, other = (
        look(seen, 30.0, -4.0, 4.0, noise=8.0, wander=2.0, seed=seed).volume.values.tobytes()
        for seed in (3, 3, 4)
    )
    assert first == again != other


def test_a_long_scan_is_the_same_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = stuff((ball(0, 0, 0, 6.0), BONE), size=NARROW, fill=WATER)
    whole = look(seen, 30.0, -8.0, 8.0).volume.values
    monkeypatch.setattr("osteon.simulate.ct.slices.ROOM", 200_000)
    parts = look(seen, 30.0, -8.0, 8.0).volume.values
    assert np.abs(whole - parts).max() <= 1


def test_a_scanner_drifts_with_the_years_and_wanders_from_day_to_day() -> None:
    seen = stuff(size=NARROW, fill=WATER)
    scanner = replace(QUIET, offset=2.0, drift=3.0)
    view = CTView((0.0, 0.0), 10.0, 0.0, 3.0, day=2 * 365.25)
    image = scan_stuff(seen, scanner, view, np.random.default_rng(0))
    assert (image.volume.values == 8).all()
    days = [look(seen, 5.0, 0.0, 2.0, wander=4.0, seed=n).truth["offset"] for n in range(60)]
    assert np.std(days) == pytest.approx(4, rel=0.25)


def test_an_error_of_the_scale_reaches_bone_and_spares_water() -> None:
    seen = stuff((ball(0, 0, 0, 8.0), BONE), size=NARROW, fill=WATER)
    right, wrong = (look(seen, 30.0, -1.0, 1.0, gain=gain).volume.values for gain in (1.0, 1.02))
    middle = right.shape[0] // 2
    ratio = float(wrong[middle, middle, 0]) / float(right[middle, middle, 0])
    assert ratio == pytest.approx(1.02, abs=0.004)
    assert abs(int(wrong[1, 1, 0]) - int(right[1, 1, 0])) <= 2


def test_a_scene_is_scanned_with_what_it_holds() -> None:
    lattice = Grid((31, 31, 31), np.full(3, -15.0), np.eye(3), np.ones(3))
    away = np.linalg.norm(lattice.to_world(np.moveaxis(np.indices((31, 31, 31)), 0, -1)), axis=-1)
    drop = Soft("drop", lattice, (9.0 - away).astype(np.float32), np.eye(4), tissue=1)
    tissues = (pure(Material.AIR), pure(Material.MUSCLE))
    scene = Scene(tissues, (drop,), np.zeros((1, 2, 2, 2), np.int16), NARROW)
    view = CTView((0.0, 0.0), 30.0, -2.0, 2.0)
    image = scan_ct(scene, QUIET, view, np.random.default_rng(0))
    middle = image.volume.values.shape[0] // 2
    assert image.volume.values[middle, middle, 1] == round(image.truth["hu"]["muscle"])
    assert image.volume.values[0, 0, 1] == -1000
    assert image.settings["KVP"] == 120
    assert image.volume.unit == "[hnsf'U]"


def test_profiles_are_there_for_each_site() -> None:
    names = set(scanners())
    assert {f"{kind}-{site}" for kind in ("spine", "knee") for site in "abcd"} <= names
    assert {"petct", "chest-abdomen", "screening"} <= names
    for kind in ("spine", "knee"):
        inside = [scanner_named(f"{kind}-{site}") for site in "abc"]
        outside = scanner_named(f"{kind}-d")
        for key in ("kernel", "model", "pixel", "aluminium"):
            assert getattr(outside, key) not in {getattr(scanner, key) for scanner in inside}


def test_a_scanner_is_plain_data_and_back() -> None:
    own = replace(QUIET, kernel=Kernel(0.5, 0.9, 0.5))
    assert Scanner.from_dict(own.to_dict()) == own
    told = tomllib.loads('name = "x"\nkvp = 100\n[kernel]\nhalf = 0.4\ntenth = 0.7')
    assert Scanner.from_dict(told).blur == Kernel(0.4, 0.7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dose": -1.0}, "dose of scanner 'quiet' must be 0.01 to 1000; got -1"),
        ({"kvp": 70.0}, "kvp of scanner 'quiet' must be 80 to 140; got 70"),
        ({"kernel": "shiny"}, "no kernel 'shiny'; known are soft"),
        ({"pixel": 0.0}, "pixel of scanner"),
        ({"kernel": "ultrasharp", "pixel": 1.0}, "pixels must be at most 0.503 mm; got 1 mm"),
        ({"tilt": 80.0}, "tilt of scanner"),
        ({"noise": float("nan")}, "noise of scanner"),
    ],
)
def test_impossible_scanners_are_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises((BadSetting, UnknownName), match=message) as caught:
        replace(QUIET, **changes)
    assert "\n" not in str(caught.value)


def test_settings_and_names_that_do_not_exist_are_refused() -> None:
    with pytest.raises(UnknownName, match="no setting 'colour'"):
        Scanner.from_dict({"name": "x", "colour": 1})
    with pytest.raises(BadSetting, match="needs a name"):
        Scanner.from_dict({"kvp": 120})
    with pytest.raises(BadSetting, match="must be a number"):
        Scanner.from_dict({"name": "x", "dose": "high"})
    with pytest.raises(UnknownName, match="no scanner 'nobody'; known are spine-a"):
        scanner_named("nobody")
    with pytest.raises(BadSetting, match="above 0"):
        CTView((0, 0), 0, 0, 10)
