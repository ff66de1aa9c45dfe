"""A whole virtual cohort: patients in several processes, then tables, ceilings and manifest."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.compiled import use_threads
from ...simulate.cohort.make import check, columns_of, make_subject, tasks_of
from ...simulate.cohort.plan import CohortSettings, Place, places
from ..manifest import manifest
from .folder import open_folder, settings_dict
from .store import is_stored, read_truth, store, write_json
from .tables import summaries, write_tsv
from .truth import measured

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CohortRun:
    """A cohort on disk.

    Attributes
    ----------
    out : Path
        Its folder.
    participants : list of dict
        Rows of ``participants.tsv``.
    regions : list of dict
        Rows of ``truth/regions.tsv``, summed up over the patients.
    ceilings : dict
        What is the best that can be reached, and what the plainest numbers reach.
    made : int
        Patients that this run made; the others were there.
    manifest : dict
        What a reviewer needs to repeat the run.
    """

    out: Path
    participants: list[dict[str, Any]]
    regions: list[dict[str, Any]]
    ceilings: dict[str, Any]
    made: int
    manifest: dict[str, Any]


def simulate_cohort(
    out: Path,
    settings: CohortSettings,
    *,
    jobs: int | None = None,
    progress: Progress = lambda what, done, steps: None,
) -> CohortRun:
    """Make a virtual cohort, or go on with one that was interrupted.

    Parameters
    ----------
    out : Path
        Folder; new, empty, or one that holds the same cohort.
    settings : CohortSettings
        Everything that changes a byte of it.
    jobs : int, optional
        Patients made at once, a process each; all cores where not given. Changes no byte.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    CohortRun
        Tables and what was made.

    Raises
    ------
    BadSetting
        If the folder holds something else or cannot be written, or a setting cannot be met.
    UnknownName
        If a device is none of ours.
    """
    began = time.monotonic()
    check(settings)
    open_folder(out, settings)
    everyone = places(settings)
    missing = [place for place in everyone if not is_stored(out, place.subject)]
    done = len(everyone) - len(missing)
    progress("making patients", done, len(everyone))
    for name in _made(out, settings, missing, jobs or os.cpu_count() or 1):
        done += 1
        progress(f"{name} made", done, len(everyone))
    progress("writing tables", done, len(everyone))
    return _finish(out, settings, everyone, len(missing), began)


def _made(
    out: Path, settings: CohortSettings, missing: Sequence[Place], jobs: int
) -> Iterator[str]:
    """Names of the patients as they get done."""
    jobs = min(jobs, len(missing))
    if jobs <= 1:
        for place in missing:
            yield _make(out, settings, place)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, use_threads, (threads,)) as pool:
        waiting = [pool.submit(_make, out, settings, place) for place in missing]
        try:
            for one in as_completed(waiting):
                yield one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _make(out: Path, settings: CohortSettings, place: Place) -> str:
    """Make and store one patient."""
    subject = make_subject(settings, place)
    store(out, place.subject, subject, measured(subject))
    return place.subject


def _finish(
    out: Path, settings: CohortSettings, everyone: Sequence[Place], made: int, began: float
) -> CohortRun:
    """Tables over all patients."""
    truths = [read_truth(out, place.subject) for place in everyone]
    rows = [data["row"] for data in truths]
    regions = [
        {"participant_id": row["participant_id"], **region}
        for row, data in zip(rows, truths, strict=True)
        for region in data["regions"]
    ]
    write_tsv(out / "participants.tsv", rows)
    write_json(out / "participants.json", columns_of(settings.kind, rows))
    write_tsv(out / "truth" / "regions.tsv", regions)
    ceilings = tasks_of(settings, rows, truths)
    write_json(out / "truth" / "ceilings.json", ceilings)
    write_json(
        out / "dataset_description.json",
        {
            "Name": f"Virtual {settings.kind} cohort, seed {settings.seed}",
            "BIDSVersion": "1.10.0",
            "DatasetType": "raw",
            "GeneratedBy": [{"Name": "osteon simulate"}],
        },
    )
    told = manifest(settings_dict(settings), {}, time.monotonic() - began)
    told |= {"seed": settings.seed, "patients_made_in_this_run": made}
    write_json(out / "manifest.json", told)
    return CohortRun(out, rows, summaries(regions), ceilings, made, told)
