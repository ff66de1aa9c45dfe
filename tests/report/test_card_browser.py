"""The data card in a real browser: at a desk, on a phone, on paper, by day and by night."""

import pytest

from osteon.report import write_cohort_card

from .card_example import bone_card, gallery, knee_card, spine_card

pytestmark = pytest.mark.browser

INJECTED = "<script>document.title='owned'</script>"

LIGHT = """
const part = c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
const light = s => { const [r, g, b] = s.match(/[\\d.]+/g).map(Number).map(part);
                     return .2126 * r + .7152 * g + .0722 * b; };
const contrast = (s, t) => { const [a, b] = [light(s), light(t)];
                             return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); };
const page = getComputedStyle(document.body).backgroundColor;
"""


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """One card a kind; the title of the knees tries to run a script."""
    made = {"knee": knee_card() | {"title": INJECTED}, "spine": spine_card(), "bone": bone_card()}
    folder = tmp_path_factory.mktemp("cards")
    return {kind: write_cohort_card(c, gallery(), folder / kind) for kind, c in made.items()}


@pytest.fixture(
    scope="module",
    params=[(390, "light"), (390, "dark"), (800, "light"), (1280, "dark")],
    ids=["phone", "phone-dark", "tablet", "desk-dark"],
)
def opened(browser, cards, request):
    """The card of knees in a window, with every message and every address it asked for."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    window, heard = context.new_page(), []
    window.on("console", lambda message: heard.append(message.text))
    window.on("pageerror", lambda error: heard.append(str(error)))
    window.on("request", lambda asked: heard.append(asked.url))
    window.goto(cards["knee"].as_uri())
    yield window, heard
    context.close()


def open_all(window):
    window.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def test_nothing_runs_over_the_side_folded_or_open(opened):
    window, _ = opened
    for open_ in ("false", "true"):
        window.evaluate(f"document.querySelectorAll('details').forEach(d => d.open = {open_})")
        wide = window.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]


@pytest.mark.parametrize("kind", ["spine", "bone"])
def test_other_kinds_fit_a_phone_too(browser, cards, kind):
    window = browser.new_page(viewport={"width": 390, "height": 900})
    window.goto(cards[kind].as_uri())
    open_all(window)
    wide = window.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    window.close()
    assert wide[0] <= wide[1]


def test_it_asks_the_network_for_nothing_and_runs_no_script(opened, cards):
    window, heard = opened
    assert [what for what in heard if not what.startswith("data:")] == [cards["knee"].as_uri()]
    assert window.title().startswith("<script>")
    assert window.evaluate("document.scripts.length") == 0


def test_every_picture_is_there_true_to_shape_with_a_bar_to_scale(opened):
    window, _ = opened
    boxes = window.evaluate(
        """[...document.querySelectorAll('.shot .picture')].map(p => {
        const i = p.querySelector('img'), b = i.getBoundingClientRect();
        return [i.naturalWidth, i.alt, b.width, b.height,
          p.querySelector('.bar').getBoundingClientRect().width,
          parseFloat(p.querySelector('.bar').textContent)]; })"""
    )
    assert len(boxes) == 9
    for pixels, words, width, height, bar, mm in boxes:
        assert words.startswith("sub-")
        assert width / height == pytest.approx(pixels / 40, rel=0.02)
        assert bar / width == pytest.approx(mm / (1.5 * pixels), abs=0.01)


def test_dots_of_ceilings_stand_on_their_number(opened):
    window, _ = opened
    found = window.evaluate(
        """[...document.querySelectorAll('.forest .line')].filter(l => l.querySelector('.dot')).map(l => {
        const box = e => e.getBoundingClientRect(), lane = box(l.querySelector('.lane'));
        const dot = box(l.querySelector('.dot'));
        return [(dot.left + dot.width / 2 - lane.left) / lane.width,
          parseFloat(l.querySelector('.value').textContent)]; })"""  # noqa: E501
    )
    assert len(found) == 5
    for place, auc in found:
        assert 0.3 + 0.7 * place == pytest.approx(auc, abs=0.01)  # the scale is 0.3 to 1


def test_letters_of_drawings_are_readable_and_apart(opened):
    window, _ = opened
    open_all(window)
    boxes = window.evaluate(
        """[...document.querySelectorAll('.panel svg')].map(s => {
        const box = s.getBoundingClientRect();
        return [box.left, box.right, [...s.querySelectorAll('text')].map(t => {
          const b = t.getBoundingClientRect();
          return [b.left, b.top, b.right, b.bottom]; })]; })"""
    )
    assert len(boxes) > 8
    for left, right, texts in boxes:
        for n, (x0, y0, x1, y1) in enumerate(texts):
            assert y1 - y0 >= 8
            assert left - 1 <= x0 < x1 <= right + 1
            for a0, b0, a1, b1 in texts[n + 1 :]:
                across = min(x1, a1) - max(x0, a0)
                along = min(y1, b1) - max(y0, b0)
                assert across <= 0 or along <= 3  # lines of one name may touch


def test_all_words_stand_out_from_their_ground(opened):
    window, _ = opened
    open_all(window)
    ratios = window.evaluate(
        "() => {"
        + LIGHT
        + """
        const ground = e => { for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (c !== 'rgba(0, 0, 0, 0)') return c; } return page; };
        const words = [...document.querySelectorAll('main *, header *, footer *')]
          .filter(e => !e.closest('.picture') && !e.closest('svg') && e.offsetWidth > 0 &&
            [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
          .map(e => contrast(getComputedStyle(e).color, ground(e)));
        const drawn = [...document.querySelectorAll('.panel text:not(.low):not(.high)')]
          .map(e => contrast(getComputedStyle(e).fill, page));
        return [...words, ...drawn]; }"""
    )
    assert len(ratios) > 200
    assert min(ratios) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def test_counts_stand_out_from_their_bars_and_dots_from_the_page(opened):
    window, _ = opened
    on_bars, marks = window.evaluate(
        "() => {"
        + LIGHT
        + """
        const probe = document.body.appendChild(document.createElement('i'));
        const colour = name => { probe.style.color = `var(${name})`;
                                 return getComputedStyle(probe).color; };
        const bars = [0, 1, 2, 3, 4, 5, 6, 7].map(n =>
          contrast(colour(`--g${n}`), colour(n < 4 ? '--on-low' : '--on-high')));
        const dots = ['--yes', '--no', '--all', '--accent'].map(n => contrast(colour(n), page));
        probe.remove();
        return [bars, dots]; }"""
    )
    assert min(on_bars) >= 4.5  # WCAG 2.2, success criterion 1.4.3
    assert min(marks) >= 3  # WCAG 2.2, success criterion 1.4.11


def test_the_page_follows_the_reader_into_the_dark_but_paper_stays_white(browser, cards):
    context = browser.new_context(color_scheme="dark")
    window = context.new_page()
    window.goto(cards["spine"].as_uri())
    ground = "getComputedStyle(document.body).backgroundColor"
    night = window.evaluate(ground)
    window.emulate_media(media="print")
    paper = window.evaluate(ground)
    hidden = window.evaluate(
        """[...document.querySelectorAll('img, details td')]
        .filter(e => !e.checkVisibility() || e.getBoundingClientRect().height === 0).length"""
    )
    context.close()
    assert night == "rgb(18, 23, 29)"
    assert paper == "rgb(255, 255, 255)"
    assert hidden == 0
