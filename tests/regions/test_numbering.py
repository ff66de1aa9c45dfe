"""Label numbers are named by the numbering they follow, or refused with what to do."""

import numpy as np
import pytest

from osteon.core import EmptyRegion, Grid, Labels, UnknownName
from osteon.regions import LEVELS, NUMBERINGS, name_levels


def labels(*numbers):
    values = np.array(numbers, np.int32).reshape(-1, 1, 1)
    return Labels(values, Grid(values.shape, [0, 0, 0], np.eye(3), [1, 1, 1]))


def test_the_numberings_are_those_published():
    # class list of TotalSegmentator v2, task "total", and the label list of VerSe 2020
    total, verse = NUMBERINGS["TotalSegmentator"], NUMBERINGS["VerSe"]
    published = {26: "S1", 27: "L5", 31: "L1", 32: "T12", 43: "T1", 44: "C7", 50: "C1"}
    assert {n: total[n] for n in published} == published
    assert len(total) == 25
    published = {1: "C1", 7: "C7", 8: "T1", 19: "T12", 20: "L1", 24: "L5", 25: "L6", 28: "T13"}
    assert {n: verse[n] for n in published} == published
    for numbering in NUMBERINGS.values():
        assert len(set(numbering.values())) == len(numbering)
        assert set(numbering.values()) <= set(LEVELS)


@pytest.mark.parametrize(
    ("numbers", "numbering", "levels"),
    [
        ((0, 29, 30, 31, 32), "TotalSegmentator", ["T12", "L1", "L2", "L3"]),
        ((1, 2, 3, 5, 27, 28, 29, 52, 86), "TotalSegmentator", ["L3", "L4", "L5"]),
        ((26, 27, 28, 29, 116), "TotalSegmentator", ["L3", "L4", "L5", "S1"]),
        ((0, 21, 22, 23), "VerSe", ["L2", "L3", "L4"]),
        ((20, 24, 25, 26), "VerSe", ["L1", "L5", "L6", "S1"]),
        ((19, 28, 20), "VerSe", ["T12", "T13", "L1"]),
        ((22, 23, 122, 123, 222), "VerSe", ["L3", "L4"]),
        ((6, 7, 8, 9), "VerSe", ["C6", "C7", "T1", "T2"]),
    ],
)
def test_a_numbering_is_recognised_and_levels_come_head_to_tail(numbers, numbering, levels):
    named = name_levels(labels(*numbers))
    assert named.numbering == numbering
    assert list(named.levels) == levels


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ((0, 1), "single label 1, .*--level-map"),
        ((26, 27), r"\[26, 27\] occur in two numberings .*--numbering"),
        ((25, 28), "two numberings"),
        ((1, 2, 3, 4, 5), r"counted from 1, .*--numbering VerSe.*--level-map"),
        ((60, 61), "fit no numbering known"),
        ((200, 255), "fit no numbering known"),
        ((51, 52, 86), "fit no numbering known"),
    ],
)
def test_numbers_that_do_not_say_the_level_are_refused_with_what_to_do(numbers, says):
    with pytest.raises(UnknownName, match=says):
        name_levels(labels(*numbers))


def test_a_numbering_that_is_named_settles_what_is_ambiguous():
    total = name_levels(labels(26, 27), numbering="TotalSegmentator")
    assert total.levels == {"L5": 27, "S1": 26}
    assert name_levels(labels(25, 28), numbering="VerSe").levels == {"T13": 28, "L6": 25}
    assert list(name_levels(labels(1, 2, 3), numbering="VerSe").levels) == ["C1", "C2", "C3"]


def test_a_mapping_goes_before_any_numbering():
    named = name_levels(labels(1, 2, 9), numbering="VerSe", mapping={2: "L1", 1: "T12"})
    assert named.numbering == "given"
    assert named.levels == {"T12": 1, "L1": 2}
    assert list(named.levels) == ["T12", "L1"]


def test_a_mapping_with_wrong_names_or_one_level_twice_is_refused():
    with pytest.raises(UnknownName, match=r"\['L7', 'lumbar 1'\]; there are C1"):
        name_levels(labels(1), mapping={1: "lumbar 1", 2: "L7"})
    with pytest.raises(UnknownName, match="one level to two label numbers"):
        name_levels(labels(1), mapping={1: "L1", 2: "L1"})


def test_labels_without_a_vertebra_are_refused():
    with pytest.raises(EmptyRegion, match="no labelled voxel"):
        name_levels(labels(0, 0))
    with pytest.raises(EmptyRegion, match=r"none of the labels \[1, 2\] .* TotalSegmentator"):
        name_levels(labels(1, 2), numbering="TotalSegmentator")
    with pytest.raises(EmptyRegion, match="numbering given"):
        name_levels(labels(1, 2), mapping={5: "L1"})
    with pytest.raises(UnknownName, match=r"'Verse'; there are \['TotalSegmentator', 'VerSe'\]"):
        name_levels(labels(20), numbering="Verse")
