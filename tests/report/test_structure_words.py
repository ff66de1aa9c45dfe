"""Numbers, directions and drawings as a reader takes them."""

import re

import numpy as np
import pytest

from osteon.report.structure_fabric import direction_in_words, fabric_drawings, letters_of
from osteon.report.structure_findings import StructureFindings
from osteon.report.structure_plots import histogram
from osteon.report.structure_words import (
    GROUPS,
    aligned,
    bone_in_words,
    figure,
    scan_terms,
    voxel,
)
from osteon.report.words import unit

from .structure_example import lattice, measurement, results_of
from .test_structure_slices import SCALE

TREE = results_of(lattice(12))


@pytest.mark.parametrize(
    ("value", "unit_", "text"),
    [
        (0.16604, "mm", "0.1660"),
        (1.23449, "/mm", "1.234"),
        (99.996, "mm", "100.0"),
        (1015.08, "mm3", "1015"),
        (123456.7, "mm3", "123\u202f457"),
        (-0.51234, "1", "−0.5123"),
        (-2817, "1", "−2\u202f817"),
        (3.0, "1", "3"),
        (3.0, "mm", "3.000"),
        (0.0, "mm", "0"),
        (0.000012344, "mm3", "1.234 × 10⁻⁵"),
        (0.00099999, "mm", "0.001000"),
        (None, "mm", "—"),
        (float("nan"), "mm", "—"),
        (float("inf"), "mm", "—"),
    ],
)
def test_numbers_have_four_figures_and_counts_all(value, unit_, text):
    assert figure(value, unit_) == text


def test_units_are_written_as_people_write_them():
    assert [unit(code) for code in ("/mm", "/mm3", "mm2", "1")] == ["mm⁻¹", "mm⁻³", "mm²", ""]


def test_the_numbers_of_a_tensor_share_their_decimals():
    assert [aligned(v, 12.3456) for v in (12.3456, 0.001, -3.4)] == ["12.35", "0.00", "−3.40"]


@pytest.mark.parametrize(
    ("vector", "text"),
    [
        ([0, 0, 1], "along the line from foot to head (I–S)"),
        ([0, 0, -1], "along the line from foot to head (I–S)"),
        (
            [np.sin(np.radians(20)), 0, np.cos(np.radians(20))],
            "20° off the line from foot to head (I–S); its head end leans to the left",
        ),
        (
            [0, np.sin(np.radians(30)), -np.cos(np.radians(30))],
            "30° off the line from foot to head (I–S); its head end leans to the front",
        ),
        (
            [-1, 0.3, 0.3],
            "23° off the line from right to left (R–L); its left end leans to the front and the "
            "foot",
        ),
    ],
)
def test_a_direction_has_no_sense_and_leans_to_a_side(vector, text):
    said = direction_in_words(vector)
    assert sorted(re.findall(r"\w+", said)) == sorted(re.findall(r"\w+", text))


def test_letters_name_the_side_to_which_each_part_points():
    assert letters_of([0.6, 0, -0.8]) == "R 0.600 · P 0.000 · S 0.800"


def points(path):
    return np.array([float(n) for n in re.findall(r"-?[\d.]+", path)]).reshape(-1, 2)


def test_the_fabric_of_upright_rods_stands_upright_in_two_planes_and_is_a_circle_from_above():
    fabric = {"vectors": [[0, 0, 1], [1, 0, 0], [0, 1, 0]], "lengths_mm": [1.5, 1.0, 1.0]}
    axial, coronal, sagittal = fabric_drawings(fabric)
    for drawing in (coronal, sagittal):
        wide, high = np.ptp(points(drawing.outline), axis=0)
        assert high / wide == pytest.approx(1.5, rel=0.01)
        (x1, y1), (x2, y2) = points(dict(drawing.axes)["axis-1"])
        assert x1 == x2 == 0
        assert abs(y1 - y2) == pytest.approx(high, abs=0.3)
    assert np.ptp(points(axial.outline), axis=0) == pytest.approx([69.3, 69.3], abs=0.3)


