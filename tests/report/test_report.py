"""The page holds what the results hold, says what is missing, and runs nothing."""

import copy
import html
import re
from pathlib import Path

import numpy as np
import pytest

from osteon.core import BadSetting, Grid, GridMismatch, Mask, UnitMismatch, UnknownName, Volume
from osteon.report import write_report

from .conftest import INJECTED
from .example import tiny_scan


def words_of(text):
    """Visible words of a page."""
    body = re.sub(r"<(style|svg).*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def written(tmp_path, results, example=None):
    _, scan, vertebrae, regions = example or tiny_scan()
    return write_report(results, scan, vertebrae, regions, tmp_path).read_text(encoding="utf-8")


def test_a_script_in_the_name_of_a_subject_is_printed_as_text(page):
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert INJECTED in words_of(text)


def test_the_page_forbids_everything_but_its_own_pictures_and_style(page):
    text = page.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    loaded = re.findall(r'<(?:img|link|script|iframe)[^>]*(?:src|href)="([^"]+)"', text)
    assert loaded
    assert all(address.startswith("data:") for address in loaded)
    assert set(re.findall(r'href="(https?://[^/"]+)', text)) == {"https://doi.org"}


def test_every_level_has_a_row_with_the_numbers_of_the_results(page):
    results = tiny_scan()[0]
    text = page.read_text(encoding="utf-8")
    articles = re.findall(r"<article.*?</article>", text, flags=re.DOTALL)
    assert len(articles) == len(results["levels"])
    for level, article in zip(results["levels"], articles, strict=True):
        words = words_of(article)
        assert level["level"] in words
        if level["measured"]:
            assert article.count("<img") == 3
            for one in results["measurements"]:
                if (one["level"], one["name"]) == (level["level"], "HU median"):
                    assert f" {one['value']:.0f} ".replace("-", "−") in words
        else:
            assert level["reason"] in words


def test_density_is_printed_with_uncertainty_and_mineral(page):
    results = tiny_scan()[0]
    words = words_of(page.read_text(encoding="utf-8"))
    density = next(m for m in results["measurements"] if m["method"] == "internal")
    assert f"{density['value']:.0f} ± 11 mg/cm³ K₂HPO₄" in words


def test_nothing_missing_is_printed_as_a_code_word(tmp_path):
    results = copy.deepcopy(tiny_scan()[0])
    for one in results["measurements"]:
        if one["level"] == "L1":
            why = [{"code": "not-available", "text": "Not available: too few voxels."}]
            one.update(value=None, uncertainty=None, flags=why)
    results["indications"][0]["value"] = None
    results["levels"][0].update(heights_mm=None, depth_mm=None, width_mm=None)
    words = words_of(written(tmp_path, results))
    assert not re.search(r"\b(nan|None|null|inf|Undefined)\b", words)
    assert "not available: too few voxels." in words


def test_flags_of_the_scan_are_told_once_and_not_in_every_row(tmp_path):
    results = copy.deepcopy(tiny_scan()[0])
    text = "The aorta has 399 HU."
    results["scan"]["flags"].append({"code": "contrast", "text": text})
    for one in results["measurements"]:
        one["flags"] = [*one["flags"], {"code": "contrast", "text": text}]
    assert words_of(written(tmp_path, results)).count(text) == 1


def test_flags_of_a_level_and_of_a_region_are_told_in_its_row(tmp_path):
    results = copy.deepcopy(tiny_scan()[0])
    for one in results["measurements"]:
        if (one["level"], one["region"]) == ("L1", "oval"):
            one["flags"] = [{"code": "few-voxels", "text": "Only 20 voxels."}]
    words = words_of(written(tmp_path, results))
    assert words.count("Mid-body oval: Only 20 voxels.") == 1
    assert words.count(results["levels"][2]["flags"][0]["text"]) == 1


def test_thresholds_say_how_poorly_they_transfer(page):
    words = words_of(page.read_text(encoding="utf-8"))
    for threshold in tiny_scan()[0]["thresholds"]:
        assert threshold["transfer"] in words
        assert threshold["citation"] in words


def test_a_spine_of_which_nothing_was_measured_is_still_a_report(tmp_path):
    results = copy.deepcopy(tiny_scan()[0])
    results.update(measurements=[], indications=[], calibrations=[])
    for level in results["levels"]:
        level.update(measured=False, reason="Cut.", centre_mm=None, axes=None, regions={})
    words = words_of(written(tmp_path, results))
    assert "0 measured of 4 found" in words
    assert "No plot: no level was measured." in words
    assert "No screening indication is given" in words


def test_the_same_results_give_the_same_page(tmp_path):
    results = tiny_scan()[0]
    assert written(tmp_path / "a", results) == written(tmp_path / "b", results)


def test_results_of_another_version_are_refused(tmp_path):
    with pytest.raises(BadSetting, match="osteon-results-0"):
        written(tmp_path, {**tiny_scan()[0], "schema": "osteon-results-0"})


def test_a_missing_region_a_foreign_grid_and_another_unit_are_refused(tmp_path):
    results, scan, vertebrae, regions = tiny_scan()
    two = {name: regions[name] for name in ("core", "oval")}
    with pytest.raises(UnknownName, match="anterior"):
        write_report(results, scan, vertebrae, two, tmp_path)
    moved = Grid(scan.grid.shape, scan.grid.origin + 3, scan.grid.direction, scan.grid.spacing)
    shifted = Mask(regions["oval"].values, moved)
    with pytest.raises(GridMismatch, match="region 'oval'"):
        write_report(results, scan, vertebrae, {**regions, "oval": shifted}, tmp_path)
    density = Volume(scan.values, scan.grid, "mg/cm3")
    with pytest.raises(UnitMismatch, match="mg/cm3"):
        write_report(results, density, vertebrae, regions, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_report_that_fails_leaves_the_old_one_whole(tmp_path, monkeypatch):
    results, scan, vertebrae, regions = tiny_scan()
    before = write_report(results, scan, vertebrae, regions, tmp_path).read_text(encoding="utf-8")

    def full_disk(*_):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_report({**results, "subject": "other"}, scan, vertebrae, regions, tmp_path)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_the_input_is_left_alone(tmp_path):
    results, scan, vertebrae, regions = tiny_scan()
    kept, values = copy.deepcopy(results), scan.values.copy()
    write_report(results, scan, vertebrae, regions, tmp_path)
    assert results == kept
    np.testing.assert_array_equal(scan.values, values)
