"""The report of an evaluation in a real browser: at a desk, on a phone, on paper, at night."""

import pytest

from osteon.report import write_evaluation_report

from . import evaluation_example as example

pytestmark = pytest.mark.browser

CONTRAST = """() => {
  const part = c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const light = s => { const [r, g, b] = s.match(/[\\d.]+/g).map(Number).map(part);
                       return .2126 * r + .7152 * g + .0722 * b; };
  const contrast = (s, t) => { const [a, b] = [light(s), light(t)];
                               return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); };
  const page = getComputedStyle(document.body).backgroundColor;
  const ground = e => { for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (c !== 'rgba(0, 0, 0, 0)') return c; } return page; };
  return [...document.querySelectorAll('main *, header *, footer *')]
    .filter(e => !e.closest('svg') && e.offsetWidth > 0 &&
      [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => contrast(getComputedStyle(e).color, ground(e))); }"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report with names at their worst, two figures wide and narrow, and many points."""
    names = [example.NASTY, example.LONG, "X" * 60, "Four"]
    figures = [
        example.forest_figure(names),
        example.bland_altman_figure(4000),
        example.confusion_figure(names),
    ]
    made = example.evaluation(names=names, title=example.NASTY, figures=figures)
    return write_evaluation_report(made, tmp_path_factory.mktemp("evaluation"))


@pytest.fixture(
    scope="module",
    params=[(390, "light"), (390, "dark"), (800, "light"), (1280, "dark")],
    ids=["phone", "phone-dark", "tablet", "desk-dark"],
)
def opened(browser, report, request):
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    window, heard = context.new_page(), []
    window.on("console", lambda message: heard.append(message.text))
    window.on("pageerror", lambda error: heard.append(str(error)))
    window.on("request", lambda asked: heard.append(asked.url))
    window.goto(report.as_uri())
    yield window, heard
    context.close()


def test_nothing_runs_over_the_side(opened):
    window, _ = opened
    window.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    wide = window.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    over = window.evaluate(
        """[...document.querySelectorAll('td, th, dd, dt, p, figcaption, h1')]
        .filter(e => e.scrollWidth > e.clientWidth + 1 && e.offsetWidth > 1 &&
          getComputedStyle(e).display !== 'inline' && !e.closest('thead'))
        .map(e => e.textContent)"""
    )
    assert over == []


def test_it_asks_the_network_for_nothing_and_runs_no_script(opened, report):
    window, heard = opened
    assert [what for what in heard if not what.startswith("data:")] == [report.as_uri()]
    assert window.evaluate("document.scripts.length") == 0


def test_of_a_wide_figure_the_phone_shows_the_narrow_form(opened):
    window, _ = opened
    seen = window.evaluate(
        """['.wide', '.narrow'].map(c =>
        document.querySelector('#figure-forest .drawing' + c).checkVisibility())"""
    )
    assert seen == [window.viewport_size["width"] > 640, window.viewport_size["width"] <= 640]


def test_letters_of_figures_are_never_smaller_than_printed(opened):
    window, _ = opened
    scales = window.evaluate(
        """[...document.querySelectorAll('.paper svg')].filter(s => s.checkVisibility())
        .map(s => s.getBoundingClientRect().width / s.viewBox.baseVal.width)"""
    )
    assert len(scales) == 3
    assert min(scales) >= 0.95 * 96 / 72 * 0.75  # a point of the figure is a point and more


def test_all_words_stand_out_from_their_ground(opened):
    window, _ = opened
    window.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    ratios = window.evaluate(CONTRAST)
    assert len(ratios) > 100
    assert min(ratios) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def test_the_page_follows_the_reader_into_the_dark_but_paper_stays_white(browser, report):
    context = browser.new_context(color_scheme="dark")
    window = context.new_page()
    window.goto(report.as_uri())
    ground = """[document.body, document.querySelector('.paper svg #forest-w-patch_1 path')]
      .map((e, n) => getComputedStyle(e)[n ? 'fill' : 'backgroundColor'])"""
    night = window.evaluate(ground)
    window.emulate_media(media="print")
    paper = window.evaluate(ground)
    context.close()
    assert night == ["rgb(18, 23, 29)"] * 2
    assert paper == ["rgb(255, 255, 255)"] * 2


def test_on_paper_a_column_of_a_journal_is_as_wide_as_in_the_journal(browser, report):
    context = browser.new_context(viewport={"width": 695, "height": 900})  # A4 without margins
    window = context.new_page()
    window.goto(report.as_uri())
    window.emulate_media(media="print")
    widths = window.evaluate(
        """[...document.querySelectorAll('.paper svg')].filter(s => s.checkVisibility())
        .map(s => s.getBoundingClientRect().width * 25.4 / 96)"""
    )
    context.close()
    assert widths == pytest.approx([183, 89, 89], rel=0.02)