def test_the_shadow_of_a_tilted_ellipsoid_is_that_of_its_points():
    rng = np.random.default_rng(3)
    vectors = np.linalg.qr(rng.normal(size=(3, 3)))[0].T
    lengths = np.array([1.4, 1.1, 0.6])
    ball = rng.normal(size=(200_000, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    body = 52 / 1.4 * (ball * lengths) @ vectors
    drawn = fabric_drawings({"vectors": vectors.tolist(), "lengths_mm": lengths.tolist()})
    for drawing, (across, down) in zip(drawn, ((0, 1), (0, -2), (1, -2)), strict=True):
        seen = np.stack([body[:, across], np.sign(down) * body[:, abs(down)]], axis=1)
        outline = points(drawing.outline)
        for angle in np.linspace(0, np.pi, 7):
            way = np.array([np.cos(angle), np.sin(angle)])
            assert (outline @ way).max() == pytest.approx((seen @ way).max(), abs=0.3)


def test_every_parameter_has_one_place_and_an_unknown_one_comes_last():
    names = [name for group in GROUPS.values() for name in group]
    assert len(names) == len(set(names))
    data = {**TREE, "measurements": [measurement("Tb.New", 1.0), *TREE["measurements"]]}
    groups = StructureFindings(data).groups()
    assert groups[-1].name == "Other"
    assert [p.name for p in groups[-1].parameters] == ["Tb.New"]
    assert sum(len(group.parameters) for group in groups) == len(data["measurements"])


def test_regions_are_named_where_there_is_more_than_one():
    other = {**measurement("BV/TV", 0.5), "region": "outer"}
    data = {**TREE, "measurements": [*TREE["measurements"], other]}
    amount = StructureFindings(data).groups()[0]
    words = [p.words for p in amount.parameters if p.name == "BV/TV"]
    assert words == ["bone volume fraction, all", "bone volume fraction, outer"]


def test_words_about_several_parameters_are_told_once():
    thin = {"code": "thin-region", "text": "The region is thin."}
    own = {"code": "rough", "text": "The surface is rough."}
    missing = {"code": "not-available", "text": "No grey values."}
    rows = [
        {**measurement("Tb.Th", 0.2), "flags": [thin]},
        {**measurement("Tb.Sp", 0.6), "flags": [thin, own]},
        {**measurement("Tb.Th (sub-voxel)", None), "flags": [missing]},
        {**measurement("Tb.Sp (sub-voxel)", None), "flags": [missing]},
    ]
    (group,) = StructureFindings({**TREE, "measurements": rows}).groups()
    assert group.notes == [
        ("Tb.Th, Tb.Sp", "The region is thin."),
        ("Tb.Th (sub-voxel), Tb.Sp (sub-voxel)", "No grey values."),
    ]
    assert [p.flags for p in group.parameters] == [[], ["The surface is rough."], [], []]
    assert [p.missing for p in group.parameters] == [""] * 4


def test_an_uncertainty_has_the_decimals_of_its_number():
    one = {**measurement("Tb.Th", 0.16604), "uncertainty": 0.00312}
    found = StructureFindings({**TREE, "measurements": [one]}).groups()[0]
    assert found.parameters[0].value == "0.1660 ± 0.0031"


def test_a_range_of_two_ends_is_said_in_words():
    features = {"SMI": {"definition": "d", "range": [-2, None], "source": ""}}
    data = {**TREE, "measurements": [measurement("SMI", 1.0)], "features": features}
    found = StructureFindings(data).groups()[0]
    assert dict(found.parameters[0].facts)["Range"] == "−2 to no limit"


def test_a_threshold_has_its_unit():
    bone = {**TREE["bone"], "method": "fixed", "threshold": 320.0, "unit": "mg/cm3"}
    assert "a threshold that was given: 320 mg/cm³." in bone_in_words(bone)


def test_a_voxel_that_is_a_cube_has_one_figure():
    assert voxel({"spacing_mm": [0.05, 0.05, 0.05]}) == "0.05 mm"
    assert voxel({"spacing_mm": [0.3, 0.3, 3.0]}) == "0.3 × 0.3 × 3 mm"


def test_what_the_file_does_not_say_is_left_out():
    terms = dict(scan_terms({**TREE["scan"], "kvp": 70, "manufacturer": None}))
    assert terms["Tube voltage"] == "70 kV"
    assert not {"Scanner", "Kernel", "Modality"} & set(terms)


def bars(drawing):
    """Height of each bar of a distribution, as far as it stands above the foot."""
    paths = re.findall(r'<path d="([^"]+)" clip-path[^>]*style="fill: #(?!ffffff)', drawing)
    shapes = [points(path) for path in paths]
    return np.array([np.ptp(shape[:, 1]) for shape in shapes])


def test_bars_are_as_high_as_their_shares():
    data = {"unit": "mm", "edges": [0.1, 0.15, 0.2, 0.25], "share": [0.2, 0.5, 0.3]}
    high = bars(histogram("Tb.Th", data, SCALE, (0.18, 0.03)))
    assert high / high.max() == pytest.approx([0.4, 1.0, 0.6], abs=0.01)


def test_a_distribution_names_its_mean_and_nothing_is_drawn_of_nothing():
    data = {"unit": "mm", "edges": [0.1, 0.15, 0.2, 0.25], "share": [0.2, 0.5, 0.3]}
    assert "0.1812 mm, SD 0.03120" in histogram("Tb.Th", data, SCALE, (0.1812, 0.0312))
    assert "SD" not in histogram("Tb.Th", data, SCALE, (None, None))
    assert histogram("Tb.Th", {**data, "share": [0, 0, 0]}, SCALE, (None, None)) == ""
