"""A whole virtual cohort: its patients, then tables, ceilings and manifest."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...simulate.cohort.make import check, columns_of, tasks_of
from ...simulate.cohort.plan import CohortSettings, Place, places
from ..manifest import manifest
from .folder import open_folder, settings_dict
from .store import TRUTH, is_stored, read_truth, write_json
from .tables import summaries, write_tsv
from .workers import made as made_by

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
    failed : mapping of str to str
        Patients that could not be made, with the reason; the next run tries again.
    manifest : dict
        What a reviewer needs to repeat the run.
    """

    out: Path
    participants: list[dict[str, Any]]
    regions: list[dict[str, Any]]
    ceilings: dict[str, Any]
    made: int
    failed: Mapping[str, str]
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

    Notes
    -----
    A patient who cannot be made ends nothing: the row tells the reason in two further columns,
    ``status`` and ``reason``, and the next run tries again.
    """
    began = time.monotonic()
    check(settings)
    everyone = places(settings)
    with open_folder(out, settings):
        missing = [place for place in everyone if not is_stored(out, place.subject)]
        done = len(everyone) - len(missing)
        progress("making patients", done, len(everyone))
        failed: dict[str, str] = {}
        for name, reason in made_by(out, settings, missing, jobs or os.cpu_count() or 1):
            done += 1
            if reason is not None:
                failed[name] = reason
            progress(f"{name} {'made' if reason is None else 'failed'}", done, len(everyone))
        progress("writing tables", done, len(everyone))
        return _finish(out, settings, everyone, len(missing) - len(failed), failed, began)


def _finish(
    out: Path,
    settings: CohortSettings,
    everyone: Sequence[Place],
    made: int,
    failed: Mapping[str, str],
    began: float,
) -> CohortRun:
    """Tables over all patients."""
    truths = [read_truth(out, one.subject) for one in everyone if one.subject not in failed]
    whole = {data["row"]["participant_id"]: data["row"] for data in truths}
    rows = list(whole.values())
    regions = [
        {"participant_id": row["participant_id"], **region}
        for row, data in zip(rows, truths, strict=True)
        for region in data["regions"]
    ]
    ceilings = tasks_of(settings, rows, truths)
    if failed:
        rows = [_row(place, whole, failed, settings.kind) for place in everyone]
    (out / TRUTH).mkdir(exist_ok=True)
    write_tsv(out / "participants.tsv", rows)
    write_json(out / "participants.json", columns_of(settings.kind, rows))
    write_tsv(out / TRUTH / "regions.tsv", regions)
    write_json(out / TRUTH / "ceilings.json", ceilings)
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
    return CohortRun(out, rows, summaries(regions), ceilings, made, failed, told)


def _row(
    place: Place, whole: Mapping[str, dict[str, Any]], failed: Mapping[str, str], kind: str
) -> dict[str, Any]:
    """Row of a cohort in which a patient failed: the columns of the others, and what happened."""
    blank = {"participant_id": place.subject, "split": place.split, "fold": place.fold}
    row = whole.get(place.subject, blank | ({} if kind == "bone" else {"site": place.site.name}))
    reason = failed.get(place.subject)
    return {**row, "status": "made" if reason is None else "failed", "reason": reason}
