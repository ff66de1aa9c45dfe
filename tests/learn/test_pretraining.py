"""Encoders learn from windows without labels, do not collapse, and go on after a stop."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from osteon.core import BadSetting, UnusableTable
from osteon.learn.checkpoints import save_checkpoint
from osteon.learn.fit import FitSettings
from osteon.learn.networks.vertebra import EncoderSettings, VertebraEncoder
from osteon.learn.pretraining import (
    KINDS,
    PretrainSettings,
    Views,
    effective_rank,
    embed,
    pretrain,
    read_encoder,
    write_encoder,
)

SMALL = PretrainSettings(
    encoder=EncoderSettings(stem=8, width=12, blocks=1),
    fit=FitSettings(epochs=2, batch=16, rate=3e-3),
    steps=4,
    prototypes=8,
)

SIDE = 12


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made(vertebrae=40, seed=0, each=4):
    """Views of vertebrae that differ in brightness and in roughness, and these two numbers."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.uniform(-1.0, 1.0, (vertebrae, 2)), each, axis=0)
    noise = rng.standard_normal((len(truth), SIDE, SIDE, SIDE))
    middle = 150 + 120 * truth[:, 0, None, None, None]
    hu = np.rint(middle + 60 * (1.3 + truth[:, 1, None, None, None]) * noise).astype(np.int16)
    texture = truth / truth.std(axis=0)
    group = np.repeat(np.arange(vertebrae), each)
    values = np.concatenate([texture, texture @ [[1.0], [-1.0]]], axis=1).astype(np.float32)
    values[::7, 2] = np.nan
    return Views(
        hu,
        np.full(hu.shape, 2, np.uint8),
        np.ones(len(hu), np.float32),
        group,
        texture.astype(np.float32),
        values,
        group // 4,
    ), truth


def foretold(encoder, seed=5):
    """How well lines of embeddings tell brightness and roughness of vertebrae never seen."""
    (old, known), (new, truth) = made(seed=seed), made(seed=seed + 1)
    seen, unseen = (embed(encoder, one.hu, one.parts, one.factor) for one in (old, new))
    middle, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    one, two = (np.c_[(part - middle) / spread, np.ones(len(part))] for part in (seen, unseen))
    weights = np.linalg.solve(one.T @ one + 1.0 * np.eye(one.shape[1]), one.T @ known)
    said = two @ weights
    return [np.corrcoef(said[:, n], truth[:, n])[0, 1] for n in range(2)]


def test_every_kind_learns_a_representation_of_brightness_and_roughness_that_uses_its_dimensions():
    views, _ = made()
    settings = replace(SMALL, fit=replace(SMALL.fit, epochs=8), steps=10)
    for kind in KINDS:
        watched = []
        encoder = pretrain(views, replace(settings, kind=kind), watch=watched.append)
        bright, rough = foretold(encoder)
        assert bright > 0.9, kind
        assert rough > (0.75 if kind == "tp-swav" else 0.4), kind
        assert watched[0].rank > 2.0
        assert watched[0].width == 4 * 12
        assert watched[0].losses[-1] < watched[0].losses[0]
        if "swav" in kind:
            assert watched[0].use > 0.7
        else:
            assert watched[0].use is None


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    views, _ = made(12)
    found = []
    for seed in (0, 0, 1):
        torch.rand(3)  # whatever was drawn before does not matter
        encoder = pretrain(views, SMALL.seeded(seed))
        found.append(embed(encoder, views.hu, views.parts, views.factor))
    one, two, other = found
    assert np.array_equal(one, two)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_pretraining_ends_where_an_uninterrupted_one_does(kind, tmp_path):
    views, _ = made(12)
    settings = replace(SMALL, kind=kind, fit=replace(SMALL.fit, epochs=3))
    whole = pretrain(views, settings)

    def stop(done, epochs, value):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(views, settings, checkpoint=tmp_path / "state.pt", tell=stop)
    told = []
    again = pretrain(
        views, settings, checkpoint=tmp_path / "state.pt", tell=lambda *said: told.append(said[0])
    )
    assert told == [2, 3]  # the state of the first epoch was kept, the second was cut off
    assert np.array_equal(
        embed(whole, views.hu, views.parts, views.factor),
        embed(again, views.hu, views.parts, views.factor),
    )


