"""Networks of the spine: encoders that stand in for each other, experts, attention, classes."""

import numpy as np
import pytest
import torch

from osteon.core import UnknownName
from osteon.learn.networks.backbones import BACKBONES, make_backbone
from osteon.learn.networks.experts import GATES, Experts, balance_loss
from osteon.learn.networks.pooling import GRID, boxed, parts_of, pooled
from osteon.learn.networks.spine import SpineNetwork, SpineShape, linked_classes, told_apart
from osteon.learn.networks.vertebra import EncoderSettings

SIZE = EncoderSettings(stem=4, width=8, blocks=1)


@pytest.fixture(autouse=True)
def _seeded():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def network(**changes):
    made = SpineNetwork(SpineShape(encoder=SIZE, facts=2, devices=2, width=8, **changes)).eval()
    with torch.no_grad():  # heads that have learnt something
        for layer in (made.of_vertebra, made.of_attention, made.of_patient, made.of_class):
            layer.weight.normal_()
    return made


def known(patients=3, slots=4, width=10):
    return torch.randn(patients, slots, width)


def read(made, vertebrae, present, device=None, line=None):
    device = torch.zeros(len(vertebrae), dtype=torch.int64) if device is None else device
    line = torch.zeros(vertebrae.shape[:2]) if line is None else line
    with torch.no_grad():
        return made.decode(vertebrae, line, present, device, torch.zeros(len(vertebrae), 2))


