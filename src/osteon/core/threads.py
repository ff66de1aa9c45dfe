"""Work shared by threads of this process."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .compiled import threads, use_threads

Task = TypeVar("Task")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
    """Results of tasks in their order, worked on by as many threads as `threads` allows.

    NumPy, SciPy and compiled loops leave the interpreter to the other threads meanwhile; plain
    Python gains nothing.

    Parameters
    ----------
    work : function
        Told a task; it must not change what another task reads.
    tasks : sequence
        The longest first, if one is longer than others.

    Returns
    -------
    list
        One result a task, whatever the number of threads.
    """
    many = threads()
    if many == 1 or len(tasks) < 2:
        return [work(task) for task in tasks]
    # The number of threads belongs to a thread, so that each new one must be told.
    with ThreadPoolExecutor(
        min(many, len(tasks)), initializer=use_threads, initargs=(many,)
    ) as pool:
        return list(pool.map(work, tasks))
