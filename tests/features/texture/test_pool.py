"""The texture pool against the same windows, each measured alone."""

import numpy as np
import pytest

from osteon.core import (
    BadSetting,
    EmptyRegion,
    Grid,
    GridMismatch,
    Mask,
    UnknownName,
    UnsuitableScan,
    Volume,
)
from osteon.features.texture.catalogue import entry
from osteon.features.texture.maps import measured
from osteon.features.texture.maps.measure import measure_maps
from osteon.features.texture.maps.pool import TexturePool, texture_pool
from osteon.features.texture.maps.settings import POOLED, MapSettings
from osteon.features.texture.maps.window import Window
from osteon.features.texture.measure import measure_texture
from osteon.features.texture.prepare import resampled
from osteon.features.texture.settings import (
    Discretisation,
    Interpolation,
    Resegmentation,
    TextureSettings,
)

TURN = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, -1.0]])
GRID = Grid((14, 13, 10), np.array([5.0, -3.0, 2.0]), TURN, np.array([1.0, 1.0, 1.5]))
RNG = np.random.default_rng(7)
PLACES = np.indices(GRID.shape) - np.array([7, 6, 5])[:, None, None, None]
BALL = (PLACES**2).sum(axis=0) <= 24
MASK = Mask(BALL, GRID)
NOISE = RNG.normal(0.0, 1.0, GRID.shape)
# neighbours that are alike make runs and zones longer than one voxel
SMOOTH = NOISE + np.roll(NOISE, 1, 0) + np.roll(NOISE, 1, 1) + np.roll(NOISE, 1, 2)
CT = Volume(np.rint(100.0 + 40.0 * SMOOTH).astype(np.int16), GRID, "[hnsf'U]")
WINDOW = Window(5.0, 3.0)


def number(bins: int) -> Discretisation:
    return Discretisation("bin-number", bins=bins)


def window_mask(pool: TexturePool, row: int, mask: Mask) -> Mask:
    """The region's voxels in one window."""
    radii = np.rint((np.array(pool.size_mm) / mask.grid.spacing - 1) / 2).astype(int)
    middle = np.rint(mask.grid.to_index(pool.centres_mm[row])).astype(int)
    box = tuple(slice(max(m - r, 0), m + r + 1) for m, r in zip(middle, radii, strict=True))
    held = np.zeros(mask.values.shape, bool)
    held[box] = mask.values[box]
    return Mask(held, mask.grid)


def assert_alone(volume: Volume, mask: Mask, window: Window, texture: TextureSettings) -> int:
    """Every window of the pool has the values that it has alone; returns how many are missing."""
    settings = MapSettings(texture, levels="window", least_share=0.0)
    pool = texture_pool(volume, mask, window, settings)
    assert pool.windows > 10
    for row in range(pool.windows):
        alone = measure_texture(volume, window_mask(pool, row, mask), texture, POOLED)
        assert set(alone) <= set(pool.names)
        for name, value in zip(pool.names, pool.values[row], strict=True):
            if name in alone:
                # the level entropies of a window of one level are rounding
                wanted = pytest.approx(alone[name], rel=2e-6, abs=2e-6)
                assert value == wanted, (name, row)
            else:
                assert np.isnan(value), (name, row)
    return pool.missing


@pytest.mark.parametrize(
    ("discretisation", "curve"),
    [
        (number(8), Discretisation()),
        (Discretisation("bin-size", size=25.0), number(20)),
        (Discretisation("bin-size", size=25.0, lowest=-500.0), Discretisation("bin-size", size=4)),
    ],
    ids=["bins by number", "bins by size", "bins from a fixed value"],
)
def test_each_window_has_the_values_that_it_has_alone(
    discretisation: Discretisation, curve: Discretisation
) -> None:
    texture = TextureSettings(
        discretisation=discretisation, volume_histogram=curve, dimensions=("3D",)
    )
    assert assert_alone(CT, MASK, WINDOW, texture) == 0


def test_values_that_resegmentation_takes_out_count_in_no_window() -> None:
    texture = TextureSettings(
        resegmentation=Resegmentation(low=40.0, high=170.0),
        discretisation=Discretisation("bin-size", size=20.0),
        volume_histogram=Discretisation("bin-size", size=2.5),
        dimensions=("3D",),
    )
    assert_alone(CT, MASK, WINDOW, texture)


