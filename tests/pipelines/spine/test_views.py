"""Views: windows spread over the body, described by the texture in them, cut once."""

import json
import shutil

import numpy as np
import pytest

import spine_crops
from osteon.core import BadSetting, UnusableTable
from osteon.pipelines.spine.cohort import run_folder
from osteon.pipelines.spine.crops.store import read_crops
from osteon.pipelines.spine.pool.basis import FARTHEST, basis_of, fit_basis
from osteon.pipelines.spine.pool.choosing import ViewSettings, choose
from osteon.pipelines.spine.pool.making import make_pool
from osteon.pipelines.spine.pool.store import PatientPool, read_pool
from osteon.pipelines.spine.pool.views import make_views, open_views, read_views_told


def features(many=400, seed=0):
    """Three features that are mixtures of two, one that never varies, one often missing."""
    rng = np.random.default_rng(seed)
    two = rng.standard_normal((many, 2)) * [100.0, 0.01]
    values = np.c_[two, two @ [1.0, 5000.0], np.full(many, 7.0), rng.standard_normal(many)]
    values[: many // 5, 4] = np.nan
    return values, ("a", "b", "mixed", "constant", "rare")


def test_descriptors_are_uncorrelated_and_of_variance_one_whatever_the_units():
    values, names = features()
    basis = fit_basis(values, names, variance=1.0)
    assert basis.names == ("a", "b", "mixed", "rare")
    told = basis.described(basis.standardised(values, names))
    # the mixture adds no direction of its own
    assert told.shape == (400, 3)
    assert told.mean(axis=0) == pytest.approx(0, abs=0.05)
    assert np.cov(told.T, bias=True) == pytest.approx(np.eye(3), abs=0.05)
    same = basis.described(basis.standardised(values[:, ::-1], names[::-1]))
    assert same == pytest.approx(told)


def test_fewer_components_hold_less_of_the_variance_and_the_largest_come_first():
    rng = np.random.default_rng(1)
    common = rng.standard_normal((300, 1))
    values = np.c_[common + 0.1 * rng.standard_normal((300, 6)), rng.standard_normal((300, 1))]
    names = tuple("abcdefg")
    assert len(fit_basis(values, names, variance=0.5).axes) == 1
    two = fit_basis(values, names, variance=0.95)
    assert len(two.axes) == 2
    first = two.described(two.standardised(values, names))[:, 0]
    assert np.corrcoef(first, common[:, 0])[0, 1] > 0.99
    assert len(fit_basis(values, names, variance=0.95, most=1).axes) == 1


def test_a_missing_value_counts_as_the_mean_and_an_odd_window_is_cut():
    values, names = features()
    basis = fit_basis(values, names)
    odd = np.array([[np.nan, 1e9, np.nan, 7.0, np.nan]])
    scaled = basis.standardised(odd, names)
    assert np.isnan(scaled[0, [0, 2, 3]]).all()
    assert scaled[0, 1] == FARTHEST
    filled = basis.described(np.array([[0.0, FARTHEST, 0.0, 0.0]], np.float32))
    assert basis.described(scaled) == pytest.approx(filled)


def test_a_basis_is_the_same_after_it_was_written_as_json():
    values, names = features()
    basis = fit_basis(values, names)
    again = basis_of(json.loads(json.dumps(basis.plain())))
    before, after = (one.described(one.standardised(values, names)) for one in (basis, again))
    assert (before == after).all()


def test_windows_that_do_not_differ_or_lack_a_feature_are_refused():
    values, names = features()
    with pytest.raises(BadSetting, match="differ"):
        fit_basis(np.ones((5, 3)), ("a", "b", "c"))
    with pytest.raises(UnusableTable, match="mixed"):
        fit_basis(values, names).standardised(values[:, :2], names[:2])


def lattice():
    """Windows every 5 voxels of a crop of 60, each with its place as texture."""
    at = np.stack(np.meshgrid(*[np.arange(5, 60, 5)] * 3, indexing="ij"), -1).reshape(-1, 3)
    share = np.where(at[:, 0] < 18, 0.6, 1.0).astype(np.float32)
    vertebra = np.zeros(len(at), np.int64)
    return PatientPool(vertebra, at, share, at.astype(np.float32), ("i", "j", "k"))


def test_views_lie_in_the_crop_far_from_each_other_around_windows_of_the_body():
    chosen = choose(lattice(), 0, (60, 60, 60), 4, ViewSettings(per_vertebra=9, side=24))
    assert chosen.first.shape == (9, 3)
    assert chosen.first.min() >= 0
    assert (chosen.first + 24).max() <= 60
    middles = chosen.first + 12
    assert middles[0].tolist() == [30, 30, 30]
    assert (middles[:, 0] >= 20).all()
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2)[~np.eye(9, dtype=bool)]
    # nine of the 343 windows that fit, at random, come as near as 7 voxels
    assert apart.min() >= 20
    assert (
        choose(lattice(), 0, (60, 60, 60), 4, ViewSettings(per_vertebra=9)).first == chosen.first
    ).all()


def test_a_view_is_described_by_the_windows_that_lie_in_it_whole():
    pool = lattice()
    odd = (np.abs(pool.middles - 30) == 10).any(axis=1)
    pool.values[odd] = 1e6
    pool.values[(pool.middles == [30, 30, 35]).all(axis=1), 0] = np.nan
    # nor does a window count of which much lies beside the body
    pool.values[0] = 1e6
    pool.middles[0], pool.share[0] = [30, 35, 30], 0.8
    # windows 5 voxels away reach 9 of the 12 voxels, windows 10 away would reach 14
    one = choose(pool, 0, (60, 60, 60), 4, ViewSettings(per_vertebra=1))
    assert one.values[0].tolist() == [30.0, 30.0, 30.0]


