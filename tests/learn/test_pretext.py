"""Objectives without labels ask what they say: clusters, hidden cubes, texture, like windows."""

import numpy as np
import pytest
import torch

from osteon.learn.networks.vertebra import EncoderSettings, VertebraEncoder
from osteon.learn.objectives.masked import Masked, cubes
from osteon.learn.objectives.partners import partners
from osteon.learn.objectives.pretext import Seen, hidden_places, with_hidden
from osteon.learn.objectives.radiomic import Radiomic
from osteon.learn.objectives.swapped import Swapped, balanced, evenness
from osteon.learn.objectives.varied import Variation, varied


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def encoder(width=8, blocks=1):
    return VertebraEncoder(EncoderSettings(stem=4, width=width, blocks=blocks))


def windows(many=8, side=12, seed=0):
    grey = np.random.default_rng(seed).standard_normal((many, 1, side, side, side))
    return torch.from_numpy(np.concatenate([grey, np.ones_like(grey)], axis=1).astype(np.float32))


def test_balanced_assignment_uses_all_prototypes_alike_though_all_windows_prefer_one():
    rng = torch.Generator().manual_seed(0)
    scores = 0.1 * torch.rand(64, 4, generator=rng)
    scores[:, 0] += 0.2
    plan = balanced(scores, rounds=30)
    assert torch.allclose(plan.sum(dim=1), torch.ones(64), atol=1e-4)
    assert torch.allclose(plan.sum(dim=0), torch.full((4,), 16.0), atol=0.1)
    # what a window likes best beyond what all like is still what it gets most of
    assert torch.equal((scores - scores.mean(dim=0)).argmax(dim=1)[:1], plan[:1].argmax(dim=1))


def test_three_rounds_give_the_plan_worked_out_by_hand_for_two_windows():
    # exp(score / 0.05) = [[e^2, 1], [1, 1]] up to a factor; balanced twice over it is symmetric
    plan = balanced(torch.tensor([[0.1, 0.0], [0.0, 0.0]]), rounds=200)
    root = float(np.exp(1.0))  # the odds of a balanced 2 x 2 plan are the root of the cross ratio
    wanted = root / (1.0 + root)
    assert plan[0, 0].item() == pytest.approx(wanted, abs=1e-4)
    assert plan[1, 1].item() == pytest.approx(wanted, abs=1e-4)


def test_each_view_is_asked_for_the_clusters_of_the_other(monkeypatch):
    pretext = Swapped(encoder(), prototypes=4, projected=4, still=0)
    pretext.prototypes.data = torch.eye(4)
    one, other = torch.eye(4), torch.eye(4)[[1, 0, 3, 2]]  # every window changes its cluster
    said = {0.0: one, 1.0: other}
    monkeypatch.setattr(pretext, "projected", lambda voxels: said[voxels[0, 0, 0, 0, 0].item()])
    blank = torch.zeros(4, 2, 12, 12, 12)
    rng = np.random.default_rng(0)
    loss = pretext(Seen(blank, blank + 1.0, torch.zeros(4, 1)), rng)
    likely = torch.log_softmax(torch.eye(4) / 0.1, dim=1)
    assert loss.item() == pytest.approx(-likely[0, 1].item(), abs=1e-3)  # 10, and 0 unswapped
    agreed = pretext(Seen(blank, blank, torch.zeros(4, 1)), rng)
    assert agreed.item() == pytest.approx(-likely[0, 0].item(), abs=1e-3)


def test_use_of_prototypes_is_1_when_all_are_used_alike_and_least_when_only_one_is():
    assert evenness(torch.arange(8).repeat(3), 8) == pytest.approx(1.0)
    assert evenness(torch.zeros(24, dtype=torch.int64), 8) == pytest.approx(1 / 8)


def test_prototypes_stay_where_they_are_at_first_and_then_move():
    pretext = Swapped(encoder(), prototypes=6, projected=4, queue=0, still=1)
    seen = Seen(windows(seed=1), windows(seed=2), torch.zeros(8, 1))
    pretext(seen, np.random.default_rng(0)).backward()
    assert pretext.prototypes.grad is None
    pretext(seen, np.random.default_rng(0)).backward()
    assert pretext.prototypes.grad.abs().max() > 0


def test_windows_of_the_past_stand_in_the_queue_newest_first():
    pretext = Swapped(encoder(), prototypes=6, projected=4, queue=12, still=0)
    rng = np.random.default_rng(0)
    for seed in (1, 2):
        seen = Seen(windows(seed=seed), windows(seed=seed + 5), torch.zeros(8, 1))
        pretext(seen, rng)
    assert torch.allclose(pretext.past[0, :8], pretext.projected(windows(seed=2)), atol=1e-5)
    assert torch.allclose(pretext.past[1, 8:], pretext.projected(windows(seed=6))[:4], atol=1e-5)


def test_what_is_hidden_changes_nothing_that_the_encoder_says():
    trained = encoder().eval()
    voxels = windows(2)
    hidden = torch.zeros(2, 1, 2, 2, 2, dtype=torch.bool)
    hidden[:, :, 0, 0, 0] = True
    other = voxels.clone()
    other[:, :, :6, :6, :6] = 7.0
    token = torch.zeros(8)
    assert torch.equal(
        with_hidden(trained, voxels, hidden, token), with_hidden(trained, other, hidden, token)
    )
    shown = torch.zeros_like(hidden)
    assert not torch.equal(
        with_hidden(trained, voxels, shown, token), with_hidden(trained, other, shown, token)
    )
    assert torch.equal(with_hidden(trained, voxels, shown, token), trained(voxels))


