"""The command line: `osteon COMMAND …`."""

import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from cyclopts import App
from cyclopts.exceptions import CycloptsError

from .. import __version__
from .calibrate import calibrate
from .cite import cite
from .evaluate import evaluate
from .knee import knee
from .measure import measure
from .reproduce import reproduce
from .simulate import simulate
from .spine import spine
from .structure import structure
from .texture import texture

FAILED = 2
"""Exit status after an error that is told in one line."""

app = App(
    name="osteon",
    version=__version__,
    help=(
        "Reads the state of a person's bone out of a routine CT.\n\n"
        "The main job, on a scan that is shipped with the source:\n\n"
        "`osteon measure samples/chest_abdomen_ct/ct.nii.gz --labels "
        "samples/chest_abdomen_ct/vertebrae.nii.gz --out results`\n\n"
        "Research use: a screening indication is not a diagnosis."
    ),
    help_format="markdown",
    suppress_keyboard_interrupt=False,
)
app.command(measure)
app.command(structure)
app.command(texture)
app.command(calibrate)
app.command(simulate)
app.command(evaluate)
app.command(knee)
app.command(spine)
app.command(reproduce)
app.command(cite)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command and options; those of the process where not given.

    Returns
    -------
    int
        Exit status: 0, or 2 after an error, which is one line on stderr and never a traceback;
        what the command returns, where it returns a whole number.
    """
    _settle()
    status: object = None
    try:
        status = app(
            arguments, exit_on_error=False, print_error=False, result_action="return_value"
        )
        sys.stdout.flush()
    except CycloptsError as error:
        told = " ".join(str(error).split())
        print(f"osteon: {told} See osteon --help.", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("osteon: stopped; nothing was left half-written.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # whoever read our output has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError, MemoryError) as error:
        if not _is_ours(error):
            raise
        print(f"osteon: {' '.join(str(error).split())}", file=sys.stderr)
        return FAILED
    return status if isinstance(status, int) else 0


def _settle() -> None:
    """Print on any terminal, and clean up after a polite kill as after Ctrl-C."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    with suppress(ValueError):  # only the main thread may
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _is_ours(error: Exception) -> bool:
    """Whether an error was raised on purpose, or is the machine's and not a bug."""
    from ..core import OsteonError

    return isinstance(error, OsteonError | OSError | MemoryError)


if __name__ == "__main__":
    sys.exit(main())
