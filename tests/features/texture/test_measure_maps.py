"""Maps by name, against the same features of each window alone."""

import numpy as np
import pytest

from osteon.core import Grid, Mask, UnknownName, Volume
from osteon.features.texture.maps.measure import measure_maps
from osteon.features.texture.maps.pool import texture_pool
from osteon.features.texture.maps.settings import MapSettings
from osteon.features.texture.maps.window import Window
from osteon.features.texture.minkowski.isotropic import threshold_sweep
from osteon.features.texture.prepare import resampled
from osteon.features.texture.settings import (
    Discretisation,
    Interpolation,
    Resegmentation,
    TextureSettings,
)

GRID = Grid((13, 12, 10), np.array([5.0, -3.0, 2.0]), np.eye(3), np.array([1.0, 0.8, 1.5]))
RNG = np.random.default_rng(11)
PLACES = np.indices(GRID.shape) - np.array([6, 4, 5])[:, None, None, None]
# it reaches the border of the image along axis 1
BALL = (PLACES**2).sum(axis=0) <= 22
MASK = Mask(BALL, GRID)
NOISE = RNG.normal(0.0, 1.0, GRID.shape)
SMOOTH = NOISE + np.roll(NOISE, 1, 0) + np.roll(NOISE, 1, 1) + np.roll(NOISE, 1, 2)
VOLUME = Volume((100.0 + 40.0 * SMOOTH).astype(np.float32), GRID, "mg/cm3")
TEXTURE = TextureSettings(discretisation=Discretisation("bin-number", bins=8), dimensions=("3D",))
WINDOW = Window(4.0, 2.0)
THRESHOLDS = (60.0, 100.0, 150.0)
FUNCTIONALS = [
    f"minkowski_{name}_{step}"
    for name in (
        "3d_volume", "3d_surface", "3d_breadth", "3d_euler", "2d_area", "2d_perimeter", "2d_euler",
    )
    for step in (1, 2, 3)
]  # fmt: skip


@pytest.mark.parametrize("levels", ["region", "window"])
def test_a_map_has_at_each_place_what_the_pool_has_of_the_window(levels: str) -> None:
    settings = MapSettings(TEXTURE, levels=levels, least_share=0.0)
    pool = texture_pool(VOLUME, MASK, WINDOW, settings)
    names = [name for name in pool.names if not name.startswith("loc")][::7]
    names += ["cm_contrast_3D_comb", "rlm_sre_3D_comb", "stat_mean", "loc_peak_glob"]
    maps = measure_maps(VOLUME, MASK, names, WINDOW, settings)
    assert set(maps) == set(names)
    at = tuple(pool.places.T)
    for name, made in maps.items():
        values = pool.values[:, pool.names.index(name)]
        np.testing.assert_allclose(made.values[at], values, rtol=2e-5, atol=1e-6, err_msg=name)
        assert made.values.dtype == np.float32
        np.testing.assert_allclose(made.grid.affine, pool.grid.affine)
        outside = np.ones(made.values.shape, bool)
        outside[at] = False
        assert (made.values[outside] == 0).all()


@pytest.mark.parametrize("axis", [0, 2])
def test_minkowski_maps_are_the_functionals_of_each_window(axis: int) -> None:
    texture = TextureSettings(TEXTURE.interpolation, slice_axis=axis)
    settings = MapSettings(texture, thresholds=THRESHOLDS, least_share=0.0)
    maps = measure_maps(VOLUME, MASK, FUNCTIONALS, WINDOW, settings)
    places = texture_pool(
        VOLUME, MASK, WINDOW, MapSettings(families=("statistics",), least_share=0.0)
    )
    radii = np.array(WINDOW.radii(GRID))
    assert places.windows > 10
    for at, centre in zip(places.places, places.centres_mm, strict=True):
        middle = np.rint(GRID.to_index(centre)).astype(int)
        box = tuple(slice(max(m - r, 0), m + r + 1) for m, r in zip(middle, radii, strict=True))
        held = np.zeros(GRID.shape, bool)
        held[box] = BALL[box]
        alone = threshold_sweep(
            VOLUME, region=Mask(held, GRID), thresholds=THRESHOLDS, axis=axis
        ).named()
        for name in FUNCTIONALS:
            assert maps[name].values[tuple(at)] == pytest.approx(alone[name], rel=1e-5, abs=1e-6), (
                name
            )