def test_as_many_places_are_hidden_as_asked_and_never_all_or_none():
    rng = np.random.default_rng(0)
    hidden = hidden_places(50, (4, 4, 4), 0.75, rng)
    assert (hidden.sum(dim=(1, 2, 3, 4)) == 48).all()
    assert not torch.equal(hidden[0], hidden[1])
    assert 0.6 < hidden[:, 0, 1, 2, 3].float().mean() < 0.9
    for share, count in ((0.01, 1), (0.99, 7)):
        assert (hidden_places(5, (2, 2, 2), share, rng).sum(dim=(1, 2, 3, 4)) == count).all()


def test_cubes_hold_the_voxels_of_their_place():
    grey = torch.arange(12 * 18 * 13, dtype=torch.float32).reshape(1, 1, 12, 18, 13)
    split = cubes(grey)
    assert split.shape == (1, 216, 2, 3, 2)
    assert torch.equal(split[0, :, 1, 2, 0], grey[0, 0, 6:12, 12:18, :6].reshape(-1))


def test_masked_autoencoding_counts_hidden_cubes_only():
    pretext = Masked(encoder(), share=0.5)
    for layer in (pretext.decode[0], pretext.decode[2]):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    voxels = torch.ones(4, 2, 12, 12, 12)
    hidden = hidden_places(4, (2, 2, 2), 0.5, np.random.default_rng(3))
    big = torch.nn.functional.interpolate(hidden.float(), scale_factor=6)
    voxels[:, :1][big == 0] = 100.0  # what is shown; the painter says 0 everywhere
    loss = pretext(Seen(voxels, voxels, torch.zeros(4, 1)), np.random.default_rng(3))
    assert loss.item() == pytest.approx(1.0)


def test_radiomic_features_that_are_not_defined_are_not_asked_for():
    pretext = Radiomic(encoder(), features=2)
    torch.nn.init.zeros_(pretext.say[2].weight)
    torch.nn.init.constant_(pretext.say[2].bias, 1.0)
    wanted = torch.tensor([[0.0, float("nan")], [3.0, float("nan")]] * 4)
    seen = Seen(windows(), windows(), wanted)
    loss = pretext(seen, np.random.default_rng(0))
    assert loss.item() == pytest.approx((1.0 + 4.0) / 2)
    loss.backward()
    assert pretext.say[2].bias.grad[1] == 0.0


def test_partners_are_the_near_windows_of_a_vertebra_then_of_the_patient_then_the_window_itself():
    texture = np.array([[0.0], [0.1], [9.0], [9.2], [0.3], [50.0]])
    vertebra = np.array([0, 0, 0, 1, 2, 3])
    patient = np.array([0, 0, 0, 0, 1, 1])
    found = partners(texture, vertebra, patient, near=0.5, most=2)
    assert found[0].tolist() == [1, 1]  # near and of its vertebra; 4 is of another patient
    assert found[2].tolist() == [3, 3]  # nothing near in its vertebra
    assert found[4].tolist() == [4, 4]  # nothing near in the patient
    nearer = partners(texture[[0, 1, 0]], vertebra[[0, 1, 3]], patient[:3], near=0.5, most=1)
    assert nearer[0].tolist() == [1]  # of its vertebra, though another has a nearer one
    wide = partners(texture, vertebra, patient, near=100.0, most=2)
    assert wide[0].tolist() == [1, 2]  # the nearest first


def test_windows_are_cropped_enlarged_flipped_and_noisy_but_show_the_same_thing():
    ramp = torch.linspace(0, 1, 12)[None, None, :, None, None].expand(64, 2, 12, 12, 12)
    rng = np.random.default_rng(0)
    same = varied(ramp, Variation(noise=0.0), rng)
    turned = same[:, 0, 0, 0, 0] > 0.5
    assert 10 < turned.sum() < 54
    assert torch.equal(same[~turned], ramp[~turned])
    assert torch.allclose(same[turned], ramp[turned].flip(2))
    flat = torch.zeros(64, 2, 12, 12, 12)
    noisy = varied(flat, Variation(noise=0.5), rng)
    strength = noisy[:, 0].std(dim=(1, 2, 3))
    assert 0.0 < strength.min() < 0.1
    assert 0.4 < strength.max() < 0.55
    assert torch.equal(noisy[:, 1], flat[:, 1])  # parts are not noisy
    cropped = varied(ramp, Variation(noise=0.0, smallest=0.3), rng)
    kept = (cropped[:, 0, -1, 0, 0] - cropped[:, 0, 0, 0, 0]).abs()
    assert 0.3 < kept.min() < 0.75 < kept.max() <= 1.0  # of 0.3 of the volume, sides up to 4:3
    steps = cropped[:, 0, 1:, 0, 0] - cropped[:, 0, :-1, 0, 0]
    assert (steps.std(dim=1) < 1e-5).all()  # still a ramp: interpolated linearly
