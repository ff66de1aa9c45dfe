"""A progress bar on stderr for whatever takes longer than a blink."""

import sys
from types import TracebackType

WIDTH = 24


class ProgressBar:
    """One line on stderr that fills up; silent where stderr is no terminal.

    Use as a context; call it with what is being done, the steps done, and how many there are.
    """

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __call__(self, what: str, done: int, steps: int) -> None:
        """Show that `done` of `steps` are done and `what` is next."""
        if self._shown:
            filled = round(WIDTH * done / max(steps, 1))
            bar = "█" * filled + "·" * (WIDTH - filled)
            print(f"\r\033[K{bar} {what}", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> "ProgressBar":
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear the line, so that what is printed next stands alone."""
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
