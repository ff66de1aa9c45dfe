"""Deformed vertebrae are flagged by kind and grade, straight ones are not."""

import pytest

import shapes
from osteon.io import read_ct, read_labels
from osteon.regions import (
    Shape,
    find_body,
    follow_spine,
    measure_shape,
    name_levels,
    suspect_fractures,
)
from phantom import grid_around, see


def measured(**sizes):
    vertebra = shapes.Vertebra(**sizes, turn=shapes.rotation(12, (1, 0.2, 0)))
    return measure_shape(see(vertebra, grid_around((0, 0, 0), (0.8, 0.8, 1.5))).body())


def codes(flags):
    return [flag.code for flag in flags]


def test_a_straight_body_is_not_flagged():
    assert suspect_fractures({"L1": measured()})["L1"] == ()


@pytest.mark.parametrize(
    ("front", "grades"),
    # Genant 1993: 20 to 25 % lower is grade 1, 25 to 40 % grade 2, more is grade 3. The ratio is
    # right to 0.05, as rims are rounded: grade 1 is no wider than that.
    [(0.785, "12"), (0.68, "2"), (0.52, "3")],
)
def test_a_wedge_is_flagged_with_the_grade_of_its_front(front, grades):
    shape = measured(front=26 * front)
    assert shape.heights["anterior"] / shape.heights["posterior"] == pytest.approx(front, abs=0.07)
    (flag,) = suspect_fractures({"L1": shape})["L1"]
    assert flag.code == "wedge-deformity-suspected"
    assert any(f"Genant grade {grade}" in flag.text for grade in grades)


def test_a_body_15_percent_lower_in_front_is_not_flagged():
    assert suspect_fractures({"L1": measured(front=26 * 0.85)})["L1"] == ()


def test_a_hollow_body_is_flagged_as_biconcave():
    # endplates are paraboloids: 11 mm lower in the middle, nothing at the walls, 15 of 26 mm
    shape = measured(dent=5.5)
    assert shape.heights["middle"] == pytest.approx(26 - 11, abs=1.0)
    # rims as sharp as these lose 4 mm to smoothing; the hollow still has its name
    assert 21 < shape.heights["posterior"] <= 26
    (flag,) = suspect_fractures({"L1": shape})["L1"]
    assert flag.code == "biconcave-deformity-suspected"
    assert "Genant grade 2" in flag.text or "Genant grade 3" in flag.text


def of_heights(front, middle, back):
    return Shape({"anterior": front, "middle": middle, "posterior": back}, 32.0, 44.0)


def test_a_crushed_body_is_flagged_against_its_neighbours_only():
    shapes_of = {"T12": of_heights(25, 25, 25), "L1": of_heights(17, 17, 17)}
    shapes_of["L2"] = of_heights(27, 27, 27)
    found = suspect_fractures(shapes_of)
    # 17 of (25 + 27) / 2 = 26 mm is 35 % less
    (flag,) = found["L1"]
    assert flag.code == "crush-deformity-suspected"
    assert "17 mm high, 35 % less than the neighbours' 26 mm" in flag.text
    assert "Genant grade 2" in flag.text
    assert found["T12"] == found["L2"] == ()


@pytest.mark.parametrize(
    ("middle", "grade"), [(0.81, None), (0.79, 1), (0.76, 1), (0.74, 2), (0.61, 2), (0.59, 3)]
)
def test_grades_begin_at_20_25_and_40_percent(middle, grade):
    flags = suspect_fractures({"L1": of_heights(25, 25 * middle, 25)})["L1"]
    assert (f"Genant grade {grade}" in flags[0].text) if grade else flags == ()


def test_levels_that_the_grading_was_not_made_for_are_not_judged():
    wedge = of_heights(12, 25, 25)
    found = suspect_fractures(dict.fromkeys(("C7", "T3", "T4", "L4", "L5"), wedge))
    assert [level for level, flags in found.items() if flags] == ["T4", "L4"]


def test_a_body_without_heights_is_neither_judged_nor_a_neighbour():
    cut = Shape({}, 32.0, 44.0)
    found = suspect_fractures({"L1": of_heights(17, 17, 17), "L2": cut})
    assert found == {"L1": (), "L2": ()}


def test_no_flag_speaks_of_a_fracture_as_a_finding():
    (flag,) = suspect_fractures({"L1": of_heights(15, 25, 25)})["L1"]
    assert flag.text.startswith("Suspicion of a wedge deformity")
    assert "A reader should look at it" in flag.text


def test_heights_of_a_small_body_are_not_given_and_the_reason_is(samples):
    ct = read_ct(samples / "chest_abdomen_ct" / "ct.nii.gz").volume
    labels, _ = read_labels(samples / "chest_abdomen_ct" / "vertebrae.nii.gz", onto=ct.grid)
    levels = name_levels(labels).levels
    spine = follow_spine(labels, levels)
    found = {
        level: measure_shape(find_body(labels.mask(levels[level]), spine.superior[level]))
        for level in ("C7", "T12")
    }
    assert found["C7"].heights == {}
    assert "mm deep is too small" in found["C7"].no_heights
    assert found["T12"].heights.keys() == {"anterior", "middle", "posterior"}
    assert found["T12"].no_heights == ""
