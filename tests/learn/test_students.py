"""Teacher and student learn what can be learnt, and go on after an interruption."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from osteon.core import BadSetting, UnusableTable
from osteon.learn.fit import FitSettings
from osteon.learn.networks.trunk import Regressor, TrunkSettings
from osteon.learn.regressors import CT_SCALE, PatchImages, load_trained, save_trained
from osteon.learn.students import StudentSettings, train_regressor

SMALL = StudentSettings(
    trunk=TrunkSettings(lattice=8, first=2, widths=(4, 8), outputs=2),
    fit=FitSettings(epochs=12, batch=16, rate=1e-2),
    stages=(0.5, 1.0),
)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made(many=96, seed=0):
    """PatchImages whose brightness is one target, and whose roughness is the other."""
    rng = np.random.default_rng(seed)
    bright, rough = rng.uniform(0, 800, many), rng.uniform(20, 200, many)
    noise = rng.standard_normal((many, 8, 8, 8))
    values = bright[:, None, None, None] + rough[:, None, None, None] * noise
    patches = PatchImages(values.astype(np.float16), np.ones((many, 8, 8, 8), bool), CT_SCALE)
    return patches, np.stack([bright / 1000, rough / 100], axis=1)


def test_a_student_learns_brightness_and_roughness_of_patches_it_never_saw():
    patches, targets = made()
    trained = train_regressor(patches, targets, SMALL)
    unseen, truth = made(seed=1)
    said = trained.predict(unseen)
    for column in range(2):
        assert np.corrcoef(said.mean[:, column], truth[:, column])[0, 1] > 0.9
    # in the units of the targets, and the spread is about what the errors are
    errors = said.mean - truth
    assert np.abs(errors.mean(axis=0)).max() < 0.15
    assert 0.3 < (np.abs(errors) / said.sd).mean() < 3.0


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    patches, targets = made(32)
    short = replace(SMALL, fit=replace(SMALL.fit, epochs=2))
    one, two, other = (
        train_regressor(patches, targets, short.seeded(seed)).predict(patches).mean
        for seed in (0, 0, 1)
    )
    assert np.array_equal(one, two)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("kind", ["none", "features", "output", "variational"])
def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(tmp_path, kind):
    patches, targets = made(32)
    settings = replace(
        SMALL, fit=replace(SMALL.fit, epochs=4), distillation=kind, noise=0.1, gain=0.1
    )
    teacher = (train_regressor(patches, targets, replace(SMALL, fit=settings.fit)), patches)
    whole = train_regressor(patches, targets, settings, teacher=teacher)

    def stop(done, epochs, value):
        if done == 2:
            raise KeyboardInterrupt

    keep = tmp_path / "state.pt"
    with pytest.raises(KeyboardInterrupt):
        train_regressor(patches, targets, settings, teacher=teacher, checkpoint=keep, tell=stop)
    # what was under way when it was stopped is done again
    again = train_regressor(patches, targets, settings, teacher=teacher, checkpoint=keep)
    assert again.losses == whole.losses
    assert np.array_equal(again.predict(patches).mean, whole.predict(patches).mean)


def test_a_state_of_other_settings_is_not_gone_on_with(tmp_path):
    patches, targets = made(32)
    keep = tmp_path / "state.pt"
    short = replace(SMALL, fit=replace(SMALL.fit, epochs=1))
    train_regressor(patches, targets, short, checkpoint=keep)
    longer = replace(SMALL, fit=replace(SMALL.fit, epochs=2))
    assert len(train_regressor(patches, targets, longer, checkpoint=keep).losses) == 2
    fresh = train_regressor(patches, targets, longer)
    assert train_regressor(patches, targets, longer, checkpoint=keep).losses == fresh.losses


def test_features_of_a_teacher_pull_the_student_towards_it():
    patches, targets = made(64)
    clean = replace(
        patches,
        values=np.broadcast_to(
            np.asarray(patches.values, np.float32).mean((1, 2, 3), keepdims=True),
            patches.values.shape,
        ).astype(np.float16),
    )
    teacher = train_regressor(patches, targets, SMALL)
    apart = {}
    for weight in (0.0, 20.0):
        asked = replace(SMALL, distillation="features", weight=weight)
        student = train_regressor(clean, targets, asked, teacher=(teacher, patches))
        with torch.inference_mode():
            items = np.arange(64)
            one = student.network(clean.input(items)).maps[-1]
            two = teacher.network(patches.input(items)).maps[-1]
        apart[weight] = float((one - two).abs().mean())
    assert apart[20.0] < 0.85 * apart[0.0]


def test_a_patch_without_a_target_counts_for_the_others():
    patches, targets = made(64)
    targets[:40, 1] = np.nan
    trained = train_regressor(patches, targets, replace(SMALL, fit=FitSettings(epochs=2)))
    assert np.isfinite(trained.predict(patches).mean).all()
    assert trained.middle[1] == pytest.approx(targets[40:, 1].mean())


def test_what_a_training_cannot_be_made_of_is_one_line():
    patches, targets = made(16)
    with pytest.raises(UnusableTable, match="8 patches with each parameter"):
        train_regressor(patches, np.full_like(targets, np.nan), SMALL)
    with pytest.raises(UnusableTable, match="the same in all"):
        train_regressor(patches, np.ones_like(targets), SMALL)
    with pytest.raises(UnusableTable, match="targets for 3"):
        train_regressor(patches, targets[:3], SMALL)
    with pytest.raises(BadSetting, match="needs a teacher"):
        train_regressor(patches, targets, replace(SMALL, distillation="output"))
    with pytest.raises(BadSetting, match="no distillation is called 'magic'"):
        replace(SMALL, distillation="magic")


def test_coarse_patches_are_taken_to_the_lattice_of_the_teacher():
    trunk = TrunkSettings(lattice=16, first=4, widths=(4, 8), outputs=2)
    student, teacher = Regressor(trunk, 8), Regressor(trunk, 16)
    maps = [
        net(torch.zeros(1, 2, voxels, voxels, voxels)).maps
        for net, voxels in ((student.eval(), 8), (teacher.eval(), 16))
    ]
    assert [m.shape for m in maps[0]] == [m.shape for m in maps[1]]
    fine = PatchImages(np.zeros((2, 16, 16, 16)), np.ones((2, 8, 8, 8), bool), CT_SCALE)
    assert fine.input(np.arange(2)).shape == (2, 2, 16, 16, 16)


def test_a_kept_regressor_says_the_same(tmp_path):
    patches, targets = made(32)
    short = replace(SMALL, fit=replace(SMALL.fit, epochs=1))
    trained = train_regressor(patches, targets, short)
    save_trained(tmp_path / "kept.pt", trained)
    again = load_trained(tmp_path / "kept.pt", short.trunk)
    assert np.array_equal(again.predict(patches).mean, trained.predict(patches).mean)
    with pytest.raises(BadSetting, match="another size"):
        load_trained(tmp_path / "kept.pt", replace(short.trunk, widths=(2, 4)))
    with pytest.raises(BadSetting, match="train first"):
        load_trained(tmp_path / "none.pt", short.trunk)
