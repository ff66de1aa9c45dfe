"""CT made from MR, on volumes of which the one is a known function of the other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from osteon.core import HU, BadSetting, Grid, UnsuitableScan, UnusableTable, Volume
from osteon.learn.synthesis import load_synthesizer, train_synthesis
from osteon.learn.synthesis_settings import VARIANTS, SynthesisSettings, Variant
from osteon.learn.synthesis_slices import (
    KneeSlices,
    from_hu,
    mr_slices,
    neighbours,
    sagittal_grid,
    to_hu,
)

TINY = SynthesisSettings(crop=16, width=4, blocks=1, batch=4, steps=6, rate=4e-3)


def knee(seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """MR and CT, 10 slices of 20×20 from −1 to 1: the middle of three tissues is bone."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(10, 20, 20)), (2, 3, 3))
    tissue = np.digitize(smooth, np.quantile(smooth, [0.3, 0.6]))
    mr = np.choose(tissue, [-0.7, -0.1, 0.7]) + 0.03 * rng.normal(size=tissue.shape)
    ct = np.choose(tissue, [-0.5, 0.8, -0.8])
    return mr.astype(np.float32), ct.astype(np.float32)


def slices(*seeds: int) -> list[KneeSlices]:
    """Pairs."""
    return [KneeSlices(*knee(seed)) for seed in seeds]


def matched(mr: NDArray[np.float32], ct: NDArray[np.float32]) -> float:
    """Absolute error of the better of two histogram matchings, one of the negative."""
    errors = []
    for image in (mr, -mr):
        ranks = image.ravel().argsort().argsort()
        errors.append(float(np.abs(np.sort(ct.ravel())[ranks].reshape(ct.shape) - ct).mean()))
    return min(errors)


@pytest.mark.parametrize("variant", ["supervised", "2.5d"])
def test_a_known_function_of_the_mr_is_learnt_far_below_intensity_matching(
    variant: Variant,
) -> None:
    """On a knee that was not learnt from; no order of tissues by brightness fits."""
    settings = replace(TINY, variant=variant, steps=60, width=6)
    made = train_synthesis(slices(1, 2, 3), settings, ground="")
    mr, ct = knee(9)
    error = float(np.abs(made.unit(mr) - ct).mean())
    assert error < 0.6 * matched(mr, ct)


def test_a_cycle_finds_the_way_back_and_tells_more_of_its_source() -> None:
    """From images of which no two are of one knee."""
    settings = replace(TINY, variant="cyclegan", steps=60)
    unpaired = [KneeSlices(knee(n)[0], knee(n + 50)[1]) for n in range(3)]
    losses = train_synthesis(unpaired, settings, ground="").about["losses"]
    # single steps go up and down, and otherwise on every kind of processor
    first, last = (
        {name: np.mean([one[name] for one in some]) for name in ("cycle", "mutual information")}
        for some in (losses[:5], losses[-20:])
    )
    assert last["cycle"] < 0.9 * first["cycle"]
    assert last["mutual information"] > 1.2 * first["mutual information"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_interrupted_training_goes_on_and_ends_with_the_same_numbers(
    variant: Variant, tmp_path: Path
) -> None:
    """Ended after the fourth of six steps."""
    settings, knees = replace(TINY, variant=variant), slices(1, 2)
    whole = train_synthesis(knees, settings, ground="g")

    def end(what: str, done: int, steps: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    state = tmp_path / "training.pt"
    told = {"ground": "g", "checkpoint": state, "every_s": 0.0}
    with pytest.raises(KeyboardInterrupt):
        train_synthesis(knees, settings, progress=end, **told)
    steps: list[int] = []
    rest = train_synthesis(
        knees, settings, progress=lambda what, done, of: steps.append(done), **told
    )
    assert steps == [5, 6]
    mr = knee(3)[0]
    assert np.array_equal(whole.unit(mr), rest.unit(mr))
    assert whole.about == rest.about


def test_a_training_does_not_go_on_with_other_settings_or_other_knees(tmp_path: Path) -> None:
    """It starts anew."""
    state = tmp_path / "training.pt"
    train_synthesis(slices(1), TINY, ground="g", checkpoint=state)
    for settings, ground, wanted in (
        (TINY, "g", 0),
        (TINY, "h", 6),
        (replace(TINY, seed=1), "h", 6),
    ):
        steps: list[int] = []
        train_synthesis(
            slices(1),
            settings,
            ground=ground,
            checkpoint=state,
            progress=lambda what, done, of, steps=steps: steps.append(done),
        )
        assert len(steps) == wanted


def test_terms_that_are_switched_off_change_what_is_learnt() -> None:
    """Mutual information, and the map of edges."""
    cycle = replace(TINY, variant="cyclegan", steps=2)
    mr = knee(3)[0]
    made = [
        train_synthesis(slices(1, 2), settings, ground="").unit(mr)
        for settings in (
            cycle,
            replace(cycle, mutual_information=0.0),
            replace(cycle, structure=False),
        )
    ]
    assert not np.allclose(made[0], made[1], atol=1e-6)
    assert not np.allclose(made[0], made[2], atol=1e-6)


def test_it_comes_back_from_disk_and_makes_a_ct_on_the_grid_of_the_mr(tmp_path: Path) -> None:
    """An MR whose slices are stored last, as a scanner sends sagittal ones."""
    made = train_synthesis(slices(1), TINY, ground="g")
    made.save(tmp_path / "A.pt")
    read = load_synthesizer(tmp_path / "A.pt")
    assert read is not None
    assert read.settings == TINY
    turned = np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]])
    grid = Grid((36, 30, 9), np.array([3.0, 4, 5]), turned, np.array([0.5, 0.5, 1.0]))
    mr = Volume(np.random.default_rng(0).uniform(0, 900, grid.shape), grid, "1")
    ct = read(mr)
    assert (ct.grid, ct.unit, ct.values.dtype) == (grid, HU, np.dtype(np.int16))
    assert np.array_equal(ct.values, made(mr).values)
    assert load_synthesizer(tmp_path / "B.pt") is None


