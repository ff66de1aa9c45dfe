"""Choices of the reproduction of the spine system."""

import pytest

from osteon.core import BadSetting
from osteon.pipelines.reproduce.osteoporosis import OsteoporosisSettings, preset, study
from osteon.pipelines.spine.training.configurations import CONFIGURATIONS


def test_the_study_has_a_pool_three_times_as_large_as_what_is_labelled_inside():
    chosen = study(240, 3)
    assert chosen.unlabelled == 3 * 120
    assert [one.name for one in chosen.sites if one.external] == ["D", "E"]
    assert chosen.training.seeds == chosen.pretraining.seeds == (0, 1, 2)
    assert set(chosen.training.names) == set(CONFIGURATIONS)
    assert chosen.seed != preset("small").seed


def test_encoders_are_pre_trained_with_every_seed_and_size_that_trainings_start_from():
    for name in ("small", "full"):
        chosen = preset(name)
        assert set(chosen.training.seeds) <= set(chosen.pretraining.seeds)
        assert chosen.pretraining.pretrain.encoder == chosen.training.network.encoder


def test_a_pool_smaller_than_three_times_the_labelled_is_refused():
    with pytest.raises(BadSetting, match="180"):
        OsteoporosisSettings(subjects=80, unlabelled=179)


def test_a_cohort_that_five_folds_cannot_divide_is_refused():
    with pytest.raises(BadSetting, match="32"):
        study(31, 1)


def test_a_preset_that_there_is_not_is_refused():
    with pytest.raises(BadSetting, match="small and full"):
        preset("medium")
