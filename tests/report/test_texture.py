"""The page of texture holds what was measured, says what is missing, runs nothing."""

import html
import re

import numpy as np
import pytest

from osteon.core import BadSetting, Grid, GridMismatch, Mask, Volume
from osteon.report import TexturePictures, write_texture_report
from osteon.report.texture_pictures import spread_scale, texture_rows
from osteon.report.texture_words import unit_told

from .texture_example import feature, matrices, pictures_of, results_of

INJECTED = "<script>document.title='owned'</script>"


def written(tmp_path, data=None, pictures=None):
    path = write_texture_report(data or results_of(), pictures or pictures_of(), tmp_path)
    assert path == tmp_path / "report.html"
    return path.read_text(encoding="utf-8")


def words_of(text):
    """Visible words of a page."""
    body = re.sub(r"<(style|svg).*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def poisoned(tree):
    """The same tree, every text of it now a script."""
    if isinstance(tree, dict):
        return {key: poisoned(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [poisoned(value) for value in tree]
    return f"{tree}{INJECTED}" if isinstance(tree, str) else tree


def test_no_text_of_the_results_becomes_part_of_the_page(tmp_path):
    data = poisoned(results_of())
    data.update(schema="osteon-texture-1", created="2026-11-22T10:00:00Z")
    text = written(tmp_path, data)
    assert "<script" not in text
    assert words_of(text).count(INJECTED) > 40


def test_the_page_asks_the_network_for_nothing(tmp_path):
    text = written(tmp_path)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'")
    assert not re.findall(r'(?:src|srcset)="(?!data:)', text)


def test_each_feature_has_a_line_with_its_code_values_and_unit(tmp_path):
    said = words_of(written(tmp_path))
    assert "Mean ABCD 123.5 HU 0.80" in said
    assert "Variance ABCD 900.0 HU²" in said
    assert "3D, averaged 3D, merged" in said
    assert "Contrast ABCD 5.250 6.750 0.80" in said


def test_a_missing_value_is_a_dash_and_a_reason(tmp_path):
    said = words_of(written(tmp_path))
    assert "Correlation ABCD — —" in said
    assert "cm_corr_3D_avg, cm_corr_3D_comb: Not available: divided by 0." in said


def test_steps_of_a_feature_stand_in_one_line(tmp_path):
    assert "Surface ÷ volume of the region 0.1000 · 0.2000 · 0.3000 1/mm" in words_of(
        written(tmp_path)
    )


def test_names_of_the_ibsi_that_end_in_a_number_are_no_steps(tmp_path):
    data = results_of()
    pair = [feature(f"morph_comp_{n}", f"Compactness {n}", n / 10, code=f"ABC{n}") for n in (1, 2)]
    said = words_of(written(tmp_path, {**data, "features": pair}))
    assert "Compactness 1 ABC1 0.1000" in said
    assert "Compactness 2 ABC2 0.2000" in said


def test_the_icc_of_several_aggregations_is_told_by_its_ends(tmp_path):
    low, high = ({"noise": icc, "least": icc} for icc in (0.4, 0.85))
    rows = matrices("cm_contrast", "Contrast", 5.0, 6.0)
    rows = [{**rows[0], "stability": high}, {**rows[1], "stability": low}]
    assert "0.40 to 0.85" in words_of(written(tmp_path, {**results_of(), "features": rows}))


def test_what_was_done_to_the_image_is_said_in_words(tmp_path):
    said = words_of(written(tmp_path))
    assert "Voxels as they are. Values from −300 HU and within 3 SD of the mean count." in said
    assert "Levels of 25. Filtered first: Mean (support 3)." in said
    assert "1 400 voxels measured (1 536 voxels drawn)" in said.replace("\u202f", " ")
    assert "Pool: 40 windows of 220 features" in said
    assert "7 features that are not stable enough were left out" in said


def test_results_of_another_version_are_refused(tmp_path):
    with pytest.raises(BadSetting, match="this report reads 'osteon-texture-1'"):
        written(tmp_path, {**results_of(), "schema": "osteon-texture-0"})


def test_a_region_on_another_grid_is_refused(tmp_path):
    drawn = pictures_of()
    moved = Grid(drawn.mask.grid.shape, np.array([5.0, 0, 0]), np.eye(3), drawn.mask.grid.spacing)
    with pytest.raises(GridMismatch, match="the mask is on another grid"):
        written(tmp_path, pictures=TexturePictures(drawn.image, Mask(drawn.mask.values, moved)))


def test_pictures_show_image_response_and_maps_each_in_three_directions():
    rows = texture_rows(pictures_of(response=True), {"stat_skew": "Skewness"})
    assert [row.title.partition(",")[0] for row in rows] == [
        *("Grey values", "Response of the filter", "Skewness (stat_skew)"),
    ]
    assert all(len(row.pictures) == 3 for row in rows)
    # the axial picture shows the box of the region and a fifth on each side, at its real size
    axial = rows[0].pictures[0]
    assert (axial.width, axial.height) == pytest.approx(((16 + 6) * 0.5, (12 + 4) * 0.5))
    assert all(dict(picture.outlines)["region"] for picture in rows[0].pictures)


def test_a_map_on_a_grid_of_its_own_is_cut_where_the_region_is_largest():
    """The one window with a value lies where the region does, and is seen from all sides."""
    drawn = pictures_of(maps=False)
    inside = np.zeros(drawn.mask.values.shape, np.bool_)
    inside[4, 7, 9] = True
    coarse = Grid((12, 10, 4), np.array([0.25, 0.25, 1.0]), np.eye(3), np.array([1.0, 1.0, 4.0]))
    held, blank = (np.zeros(coarse.shape, np.float32) for _ in range(2))
    held[2, 3, 2] = 1.0
    shown, empty = (
        texture_rows(
            TexturePictures(
                drawn.image, Mask(inside, drawn.mask.grid), {"a": Volume(values, coarse, "1")}
            ),
            {},
        )[1]
        for values in (held, blank)
    )
    sources = zip(shown.pictures, empty.pictures, strict=True)
    assert [one.source != other.source for one, other in sources] == [True, True, True]


def test_missing_values_do_not_spoil_a_picture():
    drawn = pictures_of(maps=False)
    values = drawn.image.values.copy()
    values[:3] = np.nan
    holed = TexturePictures(Volume(values, drawn.image.grid, "1"), drawn.mask)
    assert "nan" not in texture_rows(holed, {})[0].title


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (np.linspace(-1.0, 1.0, 101), -1.0, 1.0),
        (np.full(9, 7.0), 6.0, 8.0),
        (np.zeros(0), 0.0, 1.0),
        (np.full(9, -3.0), -3.5, -2.5),
    ],
)
def test_a_scale_has_round_ends_around_values_of_any_sign(values, low, high):
    scale = spread_scale(values)
    assert (scale.low, scale.high) == pytest.approx((low, high), abs=0.35 * (high - low))
    assert scale.low < scale.high
    assert not values.size or scale.low <= np.median(values) <= scale.high


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1", ""),
        ("[hnsf'U]2", "HU²"),
        ("/mm3", "1/mm³"),
        ("[hnsf'U].mm3", "HU · mm³"),
        ("mg2/cm6", "mg²/cm⁶"),
    ],
)
def test_units_are_printed_as_people_write_them(code, said):
    assert unit_told(code) == said
