"""Work shared by processes of our own, which end with the one that started them."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from ..core import BadSetting, OsteonError
from ..core.compiled import use_threads
from ..core.memory import keep_memory

Task = TypeVar("Task")
Result = TypeVar("Result")


def shared_out(
    work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int
) -> Iterator[Result]:
    """Results of tasks, each as soon as it is there.

    Parameters
    ----------
    work : function
        Of a module, so that another process finds it; told a task.
    tasks : sequence
        What can be pickled.
    jobs : int
        Processes at once, which share the cores; 1 works in this one.

    Yields
    ------
    Result
        In no order.

    Raises
    ------
    BadSetting
        If the machine ended one of the processes.
    """
    jobs = min(jobs, len(tasks))
    if jobs <= 1:
        for task in tasks:
            yield work(task)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _begin, (threads,)) as pool:
        waiting = [pool.submit(work, task) for task in tasks]
        try:
            for one in as_completed(waiting):
                yield one.result()
        except BrokenProcessPool:
            raise BadSetting(
                "the machine ended a process, most likely for want of memory. Take fewer --jobs; "
                "the same command goes on where this one stopped."
            ) from None
        except BaseException:
            _end(pool)
            raise


def told(error: Exception) -> str:
    """One line on an error: as it says itself, or, of a bug of ours, where it is.

    For work in which one patient's failure must not end the others'.
    """
    if isinstance(error, OsteonError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno}"
    return " ".join(f"{type(error).__name__}: {error} ({where})".split())


def _begin(threads: int) -> None:
    """Start a process: Ctrl-C is for the one that started it, and it never outlives that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # libraries that count cores themselves must not take all of them in every process
    os.environ["OMP_NUM_THREADS"] = str(threads)
    use_threads(threads)
    keep_memory()


def _end_with_parent() -> None:
    """End this process, whatever it does, when the one that started it is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end(pool: ProcessPoolExecutor) -> None:
    """End all processes of a pool now; a task takes too long to be waited for."""
    pool.shutdown(wait=False, cancel_futures=True)
    for child in multiprocessing.active_children():
        child.terminate()
        child.join()
