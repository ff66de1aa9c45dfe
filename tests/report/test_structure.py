"""The page of trabecular structure holds what was measured, says what is missing, runs nothing."""

import copy
import html
import re
from functools import partial

import numpy as np
import pytest

from osteon.core import BadSetting, Grid, GridMismatch, Mask, UnitMismatch, Volume
from osteon.report import StructurePictures, structure_views, write_structure_report
from osteon.report.bone_view import look

from .structure_example import grid_of, lattice, measurement, pictures_of, results_of

INJECTED = "<script>document.title='owned'</script>"
LATTICE = lattice(16)


@pytest.fixture(autouse=True)
def small_views(monkeypatch):
    """Views of 60 pixels, as what is on the page does not depend on their size."""
    monkeypatch.setattr(structure_views, "look", partial(look, pixels=60))


def words_of(text):
    """Visible words of a page."""
    body = re.sub(r"<(style|svg).*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def written(tmp_path, data=None, pictures=LATTICE):
    path = write_structure_report(data or results_of(pictures), pictures, tmp_path)
    assert path == tmp_path / "report.html"
    return path.read_text(encoding="utf-8")


def without(tree):
    """The same tree, every text of it now a script."""
    if isinstance(tree, dict):
        return {key: without(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [without(value) for value in tree]
    return f"{tree}{INJECTED}" if isinstance(tree, str) else tree


def test_no_text_of_the_results_becomes_part_of_the_page(tmp_path):
    data = without(results_of(LATTICE))
    data.update(schema="osteon-structure-1", created="2026-11-21T10:00:00Z")
    for one in data["measurements"]:
        data["features"][one["name"]] = data["features"].pop(one["name"].removesuffix(INJECTED))
    text = written(tmp_path, data)
    assert "<script" not in text
    assert words_of(text).count(INJECTED) > 100


def test_the_page_forbids_everything_but_its_own_pictures_and_style(tmp_path):
    text = written(tmp_path)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    loaded = re.findall(r'<(?:img|link|script|iframe)[^>]*(?:src|href)="([^"]+)"', text)
    assert len(loaded) >= 1 + 2 + 6
    assert all(address.startswith("data:") for address in loaded)
    assert set(re.findall(r'href="(https?://[^/"]+)', text)) == {"https://doi.org"}


def test_the_parts_stand_in_their_order(tmp_path):
    text = written(tmp_path)
    order = ["first", "bone", "main", "distributions", "slices", "fabric", "stiffness"]
    order += ["all", "methods", "repeat"]
    assert re.findall(r'<h2 id="(\w+)"', text) == order


def test_all_that_is_said_of_a_parameter_is_on_the_page(tmp_path):
    data = results_of(LATTICE)
    words = words_of(written(tmp_path, data))
    for name, feature in data["features"].items():
        assert name in words
        assert feature["definition"] in words
        assert feature["does_not"] in words
    for method in data["methods"]:
        assert method["does"] in words
        assert method["citation"] in words
    for part in ("subject", "notice"):
        assert data[part] in words
    assert data["flags"][0]["text"] in words
    assert "smooth.sd_voxels" in words


def test_the_minimal_set_has_value_unit_and_spread(tmp_path):
    data = results_of(LATTICE)
    value = {one["name"]: one["value"] for one in data["measurements"]}
    text = written(tmp_path, data)
    table = re.search(r'<table class="main-table">.*?</table>', text, flags=re.DOTALL)[0]
    rows = [words_of(row) for row in re.findall(r"<tr>.*?</tr>", table, flags=re.DOTALL)[1:]]
    names = ["BV/TV", "Tb.N", "Tb.Th", "Tb.Sp", "Conn.D", "SMI", "DA"]
    assert [row.split()[0] for row in rows] == names
    assert "0.1249" in rows[0]
    assert "1.238 mm⁻¹" in rows[1]
    assert f"{value['Tb.Th']:.4f} mm {value['Tb.Th.SD']:.5f}"[:12] in rows[2]
    assert "2.635 mm⁻³" in rows[4]
    assert "concave" in rows[5]


def test_a_number_that_is_missing_is_a_dash_with_the_reason(tmp_path):
    data = results_of(LATTICE)
    for one in data["measurements"]:
        if one["name"] == "Conn.D":
            why = [{"code": "not-available", "text": "Not available: all of it is bone."}]
            one.update(value=None, flags=why)
    data["measurements"] = [one for one in data["measurements"] if one["name"] != "SMI"]
    words = words_of(written(tmp_path, data))
    assert "Conn.D connectivity density — mm⁻³ all of it is bone." in words
    assert "SMI structure model index: 0 plates, 3 rods — it was not measured." in words
    assert not re.search(r"\b(nan|None|null|inf|Undefined)\b", words)


def test_what_holds_for_the_whole_image_is_told_once(tmp_path):
    data = results_of(LATTICE)
    for one in data["measurements"]:
        one["flags"] = [*one["flags"], *data["flags"]]
    assert words_of(written(tmp_path, data)).count(data["flags"][0]["text"]) == 1


def test_it_says_how_bone_was_told_from_marrow_and_what_was_measured(tmp_path):
    words = words_of(written(tmp_path))
    assert "Bone was told from marrow by Otsu’s threshold: 63." in words
    assert "1 214 loose voxels of bone removed, 1 closed-in voxel of marrow filled" in words
    assert "The whole image, 4.096 mm³, 4 096 voxels" in words
    assert "Voxel 0.1 mm" in words


def test_a_report_of_the_least_that_can_be_given(tmp_path):
    bone = LATTICE.bone
    least = StructurePictures(bone, LATTICE.thickness)
    data = {**results_of(least), "fabric": None, "stiffness": None, "histograms": {}}
    data.update(measurements=[], features={}, flags=[], methods=[])
    data["bone"].update(threshold=None, method="threshold-binary", purified=False)
    text = written(tmp_path, data, least)
    words = words_of(text)
    for absent in ("Which way the bone runs", "Stiffness tensor", "Know before using"):
        assert absent not in words
    assert "How thick, and how far apart" not in words
    assert "The image itself holds bone and marrow only" in words
    assert "Loose voxels were kept." in words
    assert text.count("<img") == 2 + 3
    assert words.count("it was not measured.") == 7


def test_a_report_of_a_way_of_measuring_that_gives_no_thickness(tmp_path):
    plain = StructurePictures(LATTICE.bone, None)
    data = {**results_of(LATTICE), "histograms": {}, "fabric": None, "stiffness": None}
    data["measurements"] = [measurement("app.Tb.N", 1.1), measurement("app.BV/TV", 0.3)]
    text = written(tmp_path, data, plain)
    words = words_of(text)
    assert "Main parameters" in words
    assert "app.Tb.N apparent trabecular number 1.100 mm⁻¹" in words
    assert "it was not measured" not in words
    assert "Bone in white" in words
    assert text.count("<img") == 2 + 3


def test_an_image_without_bone_is_still_a_report(tmp_path):
    grid = grid_of((8,) * 3)
    nothing = pictures_of(Mask(np.zeros(grid.shape, bool), grid))
    data = {**results_of(LATTICE), "histograms": {"Tb.Th": None}}
    assert "No picture: there is no bone" in words_of(written(tmp_path, data, nothing))


def test_a_region_is_drawn_and_said(tmp_path):
    inside = np.zeros(LATTICE.bone.values.shape, bool)
    inside[2:14, 2:14, 2:14] = True
    region = Mask(inside, LATTICE.bone.grid)
    grey = Volume(LATTICE.bone.values * np.int16(900), LATTICE.bone.grid, "1")
    drawn = StructurePictures(LATTICE.bone, LATTICE.thickness, grey=grey, region=region)
    text = written(tmp_path, results_of(drawn), drawn)
    assert text.count('class="outline region"') == 6
    assert text.count('class="outline bone"') == 3
    assert "The region of the mask, 1.728 mm³" in words_of(text)


def test_the_same_results_give_the_same_page(tmp_path):
    assert written(tmp_path / "a") == written(tmp_path / "b")


def test_results_of_another_version_are_refused(tmp_path):
    with pytest.raises(BadSetting, match="osteon-results-1"):
        written(tmp_path, {**results_of(LATTICE), "schema": "osteon-results-1"})
    assert not list(tmp_path.iterdir())


def test_a_foreign_grid_and_another_unit_are_refused(tmp_path):
    data, bone, thickness = results_of(LATTICE), LATTICE.bone, LATTICE.thickness
    grid = bone.grid
    moved = Grid(grid.shape, grid.origin + 3, grid.direction, grid.spacing)
    there = Mask(bone.values, moved)
    with pytest.raises(GridMismatch, match="region"):
        written(tmp_path, data, StructurePictures(bone, thickness, region=there))
    with pytest.raises(GridMismatch, match="thickness map"):
        written(tmp_path, data, StructurePictures(there, thickness))
    voxels = Volume(thickness.values, grid, "1")
    with pytest.raises(UnitMismatch, match="mm"):
        written(tmp_path, data, StructurePictures(bone, voxels))
    assert not list(tmp_path.iterdir())


def test_the_input_is_left_alone(tmp_path):
    data = results_of(LATTICE)
    kept, values = copy.deepcopy(data), LATTICE.thickness.values.copy()
    written(tmp_path, data)
    assert data == kept
    np.testing.assert_array_equal(LATTICE.thickness.values, values)


def test_a_real_cube_of_bone_is_shown(tmp_path, samples):
    import nibabel

    image = nibabel.load(samples / "micro_ct_L1" / "L1_04216_roi001.nii.gz")
    values = np.asarray(image.dataobj)[60:108, 60:108, 60:108] > 0
    drawn = pictures_of(Mask(values, grid_of(values.shape, 0.05)))
    text = written(tmp_path, results_of(drawn), drawn)
    assert text.count("<img") == 2 + 6
    assert len(text) < 5_000_000
