"""The page of trabecular structure in a real browser: at a desk, on a phone, on paper."""

import re

import numpy as np
import pytest

from osteon.core import Mask, Volume
from osteon.report import StructurePictures, write_structure_report

from .structure_example import lattice, results_of

pytestmark = pytest.mark.browser

INJECTED = "<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def structure_page(tmp_path_factory):
    """A page with everything on it, whose subject tries to run a script."""
    plain = lattice(24)
    grid = plain.bone.grid
    grey = Volume(plain.bone.values * np.int16(900), grid, "1")
    inside = np.zeros(grid.shape, bool)
    inside[2:-2, 2:-2, 2:-2] = True
    drawn = StructurePictures(plain.bone, plain.thickness, plain.spacing, grey, Mask(inside, grid))
    data = results_of(drawn, subject=INJECTED)
    return write_structure_report(data, drawn, tmp_path_factory.mktemp("structure"))


@pytest.fixture(params=[390, 1280], ids=["phone", "desk"])
def opened(browser, structure_page, request):
    """The page in a window, with every message and every address it asked for."""
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    window, heard = context.new_page(), []
    window.on("console", lambda message: heard.append(message.text))
    window.on("pageerror", lambda error: heard.append(str(error)))
    window.on("request", lambda asked: heard.append(asked.url))
    window.goto(structure_page.as_uri())
    yield window, heard
    context.close()


def test_nothing_runs_over_the_side_folded_or_open(opened):
    window, _ = opened
    for _ in range(2):
        wide = window.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
        window.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def test_it_asks_the_network_for_nothing_and_runs_no_script(opened, structure_page):
    window, heard = opened
    assert [what for what in heard if not what.startswith("data:")] == [structure_page.as_uri()]
    assert window.title().startswith("<script>")
    assert window.evaluate("document.scripts.length") == 0


def test_every_picture_is_there_and_has_words(opened):
    window, _ = opened
    pictures = window.evaluate("[...document.images].map(i => [i.naturalWidth, i.alt])")
    assert len(pictures) == 2 + 3 * 3
    assert all(width > 0 and alt for width, alt in pictures)


def test_pictures_are_true_to_shape_and_their_bars_to_scale(opened):
    window, _ = opened
    boxes = window.evaluate(
        """[...document.querySelectorAll('.three .picture, .seen')].map(p => [
        p.querySelector('img').getBoundingClientRect().width,
        p.querySelector('img').getBoundingClientRect().height,
        p.querySelector('.bar, .ruler').getBoundingClientRect().width,
        parseFloat(p.querySelector('.bar, .ruler').textContent)])"""
    )
    assert len(boxes) == 11
    for width, height, bar, mm in boxes[2:]:
        assert width == pytest.approx(height, abs=1)
        assert bar / width == pytest.approx(mm / 2.4, abs=0.01)  # 24 voxels of 0.1 mm
    width, _, bar, mm = boxes[1]
    assert bar / width == pytest.approx(mm / (2.0 * 1.06), abs=0.02)  # the region, with a margin


def test_letters_of_drawings_are_readable(opened):
    window, _ = opened
    heights = window.evaluate(
        """[...document.querySelectorAll('.drawing text, .triad-letter, .ellipsoids text')].map(
        t => t.getBoundingClientRect().height).filter(h => h > 0)"""
    )
    assert len(heights) > 20
    assert min(heights) >= 8


def test_all_words_stand_out_from_their_ground(opened):
    window, _ = opened
    window.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
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
    assert len(ratios) > 100
    assert min(ratios) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def test_on_paper_all_definitions_are_open_and_no_picture_is_cut(browser, structure_page, tmp_path):
    window = browser.new_page()
    window.goto(structure_page.as_uri())
    window.emulate_media(media="print")
    hidden = window.evaluate(
        """[...document.querySelectorAll('img, details td, details dd')]
        .filter(e => !e.checkVisibility() || e.getBoundingClientRect().height === 0).length"""
    )
    cut = window.evaluate(
        """[...document.querySelectorAll('.space, .cuts, .parameter, .fabric')].filter(
        e => getComputedStyle(e).breakInside !== 'avoid').length"""
    )
    printed = window.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    window.close()
    assert hidden == 0
    assert cut == 0
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 1
