"""Pictures of a report for the docs: at a desk, on a phone, on paper.

Run it as ``python tools/screenshots.py demo/report.html``; it writes into ``docs/images``.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")
LARGEST_BYTES = 600_000
PAPER = (794, 1123)
"""A4 at 96 pixels an inch."""


def screenshot(browser: Browser, report: Path, width: int, height: int, scale: float) -> bytes:
    """PNG of the top of a page in a window of `width` by `height` CSS pixels."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=scale
    )
    page = context.new_page()
    page.goto(report.resolve().as_uri())
    taken = page.screenshot()
    context.close()
    return taken


def on_paper(browser: Browser, report: Path) -> bytes:
    """PNG of the page in its printed style, two sheets of A4 long."""
    width, height = PAPER
    context = browser.new_context(viewport={"width": width, "height": 2 * height})
    page = context.new_page()
    page.emulate_media(media="print")
    page.goto(report.resolve().as_uri())
    page.add_style_tag(content="body { padding: 14mm 13mm !important; }")  # as @page has it
    taken = page.screenshot()
    context.close()
    return taken


def save(taken: bytes, path: Path) -> None:
    """Write a picture, made smaller until it is small enough for a repository."""
    picture = Image.open(io.BytesIO(taken)).convert("RGB")
    while True:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", optimize=True)
        if buffer.tell() < LARGEST_BYTES:
            break
        smaller = (picture.width * 9 // 10, picture.height * 9 // 10)
        picture = picture.resize(smaller, Image.Resampling.LANCZOS)
    path.write_bytes(buffer.getvalue())
    print(f"{path}: {picture.width}×{picture.height}, {buffer.tell() / 1000:.0f} kB")


def main() -> int:
    """Take the three pictures; exit status 2 where there is no report or no Chromium."""
    chromium = shutil.which("chromium")
    report = Path(sys.argv[1]) if len(sys.argv) == 2 else None
    if report is None or not report.is_file() or chromium is None:
        print("usage: python tools/screenshots.py REPORT.html (needs chromium)", file=sys.stderr)
        return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        save(screenshot(browser, report, 1280, 2000, 1), IMAGES / "report-desktop.png")
        save(screenshot(browser, report, 390, 2200, 1.5), IMAGES / "report-phone.png")
        save(on_paper(browser, report), IMAGES / "report-print.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
