"""Figures that a journal can print: sized, vector, letters inside, nothing over another."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from osteon.core import BadSetting, UnknownName
from osteon.report import evaluation_figures, plot_agreement, plot_sheet
from osteon.report.evaluation_figures import DRAWN, paper_figure
from osteon.report.page import TEMPLATES
from osteon.report.plot_curves import thinned
from osteon.report.plot_forest import natural_width

from . import evaluation_example as example

ONE = ["Structure"]
THREE = ["Structure", "Texture", "Age and sex"]
TWELVE = [f"Model {letter}" for letter in "ABCDEFGHIJKL"]
AWKWARD = [example.NASTY, example.LONG, "X" * 60, "骨密度 <model> \x07 ☃"]

NAMED = [
    example.roc_figure,
    example.recall_figure,
    example.calibration_figure,
    example.decision_figure,
    example.forest_figure,
    example.confusion_figure,
]

CASES = {
    **{
        f"{make.__name__.removesuffix('_figure')}-{len(names)}{names[0][:1]}": make(names)
        for make in NAMED
        for names in (ONE, THREE, AWKWARD, TWELVE)
    },
    "forest-gaps": example.forest_figure(TWELVE, gaps=range(12)),
    "bland-altman": example.bland_altman_figure(),
    "bland-altman-sites": example.bland_altman_figure(groups=3, line=[0.05, -10.2]),
    "bland-altman-names": example.bland_altman_figure(x="X" * 60, y=example.LONG),
    "bland-altman-one": example.bland_altman_figure(1, bias=[2.0, None, None], lower=[2.0] * 3),
    "bland-altman-close": example.bland_altman_figure(upper=[-3.1, -3.2, -3.0]),
    "bland-altman-close-to-the-top": example.bland_altman_figure(
        upper=[12.9, 12.8, 13.0], bias=[12.8, 12.7, 12.9], lower=[12.7, 12.6, 12.8]
    ),
    "scatter": example.scatter_figure(),
    "scatter-one": example.scatter_figure(1),
    **{f"empty-{kind}": example.figure(kind, "", {}) for kind in DRAWN},
}


def drawn(figure, width=None):
    """The figure itself, its parts at their places."""
    with plot_sheet.sheet_style("test"):
        sheet = DRAWN[figure["kind"]](figure["data"], width or plot_sheet.ONE_COLUMN)
        sheet.draw_without_rendering()
    return sheet


def texts_of(sheet):
    """Every text that is seen; ticks beyond the ends of their axis are not."""
    made = [*sheet.texts]
    for axes in sheet.axes:
        made += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            made += [tick.label1 for tick in ticks if tick.label1.get_visible()]
    return [text for text in made if text.get_text().strip()]


@pytest.mark.parametrize("fonts", [None, ("DejaVu Sans",)], ids=["best", "widest"])
@pytest.mark.parametrize("case", CASES)
def test_words_stay_on_the_sheet_and_off_each_other(monkeypatch, case, fonts):
    if fonts:
        monkeypatch.setattr(plot_sheet, "families", lambda: fonts)
    sheet = drawn(CASES[case])
    dot = plot_sheet.DOTS_PER_INCH / 25.4  # a millimetre
    with plot_sheet.sheet_style("test"):
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(sheet)]
    assert boxes
    wide, high = sheet.bbox.size
    for words, box in boxes:
        assert -0.3 * dot <= box.x0 < box.x1 <= wide + 0.3 * dot, words
        assert -0.3 * dot <= box.y0 < box.y1 <= high + 0.3 * dot, words
    for n, (words, box) in enumerate(boxes):
        for others, other in boxes[n + 1 :]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            along = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert across <= 0.2 * dot or along <= 0.9 * dot, (words, others)


@pytest.mark.parametrize("case", ["roc-3S", "forest-4" + example.NASTY[0], "confusion-12M"])
def test_letters_are_at_least_as_large_as_journals_ask(case):
    assert min(text.get_fontsize() for text in texts_of(drawn(CASES[case]))) >= 6


@pytest.mark.parametrize("case", [c for c in CASES if "-4" in c or "sites" in c or "empty" in c])
def test_every_figure_is_sound_svg_of_a_journal_width_with_its_letters_as_outlines(case):
    with plot_sheet.sheet_style("test"):
        svg = plot_sheet.svg_of(drawn(CASES[case]))
    tree = ElementTree.fromstring(svg)
    assert float(tree.get("width").removesuffix("pt")) == pytest.approx(89 * 72 / 25.4)
    assert not [one for one in tree.iter() if one.tag.endswith("}text")]
    assert "<script" not in svg
    assert "<!--" not in svg


def test_pdf_has_truetype_letters_inside_and_no_date():
    pdf = paper_figure(CASES["roc-3S"]).pdf
    assert pdf.startswith(b"%PDF")
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"Date" not in pdf
    wide = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", pdf)[1]
    assert float(wide) == pytest.approx(89 * 72 / 25.4, abs=0.01)


def test_the_same_figure_is_the_same_bytes():
    one, two = (paper_figure(example.bland_altman_figure(5000)) for _ in range(2))
    assert one.svg == two.svg
    assert one.pdf == two.pdf


def test_a_hundred_thousand_points_make_a_small_figure_that_says_what_it_is():
    made = paper_figure(example.bland_altman_figure(100_000))
    assert len(made.svg) < 2e6
    assert "All 100,000 points are drawn" in made.caption
    assert "<image" in made.svg


def test_few_points_stay_points():
    made = paper_figure(example.scatter_figure(500))
    assert "<image" not in made.svg
    assert "picture" not in made.caption


def test_bland_altman_points_and_lines_stand_where_the_numbers_say():
    figure = example.bland_altman_figure()
    sheet = drawn(figure)
    axes = sheet.axes[0]
    levels = sorted(line.get_ydata()[0] for line in axes.lines if len(line.get_ydata()) == 2)
    assert levels == [-15.7, -3.2, 9.3]
    points = next(line for line in axes.lines if len(line.get_ydata()) == 80)
    assert list(points.get_xydata()[:, 1]) == figure["data"]["differences"]
    words = [text.get_text() for text in axes.texts]
    assert words[:3] == ["Upper limit", "9.3", "(7.2–11.9)"]


def test_points_without_a_number_are_left_out():
    data = example.scatter_figure(5)["data"]
    data["x"][1], data["y"][2] = None, float("nan")
    assert plot_agreement.points_in(data) == 3
    assert paper_figure(example.figure("scatter", "", data)).svg


def test_a_forest_names_the_reference_and_shows_no_interval_where_there_is_none():
    sheet = drawn(example.forest_figure(THREE, gaps=[1]))
    words = [text.get_text() for text in sheet.texts]
    assert "Structure (reference)" in words
    assert "0.84" in words
    assert "0.76 (0.69–0.82)" in words
    axes = sheet.axes[0]
    strokes = [tuple(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2]
    whiskers = [pair for pair in strokes if pair[0] != pair[1]]
    assert len(whiskers) == 2


def test_a_forest_takes_two_columns_only_for_long_names():
    assert natural_width(example.forest_figure(TWELVE)["data"]) == 89
    long = paper_figure(example.forest_figure([example.LONG]))
    assert long.width == 183
    assert long.narrow  # for a phone


def test_confusion_shows_counts_and_shares_of_the_truth():
    data = {"classes": ["no", "yes"], "counts": [[30, 10], [0, 0]], "truth": "T", "called": "C"}
    sheet = drawn(example.figure("confusion", "", data))
    words = [text.get_text() for text in sheet.axes[0].texts]
    assert words == ["30", "75%", "10", "25%", "0", "0%", "0", "0%"]


@pytest.mark.parametrize("order", [1, -1])
def test_precision_holds_from_each_recall_down_to_the_one_before(order):
    recall, precision = [0.25, 0.75, 1.0][::order], [1.0, 0.6, 0.5][::order]
    curve = {"name": "Model", "recall": recall, "precision": precision, "ap": [0.675]}
    sheet = drawn(example.figure("precision-recall", "", {"curves": [curve]}))
    line = max(sheet.axes[0].lines, key=lambda one: len(one.get_xdata()))
    x, y = line.get_path().vertices.T
    # average precision is the sum of precision times gain in recall, so it is the area below
    assert np.trapezoid(y, x) == pytest.approx(0.25 * 1.0 + 0.5 * 0.6 + 0.25 * 0.5)


def test_thinning_leaves_a_curve_where_it_was():
    rng = np.random.default_rng(11)
    false, hits, area, _ = example.curve(rng, 100_000, 1.2)
    x, y = thinned(false, hits)
    assert len(x) < 8001
    assert np.trapezoid(y, x) == pytest.approx(area, abs=3e-4)
    at = rng.random(1000)
    assert np.abs(np.interp(at, x, y) - np.interp(at, false, hits)).max() < 2e-3


def test_thinning_keeps_the_corners_of_steps_and_the_tips_of_teeth():
    x = np.repeat(np.arange(5.0), 1000)
    y = np.repeat([0.0, 3.0, 1.0, 1.0, 2.0], 1000)
    thin = np.array(thinned(x, y)).T
    assert {(0, 0), (1, 3), (2, 1), (4, 2)} <= set(map(tuple, thin))
    up_and_down = np.concatenate([np.linspace(0, 1, 3000), np.linspace(1, 0, 3000)])
    assert thinned(np.zeros(6000), up_and_down)[1].max() == 1


@pytest.mark.parametrize("width", [9.0, 30.0])
def test_broken_words_fit_and_lose_nothing_but_what_the_ellipsis_stands_for(width):
    for words in (*AWKWARD[:3], "", "a-b-c" * 20):
        lines = plot_sheet.wrapped(words, width, 50)
        assert max(map(plot_sheet.text_width, lines)) <= width
        assert "".join("".join(lines).split()) == "".join(words.split())
        cut = plot_sheet.wrapped(words, width, 1)
        assert len(cut) == 1
        assert plot_sheet.text_width(cut[0]) <= width
        assert cut == lines or cut[0].endswith("…")


def light(colour):
    """Relative luminance as WCAG 2.2 has it."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], parts))