def test_slices_run_to_the_left_to_the_back_and_to_the_head_over_the_whole_volume() -> None:
    """Whatever the order of axes in storage; slices stay where they were taken."""
    turned = np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]])
    grid = Grid((36, 30, 9), np.array([3.0, 4, 5]), turned, np.array([0.5, 0.5, 1.2]))
    lattice = sagittal_grid(grid, 1.0)
    assert lattice.orientation == "LPS"
    assert lattice.shape == (9, 18, 15)
    assert np.allclose(lattice.spacing, [1.2, 1, 1])
    assert np.allclose(
        np.sort(lattice.to_world([[n, 0, 0] for n in range(9)])[:, 0]),
        np.sort(grid.to_world([[0, 0, n] for n in range(9)])[:, 0]),
    )
    middle = [(np.array(g.shape) - 1) / 2 for g in (grid, lattice)]
    assert np.allclose(grid.to_world(middle[0]), lattice.to_world(middle[1]))


def test_hu_go_there_and_back_and_air_takes_little_of_the_range() -> None:
    """From air to dense bone; unknown stays unknown."""
    hu = np.array([-1000.0, -600, -200, -100, 0, 50, 1500])
    assert np.allclose(to_hu(from_hu(hu)), hu, atol=0.1)
    assert from_hu(np.array([-1000.0]))[0] == -1
    assert np.isnan(from_hu(np.array([np.nan]))[0])


def test_bright_tissue_has_the_same_value_whatever_the_gain_of_the_scanner() -> None:
    """Twice as bright."""
    grid = Grid((4, 8, 8), np.zeros(3), np.eye(3), np.ones(3))
    values = np.random.default_rng(0).uniform(0, 900, grid.shape)
    one, two = (mr_slices(Volume(gain * values, grid, "1"), grid) for gain in (1, 2))
    assert np.allclose(one, two, atol=1e-6)
    with pytest.raises(UnsuitableScan, match="magnitude"):
        mr_slices(Volume(np.zeros(grid.shape), grid, "1"), grid)


def test_a_slice_at_the_end_has_itself_for_a_neighbour() -> None:
    """Slices are numbered by their value."""
    volume = np.arange(4.0)[:, None, None] * np.ones((1, 2, 2))
    assert neighbours(volume, [0, 2, 3], 3)[:, :, 0, 0].tolist() == [
        [0, 0, 1],
        [1, 2, 3],
        [2, 3, 3],
    ]


def test_settings_that_cannot_be_are_refused_in_one_line() -> None:
    """Each by its name."""
    for odd, word in (
        ({"variant": "gan"}, "supervised"),
        ({"crop": 30}, "divisible"),
        ({"batch": 1}, "batch"),
        ({"rate": 0.0}, "rate"),
        ({"cycle": -1.0}, "cycle"),
    ):
        with pytest.raises(BadSetting, match=word):
            replace(TINY, **odd)
    with pytest.raises(BadSetting, match="full"):
        SynthesisSettings.preset("huge")  # type: ignore[arg-type]
    with pytest.raises(UnusableTable, match="at least one knee"):
        train_synthesis([], TINY, ground="")
