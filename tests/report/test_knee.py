"""The report of a knee predicted from CT: what it says, and what its pictures show."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from osteon.core import BadSetting, EmptyRegion, GridMismatch, Labels
from osteon.report import write_knee_report
from osteon.report.knee_pictures import map_rows

from .knee_example import NAMES, pictures, results

INJECTED = "<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = write_knee_report(results(), pictures(), tmp_path_factory.mktemp("knee"))
    return path.read_text(encoding="utf-8")


def plain(page):
    """The page without tags, in one line."""
    body = re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_it_says_plainly_where_the_weights_come_from(page):
    assert "<b>Research only: weights trained on virtual cohorts.</b> No diagnosis." in page


def test_numbers_stand_with_uncertainty_and_what_is_missing_is_said(page):
    text = plain(page)
    assert "Medial femur 0.970 ± 0.020 0.400 ± 0.020 0.500 ± 0.020 0.600 ± 0.020 6" in text
    assert "Lateral tibia not measured not measured not measured not measured 0" in text
    assert "medial femur: app.BV/TV: Outside the training" in text
    assert "The scan is unlike the training cohort." in text


def test_the_probability_has_its_interval_and_its_drivers_in_order(page):
    text = plain(page)
    assert "63 % 41 to 82 %" in text
    order = [text.index(words) for words in ("+20 points", "+12 points", "−4 points")]
    assert order == sorted(order)
    assert "lateral tibia changes nothing" in text
    assert 'class="dot" style="left: 63.4%"' in page
    assert 'class="lowers" style="left: 39.75%; width: 10.25%"' in page  # 4.1 of 20 points
    assert 'class="interval" style="left: 41.0%; width: 41.2%"' in page


def test_metrics_say_what_is_not_given(page):
    text = plain(page)
    assert "ICC(2,1) app.BV/TV 0.912 0.851 to 0.953" in text
    assert "AUC 0.800 not given" in text


def test_without_a_diagnosis_there_is_no_word_of_probability(tmp_path):
    path = write_knee_report(results(osteoarthritis=None), pictures(), tmp_path)
    assert "Probability of osteoarthritis" not in path.read_text(encoding="utf-8")


def test_what_a_file_says_is_text_and_never_code(tmp_path):
    path = write_knee_report(results(subject=INJECTED), pictures(), tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_it_needs_nothing_from_outside(page):
    assert set(re.findall(r'(?:src|href)="(?!data:|#)([^"]+)"', page)) == {
        "https://doi.org/10.48550/arXiv.2307.04390"
    }


def seen(picture):
    data = base64.b64decode(picture.source.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(float)


def test_there_is_a_row_for_the_ct_and_one_for_each_parameter():
    rows = map_rows(pictures())
    assert [row.name for row in rows] == ["", *NAMES]
    assert [len(row.pictures) for row in rows] == [3] * 5


def test_the_ct_is_grey_and_its_regions_are_outlined():
    first = map_rows(pictures())[0]
    for _, picture in first.pictures:
        colours = seen(picture)
        assert (colours.max(axis=2) == colours.min(axis=2)).all()
    drawn = [{name.split()[0] for name, path in p.outlines if path} for _, p in first.pictures]
    assert drawn[0] == {"medial-femur", "lateral-femur", "medial-tibia", "lateral-tibia"}
    assert drawn[1:] == [{"medial-femur", "medial-tibia"}, {"lateral-femur", "lateral-tibia"}]


def test_colours_stand_where_the_regions_are_and_tell_high_from_low():
    name, picture = map_rows(pictures())[1].pictures[0]
    assert name == "Coronal"
    colours = seen(picture)
    coloured = colours.max(axis=2) - colours.min(axis=2) > 20
    assert coloured.sum() == pytest.approx(4 * 24 * 12, rel=0.02)
    rows, columns = np.nonzero(coloured)
    top, left = rows.min() + 4, columns.min() + 4
    bottom, right = rows.max() - 4, columns.max() - 4
    assert colours[top, left, 2] > colours[top, left, 0]  # medial femur: lowest, blue
    assert colours[bottom, right, 0] > colours[bottom, right, 2]  # lateral tibia: highest, red


def test_a_turned_scan_makes_the_same_pictures():
    drawn = pictures()
    grid = drawn.ct.grid

    def turned(part):
        affine = grid.affine.copy()
        affine[:3, 3] = grid.to_world((grid.shape[0] - 1, 0, 0))
        affine[:, 0] *= -1
        flipped = type(grid).from_affine((64, 48, 72), affine[:, [2, 1, 0, 3]])
        values = np.ascontiguousarray(part.values[::-1].transpose(2, 1, 0))
        return replace(part, values=values, grid=flipped)

    maps = {name: turned(one) for name, one in drawn.maps.items()}
    other = replace(drawn, ct=turned(drawn.ct), regions=turned(drawn.regions), maps=maps)
    for one, two in zip(map_rows(drawn), map_rows(other), strict=True):
        assert (seen(one.pictures[0][1]) == seen(two.pictures[0][1])).all()


def test_what_does_not_fit_is_refused(tmp_path):
    drawn = pictures()
    with pytest.raises(BadSetting, match="version 'other'"):
        write_knee_report(results(schema="other"), drawn, tmp_path)
    small = drawn.regions.part((slice(0, 9), slice(0, 9), slice(0, 9)))
    with pytest.raises(GridMismatch, match="region map"):
        write_knee_report(results(), replace(drawn, regions=small), tmp_path)
    none = Labels(0 * drawn.regions.values, drawn.regions.grid, drawn.regions.names)
    with pytest.raises(EmptyRegion, match="nothing to draw"):
        write_knee_report(results(), replace(drawn, regions=none), tmp_path)
    assert not list(tmp_path.iterdir())
