"""Parameters from CT patches without a network."""

import numpy as np
import pytest
from scipy import ndimage

from osteon.core import BadSetting, UnknownName, UnsuitableScan, UnusableTable
from osteon.pipelines.knee.students.baselines import Baseline, cross_validated_baseline, otsu
from osteon.pipelines.knee.students.features import patch_features

SIDE = 12


def patches(count: int = 60, seed: int = 0):
    """Blurred blocks of bone in marrow, with their share of bone, four times as targets."""
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.2, 0.7, count)
    bone = rng.random((count, SIDE, SIDE, SIDE))
    bone = ndimage.gaussian_filter(bone, (0, 1, 1, 1))
    level = [np.quantile(block, 1 - part) for block, part in zip(bone, share, strict=True)]
    bone = bone > np.asarray(level)[:, None, None, None]
    ct = 1000.0 * ndimage.gaussian_filter(bone.astype(np.float32), (0, 0.6, 0.6, 0.6))
    mask = np.zeros(ct.shape, bool)
    mask[:, 1:-1, 1:-1, 2:] = True
    patients = np.asarray([f"sub-{n // 3:03d}" for n in range(count)])
    return ct.astype(np.float16), mask, np.tile(share[:, None], 4), patients


def test_every_baseline_reads_the_share_of_bone_in_patients_never_seen():
    ct, mask, targets, patients = patches()
    folds = np.arange(60) // 3 % 2
    for name in ("threshold", "mean HU", "otsu"):
        told = cross_validated_baseline(name, ct, mask, targets, patients, folds)
        assert told.shape == targets.shape
        assert np.corrcoef(told[:, 0], targets[:, 0])[0, 1] > 0.9, name
    twice = [np.concatenate([part, part]) for part in (ct, mask, targets[:, :1], patients)]
    told = cross_validated_baseline("radiomics", *twice, np.tile(folds, 2))
    assert np.corrcoef(told[:, 0], twice[2][:, 0])[0, 1] > 0.8


def test_predictions_of_a_fold_do_not_know_its_targets():
    ct, mask, targets, patients = patches(30)
    folds = np.arange(30) // 3 % 2
    told = cross_validated_baseline("mean HU", ct, mask, targets, patients, folds)
    changed = np.where(folds[:, None] == 0, 9.0, targets)
    again = cross_validated_baseline("mean HU", ct, mask, changed, patients, folds)
    np.testing.assert_array_equal(told[folds == 0], again[folds == 0])
    assert (told[folds == 1] != again[folds == 1]).all()


def test_each_patient_weighs_alike_in_a_line():
    ct, mask, targets, _ = patches(9)
    whose = np.asarray(["a"] * 7 + ["b", "c"])
    once = Baseline("mean HU").fit(ct, mask, targets, whose)
    rows = np.r_[np.repeat(np.arange(7), 5), 7, 8]
    more = Baseline("mean HU").fit(ct[rows], mask[rows], targets[rows], whose[rows])
    np.testing.assert_allclose(once.predict(ct, mask), more.predict(ct, mask))


def test_what_lies_outside_the_mask_hardly_matters_and_offsets_move_only_levels():
    ct, mask, _, _ = patches(4)
    names, told = patch_features(ct, mask)
    names, louder = patch_features(np.where(mask, ct, 3000).astype(np.float32), mask)
    inside = [n for n, name in enumerate(names) if name[:9] not in ("HU outsid", "gradient ")]
    np.testing.assert_allclose(told[:, inside], louder[:, inside], rtol=1e-3, atol=1e-2)
    _, shifted = patch_features(ct.astype(np.float32) + 100, mask)
    moved = [
        name for n, name in enumerate(names) if not np.allclose(told[:, n], shifted[:, n], atol=0.5)
    ]
    assert "HU mean" in moved
    assert all(name.startswith(("HU mean", "HU percentile", "HU outside")) for name in moved)


def test_otsu_finds_the_gap_between_two_heaps():
    rng = np.random.default_rng(0)
    values = np.r_[rng.normal(100, 10, 500), rng.normal(900, 10, 100)]
    assert 130 < otsu(values) < 870


def test_patches_that_cannot_be_described_are_refused():
    ct, mask, targets, patients = patches(6)
    with pytest.raises(UnknownName, match="got 'magic'"):
        Baseline("magic")
    with pytest.raises(BadSetting, match="not trained"):
        Baseline("mean HU").predict(ct, mask)
    with pytest.raises(UnsuitableScan, match="1 of 6 patches have an empty mask"):
        patch_features(ct, mask & (np.arange(6) != 2)[:, None, None, None])
    with pytest.raises(UnsuitableScan, match="missing HU"):
        patch_features(np.where(ct > ct.max() - 1, np.nan, ct), mask)
    with pytest.raises(UnsuitableScan, match="masks of that shape"):
        patch_features(ct, mask[:3])
    with pytest.raises(UnusableTable, match="thresholds give"):
        Baseline("otsu").fit(ct, mask, targets[:, :2], patients)
    with pytest.raises(UnusableTable, match="need 40 rows"):
        Baseline("radiomics").fit(ct, mask, targets, patients)
    with pytest.raises(UnusableTable, match="sub-000 is in folds 0 and 1"):
        cross_validated_baseline("mean HU", ct, mask, targets, patients, np.arange(6) % 2)