def test_thresholds_are_the_deciles_of_the_region_unless_given() -> None:
    maps = measure_maps(VOLUME, MASK, ["minkowski_3d_volume_5"], Window(3.0))
    median = float(np.median(VOLUME.values[BALL]))
    given = MapSettings(thresholds=(median,))
    other = measure_maps(VOLUME, MASK, ["minkowski_3d_volume_1"], Window(3.0), given)
    np.testing.assert_array_equal(
        maps["minkowski_3d_volume_5"].values, other["minkowski_3d_volume_1"].values
    )
    made = maps["minkowski_3d_volume_5"].values
    assert 0.4 < made[made > 0].mean() < 0.6


def test_what_resegmentation_takes_out_counts_in_no_map() -> None:
    texture = TextureSettings(
        resegmentation=Resegmentation(low=50.0, high=180.0),
        discretisation=Discretisation("bin-size", size=10.0),
    )
    settings = MapSettings(texture, least_share=0.0)
    counted = BALL & (VOLUME.values >= 50) & (VOLUME.values <= 180)
    whole = measure_maps(VOLUME, MASK, ["stat_min", "stat_max", "szm_lze"], Window(4.0), settings)
    there = whole["stat_max"].values != 0
    assert there.sum() == counted.sum()
    assert whole["stat_min"].values[there].min() >= 50
    assert whole["stat_max"].values.max() <= 180


def test_outliers_are_those_of_the_whole_region() -> None:
    texture = TextureSettings(
        resegmentation=Resegmentation(outliers=1.5), discretisation=TEXTURE.discretisation
    )
    inside = VOLUME.values[BALL].astype(np.float64)
    kept = np.abs(inside - inside.mean()) <= 1.5 * inside.std()
    made = measure_maps(VOLUME, MASK, ["stat_mean"], Window(3.0), MapSettings(texture))
    assert np.count_nonzero(made["stat_mean"].values) == kept.sum()


@pytest.mark.parametrize("rounded", [True, False])
def test_maps_of_a_region_to_interpolate_are_those_of_the_interpolated_region(
    rounded: bool,
) -> None:
    coarser = Interpolation((1.5, 1.5, 1.5), rounded=rounded)
    names = ["stat_mean", "cm_energy", "minkowski_3d_euler_1", "minkowski_2d_perimeter_1"]
    texture = TextureSettings(interpolation=coarser, discretisation=TEXTURE.discretisation)
    maps = measure_maps(VOLUME, MASK, names, Window(4.5), MapSettings(texture, thresholds=(90.0,)))
    values, inside, grid = resampled(VOLUME, MASK, coarser)
    ready = MapSettings(TEXTURE, thresholds=(90.0,))
    there, region = Volume(values, grid, VOLUME.unit), Mask(inside, grid)
    wanted = measure_maps(there, region, names, Window(4.5), ready)
    for name in names:
        assert maps[name].grid.apart(wanted[name].grid) < 1e-9
        assert np.count_nonzero(maps[name].values) > 30
        np.testing.assert_allclose(maps[name].values, wanted[name].values, rtol=1e-5, atol=1e-6)


def test_names_without_an_ending_are_those_of_space() -> None:
    maps = measure_maps(VOLUME, MASK, ["cm_contrast", "cm_contrast_3D_comb"], WINDOW)
    np.testing.assert_array_equal(maps["cm_contrast"].values, maps["cm_contrast_3D_comb"].values)


def test_maps_tell_their_unit() -> None:
    names = ["stat_mean", "stat_var", "cm_energy", "minkowski_3d_surface_1", "ivh_v10"]
    maps = measure_maps(VOLUME, MASK, names, WINDOW)
    assert [maps[name].unit for name in names] == ["mg/cm3", "mg2/cm6", "1", "/mm", "1"]


@pytest.mark.parametrize(
    "name", ["cm_nothing", "minkowski_3d_surface_4", "minkowski_2d_surface_1", "cm_energy_2D_avg"]
)
def test_maps_that_there_are_not_are_one_line(name: str) -> None:
    with pytest.raises(UnknownName, match=f"no (map|texture feature) is called '{name}'"):
        measure_maps(VOLUME, MASK, [name], WINDOW, MapSettings(thresholds=THRESHOLDS))
