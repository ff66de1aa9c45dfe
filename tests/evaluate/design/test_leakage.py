"""A patient, or an image, on two sides is told in one line."""

import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.evaluate.design import check_leakage


def test_a_patient_on_two_sides_is_told():
    with pytest.raises(UnusableTable) as fault:
        check_leakage(["a", "b", "b", "c"], ["train", "train", "test", "test"])
    told = str(fault.value)
    assert "1 of 3 patients" in told
    assert "'b' is in 'train' and 'test'" in told
    assert "\n" not in told


def test_both_forms_tell_the_same():
    with pytest.raises(UnusableTable) as columns:
        check_leakage(["a", "b", "b"], ["train", "train", "test"])
    with pytest.raises(UnusableTable) as mapping:
        check_leakage({"train": ["a", "b"], "test": ["b"]})
    assert str(columns.value) == str(mapping.value)


@pytest.mark.parametrize("other", ["SUB-7", " sub-7", "sub-7\t", "Sub-7", "ｓub-7"])
def test_another_spelling_hides_nobody(other):
    with pytest.raises(UnusableTable, match="1 of 2 patients"):
        check_leakage({"train": ["sub-7", "sub-8"], "test": [other]})


@pytest.mark.parametrize("other", ["sub-70", "sub-17", "sub 7", "sub-7a"])
def test_different_names_are_different_patients(other):
    check_leakage({"train": ["sub-7"], "test": [other]})


def test_a_side_in_two_spellings_is_one_side():
    check_leakage(["a", "a", "b"], ["train", "Train ", "test"])
    with pytest.raises(UnusableTable, match="one side only"):
        check_leakage(["a", "b"], ["train", "TRAIN"])


def test_clean_sides_pass():
    check_leakage({"train": ["a", "b"], "tune": ["c"], "test": ["d", "d"]})


def test_the_same_image_under_two_names_is_told():
    sides = ["train", "train", "test"]
    with pytest.raises(UnusableTable, match=r"1 of 2 contents .*row 1 is in 'train' and 'test'"):
        check_leakage(["a", "b", "c"], sides, contents=["9f", "3c", "9F"])
    check_leakage(["a", "b", "c"], sides, contents=["9f", "9f", "3c"])
    check_leakage(["a", "b", "c"], sides, contents=["", "9f", None])


def test_contents_need_a_cell_a_row():
    with pytest.raises(UnusableTable, match="same number of rows"):
        check_leakage(["a", "b"], ["train", "test"], contents=["9f"])


def test_an_empty_side_is_told():
    with pytest.raises(UnusableTable, match="'test' holds no patient"):
        check_leakage({"train": ["a"], "test": []})


def test_no_rows_are_told():
    with pytest.raises(UnusableTable, match="no rows"):
        check_leakage([], [])
    with pytest.raises(UnusableTable, match="no rows"):
        check_leakage({})


def test_a_missing_side_is_told():
    with pytest.raises(UnusableTable, match="'splits' is empty"):
        check_leakage(["a", "b", "c"], ["train", "", "test"])
    with pytest.raises(BadSetting, match="sides are missing"):
        check_leakage(["a", "b"])
    with pytest.raises(BadSetting, match="either"):
        check_leakage({"train": ["a"]}, ["train"])