def test_levels_may_be_the_values_themselves() -> None:
    levels = Volume(np.clip(np.rint(4 + SMOOTH), 1, None), GRID, "1")
    texture = TextureSettings(dimensions=("3D",))
    assert assert_alone(levels, MASK, WINDOW, texture) == 0


def test_windows_without_pairs_or_spread_lack_what_the_standard_lacks() -> None:
    apart = Mask(BALL & (np.indices(GRID.shape) % 2 == 0).all(axis=0), GRID)
    texture = TextureSettings(discretisation=number(4), dimensions=("3D",))
    # no two voxels touch: 50 features of pairs and 5 of grey tones are missing, as in the standard
    missing = assert_alone(CT, apart, Window(3.0, 2.0), texture)
    assert missing > 0
    assert missing % 55 == 0
    even = Volume(np.full(GRID.shape, 7.0), GRID, "1")
    assert assert_alone(even, MASK, WINDOW, texture) == 0
    assert assert_alone(Volume(0.0 * even.values, GRID, "1"), MASK, WINDOW, texture) == 0


def test_a_part_of_nothing_is_missing_and_0_on_a_map() -> None:
    grid = Grid((3, 3, 3), np.zeros(3), np.eye(3), np.ones(3))
    about_zero = Volume(np.arange(-13.0, 14.0).reshape(3, 3, 3), grid, "1")
    mask = Mask(np.ones(grid.shape, bool), grid)
    window = Window(3.0, 3.0)
    pool = texture_pool(about_zero, mask, window, MapSettings(families=("statistics",)))
    missing = {
        name for name, value in zip(pool.names, pool.values[0], strict=True) if np.isnan(value)
    }
    assert missing == {"stat_cov", "stat_qcod"}
    assert pool.missing == 2
    maps = measure_maps(about_zero, mask, ["stat_cov", "stat_rms"], window)
    assert maps["stat_cov"].values.item() == 0.0
    assert maps["stat_rms"].values.item() == pytest.approx(np.sqrt(182 / 3))


def test_levels_of_the_region_mean_the_same_in_all_windows() -> None:
    pool = texture_pool(CT, MASK, WINDOW, MapSettings(least_share=0.0, families=("histogram",)))
    inside = CT.values[BALL].astype(float)
    low, high = inside.min(), inside.max()
    for row in range(pool.windows):
        held = CT.values[window_mask(pool, row, MASK).values]
        levels = np.minimum(np.floor(32 * (held - low) / (high - low)) + 1, 32)
        mean = pool.values[row, pool.names.index("ih_mean")]
        assert mean == pytest.approx(levels.mean(), rel=1e-6)


def test_a_pool_of_a_region_to_interpolate_is_that_of_the_interpolated_region() -> None:
    # sides that leave no value halfway between two whole numbers
    finer = Interpolation((0.8713, 0.9137, 1.2171))
    texture = TextureSettings(interpolation=finer, discretisation=number(8))
    pool = texture_pool(CT, MASK, WINDOW, MapSettings(texture))
    values, inside, grid = resampled(CT, MASK, finer)
    ready = MapSettings(TextureSettings(discretisation=number(8)))
    wanted = texture_pool(Volume(values, grid, CT.unit), Mask(inside, grid), WINDOW, ready)
    assert pool.windows == wanted.windows > 5
    np.testing.assert_allclose(pool.centres_mm, wanted.centres_mm, atol=1e-9)
    np.testing.assert_allclose(pool.values, wanted.values, rtol=1e-5, atol=1e-6)


def test_windows_lie_where_they_are_said_to_lie() -> None:
    pool = texture_pool(CT, MASK, WINDOW, MapSettings(families=("statistics",)))
    np.testing.assert_allclose(pool.centres_mm, pool.grid.to_world(pool.places.astype(float)))
    assert pool.size_mm == (5.0, 5.0, 4.5)
    assert (pool.share >= 0.5).all()
    many = np.array([window_mask(pool, row, MASK).voxels for row in range(pool.windows)])
    np.testing.assert_allclose(pool.share, many / 75, rtol=1e-6)


