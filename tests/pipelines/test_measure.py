"""A spine made on paper is measured, and what cannot be measured is a row with its reason."""

from dataclasses import replace

import numpy as np
import pytest

import shapes
from osteon.core import (
    MG_CM3,
    EmptyRegion,
    Flag,
    Grid,
    GridMismatch,
    Labels,
    Scan,
    UnitMismatch,
    UnknownName,
    UnsuitableScan,
    Volume,
)
from osteon.pipelines import Companions, MeasureSettings, measure_spine

from .people import AORTA, GRID, NAMES, alone, codes, made_by, measured, number, person, with_values


@pytest.fixture(scope="module")
def spine():
    return person()


@pytest.fixture(scope="module")
def result(spine):
    return measured(*spine)


@pytest.mark.parametrize("level", NAMES)
@pytest.mark.parametrize("region", ["core", "oval", "anterior"])
def test_every_region_has_the_hu_that_the_spine_was_made_of(result, level, region):
    # margins of 4 and 5 mm are well inside shells of 1 mm, with voxels of 1.5 mm
    for name in ("HU mean", "HU median", "HU P10", "HU P90"):
        assert number(result, level, region, name).value == pytest.approx(shapes.CORE)
    assert number(result, level, region, "HU SD").value == pytest.approx(0.0, abs=1e-6)


def test_levels_come_from_head_to_tail_with_their_labels(result):
    assert [(level.name, level.label) for level in result.levels] == [
        ("L1", 31),
        ("L2", 30),
        ("L3", 29),
    ]
    assert result.named.numbering == "TotalSegmentator"


def test_regions_of_all_levels_carry_the_labels_of_their_vertebrae(result):
    for region in ("core", "oval", "anterior"):
        held = result.region(region)
        for level in result.levels:
            count = np.count_nonzero(held.values == level.label)
            assert count == number(result, level.name, region, "voxels").value > 0


@pytest.fixture(scope="module")
def lone(spine):
    """The scan with L2 alone labelled."""
    return spine[0], alone(spine[1])


def test_label_numbers_that_fit_no_byte_are_kept(lone):
    scan, labels = lone
    numbers = np.where(labels.values > 0, labels.values.astype(np.uint16) + 40000, 0)
    level_map = {40030: "L2"}
    found = measured(scan, Labels(numbers.astype(np.uint16), GRID), level_map=level_map)
    assert set(np.unique(found.region("core").values)) == {0, *level_map}
    same = measured(scan, labels)
    assert [n.value for n in found.measurements] == [n.value for n in same.measurements]


def test_a_scrap_of_a_vertebra_is_a_row_with_its_reason(lone):
    scan, labels = lone
    values = labels.values.copy()
    values[22:25, 30:33, 58:60] = 32  # T12, or what is left of it
    found = measured(scan, Labels(values, GRID))
    scrap = found.levels[0]
    assert (scrap.name, scrap.compartments) == ("T12", None)
    assert "in view" in scrap.reason
    rows = [one for one in found.measurements if one.level == "T12"]
    assert [(one.region, one.name, one.value) for one in rows] == [("core", "HU median", None)]
    assert scrap.reason.rstrip(".") in rows[0].flags[0].text
    assert rows[0].flags[0].code == "not-available"
    assert number(found, "L2", "core", "HU median").value == pytest.approx(shapes.CORE)


def test_a_scan_in_which_nothing_can_be_measured_is_refused(spine):
    scan, labels = spine
    values = np.zeros_like(labels.values)
    values[22:25, 24:27, 26:29] = 30
    with pytest.raises(UnsuitableScan, match=r"not one of the labelled vertebrae .*L2: "):
        measured(scan, Labels(values, GRID))


def test_flags_of_a_level_go_with_all_its_numbers_and_no_others(spine):
    scan, labels = spine
    values = scan.volume.values.copy()
    place = np.argwhere(labels.values == 30).mean(axis=0).astype(int)
    i, j, k = (slice(n - 2, n + 3) for n in place)
    values[i, j, k] = 3000.0  # 1 cm³ of a screw in L2
    found = measured(with_values(scan, values), labels)
    for one in found.measurements:
        assert ("metal" in codes(one.flags)) == (one.level == "L2"), one
    assert any(one.name == "vBMD" and one.level == "L2" for one in found.measurements)


def test_flags_of_scan_and_labels_go_with_every_number_of_a_level(lone):
    scan, labels = lone
    odd = replace(scan, flags=(Flag("gantry-tilt", "Tilted."),))
    found = measured(odd, labels, label_flags=(Flag("labels-cut", "Cut."),))
    assert found.scan_flags == odd.flags
    for one in found.measurements:
        if one.level:
            assert {"gantry-tilt", "labels-cut"} <= codes(one.flags), one


def test_a_crushed_vertebra_is_suspected_on_all_its_numbers(spine):
    placed = shapes.spine(list(NAMES), shapes={"L2": {"front": 16.0}})
    values, numbers = shapes.ct(placed.values(), GRID), shapes.labels(placed, GRID)
    found = measured(with_values(spine[0], values), Labels(numbers, GRID))
    suspected = {
        n.level
        for n in found.measurements
        if any(
            "fracture" in f.text.lower() or "deform" in f.code or "wedge" in f.text.lower()
            for f in n.flags
        )
    }
    assert suspected == {"L2"}


