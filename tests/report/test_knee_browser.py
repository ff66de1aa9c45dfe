"""The page of a predicted knee in a real browser: at a desk and on a phone."""

import pytest

from osteon.report import write_knee_report

from .knee_example import pictures, results

pytestmark = pytest.mark.browser

INJECTED = "<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def knee_page(tmp_path_factory):
    data = results(subject=INJECTED)
    return write_knee_report(data, pictures(), tmp_path_factory.mktemp("knee"))


@pytest.fixture(params=[390, 1280], ids=["phone", "desk"])
def opened(browser, knee_page, request):
    """The page in a window, with every message and every address it asked for."""
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    window, heard = context.new_page(), []
    window.on("console", lambda message: heard.append(message.text))
    window.on("pageerror", lambda error: heard.append(str(error)))
    window.on("request", lambda asked: heard.append(asked.url))
    window.goto(knee_page.as_uri())
    yield window, heard
    context.close()


def test_it_is_whole_by_itself_and_nothing_runs_over_the_side(opened, knee_page):
    window, heard = opened
    assert [what for what in heard if not what.startswith("data:")] == [knee_page.as_uri()]
    assert window.evaluate("document.scripts.length") == 0
    window.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    wide = window.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_pictures_are_there_and_true_to_shape_and_bars_to_scale(opened):
    window, _ = opened
    boxes = window.evaluate(
        """[...document.querySelectorAll('.knees .picture')].map(p => {
        const i = p.querySelector('img'), b = i.getBoundingClientRect();
        return [i.naturalWidth, i.naturalHeight, b.width, b.height, i.alt,
        p.querySelector('.bar').getBoundingClientRect().width,
        parseFloat(p.querySelector('.bar').textContent)]})"""
    )
    assert len(boxes) == 15
    for columns, rows, width, height, alt, bar, mm in boxes:
        assert width / height == pytest.approx(columns / rows, rel=0.02)
        assert bar / width == pytest.approx(mm / columns, abs=0.02)  # pixels of 1 mm
        assert alt


def test_the_dot_of_the_probability_stands_at_its_place_on_the_bar(opened):
    window, _ = opened
    bar, dot, inside = window.evaluate(
        """['.chance', '.chance .dot', '.chance .interval'].map(s => {
        const b = document.querySelector(s).getBoundingClientRect();
        return [b.left, b.width]})"""
    )
    middle = (dot[0] + dot[1] / 2 - bar[0]) / bar[1]
    assert middle == pytest.approx(0.634, abs=0.01)
    assert (inside[0] - bar[0]) / bar[1] == pytest.approx(0.41, abs=0.01)
    assert inside[1] / bar[1] == pytest.approx(0.412, abs=0.01)
