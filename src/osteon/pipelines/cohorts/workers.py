"""Patients made in processes of their own; one that fails does not end the others."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from ...core import BadSetting, OsteonError
from ...core.compiled import use_threads
from ...simulate.cohort.make import make_subject
from ...simulate.cohort.plan import CohortSettings, Place
from .store import remove_parts, store
from .truth import measured

Outcome = tuple[str, str | None]
"""Name of a patient, and why there is none."""


def made(
    out: Path, settings: CohortSettings, missing: Sequence[Place], jobs: int
) -> Iterator[Outcome]:
    """Make patients and store them.

    Parameters
    ----------
    out : Path
        Folder of the cohort.
    settings : CohortSettings
        The cohort.
    missing : sequence of Place
        Patients to make.
    jobs : int
        How many at once, a process each; 1 makes them in this one.

    Yields
    ------
    (str, str or None)
        Each patient as soon as it is done, and the reason where it failed.

    Raises
    ------
    BadSetting
        If the folder cannot be written to, or the machine ended one of the processes.
    """
    jobs = min(jobs, len(missing))
    if jobs <= 1:
        for place in missing:
            yield _make(out, settings, place)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _begin, (threads,)) as pool:
        waiting = [pool.submit(_make, out, settings, place) for place in missing]
        try:
            for one in as_completed(waiting):
                yield one.result()
        except BrokenProcessPool:
            remove_parts(out)
            raise BadSetting(
                "the machine ended a process, most likely for want of memory. Take fewer --jobs; "
                "the same command goes on where this one stopped."
            ) from None
        except BaseException:
            _end(pool)
            remove_parts(out)
            raise


def _make(out: Path, settings: CohortSettings, place: Place) -> Outcome:
    """Make and store one patient, or say why not."""
    try:
        subject = make_subject(settings, place)
        regions = measured(subject)
    except OsteonError as error:
        return place.subject, str(error)
    except Exception as error:  # a bug of ours: the cohort goes on, and the row says where it is
        last = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
        return place.subject, " ".join(told.split())
    store(out, place.subject, subject, regions)
    return place.subject, None


def _begin(threads: int) -> None:
    """Start a process: Ctrl-C is for the one that started it, and it never outlives that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    use_threads(threads)


def _end_with_parent() -> None:
    """End this process, whatever it does, when the one that started it is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end(pool: ProcessPoolExecutor) -> None:
    """End all processes of a pool now; a patient takes too long to be waited for."""
    pool.shutdown(wait=False, cancel_futures=True)
    for child in multiprocessing.active_children():
        child.terminate()
        child.join()