@pytest.mark.parametrize("backbone", BACKBONES)
def test_encoders_stand_in_for_each_other_and_learn_in_every_weight(backbone):
    encoder = make_backbone(backbone, SIZE)
    voxels = torch.randn(2, 2, 41, 48, 33)
    maps = encoder(voxels)
    assert maps.shape == (2, encoder.width, *(side // encoder.stride for side in (41, 48, 33)))
    assert all(share.shape[2:] == maps.shape[2:] for share in parts_of(voxels, encoder.stride))
    (maps**2).mean().backward()
    assert all(one.grad is not None and bool(one.grad.any()) for one in encoder.parameters())


def test_an_encoder_that_there_is_not_is_named():
    with pytest.raises(UnknownName, match="one of vertebra, resnet, swin; got 'vgg'"):
        make_backbone("vgg", SIZE)


@pytest.mark.parametrize(("token", "sees"), [(0, 4), (3, 8)])
def test_a_swin_token_sees_the_next_window_by_the_shift_but_none_across_the_edge(token, sees):
    encoder = make_backbone("swin", EncoderSettings(width=8, blocks=1)).eval()
    voxels = torch.randn(1, 2, 64, 32, 32, requires_grad=True)
    encoder(voxels)[0, 0, token, 0, 0].backward()
    seen = voxels.grad.abs().sum(dim=(0, 1, 3, 4)).reshape(8, 8).sum(dim=1) > 0
    # windows 0-3 and 4-7, then 0-1, 2-5 and 6-7: rolled by two, 6-7 and 0-1 lie side by side
    assert seen.tolist() == [place < sees for place in range(8)]


def test_means_are_of_vertebra_and_body_and_rays_add_up_like_those_of_a_densitometer():
    maps = torch.zeros(1, 1, 2, 4, 1)
    maps[0, 0, :, :, 0] = torch.tensor([[1.0, 2.0, 3.0, 9.0], [5.0, 9.0, 9.0, 9.0]])
    vertebra = torch.zeros(1, 1, 2, 4, 1)
    vertebra[0, 0, 0, :3, 0] = 1.0
    vertebra[0, 0, 1, 0, 0] = 1.0
    body = torch.zeros(1, 1, 2, 4, 1)
    body[0, 0, 0, :2, 0] = 1.0
    row = pooled(maps, vertebra, body)[0]
    # four places with 1, 2, 3 and 5; the body has 1 and 2; two rays, of 6 and of 5
    assert row.tolist() == pytest.approx([11 / 4, 3 / 2, (6 + 5) / 2 / 10])


@pytest.mark.parametrize("sides", [(12, 16, 6), (13, 16, 7), (3, 4, 2)])
def test_boxes_hold_the_means_of_where_they_lie_whatever_the_size_of_the_map(sides):
    rising = torch.arange(sides[0], dtype=torch.float32)[:, None, None].expand(*sides)
    boxes = boxed(torch.stack([rising, torch.ones(sides)])[None]).reshape(2, *GRID)
    assert torch.allclose(boxes[1], torch.ones(GRID), atol=1e-6)
    assert torch.allclose(boxes[0], boxes[0, :, :1, :1].expand(GRID), atol=1e-5)
    assert (boxes[0].diff(dim=0) >= 0).all()
    assert boxes[0].mean().item() == pytest.approx((sides[0] - 1) / 2, abs=1e-5)
    if sides[0] == 12:
        assert boxes[0, :, 0, 0].tolist() == pytest.approx([0.5, 2.5, 4.5, 6.5, 8.5, 10.5])


def test_each_device_has_its_own_expert_and_one_not_known_takes_the_mean_of_all():
    experts = Experts(4, 2, gate="own", experts=7)
    features = torch.randn(1, 4).repeat(3, 1)
    mixed = experts(features, torch.tensor([0, 1, -1]))
    assert mixed.weights.tolist() == [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]
    assert torch.allclose(mixed.values[2], mixed.values[:2].mean(dim=0), atol=1e-6)
    assert torch.allclose(mixed.values[0], features[0] + experts.experts[0](features[:1])[0])


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_sees_what_its_name_says_and_nothing_else(gate):
    experts = Experts(4, 2, gate=gate, experts=3)
    features = torch.randn(2, 4)
    first = experts(features, torch.tensor([0, 0])).weights
    other_device = experts(features, torch.tensor([1, -1])).weights
    other_image = experts(features + 1.0, torch.tensor([0, 0])).weights
    assert torch.allclose(first.sum(dim=1), torch.ones(2))
    assert (not torch.allclose(first, other_device)) == (gate in ("device", "both", "own"))
    assert (not torch.allclose(first, other_image)) == (gate in ("image", "both"))


def test_balance_costs_nothing_when_experts_are_used_alike_and_most_when_one_does_all():
    assert balance_loss(torch.eye(4)).item() == pytest.approx(0.0)
    alone = torch.tensor([[1.0, 0.0, 0.0, 0.0]] * 5)
    # shares 4, 0, 0, 0 around 1: (9 + 1 + 1 + 1) / 4
    assert balance_loss(alone).item() == pytest.approx(3.0)


def test_what_lies_where_no_vertebra_is_has_no_effect_and_gets_no_attention():
    made, vertebrae = network(gate="both"), known()
    present = torch.tensor([[True, False, True, True]] * 3)
    changed = vertebrae.clone()
    changed[:, 1] = 1e3
    line = torch.zeros(3, 4)
    line[:, 1] = torch.nan
    one, other = read(made, vertebrae, present), read(made, changed, present, line=line)
    for name in ("mean", "log_variance", "attention", "classes", "embedding"):
        assert torch.equal(getattr(one, name), getattr(other, name)), name
    assert torch.equal(one.levels[present], other.levels[present])
    assert not one.attention[~present].any()
    assert torch.allclose(one.attention.sum(dim=1), torch.ones(3))


def test_the_order_of_vertebrae_changes_nothing_but_the_order_of_what_is_said():
    made, vertebrae = network(), known()
    turned = torch.tensor([2, 0, 3, 1])
    everywhere = torch.ones(3, 4, dtype=torch.bool)
    one, other = read(made, vertebrae, everywhere), read(made, vertebrae[:, turned], everywhere)
    assert torch.allclose(one.mean, other.mean, atol=1e-5)
    assert torch.allclose(one.levels[:, turned], other.levels, atol=1e-4)


def test_before_training_the_density_is_the_line_of_the_facts_and_the_mean_of_vertebrae():
    made = SpineNetwork(SpineShape(encoder=SIZE, facts=2, width=8)).eval()
    line = torch.tensor([[0.1, 0.3, 0.5, 9.0]])
    present = torch.tensor([[True, True, True, False]])
    said = read(made, known(1), present, line=line)
    assert said.mean.item() == pytest.approx(0.3)
    assert said.vertebra_mean[0, :3].tolist() == pytest.approx([0.1, 0.3, 0.5])


def test_classes_are_the_shares_of_a_normal_density_between_the_limits():
    limits = torch.tensor([[1.0, -1.0]] * 2)
    told = torch.exp(linked_classes(torch.tensor([0.0, -3.0]), torch.tensor([1.0, 0.1]), limits))
    assert told[0].tolist() == pytest.approx([0.158655, 0.682689, 0.158655], abs=1e-5)
    assert told[1, 2].item() == pytest.approx(1.0, abs=1e-4)


def test_the_denser_the_bone_the_less_osteoporosis_whatever_else_is_known():
    limits = torch.tensor([[1.0, -1.0]] * 9)
    mean = torch.linspace(-3, 3, 9)
    told = torch.exp(linked_classes(mean, torch.full((9,), 0.7), limits))
    assert (told[1:, 2] < told[:-1, 2]).all()
    assert (told[1:, 0] > told[:-1, 0]).all()


def test_two_vertebrae_that_look_alike_are_told_apart_by_what_the_others_are():
    # the first two could both be L1 or L2, the first a little more likely L1; others are certain
    logits = torch.full((1, 4, 4), -20.0)
    logits[0, 0, :2] = torch.tensor([0.5, 0.0])
    logits[0, 1, :2] = torch.tensor([0.2, 0.0])
    logits[0, 2, 2] = logits[0, 3, 3] = 0.0
    told = torch.exp(told_apart(logits, torch.ones(1, 4, dtype=torch.bool)))
    straight, crossed = np.exp(0.5), np.exp(0.2)
    assert told[0, 0, 0].item() == pytest.approx(straight / (straight + crossed), abs=1e-4)
    assert told[0, 1, 1].item() == pytest.approx(straight / (straight + crossed), abs=1e-4)
    assert told.sum(dim=2).flatten().tolist() == pytest.approx([1.0] * 4, abs=1e-4)


def test_a_vertebra_alone_has_the_level_that_it_looks_like():
    logits = torch.randn(1, 4, 4)
    told = torch.exp(told_apart(logits, torch.tensor([[False, True, False, False]])))
    assert torch.allclose(told[0, 1], torch.softmax(logits[0, 1], dim=0), atol=1e-4)


@pytest.mark.parametrize("classes", ["linked", "softmax", "both"])
def test_a_whole_patient_is_read_as_its_vertebrae_one_by_one(classes):
    made = network(classes=classes)
    voxels, facts = torch.randn(2, 4, 2, 12, 12, 12), torch.randn(2, 4, 2)
    present, device = torch.ones(2, 4, dtype=torch.bool), torch.tensor([1, -1])
    line, limits = torch.randn(2, 4), torch.tensor([[1.0, -1.0]] * 2)
    with torch.no_grad():
        whole, log_classes = made(voxels, facts, line, present, device, limits)
        single = torch.stack([made.encode(voxels[:, n], facts[:, n]) for n in range(4)], dim=1)
        parts = made.decode(single, line, present, device, limits)
    assert torch.allclose(whole.mean, parts.mean, atol=1e-5)
    assert torch.allclose(torch.exp(log_classes).sum(dim=1), torch.ones(2), atol=1e-5)
