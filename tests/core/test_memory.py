"""Memory kept for the next array."""

import subprocess
import sys

import pytest

from osteon.core.memory import keep_memory

COUNTS = """
import resource, sys
import numpy as np
from osteon.core.memory import keep_memory
if sys.argv[1] == "kept":
    assert keep_memory()
np.ones(2**24)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    np.ones(2**24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
"""Pages handed out for ten arrays of 128 MiB, one after the other."""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux")
def test_the_pages_of_an_array_serve_the_next_one():
    pages = {
        how: int(
            subprocess.run(
                (sys.executable, "-c", COUNTS, how), check=True, capture_output=True, text=True
            ).stdout
        )
        for how in ("kept", "given-back")
    }
    assert pages["kept"] < 100 < pages["given-back"]


def test_another_c_library_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert not keep_memory()