def aorta_of(hu, scan):
    """The scan with an aorta of this HU in front of the spine, and the label of it."""
    values, organs = scan.volume.values.copy(), np.zeros(GRID.shape, np.uint8)
    values[20:28, 1:9, :] = hu
    organs[20:28, 1:9, :] = AORTA
    return with_values(scan, values), Labels(organs, GRID)


@pytest.mark.parametrize(
    ("blood", "file_says", "person_says", "contrast"),
    [
        (40.0, None, None, False),
        (250.0, None, None, True),
        (250.0, False, None, True),  # what is seen goes before what is said
        (250.0, None, False, True),
        (40.0, True, None, True),
        (40.0, True, False, False),  # the person knows better than the file
        (40.0, False, True, True),
        (None, True, None, True),
        (None, None, True, True),
        (None, True, False, False),
        (None, None, None, None),
    ],
)
def test_contrast_is_what_is_seen_then_what_a_person_says_then_the_file(
    spine, blood, file_says, person_says, contrast
):
    scan, organs = aorta_of(blood, spine[0]) if blood is not None else (spine[0], None)
    scan = made_by(scan, contrast=file_says)
    settings = MeasureSettings(contrast=person_says)
    found = measured(scan, alone(spine[1], "L1"), organs=organs, settings=settings)
    relation = number(found, "L1", "core", "vBMD", "hu-relation")
    screened = codes(flag for one in found.densities.indications for flag in one.flags)
    assert ("contrast" in codes(found.scan_flags)) is (contrast is True)
    assert ("contrast" in codes(relation.flags)) is (contrast is True)
    assert ("contrast-unknown" in codes(relation.flags)) is (contrast is None)
    assert ("contrast" in screened) is (contrast is True)
    assert ("contrast-unknown" in screened) is (contrast is None)


def test_organs_in_the_label_file_itself_are_used(spine):
    scan, organs = aorta_of(250.0, spine[0])
    together = np.maximum(organs.values, alone(spine[1]).values)
    found = measured(scan, Labels(together, GRID))
    assert "contrast" in codes(found.scan_flags)


def test_left_and_right_kidney_exchanged_are_told(spine):
    scan, labels = spine
    organs = np.zeros(GRID.shape, np.uint8)
    organs[2:6, 20:30, 20:30] = 3  # left kidney at small x, which is the patient's right
    organs[-6:-2, 20:30, 20:30] = 2
    found = measured(scan, alone(labels), organs=Labels(organs, GRID))
    assert "left-right-not-anatomical" in codes(found.label_flags)
    assert "left-right-not-anatomical" in codes(number(found, "L2", "core", "HU mean").flags)
    right = measured(scan, alone(labels), organs=Labels(organs[::-1].copy(), GRID))
    assert "left-right-not-anatomical" not in codes(right.label_flags)


def test_progress_begins_at_nothing_never_goes_back_and_ends_with_all(lone):
    told = []
    scan, labels = lone
    measure_spine(
        scan,
        labels,
        beside=Companions(),
        settings=MeasureSettings(),
        progress=lambda what, done, steps: told.append((what, done, steps)),
    )
    done = [step for _, step, _ in told]
    assert done[0] == 0
    assert done == sorted(done)
    assert told[-1][1] == told[-1][2]
    assert {steps for _, _, steps in told} == {told[-1][2]}
    assert "finding L2" in {what for what, _, _ in told}


def test_inputs_are_left_as_they_were(spine):
    scan, labels = spine
    before = scan.volume.values.copy(), labels.values.copy()
    measured(scan, alone(labels))
    assert (scan.volume.values == before[0]).all()
    assert (labels.values == before[1]).all()


def test_a_density_map_is_refused(spine):
    scan, labels = spine
    density = Scan(Volume(scan.volume.values, GRID, MG_CM3))
    with pytest.raises(UnitMismatch, match="mg/cm3"):
        measured(density, labels)


@pytest.mark.parametrize("which", ["label file", "sub-region file"])
def test_labels_on_another_grid_are_refused_by_name(spine, which):
    scan, labels = spine
    moved = Grid(GRID.shape, GRID.origin + 5.0, GRID.direction, GRID.spacing)
    elsewhere = Labels(labels.values, moved)
    on, beside = (elsewhere, {}) if which == "label file" else (labels, {"subregions": elsewhere})
    with pytest.raises(GridMismatch, match=f"the {which} is on another grid"):
        measured(scan, on, **beside)


def test_subregions_without_a_body_are_refused(spine):
    scan, labels = spine
    with pytest.raises(UnsuitableScan, match="49 and 50"):
        measured(scan, labels, subregions=labels)


def test_labels_without_a_vertebra_are_refused(spine):
    scan, labels = spine
    nothing = Labels(np.zeros(GRID.shape, np.uint8), GRID)
    with pytest.raises(EmptyRegion):
        measured(scan, nothing)
    with pytest.raises(EmptyRegion):
        measured(scan, labels, numbering="VerSe", level_map={7: "L1"})
    with pytest.raises(UnknownName):
        measured(scan, labels, numbering="Roman")
