"""What a person reads for numbers, sources and settings."""

import math

import pytest

from osteon.report.words import (
    day,
    doi_link,
    equivalent,
    leaves,
    number,
    plain,
    scan_in_words,
    sentences,
    short_source,
    unit,
)


@pytest.mark.parametrize(
    ("value", "decimals", "words"),
    [
        (146.51, 0, "147"),
        (-3.2, 1, "−3.2"),
        (-0.04, 1, "0.0"),
        (None, 0, "not available"),
        (math.nan, 0, "not available"),
        (math.inf, 2, "not available"),
    ],
)
def test_a_number_is_printed_with_a_true_minus_and_a_missing_one_in_words(value, decimals, words):
    assert number(value, decimals) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"),
        (True, "yes"),
        (1, "1"),
        (0, "0"),
        (2.50001, "2.5"),
        (math.nan, "not available"),
        ([], "none"),
        ([1.5, None], "1.5, none"),
        ({"a": 1, "b": None}, "a 1, b none"),
        ("soft", "soft"),
    ],
)
def test_any_setting_is_printed_without_code_words(value, words):
    assert plain(value) == words


def test_nested_settings_are_listed_by_dotted_name():
    tree = {"oval": {"width": 20.0, "axes": {}}, "kvp": None}
    assert dict(leaves(tree)) == {"oval.width": "20", "oval.axes": "none", "kvp": "none"}


def test_a_doi_becomes_an_address_and_nothing_else_does():
    assert doi_link("doi:10.1007/s1") == "https://doi.org/10.1007/s1"
    assert doi_link("doi:10.1/a<b>") == "https://doi.org/10.1/a%3Cb%3E"
    assert doi_link("javascript:alert(1)") == ""


@pytest.mark.parametrize(
    ("citation", "short"),
    [
        ("Pickhardt PJ et al. Title. Ann Intern Med 2013;158:588.", "Pickhardt 2013"),
        ("Insights Imaging 2023;14 (536 adults, UK)", "Insights Imaging 2023"),
        ("Screening in a British population. Insights Imaging 2023;14", "Insights Imaging 2023"),
        ("Shuhart CR et al. Summary of the 2018 ISCD. J Clin 2019;22:4", "Shuhart 2019"),
        ("A book of a very long title without any author", "A book of a very long…"),
        ("", "doi:10.1/x"),
    ],
)
def test_a_source_is_shortened_to_author_or_journal_and_year(citation, short):
    assert short_source({"citation": citation, "doi": "doi:10.1/x"}) == short


def test_times_units_and_minerals_are_written_out():
    assert day("2026-11-21T10:00:00Z") == "21 November 2026, 10:00 UTC"
    assert day("yesterday") == "yesterday"
    assert unit("[hnsf'U]") == "HU"
    assert equivalent("K2HPO4") == "K₂HPO₄"
    assert equivalent("HA", full=True) == "hydroxyapatite (HA)"


def test_the_first_sentence_is_told_apart_from_a_decimal_point():
    assert sentences("L1 is 1.5 lower. Contrast was given.") == (
        "L1 is 1.5 lower.",
        "Contrast was given.",
    )


def test_what_a_file_does_not_say_about_a_scan_is_said_in_words():
    scan = {"shape": [3, 4, 5], "spacing_mm": [0.7, 0.7, 2.5], "kvp": 120.0, "contrast": False}
    told = dict(scan_in_words(scan))
    assert told["Voxel"] == "0.70 × 0.70 × 2.50 mm"
    assert told["Tube voltage"] == "120 kV"
    assert told["Contrast agent"] == "none given"
    assert told["Kernel"] == "not stated in the file"
