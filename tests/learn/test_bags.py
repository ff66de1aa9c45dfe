"""Networks that tell disease from bags and maps of patches."""

import numpy as np
import pytest
import torch

from osteon.core import BadSetting, UnknownName
from osteon.learn.bags import BagSettings, train_bags
from osteon.learn.networks.maps import MapNetwork
from osteon.learn.patches import Patches

FEW = BagSettings(steps=40)


def people(count: int, seed: int) -> tuple[list[Patches], np.ndarray]:
    """Patients with 3 to 8 patches in two regions; disease shows in region 1 only."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 2).astype(float)
    found = []
    for label in labels:
        many = int(rng.integers(3, 9))
        region = np.r_[0, 1, rng.integers(0, 2, many - 2)]
        values = rng.normal(0, 1, (many, 2))
        values[:, 0] += 2.0 * label * (region == 1)
        found.append(Patches(values, region, rng.integers(0, 3, (many, 2))))
    return found, labels


@pytest.fixture(scope="module", params=["transformer", "cnn"])
def trained(request):
    patients, labels = people(48, 0)
    return train_bags(request.param, patients, labels, 2, settings=FEW, seed=3)


def area(labels, told):
    return (told[labels == 1][:, None] > told[labels == 0]).mean()


def test_disease_is_told_in_patients_never_seen(trained):
    patients, labels = people(60, 9)
    assert area(labels, trained.probabilities(patients)) > 0.8


def test_the_order_of_patches_and_the_company_of_others_do_not_matter(trained):
    patients, _ = people(8, 5)
    together = trained.probabilities(patients)
    turned = [Patches(one.values[::-1], one.region[::-1], one.cell[::-1]) for one in patients]
    alone = [trained.probabilities([one])[0] for one in turned]
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_patients_without_a_region_still_get_a_probability(trained):
    patients, _ = people(4, 6)
    halves = [
        Patches(p.values[p.region == 1], p.region[p.region == 1], p.cell[p.region == 1])
        for p in patients
    ]
    told = trained.probabilities(halves)
    assert ((told > 0) & (told < 1)).all()


@pytest.mark.parametrize("kind", ["transformer", "cnn"])
def test_same_seed_same_network_whatever_chance_was_used_before(kind):
    patients, labels = people(12, 1)
    how = BagSettings(steps=3)
    first = train_bags(kind, patients, labels, 2, settings=how, seed=1).probabilities(patients)
    torch.rand(7)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    again = train_bags(kind, patients, labels, 2, settings=how, seed=1).probabilities(patients)
    other = train_bags(kind, patients, labels, 2, settings=how, seed=2).probabilities(patients)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("without", [{"lost": 0.0}, {"noise": 0.0}])
def test_hidden_patches_and_noise_change_what_is_learned(without):
    patients, labels = people(12, 1)
    told = [
        train_bags("cnn", patients, labels, 2, settings=BagSettings(steps=5, **how))
        for how in ({}, without)
    ]
    first, second = (model.probabilities(patients) for model in told)
    assert np.abs(first - second).max() > 1e-4


def test_a_map_counts_its_filled_cells_only():
    network = MapNetwork(1, 1).eval()
    convolution = [one for one in network.layers if isinstance(one, torch.nn.Conv2d)]
    for one in convolution:
        torch.nn.init.zeros_(one.weight)
        torch.nn.init.ones_(one.bias)
    filled = torch.zeros(2, 1, 3, 3, dtype=torch.bool)
    filled[0, 0, 1, 1] = True
    filled[1, 0, :, :2] = True
    maps = torch.where(filled[:, :, None], 0.5, 99.0)
    first, second = network(maps, filled).tolist()
    # single precision, of numbers about 1
    assert first == pytest.approx(second, abs=1e-6)


def test_odd_settings_and_kinds_are_told():
    patients, labels = people(4, 1)
    with pytest.raises(UnknownName, match="got 'forest'"):
        train_bags("forest", patients, labels, 2)
    with pytest.raises(BadSetting, match="one step"):
        BagSettings(steps=0)
    with pytest.raises(BadSetting, match="learning rate"):
        BagSettings(lost=1.0)
