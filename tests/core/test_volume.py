"""Volumes, masks and labels know their unit and their grid, and say where these do not fit."""

import numpy as np
import pytest

from osteon.core import (
    COLUMNS,
    HU,
    MG_CM3,
    Flag,
    Grid,
    GridMismatch,
    Labels,
    Mask,
    Measurement,
    OsteonError,
    UnitMismatch,
    Volume,
)

GRID = Grid((3, 4, 5), [0, 0, 0], np.eye(3), [1, 1, 2.5])
MOVED = Grid((3, 4, 5), [0.02, 0, 0], np.eye(3), [1, 1, 2.5])
SMALL = Grid((3, 4, 4), [0, 0, 0], np.eye(3), [1, 1, 2.5])
ZEROS = np.zeros((3, 4, 5))
THREE = [Volume(ZEROS, GRID, HU), Mask(ZEROS > 0, GRID), Labels(ZEROS.astype(int), GRID)]


def test_values_that_do_not_fit_the_grid_are_refused_with_both_sizes():
    says = r"\(3, 4, 5\) values, its grid has \(3, 4, 4\)"
    for make in (
        lambda: Volume(ZEROS, SMALL, HU),
        lambda: Mask(ZEROS > 0, SMALL),
        lambda: Labels(ZEROS.astype(int), SMALL),
    ):
        with pytest.raises(GridMismatch, match=says):
            make()


def test_a_mask_is_true_or_false_and_labels_are_whole():
    with pytest.raises(UnitMismatch, match="true or false; got values of type float64"):
        Mask(ZEROS, GRID)
    with pytest.raises(UnitMismatch, match="whole numbers; got type float64"):
        Labels(ZEROS, GRID)


@pytest.mark.parametrize("what", THREE)
def test_a_shift_of_a_fiftieth_of_a_millimetre_is_told_in_mm(what):
    assert what.on(GRID, name="it") is what
    with pytest.raises(GridMismatch, match=r"it is on another grid: .* 0\.02 mm away"):
        what.on(MOVED, name="it")
    assert what.on(MOVED, name="it", tolerance=0.03) is what


@pytest.mark.parametrize("what", THREE)
def test_another_size_of_grid_is_told_with_both_sizes(what):
    with pytest.raises(GridMismatch, match=r"it has 3×4×5 .* 3×4×4 .* were expected"):
        what.on(SMALL, name="it")


@pytest.mark.parametrize("what", THREE)
def test_a_part_has_the_voxels_of_its_box(what):
    part = what.part((slice(1, 3), slice(0, 4, 2), slice(2, 3)))
    assert part.values.shape == (2, 2, 1)
    assert part.grid.to_world([1, 1, 0]) == pytest.approx([2, 2, 5])


def test_hu_are_not_taken_for_density():
    volume = Volume(ZEROS, GRID, HU)
    assert volume.in_unit(HU) is volume
    with pytest.raises(UnitMismatch, match=r"in '\[hnsf'U\]', not 'mg/cm3'.*calibration"):
        volume.in_unit(MG_CM3)


def test_a_mask_counts_its_voxels_and_its_volume():
    values = ZEROS > 0
    values[0, 0, :4] = True
    mask = Mask(values, GRID)
    assert mask.voxels == 4
    assert mask.volume_mm3 == pytest.approx(4 * 2.5)


def test_a_mask_of_several_labels_is_their_union():
    values = np.arange(60).reshape(3, 4, 5)
    assert list(np.flatnonzero(Labels(values, GRID).mask(7, 31).values)) == [7, 31]


def test_a_row_of_the_table_has_the_columns_and_each_flag_once():
    flags = [Flag("metal", "a"), Flag("contrast", "b"), Flag("metal", "c")]
    number = Measurement("L1", "core", "HU median", 147.0, HU, "hu-statistics", 2.0, flags)
    row = number.row("demo")
    assert tuple(row) == COLUMNS
    assert row["flags"] == "metal;contrast"
    assert (row["subject"], row["level"], row["value"]) == ("demo", "L1", 147.0)


def test_every_error_can_be_caught_as_one_kind():
    with pytest.raises(OsteonError):
        Mask(ZEROS, GRID)
