"""The page in a real browser: at a desk, on a phone, on paper."""

import re

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(params=[390, 1280], ids=["phone", "desk"])
def opened(browser, page, request):
    """The page in a window, with every message and every address it asked for."""
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    window, heard = context.new_page(), []
    window.on("console", lambda message: heard.append(message.text))
    window.on("pageerror", lambda error: heard.append(str(error)))
    window.on("request", lambda asked: heard.append(asked.url))
    window.goto(page.as_uri())
    yield window, heard
    context.close()


def test_nothing_runs_over_the_side(opened):
    window, _ = opened
    wide = window.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_it_asks_the_network_for_nothing_and_has_no_complaint(opened, page):
    _, heard = opened
    assert [what for what in heard if not what.startswith("data:")] == [page.as_uri()]


def test_every_picture_is_there_and_has_words(opened):
    window, _ = opened
    pictures = window.evaluate("[...document.images].map(i => [i.naturalWidth, i.alt])")
    assert len(pictures) == 2 + 3 * 3  # overview, and three a measured level
    assert all(width > 0 and alt for width, alt in pictures)


def test_a_script_in_a_name_does_not_run(opened):
    window, _ = opened
    assert window.title().startswith("<script>")
    assert window.evaluate("document.scripts.length") == 0


def test_one_plot_is_seen_and_its_letters_are_readable(opened):
    window, _ = opened
    seen = window.evaluate(
        """[...document.querySelectorAll('.drawing')].filter(d => d.offsetWidth > 0).map(
        d => Math.min(...[...d.querySelectorAll('text')].map(t => t.getBoundingClientRect().height)
        .filter(h => h > 0)))"""
    )
    assert len(seen) == 1
    assert seen[0] >= 8


def test_all_words_stand_out_from_their_ground(opened):
    window, _ = opened
    ratios = window.evaluate(
        """() => {
        const part = c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
        const light = s => { const [r, g, b] = s.match(/[\\d.]+/g).map(Number).map(part);
                             return .2126 * r + .7152 * g + .0722 * b; };
        const ground = e => { for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (!c.endsWith(', 0)')) return c; } return 'rgb(255, 255, 255)'; };
        return [...document.querySelectorAll('main *, header *, footer *')]
          .filter(e => !e.closest('.picture') && !e.closest('svg') && e.offsetWidth > 0 &&
            [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
          .map(e => { const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
            return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); }); }"""
    )
    assert len(ratios) > 50
    assert min(ratios) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def test_on_paper_no_row_is_cut_or_lost_and_the_manifest_is_open(browser, page, tmp_path):
    window = browser.new_page()
    window.goto(page.as_uri())
    window.emulate_media(media="print")
    hidden = window.evaluate(
        """[...document.querySelectorAll('article, .thumb img, details td')]
        .filter(e => !e.checkVisibility() || e.getBoundingClientRect().height === 0).length"""
    )
    whole = window.evaluate(
        """[...document.querySelectorAll('article')].map(
        e => getComputedStyle(e).breakInside)"""
    )
    chained = window.evaluate(
        """[...document.querySelectorAll('article, article *')].filter(
        e => getComputedStyle(e).breakAfter === 'avoid').length"""
    )  # a row kept with the next, and that with the next, is no longer kept whole
    printed = window.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    window.close()
    assert hidden == 0
    assert chained == 0
    assert whole == ["avoid"] * 4
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 1
