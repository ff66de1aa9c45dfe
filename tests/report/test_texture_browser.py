"""The page of texture in a real browser: at a desk and on a phone."""

import pytest

from osteon.report import write_texture_report

from .texture_example import pictures_of, results_of

pytestmark = pytest.mark.browser

INJECTED = "<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def texture_page(tmp_path_factory):
    """A page whose subject tries to run a script."""
    folder = tmp_path_factory.mktemp("texture")
    return write_texture_report(results_of(INJECTED), pictures_of(response=True), folder)


@pytest.fixture(params=[390, 1280], ids=["phone", "desk"])
def opened(browser, texture_page, request):
    """The page in a window, with every message and every address it asked for."""
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    window, heard = context.new_page(), []
    window.on("console", lambda message: heard.append(message.text))
    window.on("pageerror", lambda error: heard.append(str(error)))
    window.on("request", lambda asked: heard.append(asked.url))
    window.goto(texture_page.as_uri())
    yield window, heard
    context.close()


def test_nothing_runs_over_the_side_folded_or_open(opened):
    window, _ = opened
    for _ in range(2):
        wide = window.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
        window.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def test_it_asks_the_network_for_nothing_and_runs_no_script(opened, texture_page):
    window, heard = opened
    assert [what for what in heard if not what.startswith("data:")] == [texture_page.as_uri()]
    assert window.title().startswith("<script>")
    assert window.evaluate("document.scripts.length") == 0


def test_every_picture_is_there_and_has_words(opened):
    window, _ = opened
    pictures = window.evaluate(
        "[...document.images].map(i => [i.naturalWidth, i.getBoundingClientRect().width, i.alt])"
    )
    assert len(pictures) == 9
    assert all(own > 0 and shown > 50 and alt for own, shown, alt in pictures)
