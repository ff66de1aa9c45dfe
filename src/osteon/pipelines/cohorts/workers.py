"""Patients made in processes of their own; one that fails does not end the others."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ...simulate.cohort.make import make_subject
from ...simulate.cohort.plan import CohortSettings, Place
from ..processes import shared_out, told
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
    work = partial(_make, out, settings)
    try:
        yield from shared_out(work, missing, jobs)
    except BaseException:
        remove_parts(out)
        raise


def _make(out: Path, settings: CohortSettings, place: Place) -> Outcome:
    """Make and store one patient, or say why not."""
    try:
        subject = make_subject(settings, place)
        regions = measured(subject)
    except Exception as error:  # the cohort goes on, and the row says why
        return place.subject, told(error)
    store(out, place.subject, subject, regions)
    return place.subject, None