def contrast(one, other):
    high, low = sorted([light(one), light(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_curves_stand_out_from_white_paper_and_from_the_dark_page():
    assert min(contrast(colour, "#ffffff") for colour in plot_sheet.SERIES) >= 3
    css = (TEMPLATES / "evaluation.css").read_text(encoding="utf-8")
    dark = css[css.index("prefers-color-scheme: dark") :]
    page = re.search(r"--page: (#\w+)", dark)[1]
    series = re.findall(r"--series-\d: (#\w+)", dark)
    assert len(series) == len(plot_sheet.SERIES)
    assert min(contrast(colour, page) for colour in series) >= 3
    bright = re.findall(r"--series-\d: (#\w+)", css)[: len(series)]
    assert tuple(bright) == plot_sheet.SERIES


# Machado, Oliveira, Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1.0
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
              [-0.003882, -0.048116, 1.051998]]  # fmt: skip
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881]]  # fmt: skip


@pytest.mark.parametrize("seen", [np.eye(3), PROTANOPIA, DEUTERANOPIA])
def test_the_first_curves_differ_in_hue_for_every_colour_vision(seen):
    color = pytest.importorskip("skimage.color")
    linear = [
        [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(one)]
        for one in plot_sheet.SERIES[:3]
    ]
    seen = np.clip(np.array(linear) @ np.array(seen).T, 0, 1)
    shown = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = color.rgb2lab(shown[None])[0]
    apart = [color.deltaE_ciede2000(lab[a], lab[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    assert min(apart) > 10


def test_curves_differ_without_any_colour():
    looks = [plot_sheet.look(place) for place in range(42)]
    assert len({str(one.dash) for one in looks[:6]}) == 6
    assert len({(one.colour, str(one.dash)) for one in looks}) == 42


def test_a_kind_that_is_none_and_data_that_are_none_are_told_in_one_line():
    with pytest.raises(UnknownName, match="'pie' is unknown; there are bland-altman"):
        paper_figure(example.figure("pie", "", {}))
    broken = example.figure("roc", "", {"curves": [{"false_positive": "abc", "auc": 3}]})
    with pytest.raises(BadSetting, match="figure 'roc' do not make") as caught:
        paper_figure(broken)
    assert "\n" not in str(caught.value)


def test_colours_of_a_figure_are_names_that_the_page_defines():
    css = (TEMPLATES / "evaluation.css").read_text(encoding="utf-8")
    css += (TEMPLATES / "report.css").read_text(encoding="utf-8")
    assert all(f"{name}:" in css for name in evaluation_figures.THEME.values())
