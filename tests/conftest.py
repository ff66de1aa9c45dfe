"""What all tests share: where the project's data collection lies, if it is there."""

import os
from pathlib import Path

import pytest

# networks of tests are so small that threads would only wait for each other
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def samples() -> Path:
    return ROOT / "samples"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the project's data collection (../shared/data) is not here")
    return folder