def test_a_pool_tells_its_columns_units_and_settings() -> None:
    pool = texture_pool(CT, MASK, WINDOW)
    columns, units = pool.columns(), pool.units()
    assert list(units) == list(columns)
    assert len(columns) == 7 + len(pool.names) == 193
    assert all(len(values) == pool.windows for values in columns.values())
    assert units["stat_mean"] == "[hnsf'U]"
    assert units["centre_x_mm"] == "mm"
    assert all(entry(name).tag == name for name in pool.names)
    notes = pool.notes()
    assert notes["window_mm"] == [5.0, 5.0, 4.5]
    assert notes["settings"]["levels"] == "region"
    assert notes["settings"]["texture"]["discretisation"]["bins"] == 32
    assert notes["grid"]["spacing_mm"] == [3.0, 3.0, 3.0]


def test_families_that_were_not_asked_for_are_left_out() -> None:
    whole = texture_pool(CT, MASK, WINDOW)
    for family in POOLED:
        some = texture_pool(CT, MASK, WINDOW, MapSettings(families=(family,)))
        assert {entry(name).family for name in some.names} == {family}
        columns = [whole.names.index(name) for name in some.names]
        np.testing.assert_array_equal(some.values, whole.values[:, columns])


def test_threads_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    one = texture_pool(CT, MASK, WINDOW, MapSettings(families=("local_intensity",)))
    monkeypatch.setattr(measured, "threads", lambda: 3)
    three = texture_pool(CT, MASK, WINDOW, MapSettings(families=("local_intensity",)))
    np.testing.assert_allclose(one.values, three.values, rtol=1e-6)


def test_pools_that_cannot_be_are_one_line() -> None:
    broken = CT.values.astype(np.float32)
    broken[7, 6, 5] = np.nan
    with pytest.raises(UnsuitableScan, match=r"1 of \d+ values in the region are no number"):
        texture_pool(Volume(broken, GRID, "1"), MASK, WINDOW)
    with pytest.raises(EmptyRegion, match="no voxel"):
        texture_pool(CT, Mask(np.zeros(GRID.shape, bool), GRID), WINDOW)
    with pytest.raises(GridMismatch):
        texture_pool(CT, MASK.part((slice(0, 5), slice(0, 5), slice(0, 5))), WINDOW)
    with pytest.raises(BadSetting, match="larger than the region"):
        texture_pool(CT, MASK, Window(40.0))
    with pytest.raises(BadSetting, match="no window has 100% of its voxels"):
        texture_pool(CT, MASK, Window(9.0, 3.0), MapSettings(least_share=1.0))
    taken = TextureSettings(resegmentation=Resegmentation(low=5000.0, high=6000.0))
    with pytest.raises(EmptyRegion, match="re-segmentation"):
        texture_pool(CT, MASK, WINDOW, MapSettings(taken))
    with pytest.raises(BadSetting, match="whole numbers from 1 on"):
        texture_pool(CT, MASK, WINDOW, MapSettings(TextureSettings()))
    fine = TextureSettings(discretisation=Discretisation("bin-size", size=0.01))
    with pytest.raises(BadSetting, match="levels, at most 4096"):
        texture_pool(CT, MASK, WINDOW, MapSettings(fine))
    late = TextureSettings(discretisation=Discretisation("bin-size", size=9.0, lowest=90.0))
    with pytest.raises(BadSetting, match="below the first bin at 90"):
        texture_pool(CT, MASK, WINDOW, MapSettings(late))


def test_settings_that_mean_nothing_are_one_line() -> None:
    with pytest.raises(UnknownName, match="no family 'morphology'"):
        MapSettings(families=("morphology",))
    with pytest.raises(BadSetting, match="families"):
        MapSettings(families=())
    with pytest.raises(BadSetting, match="least_share must be 0 to 1; got 2"):
        MapSettings(least_share=2.0)
    with pytest.raises(BadSetting, match="'region' or 'window'; got 'all'"):
        MapSettings(levels="all")
    with pytest.raises(BadSetting, match="thresholds must be 1 to 9 numbers; got 0"):
        MapSettings(thresholds=())
