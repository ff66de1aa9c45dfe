"""The spine's direction at each level follows its bends; labels upside down are told."""

import numpy as np
import pytest

import shapes
from osteon.core import HU, Labels, Mask, UnsuitableScan, Volume
from osteon.io import read_ct, read_labels
from osteon.regions import (
    Margins,
    find_body,
    find_compartments,
    follow_spine,
    measure_shape,
    name_levels,
    suspect_fractures,
)
from phantom import labels_of, mirrored

NAMES = ("T12", "L1", "L2", "L3")
BENT = shapes.spine(NAMES, bend=9.0, lean=7.0, shapes={"L1": {"front": 18.0}})


@pytest.fixture(scope="module")
def bent():
    labels = labels_of(BENT)
    return labels, name_levels(labels).levels


def test_levels_are_found_by_name_head_to_tail(bent):
    _, levels = bent
    assert levels == {name: shapes.TOTALSEGMENTATOR[name] for name in NAMES}


def test_the_direction_follows_lordosis_and_scoliosis(bent):
    labels, levels = bent
    spine = follow_spine(labels, levels)
    assert spine.flags == ()
    for level, number in levels.items():
        turn = np.degrees(np.arccos(spine.superior[level] @ BENT[number].turn[:, 2]))
        # the ends lean on one neighbour only, which is turned by 11°
        assert turn < (5 if level in ("L1", "L2") else 8), level


def test_each_body_of_a_bent_spine_is_found_and_only_the_wedge_is_suspected(bent):
    labels, levels = bent
    spine = follow_spine(labels, levels)
    scan = Volume(shapes.ct(BENT.values(), labels.grid), labels.grid, HU)
    found = {}
    for level, number in levels.items():
        body = find_body(labels.mask(number), spine.superior[level])
        assert body.centre == pytest.approx(BENT[number].place, abs=0.7), level
        regions = find_compartments(body, scan, Margins())
        place = tuple(
            slice(a, a + n) for a, n in zip(regions.start, regions.box.shape, strict=True)
        )
        assert set(scan.values[place][regions.masks["core"].values]) == {shapes.CORE}, level
        found[level] = measure_shape(body)
    flags = suspect_fractures(found)
    assert {level: [f.code for f in flags[level]] for level in flags if flags[level]} == {
        "L1": ["wedge-deformity-suspected"]
    }


def test_labels_upside_down_are_told(bent):
    labels, levels = bent
    upside_down = Labels(labels.values, mirrored(labels.grid, 2))
    (flag,) = follow_spine(upside_down, levels).flags
    assert flag.code == "label-order-not-anatomical"
    assert "T12 (z" in flag.text
    assert "upside down" in flag.text


def test_two_labels_exchanged_are_told_by_name(bent):
    labels, levels = bent
    wrong = {**levels, "L1": levels["L2"], "L2": levels["L1"]}
    (flag,) = follow_spine(labels, wrong).flags
    assert "L1 (z" in flag.text
    assert "is below L2" in flag.text


def test_a_single_vertebra_is_taken_to_point_to_the_head(bent):
    labels, levels = bent
    spine = follow_spine(labels, {"L2": levels["L2"]})
    assert spine.superior["L2"] == pytest.approx([0, 0, 1])
    own = labels.grid.to_world(np.argwhere(Mask(labels.values == levels["L2"], labels.grid).values))
    assert spine.centres["L2"] == pytest.approx(own.mean(axis=0))


def test_parts_of_one_vertebra_are_not_taken_for_vertebrae(samples):
    ct = read_ct(samples / "lumbar_ct" / "ct.nii.gz").volume
    parts, _ = read_labels(samples / "lumbar_ct" / "subregions.nii.gz", onto=ct.grid)
    with pytest.raises(UnsuitableScan, match=r"mm apart.*--subregions"):
        follow_spine(parts, name_levels(parts).levels)


@pytest.fixture(scope="module")
def chest(samples):
    ct = read_ct(samples / "chest_abdomen_ct" / "ct.nii.gz").volume
    labels, _ = read_labels(samples / "chest_abdomen_ct" / "vertebrae.nii.gz", onto=ct.grid)
    return labels, name_levels(labels).levels


def test_slivers_at_the_edge_of_the_scan_do_not_turn_their_neighbours(chest):
    labels, levels = chest
    spine = follow_spine(labels, levels)
    # C5 and C6 are cut by the top of the scan: their centroids are those of processes.
    uncut = {name: number for name, number in levels.items() if name not in ("C5", "C6", "C7")}
    expected = follow_spine(labels, uncut).superior["T1"]
    assert spine.superior["C7"] @ expected > np.cos(np.radians(15))


def test_a_vertebra_beside_the_edge_keeps_its_body_in_front(chest):
    labels, levels = chest
    body = find_body(labels.mask(levels["C7"]), follow_spine(labels, levels).superior["C7"])
    assert body.cut == ""
    assert body.axes["anterior"][1] < -0.5
    assert body.canal is not None
    assert body.canal[1] > 10
