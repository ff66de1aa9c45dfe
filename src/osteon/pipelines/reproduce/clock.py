"""Time and memory of the stages of a reproduction."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[str, int, int], None]

GIB = 2**20
"""Of the unit in which the system tells memory, KiB."""


class Clock:
    """Times stages, and passes their progress on as a share of the whole.

    Parameters
    ----------
    progress : function
        Told what is done, and thousandths of the whole.
    stages : int
        How many there will be.

    Attributes
    ----------
    rows : list of dict
        Of each stage that ended: ``name``, ``minutes`` by the clock, ``peak_gib`` of the largest
        process so far.
    """

    def __init__(self, progress: Progress, stages: int) -> None:
        self.rows: list[dict[str, Any]] = []
        self._progress = progress
        self._stages = stages

    @contextmanager
    def stage(self, name: str) -> Iterator[Progress]:
        """Time one stage; yields its progress."""
        began = time.monotonic()
        at = len(self.rows)

        def told(what: str, done: int, steps: int) -> None:
            share = min(done / max(steps, 1), 1.0)
            self._progress(f"{name}: {what}", round(1000 * (at + share)), 1000 * self._stages)

        told("begins", 0, 1)
        yield told
        peaks = [
            resource.getrusage(who).ru_maxrss / GIB
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        self.rows.append(
            {
                "name": name,
                "minutes": round((time.monotonic() - began) / 60, 2),
                "peak_gib": round(max(peaks), 2),
            }
        )
