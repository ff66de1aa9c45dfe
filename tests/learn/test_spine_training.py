"""Training the spine's network: it learns what is there, goes on, and leaves out what it shall."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.learn.checkpoints import save_checkpoint
from osteon.learn.fit import FitSettings
from osteon.learn.networks.vertebra import EncoderSettings, VertebraEncoder
from osteon.learn.objectives.tasks import TaskWeights, class_loss, density_loss
from osteon.learn.spine_batches import changed_batch, whole_batch
from osteon.learn.spine_data import UNKNOWN
from osteon.learn.spine_line import fit_line
from osteon.learn.spine_model import load_spine_model
from osteon.learn.spine_settings import Augmentation, SpineSettings
from osteon.learn.spine_training import train_spine

from ..spine_patients import LIMITS, patients

SMALL = SpineSettings(
    fit=FitSettings(epochs=3, batch=6),
    encoder=EncoderSettings(stem=4, width=8, blocks=1),
    width=8,
    experts=2,
)


def settings(**changes):
    return replace(SMALL, **changes)


def same(one, other):
    return all(
        np.array_equal(vars(one)[name], vars(other)[name], equal_nan=True) for name in vars(one)
    )


def test_voxels_tell_density_where_facts_and_labels_of_classes_do_not():
    data = patients(36)
    blind = replace(data, facts=np.zeros_like(data.facts))
    how = settings(line=False, fit=FitSettings(epochs=20, batch=6, rate=1e-2))
    fresh = patients(24, seed=9)
    said = train_spine(blind, how).say(replace(fresh, facts=np.zeros_like(fresh.facts)))
    assert np.corrcoef(said.bmd, fresh.bmd)[0, 1] > 0.9
    assert np.corrcoef(said.vertebra_bmd[:, 0], fresh.bmd)[0, 1] > 0.9
    sick = fresh.diagnosis == 2
    assert said.classes[sick, 2].mean() > 2 * said.classes[~sick, 2].mean()


def test_what_one_device_reads_higher_is_said_higher_for_it_and_in_between_for_none():
    data = patients(24, by_device=0.15)
    one = Augmentation(vertebrae=1)
    how = settings(gate="own", fit=FitSettings(epochs=30, batch=6, rate=2e-2), augment=one)
    model = train_spine(data, how)
    fresh = patients(24, seed=9)
    said = [
        model.say(replace(fresh, device=np.full(24, number, np.int64))).bmd.mean()
        for number in (0, 1, UNKNOWN)
    ]
    assert said[1] - said[0] > 0.07
    assert said[0] < said[2] < said[1]


def test_levels_are_told_from_the_length_of_a_vertebra_beside_the_others():
    how = settings(fit=FitSettings(epochs=12, batch=6, rate=2e-2))
    said = train_spine(patients(), how).say(patients(12, seed=9))
    assert (said.levels.argmax(axis=2) == np.arange(4)).mean() > 0.95


def test_a_training_that_was_stopped_goes_on_to_the_same_numbers(tmp_path):
    class Stopped(Exception):
        pass

    def stop(done, epochs, value):
        if done == 1:
            raise Stopped

    data, path = patients(), tmp_path / "training.pt"
    straight = train_spine(data, SMALL).say(data)
    # the first epoch is told before it is kept: what is told of the second stands on the first
    with pytest.raises(Stopped):
        train_spine(data, SMALL, checkpoint=path, tell=lambda d, e, v: stop(d - 1, e, v))
    assert path.is_file()
    assert same(train_spine(data, SMALL, checkpoint=path).say(data), straight)
    other = settings(fit=replace(SMALL.fit, seed=1))
    assert not same(train_spine(data, other).say(data), straight)


def test_a_model_comes_back_from_disk_as_it_was_and_nothing_else_does(tmp_path):
    data = patients()
    model = train_spine(data, settings(weighing="learnt", tasks=("bmd", "level")))
    model.save(tmp_path / "model.pt")
    again = load_spine_model(tmp_path / "model.pt")
    assert again.settings == model.settings
    assert again.devices == ("hologic", "lunar")
    assert same(again.say(data), model.say(data))
    save_checkpoint(tmp_path / "other.pt", {"format": "something"})
    for name in ("other.pt", "none.pt"):
        with pytest.raises(UnusableTable, match="no model of the spine"):
            load_spine_model(tmp_path / name)
    save_checkpoint(tmp_path / "half.pt", {"format": "osteon spine model 1"})
    with pytest.raises(UnusableTable, match="not whole"):
        load_spine_model(tmp_path / "half.pt")


def test_labels_and_readings_of_those_who_are_read_are_not_looked_at():
    data = patients()
    model = train_spine(data, SMALL)
    blind = replace(
        data,
        bmd=np.full_like(data.bmd, np.nan),
        vertebra_bmd=np.full_like(data.vertebra_bmd, np.nan),
        diagnosis=np.full_like(data.diagnosis, -1),
    )
    assert same(model.say(blind), model.say(data))


def test_what_is_said_of_a_patient_does_not_hang_on_who_else_is_read():
    data = patients(10)
    model = train_spine(data, SMALL)
    alone, together = model.say(data.of(np.array([9]))), model.say(data)
    assert alone.bmd[0] == pytest.approx(together.bmd[9], abs=1e-6)
    assert alone.classes[0] == pytest.approx(together.classes[9], abs=1e-6)


def test_devices_are_known_by_name_and_one_never_seen_is_unknown():
    data = patients()
    model = train_spine(data, SMALL)
    turned = replace(data, devices=("lunar", "norland", "hologic"), device=np.array([2, 0] * 12))
    assert same(model.say(turned), model.say(data))
    new = replace(data, device=np.full(24, 2, np.int64))
    assert same(model.say(new), model.say(data, "unknown"))
    assert not same(model.say(new), model.say(data))
    with pytest.raises(UnknownName, match="'given' or 'unknown'; got 'guess'"):
        model.say(data, "guess")


def test_over_devices_that_are_not_known_the_mean_is_by_their_share_and_widens_by_their_spread():
    data = patients(24, by_device=0.1)
    model = train_spine(data, settings(unknown="marginal", gate="device"))
    each = [model.say(replace(data, device=np.full(24, n, np.int64))) for n in (0, 1)]
    none = model.say(data, "unknown")
    middle = 0.5 * (each[0].bmd + each[1].bmd)
    assert none.bmd == pytest.approx(middle, abs=1e-9)
    variance = 0.5 * sum(one.bmd_sd**2 + (one.bmd - middle) ** 2 for one in each)
    assert none.bmd_sd == pytest.approx(np.sqrt(variance), abs=1e-9)
    assert none.classes.sum(axis=1) == pytest.approx(np.ones(24))


def test_a_missing_vertebra_changes_what_is_said_a_little_and_gets_no_word():
    data = patients()
    model = train_spine(data, SMALL)
    whole = model.say(data)
    present = data.present.copy()
    present[:, 2] = False
    rest = model.say(replace(data, present=present))
    assert np.abs(rest.bmd - whole.bmd).mean() < 0.5 * whole.bmd.std()
    assert np.isnan(rest.vertebra_bmd[:, 2]).all()
    assert np.isnan(rest.levels[:, 2]).all()
    assert not rest.attention[:, 2].any()
    assert np.isfinite(rest.vertebra_bmd[present]).all()


def test_a_task_that_is_left_out_is_not_learnt_and_the_others_do_without_its_labels():
    data = patients()
    blind = replace(
        data,
        bmd=np.where(np.arange(24) < 12, data.bmd, np.nan),
        diagnosis=np.full_like(data.diagnosis, -1),
    )
    said = train_spine(blind, settings(tasks=("bmd", "vertebra"))).say(data)
    assert np.isnan(said.levels).all()
    assert np.isfinite(said.bmd).all()


def test_a_frozen_encoder_stays_as_it_was_given_and_one_that_is_not_is_copied():
    torch.manual_seed(3)
    encoder = VertebraEncoder(EncoderSettings(stem=4, width=12, blocks=1))
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    for frozen in (True, False):
        network = train_spine(patients(), settings(frozen=frozen), encoder=encoder).network
        after = network.encoder.state_dict()
        stayed = [torch.equal(after[name], before[name]) for name in before]
        assert all(stayed) if frozen else not any(stayed[:1])
        assert all(torch.equal(encoder.state_dict()[name], before[name]) for name in before)


def test_the_line_is_that_of_the_facts_and_its_scale_is_its_error_in_those_left_out():
    data = patients(60)
    rng = np.random.default_rng(0)
    facts = rng.normal(5.0, 2.0, (60, 4, 3)).astype(np.float32)
    read = 0.9 + 0.05 * facts[..., 0] - 0.02 * facts[..., 2] + rng.normal(0, 0.01, (60, 4))
    line = fit_line(replace(data, facts=facts, vertebra_bmd=read))
    made = line.centre + line.scale * line.densities(facts)
    assert np.abs(made - read).std() < 0.012
    assert line.scale == pytest.approx(0.01, rel=0.1)
    assert line.limits.tolist() == pytest.approx(LIMITS)
    flat = fit_line(replace(data, facts=facts, vertebra_bmd=read), sloped=False)
    assert not flat.slopes.any()
    assert flat.scale == pytest.approx(read.std())


def test_a_fact_that_never_changes_is_of_no_effect_on_the_line():
    data = patients()
    facts = np.concatenate([data.facts, np.full((24, 4, 1), 7.0, np.float32)], axis=2)
    line = fit_line(replace(data, facts=facts))
    moved = facts + np.array([0, 0, 3], np.float32)
    assert line.densities(moved) == pytest.approx(line.densities(facts), abs=1e-6)


def test_training_needs_readings_and_a_device_that_is_known():
    data = patients(8)
    nobody = np.full(8, np.nan)
    with pytest.raises(UnusableTable, match="0 patients have a density; at least 5"):
        train_spine(replace(data, bmd=nobody, vertebra_bmd=np.tile(nobody[:, None], 4)), SMALL)
    with pytest.raises(UnusableTable, match="no patient has a densitometer"):
        train_spine(replace(data, device=np.full(8, UNKNOWN, np.int64)), SMALL)
    model = train_spine(data, SMALL)
    with pytest.raises(
        UnusableTable, match="1 facts of each vertebra, but the model was trained on 2"
    ):
        model.say(replace(data, facts=data.facts[..., :1]))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"gate": "all"}, "a gate is one of none"),
        ({"backbone": "vgg"}, "an encoder is one of"),
        ({"classes": "free"}, "a class head is one of"),
        ({"unknown": "guess"}, "the way of an unknown device is one of"),
        ({"weighing": "free"}, "the way of weights is one of fixed, learnt"),
        ({"tasks": ("age",)}, "a task is one of"),
    ],
)
def test_settings_with_a_name_that_is_not_known_are_refused(changes, says):
    with pytest.raises(UnknownName, match=says):
        settings(**changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tasks": ()}, "one at least"),
        ({"tasks": ("bmd", "bmd")}, "named once each"),
        ({"experts": 0}, "1 or more"),
        ({"weights": (1.0, 1.0, 0.0, 1.0)}, "weights above 0"),
    ],
)
def test_settings_with_which_nothing_can_be_learnt_are_refused(changes, says):
    with pytest.raises(BadSetting, match=says):
        settings(**changes)
    with pytest.raises(BadSetting, match="one vertebra at least"):
        Augmentation(vertebrae=0)


def test_a_batch_keeps_some_vertebrae_of_each_patient_and_none_that_is_not_there():
    data = patients(8)
    present = data.present.copy()
    present[:4, 1:] = False
    data = replace(data, present=present)
    rng = np.random.default_rng(0)
    batch = changed_batch(data, np.arange(8), Augmentation(vertebrae=2), rng)
    kept = batch.kept.numpy()
    assert kept.sum(axis=1).tolist() == [1] * 4 + [2] * 4
    assert not (kept & ~present).any()
    assert len(batch.voxels) == kept.sum()


def test_a_batch_without_changes_is_the_vertebrae_as_they_are_or_mirrored():
    data = patients(6)
    still = Augmentation(vertebrae=4, shift=0, noise_hu=0.0, device=0.0)
    changed = changed_batch(data, np.arange(6), still, np.random.default_rng(0))
    whole = whole_batch(data, np.arange(6), data.device)
    mirrored = whole.voxels.flip(2)
    is_same = [torch.equal(one, two) for one, two in zip(changed.voxels, whole.voxels, strict=True)]
    is_mirrored = [torch.equal(one, two) for one, two in zip(changed.voxels, mirrored, strict=True)]
    assert all(one != two for one, two in zip(is_same, is_mirrored, strict=True))
    assert 0 < sum(is_mirrored) < 24
    assert torch.equal(changed.device, whole.device)


def test_noise_is_white_of_another_strength_in_each_vertebra_and_in_grey_values_alone():
    data = patients(6)
    data = replace(data, hu=np.zeros_like(data.hu), parts=np.ones_like(data.parts))
    noisy = Augmentation(vertebrae=4, shift=0, noise_hu=20.0, device=0.0)
    changed = changed_batch(data, np.arange(6), noisy, np.random.default_rng(0)).voxels
    noise = (changed[:, 0].numpy() * 250 + 150).reshape(24, -1)
    spread = noise.std(axis=1)
    assert 0 < spread.min() < 5
    assert 15 < spread.max() < 21
    assert np.abs(noise.mean(axis=1) / spread).max() < 4 / np.sqrt(noise.shape[1])
    alike = np.corrcoef(noise) - np.eye(24)
    assert np.abs(alike).max() < 5 / np.sqrt(noise.shape[1])
    assert (changed[:, 1] == 0.5).all()


def test_gain_multiplies_hu_and_not_the_scale_that_networks_see():
    data = patients(6)
    louder = Augmentation(vertebrae=4, shift=0, noise_hu=0.0, gain=0.1, device=1.0)
    changed = changed_batch(data, np.arange(6), louder, np.random.default_rng(0))
    whole = whole_batch(data, np.arange(6), data.device)
    for one, two in zip(changed.voxels[:, 0], whole.voxels[:, 0], strict=True):
        hu = [np.sort((part.numpy() * 250 + 150).ravel()) for part in (one, two)]
        ratio = hu[0][-50:] / hu[1][-50:]
        assert np.ptp(ratio) < 1e-3
        assert abs(ratio[0] - 1) > 1e-4
    assert (changed.device == UNKNOWN).all()


def test_an_uncertainty_is_learnt_from_the_error_and_the_error_not_from_the_uncertainty():
    mean = torch.tensor([0.0, 0.0], requires_grad=True)
    spread = torch.tensor([0.0, 2.0], requires_grad=True)
    density_loss(mean, spread, torch.tensor([2.0, 2.0])).backward()
    assert mean.grad[0].item() == pytest.approx(mean.grad[1].item())
    # least where the variance is the squared error: above it for the first, below for the second
    at = torch.tensor([np.log(4.0)], dtype=torch.float32, requires_grad=True)
    density_loss(torch.zeros(1), at, torch.tensor([2.0])).backward()
    assert at.grad.item() == pytest.approx(0.0, abs=1e-6)


def test_what_was_not_read_does_not_count():
    told = density_loss(torch.tensor([1.0, 50.0]), torch.zeros(2), torch.tensor([0.0, torch.nan]))
    assert told.item() == pytest.approx(1.5)
    nothing = density_loss(torch.ones(2), torch.zeros(2), torch.full((2,), torch.nan))
    assert nothing.item() == 0.0
    logs = torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]))
    assert class_loss(logs, torch.tensor([0, -1])).item() == pytest.approx(np.log(2))
    assert class_loss(logs, torch.tensor([-1, -1])).item() == 0.0


def test_fixed_weights_stay_and_learnt_ones_settle_where_each_loss_weighs_alike():
    losses = {"bmd": torch.tensor(2.0), "level": torch.tensor(8.0), "age": torch.tensor(100.0)}
    fixed = TaskWeights({"bmd": 1.0, "level": 0.5}, "fixed")
    assert fixed(losses).item() == pytest.approx(6.0)
    assert not list(fixed.parameters())
    learnt = TaskWeights({"bmd": 1.0, "level": 0.5}, "learnt")
    steps = torch.optim.Adam(learnt.parameters(), 0.05)
    for _ in range(400):
        steps.zero_grad()
        learnt(losses).backward()
        steps.step()
    # d/ds (exp(-s) L + s / 2) = 0 where exp(-s) L = 1 / 2
    weighed = [
        torch.exp(-s).item() * loss for s, loss in zip(learnt.start, (2.0, 8.0), strict=True)
    ]
    assert weighed == pytest.approx([0.5, 0.5], rel=1e-2)
