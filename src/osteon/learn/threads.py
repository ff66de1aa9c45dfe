"""One core for torch, so that numbers do not depend on how many there are."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, torch takes one core: sums in another order are other numbers.

    It is also what makes several trainings at once fast. Where compiled loops have run before,
    torch takes as many threads as there are cores in each of them, and they wait for each other.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