def test_a_crop_without_room_has_no_views():
    assert choose(lattice(), 0, (60, 60, 22), 4, ViewSettings()).first.shape == (0, 3)
    assert choose(lattice(), 1, (60, 60, 60), 4, ViewSettings()).values.shape == (0, 3)


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    people = spine_crops.with_crops(tmp_path_factory.mktemp("views"))
    run = run_folder(people)
    return run, make_views(run, make_pool(people).names, ViewSettings(per_vertebra=4))


def test_views_are_the_voxels_of_the_crops_with_whose_they_are(cut):
    run, views = cut
    assert views.names == ("sub-0", "sub-1", "sub-2")
    assert len(views) == 24
    assert views.group.tolist() == np.repeat(np.arange(6), 4).tolist()
    assert views.patient.tolist() == np.repeat([0, 1, 2], 8).tolist()
    assert views.hu.dtype == np.int16
    for n in (0, 9, 23):
        crops = read_crops(run, views.names[views.patient[n]])
        crop = crops["hu"][views.group[n] % 2]
        places = np.lib.stride_tricks.sliding_window_view(crop, (24, 24, 24))
        found = np.argwhere((places == views.hu[n]).all(axis=(3, 4, 5)))
        assert len(found) == 1
        box = tuple(slice(at, at + 24) for at in found[0])
        assert (crops["parts"][views.group[n] % 2][box] == views.parts[n]).all()


def test_views_of_like_vertebrae_are_described_alike(cut):
    _, views = cut
    assert np.isfinite(views.descriptor).all()
    assert views.radiomics.shape == (24, len(views.features))
    density = np.array([[60 + 40 * (g // 2) + 15 * (g % 2)] for g in views.group], float)[:, 0]
    mean = views.radiomics[:, views.features.index("stat_mean")]
    assert np.corrcoef(mean, density)[0, 1] > 0.99
    own = views.descriptor.reshape(6, 4, -1)
    within = own.std(axis=1).mean(axis=0)
    assert within[0] < 0.3 * own.mean(axis=1).std(axis=0)[0]


def test_views_are_cut_once_and_anew_for_other_settings_or_pools(cut, tmp_path):
    run, views = cut
    place = run / "pool" / "views" / "hu.npy"
    before = place.stat().st_mtime_ns
    make_views(run, views.names, ViewSettings(per_vertebra=4))
    assert place.stat().st_mtime_ns == before
    people = spine_crops.with_crops(tmp_path, patients=2)
    own, names = run_folder(people), make_pool(people).names
    assert len(make_views(own, names, ViewSettings(per_vertebra=2))) == 8
    assert len(make_views(own, names, ViewSettings(per_vertebra=3))) == 12
    assert len(make_views(own, names[:1], ViewSettings(per_vertebra=3))) == 6
    spine_crops.store(own, "sub-0", [spine_crops.crop(9)])
    make_pool(people)
    assert len(make_views(own, names[:1], ViewSettings(per_vertebra=3))) == 3


def test_views_that_were_interrupted_do_not_count(tmp_path, monkeypatch):
    people = spine_crops.with_crops(tmp_path, patients=2)
    run, names = run_folder(people), make_pool(people).names
    whole = make_views(run, names, ViewSettings(per_vertebra=2))
    kept = {name: np.array(getattr(whole, name)) for name in ("hu", "descriptor")}

    def stop(what, done, steps):
        if "sub-0 cut" in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_views(run, names, ViewSettings(per_vertebra=3), progress=stop)
    assert read_views_told(run) is None
    with pytest.raises(BadSetting, match="osteon spine pool"):
        open_views(run)
    again = make_views(run, names, ViewSettings(per_vertebra=2))
    assert all((np.array(getattr(again, name)) == value).all() for name, value in kept.items())


def test_crops_cut_anew_must_be_measured_before_views_are_cut_of_them(tmp_path):
    people = spine_crops.with_crops(tmp_path, patients=2)
    run, names = run_folder(people), make_pool(people).names
    spine_crops.store(run, "sub-1", [spine_crops.crop(8), spine_crops.crop(9)])
    with pytest.raises(BadSetting, match="sub-1 was cut anew"):
        make_views(run, names)
    make_pool(people)
    assert len(make_views(run, names, ViewSettings(per_vertebra=2))) == 8


@pytest.mark.parametrize("name", ["hu", "radiomics"])
def test_damaged_views_are_told(cut, tmp_path, name):
    own = shutil.copytree(cut[0], tmp_path / "run")
    place = own / "pool" / "views" / f"{name}.npy"
    place.write_bytes(place.read_bytes()[:200])
    with pytest.raises(UnusableTable, match="damaged"):
        open_views(own)


def test_an_empty_pool_and_pools_of_different_settings_are_refused(tmp_path):
    from osteon.pipelines.spine.pool.measuring import PoolSettings

    people = spine_crops.with_crops(tmp_path, patients=2)
    run = run_folder(people)
    with pytest.raises(BadSetting, match="the pool is empty"):
        make_views(run, [])
    names = make_pool(people).names
    with pytest.raises(BadSetting, match="room for a view of 48"):
        make_views(run, names, ViewSettings(side=48))
    told = run / "pool" / "sub-1.json"
    other = json.loads(told.read_text()) | {"settings": {**vars(PoolSettings()), "step_mm": 2.0}}
    told.write_text(json.dumps(other))
    with pytest.raises(BadSetting, match="different settings"):
        make_views(run, names)
    assert read_pool(run, "sub-0").names == PoolSettings().names()
