"""Encoders of a cohort: every kind and seed is trained once, goes on, and is kept whole."""

import json
from dataclasses import replace

import pytest
import torch

import spine_crops
from osteon.core import BadSetting, UnusableTable
from osteon.learn.fit import FitSettings
from osteon.learn.networks.vertebra import EncoderSettings
from osteon.learn.pretraining import PretrainSettings, read_encoder
from osteon.pipelines.spine import pretraining
from osteon.pipelines.spine.cohort import run_folder
from osteon.pipelines.spine.pool.choosing import ViewSettings
from osteon.pipelines.spine.pool.making import make_pool
from osteon.pipelines.spine.pool.views import make_views
from osteon.pipelines.spine.pretraining import (
    PretrainingSettings,
    encoder_file,
    pretrain_cohort,
    pretrained_told,
)

SMALL = PretrainSettings(
    encoder=EncoderSettings(stem=4, width=6, blocks=1),
    fit=FitSettings(epochs=3, batch=8),
    steps=2,
    prototypes=4,
)

VIEWS = ViewSettings(per_vertebra=4, side=12)


def wanted_of(kinds, seeds, pretrain=SMALL):
    return PretrainingSettings(kinds, seeds, pretrain, VIEWS)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Five patients of two vertebrae, with a pool."""
    made = spine_crops.with_crops(tmp_path_factory.mktemp("pretrain"), patients=5)
    make_pool(made)
    return made


def weights(people, kind, seed):
    return read_encoder(encoder_file(run_folder(people), kind, seed)).state_dict()


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_every_kind_and_seed_is_trained_once(people):
    run = pretrain_cohort(people, wanted_of(("radiomic", "mae"), (0,)))
    assert run.made == ("radiomic-0", "mae-0")
    kept = read_encoder(encoder_file(run_folder(people), "radiomic", 0))
    one = run.rows[0]
    assert (one["kind"], one["seed"], one["seconds"] > 0) == ("radiomic", 0, True)
    assert one["parameters"] == sum(part.numel() for part in kept.parameters())
    assert len(one["watched"]["losses"]) == 3
    both = wanted_of(("mae",), (0, 1))
    assert pretrain_cohort(people, both).made == ("mae-1",)
    assert pretrain_cohort(people, both).made == ()
    assert not same(weights(people, "mae", 0), weights(people, "mae", 1))
    assert not list(run.folder.rglob("going-on*"))
    told = pretrained_told(run_folder(people), ("mae", "tp-swav"), (0, 1))
    assert [(row["kind"], row["seed"]) for row in told] == [("mae", 0), ("mae", 1)]
    # another width is another encoder, and one of which half is missing is none
    wider = replace(SMALL, encoder=EncoderSettings(stem=4, width=8, blocks=1))
    assert pretrain_cohort(people, wanted_of(("mae",), (0,), wider)).made == ("mae-0",)
    (run.folder / "mae-1" / "encoder.pt").unlink()
    assert pretrain_cohort(people, wanted_of(("mae",), (1,))).made == ("mae-1",)


def test_a_training_that_was_interrupted_goes_on_to_the_same_encoder(people, monkeypatch):
    wanted = wanted_of(("swav",), (0,))
    pretrain_cohort(people, wanted)
    whole = weights(people, "swav", 0)
    told = run_folder(people) / "pretrain" / "swav-0" / "pretrained.json"
    told.unlink()
    train, epochs = pretraining.pretrain, []

    def stopped(views, settings, **more):
        def tell(done, many, value):
            if done == 3:
                raise KeyboardInterrupt

        return train(views, settings, **{**more, "tell": tell})

    monkeypatch.setattr(pretraining, "pretrain", stopped)
    with pytest.raises(KeyboardInterrupt):
        pretrain_cohort(people, wanted)
    assert not told.exists()

    def watched(views, settings, **more):
        inner = more.pop("tell")

        def tell(done, many, value):
            epochs.append(done)
            inner(done, many, value)

        return train(views, settings, tell=tell, **more)

    monkeypatch.setattr(pretraining, "pretrain", watched)
    assert pretrain_cohort(people, wanted).made == ("swav-0",)
    # the last epoch was told, but not kept any more
    assert epochs == [3]
    assert same(weights(people, "swav", 0), whole)


def test_other_views_are_learnt_from_anew(people):
    wanted = wanted_of(("mae",), (5,))
    pretrain_cohort(people, wanted)
    shorter = replace(wanted, views=replace(VIEWS, components=2))
    assert pretrain_cohort(people, shorter).made == ("mae-5",)
    run = run_folder(people)
    before = json.loads((run / "pretrain" / "mae-5" / "pretrained.json").read_text())
    crops = spine_crops.crop(99, density=200.0)
    spine_crops.store(run, "sub-0", [crops, crops])
    make_pool(people)
    assert pretrain_cohort(people, wanted).made == ("mae-5",)
    after = json.loads((run / "pretrain" / "mae-5" / "pretrained.json").read_text())
    assert after["of"]["views"]["pool"] != before["of"]["views"]["pool"]


def test_too_small_a_pool_or_none_is_refused(tmp_path):
    few = spine_crops.with_crops(tmp_path, patients=1)
    with pytest.raises(BadSetting, match="the pool is empty"):
        pretrain_cohort(few, PretrainingSettings(pretrain=SMALL))
    run = run_folder(few)
    make_views(run, make_pool(few).names, VIEWS)
    with pytest.raises(UnusableTable, match="vertebrae"):
        pretrain_cohort(few, wanted_of(("mae",), (0,)))


def test_a_stage_without_kinds_or_seeds_and_a_kind_that_is_none_are_refused():
    for wrong in ({"kinds": ()}, {"seeds": ()}, {"kinds": ("simclr",)}):
        with pytest.raises(BadSetting):
            PretrainingSettings(**wrong)
