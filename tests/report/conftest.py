"""The example spine as a written page."""

from pathlib import Path

import pytest

from osteon.report import write_report

from .example import tiny_scan

INJECTED = "<script>document.title='owned'</script>"


@pytest.fixture(scope="session")
def page(tmp_path_factory) -> Path:
    """Report of the example spine, whose subject tries to run a script."""
    results, scan, vertebrae, regions = tiny_scan(subject=INJECTED)
    return write_report(results, scan, vertebrae, regions, tmp_path_factory.mktemp("report"))
