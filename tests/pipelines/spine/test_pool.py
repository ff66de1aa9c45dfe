"""The texture pool: stable features of windows in the body alone, each patient measured once."""

import numpy as np
import pytest

import spine_crops
from osteon.calibration import kvp_factor
from osteon.core import HU, BadSetting, EmptyRegion, Grid, Mask, Volume
from osteon.features.texture import STUDIED, measure_texture, stable_tags
from osteon.io import read_parquet
from osteon.pipelines.spine.cohort import run_folder
from osteon.pipelines.spine.pool import store
from osteon.pipelines.spine.pool.making import (
    make_pool,
    patients_with_pool,
    seconds_a_vertebra,
)
from osteon.pipelines.spine.pool.measuring import PoolSettings, measure_crop
from osteon.pipelines.spine.pool.store import pool_file, read_pool, read_told
from osteon.pipelines.spine.pool.views import make_views

SETTINGS = PoolSettings()


@pytest.fixture(scope="module")
def vertebra():
    return spine_crops.crop(3)


@pytest.fixture(scope="module")
def measured(vertebra):
    """One vertebra scanned at 100 kVp, where bone is brighter."""
    return measure_crop(*vertebra, spine_crops.SPACING, 0.9, SETTINGS)


def test_only_features_that_agree_with_themselves_are_kept():
    names = SETTINGS.names()
    assert len(names) > 100
    assert set(names) < stable_tags(0.75)
    assert {"stat_median", "cm_contrast_3D_comb"} <= set(names)
    assert not [name for name in names if name.startswith(("morph", "loc_peak"))]
    # stability is known of values that are binned as they were in its study
    texture = SETTINGS.measured().texture
    assert texture.discretisation == STUDIED.discretisation
    assert texture.resegmentation == STUDIED.resegmentation
    assert len(PoolSettings(stable=0.9).names()) < len(names)


def test_a_window_is_measured_as_a_region_of_its_own_in_hu_as_at_120_kvp(vertebra, measured):
    hu, parts = vertebra
    at = int(np.flatnonzero(measured.share == 1)[5])
    i, j, k = measured.middles[at]
    box = np.zeros(parts.shape, np.bool_)
    box[i - 4 : i + 5, j - 4 : j + 5, k - 4 : k + 5] = True
    grid = Grid(parts.shape, np.zeros(3), np.eye(3), np.full(3, spine_crops.SPACING))
    values = Volume((hu * np.float32(0.9)).astype(np.float32), grid, HU)
    texture = SETTINGS.measured().texture
    alone = measure_texture(values, Mask(box, grid), texture, ("statistics", "glcm", "ngtdm"))
    for name in ("stat_mean", "stat_iqr", "cm_contrast_3D_comb", "ngt_contrast_3D"):
        held = measured.values[at, SETTINGS.names().index(name)]
        assert held == pytest.approx(alone[name], rel=1e-4), name


def test_the_arch_and_what_is_beside_the_body_are_not_measured(vertebra, measured):
    hu, parts = vertebra
    brightest = measured.values[:, SETTINGS.names().index("stat_max")]
    assert brightest.max() <= 0.9 * hu[parts == 2].max() + 1e-3
    assert (parts[tuple(measured.middles.T)] == 2).all()
    assert measured.share.min() >= SETTINGS.least_share


def test_a_crop_without_a_body_has_no_texture(vertebra):
    hu, parts = vertebra
    with pytest.raises(EmptyRegion):
        measure_crop(hu, np.minimum(parts, 1), spine_crops.SPACING, 1.0, SETTINGS)


def test_settings_out_of_range_are_refused():
    for wrong, words in (
        ({"window_mm": 0.0}, "size_mm"),
        ({"least_share": 1.5}, "least_share"),
        ({"stable": 1.5}, "0 to 1"),
    ):
        with pytest.raises(BadSetting, match=words):
            PoolSettings(**wrong)


@pytest.fixture
def people(tmp_path):
    return spine_crops.with_crops(tmp_path)