@pytest.mark.parametrize("kind", ["swav", "mae"])
def test_an_encoder_is_normalised_by_whole_windows_however_it_was_trained(kind):
    views, _ = made(12)
    encoder = pretrain(views, replace(SMALL, kind=kind))
    with torch.no_grad():
        one = encoder.blocks[0].one(encoder.stem(views.input(np.arange(len(views)))))
    norm = encoder.blocks[0].norm_one
    assert torch.allclose(norm.running_var, one.var(dim=(0, 2, 3, 4)), rtol=0.1, atol=1e-3)


def test_an_encoder_is_read_as_it_was_written(tmp_path):
    views, _ = made(12)
    encoder = pretrain(views, SMALL)
    write_encoder(tmp_path / "encoder.pt", encoder)
    again = read_encoder(tmp_path / "encoder.pt")
    assert again.settings == encoder.settings
    assert not again.training
    assert np.array_equal(
        embed(encoder, views.hu, views.parts, views.factor),
        embed(again, views.hu, views.parts, views.factor),
    )


def test_a_file_that_is_no_encoder_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="osteon spine pretrain"):
        read_encoder(tmp_path / "none.pt")
    save_checkpoint(tmp_path / "other.pt", {"size": {"stem": 8}, "encoder": {}})
    with pytest.raises(UnusableTable, match="no encoder"):
        read_encoder(tmp_path / "other.pt")


def test_embeddings_are_of_the_body_and_not_of_what_is_around_it():
    torch.manual_seed(0)
    encoder = VertebraEncoder(EncoderSettings(stem=4, width=6, blocks=0)).eval()
    hu = np.full((1, 12, 12, 12), 200, np.int16)
    parts = np.zeros(hu.shape, np.uint8)
    parts[:, :6] = 2
    other = hu.copy()
    other[:, 6:] = 900
    one, two = (embed(encoder, each, parts, np.ones(1)) for each in (hu, other))
    assert np.allclose(one, two, atol=0.01)
    parts[:] = 2
    one, two = (embed(encoder, each, parts, np.ones(1)) for each in (hu, other))
    assert not np.allclose(one, two, atol=0.01)


def test_embeddings_do_not_depend_on_the_voltage_once_hu_are_brought_to_the_same():
    torch.manual_seed(0)
    encoder = VertebraEncoder(EncoderSettings(stem=4, width=6, blocks=1))
    views, _ = made(8)
    scaled = np.rint(views.hu / 0.8).astype(np.int16)
    one = embed(encoder, views.hu, views.parts, np.ones(len(views)))
    two = embed(encoder, scaled, views.parts, np.full(len(views), 0.8))
    three = embed(encoder, scaled, views.parts, np.ones(len(views)))
    assert np.abs(one - two).max() < 0.02 < np.abs(one - three).max()


def test_the_rank_tells_how_many_dimensions_embeddings_use():
    rng = np.random.default_rng(0)
    free = rng.standard_normal((4000, 6))
    assert effective_rank(free) == pytest.approx(6.0, abs=0.02)
    assert effective_rank(free[:, :1] * np.ones(6)) == pytest.approx(1.0, abs=1e-6)
    assert effective_rank(np.ones((10, 6))) == 0.0


def test_a_pool_that_is_too_small_or_has_no_texture_is_refused():
    few, _ = made(7)
    with pytest.raises(UnusableTable, match="8 vertebrae; the pool has 7"):
        pretrain(few, SMALL)
    views, _ = made(8)
    bare = replace(views, radiomics=np.full_like(views.radiomics, np.nan))
    with pytest.raises(UnusableTable, match="no radiomic feature"):
        pretrain(bare, replace(SMALL, kind="radiomic"))


def test_windows_that_are_not_of_the_same_vertebrae_are_refused():
    views, _ = made(8)
    with pytest.raises(UnusableTable, match="different numbers of windows"):
        replace(views, group=views.group[1:])
    with pytest.raises(UnusableTable, match="12 voxels a side"):
        replace(views, hu=views.hu[:, :6], parts=views.parts[:, :6])
    with pytest.raises(UnusableTable, match="not a number"):
        replace(views, descriptor=np.full_like(views.descriptor, np.nan))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "dino"}, "kind must be one of tp-swav, radiomic, swav, mae; got 'dino'"),
        ({"steps": 0}, "steps"),
        ({"prototypes": 1}, "prototypes"),
        ({"masked": 1.0}, "masked"),
        ({"noise": -0.1}, "noise"),
    ],
)
def test_settings_that_cannot_be_trained_are_refused(wrong, said):
    with pytest.raises(BadSetting, match=said):
        PretrainSettings(**wrong)
