"""The examples as written pages, and a browser to look at them."""

import shutil
from pathlib import Path

import pytest

from osteon.report import write_report

from .example import tiny_scan

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

INJECTED = "<script>document.title='owned'</script>"


@pytest.fixture(scope="session")
def page(tmp_path_factory) -> Path:
    """Report of the example spine, whose subject tries to run a script."""
    results, scan, vertebrae, regions = tiny_scan(subject=INJECTED)
    return write_report(results, scan, vertebrae, regions, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def browser():
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine (on Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()