def test_patients_are_measured_once_and_again_when_crops_or_settings_change(people):
    run = run_folder(people)
    first = make_pool(people)
    assert first.made == first.names == ("sub-0", "sub-1", "sub-2")
    assert [row["level"] for row in first.rows] == ["L1", "L2"] * 3
    before = pool_file(run, "sub-1").read_bytes()
    assert make_pool(people).made == ()
    spine_crops.store(run, "sub-1", [spine_crops.crop(77)])
    again = make_pool(people)
    assert again.made == ("sub-1",)
    assert len(again.rows) == 5
    assert pool_file(run, "sub-1").read_bytes() != before
    assert make_pool(people, PoolSettings(step_mm=8.0)).made == first.names
    # a table whose words were not written yet does not count
    pool_file(run, "sub-2").with_suffix(".json").unlink()
    assert make_pool(people, PoolSettings(step_mm=8.0)).made == ("sub-2",)
    assert seconds_a_vertebra(first.rows) > 0
    assert seconds_a_vertebra([{"seconds": 9.0}, {"reason": "none"}, *[{"seconds": 1.0}] * 2]) == 1
    assert seconds_a_vertebra([]) is None


def test_a_table_is_never_taken_for_that_of_earlier_settings(people, monkeypatch):
    make_pool(people)

    def stop(path, told):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_json", stop)
        with pytest.raises(KeyboardInterrupt):
            make_pool(people, PoolSettings(step_mm=8.0))
    # the table of sub-0 is that of other settings by now
    assert make_pool(people).made == ("sub-0",)


def test_the_same_crops_give_the_same_bytes(people):
    run = run_folder(people)
    make_pool(people)
    before = pool_file(run, "sub-0").read_bytes()
    digest = store.digest_of(run, ["sub-0"])
    pool_file(run, "sub-0").unlink()
    assert make_pool(people).made == ("sub-0",)
    assert pool_file(run, "sub-0").read_bytes() == before
    # it may have taken longer
    assert store.digest_of(run, ["sub-0"]) == digest


def test_a_table_says_where_each_window_lies_and_in_which_unit(people):
    run = run_folder(people)
    made = make_pool(people)
    pool = read_pool(run, "sub-0")
    assert pool.names == SETTINGS.names()
    assert np.bincount(pool.vertebra).tolist() == [row["windows"] for row in made.rows[:2]]
    hu, parts = spine_crops.crop(1, density=75.0, rough=35.0)
    alone = measure_crop(hu, parts, spine_crops.SPACING, 1.0, SETTINGS)
    own = pool.vertebra == 1
    assert (pool.middles[own] == alone.middles).all()
    assert pool.values[own] == pytest.approx(alone.values, nan_ok=True)
    table = read_parquet(pool_file(run, "sub-0"))
    assert table.units["stat_mean"] == HU
    assert table.notes["settings"]["window_mm"] == 8.0


def test_what_was_scanned_at_100_kvp_is_measured_as_at_120_kvp(people):
    run = run_folder(people)
    vertebra = spine_crops.crop(1)
    spine_crops.store(run, "sub-0", [vertebra], kvp=100.0)
    names = make_pool(people).names
    factor = kvp_factor(100.0)[0]
    assert factor < 0.97
    alone = measure_crop(*vertebra, spine_crops.SPACING, factor, SETTINGS)
    assert read_pool(run, "sub-0").values == pytest.approx(alone.values, nan_ok=True)
    views = make_views(run, names)
    assert np.unique(views.factor[views.patient == 0]) == pytest.approx([factor])
    assert np.unique(views.factor[views.patient > 0]) == pytest.approx([1.0])


def test_a_patient_without_crops_is_a_row_and_ends_nothing(people):
    run = run_folder(people)
    (run / "crops" / "sub-0.json").unlink()
    no_body = [(hu, np.minimum(parts, 1)) for hu, parts in [spine_crops.crop(1)]]
    spine_crops.store(run, "sub-1", no_body)
    mixed = [spine_crops.crop(2), *no_body]
    spine_crops.store(run, "sub-2", mixed)
    made = make_pool(people)
    assert made.names == ("sub-2",)
    assert "osteon spine crops" in made.failed["sub-0"]
    assert "L1" in made.failed["sub-1"]
    reasons = {(row["participant_id"], row["level"]): row["reason"] for row in made.rows}
    assert reasons["sub-2", "L1"] is None
    assert reasons["sub-2", "L2"]
    assert read_told(run, "sub-1") is None
    for name in ("sub-0", "sub-1"):
        with pytest.raises(BadSetting, match=name):
            read_pool(run, name)


def test_a_cohort_without_unlabelled_patients_has_no_pool(tmp_path):
    with pytest.raises(BadSetting, match="no unlabelled patient"):
        make_pool(spine_crops.cohort(tmp_path, {"sub-0": "internal"}))


def test_a_patient_who_got_a_label_since_is_not_learnt_from(people):
    make_pool(people)
    since = {"sub-0": "external", "sub-1": "unlabelled", "sub-2": "internal"}
    assert patients_with_pool(spine_crops.cohort(people.root, since)) == ["sub-1"]
