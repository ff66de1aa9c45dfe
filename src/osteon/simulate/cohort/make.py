"""A patient of any kind of cohort, and what can be told of the whole cohort."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...core import UnknownName
from . import bone, knee, spine
from .devices import check_sites
from .plan import CohortSettings, Place, places
from .subject import Subject
from .tasks import knee_tasks, spine_tasks

MAKERS = {"knee": knee.make_knee, "spine": spine.make_spine, "bone": bone.make_bone}
COLUMNS = {"knee": knee.COLUMNS, "spine": spine.COLUMNS, "bone": bone.COLUMNS}
OUTCOME: Mapping[str, dict[str, Any]] = {
    "status": {
        "Description": "Whether the patient could be made",
        "Levels": {"made": "all is there", "failed": "nothing is there"},
    },
    "reason": {"Description": "Why the patient could not be made"},
}
"""Columns of a cohort in which a patient could not be made."""

TASKS = {"knee": knee_tasks, "spine": spine_tasks}


def check(settings: CohortSettings) -> None:
    """Refuse, before anything is made, a cohort that cannot be made.

    Raises
    ------
    UnknownName
        If a device or a source of structure is none of ours.
    BadSetting
        If what is asked for cannot be met.
    """
    check_sites(settings)
    if settings.kind == "bone":
        for place in places(settings):
            bone.block_settings(settings, place)
    elif settings.requested:
        raise UnknownName(f"nothing can be asked of the bone of a {settings.kind} cohort.")


def make_subject(settings: CohortSettings, place: Place) -> Subject:
    """One patient of a cohort; the same settings and place give the same bytes."""
    return MAKERS[settings.kind](settings, place)


def columns_of(kind: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Data dictionary of the columns that ``participants.tsv`` has."""
    used = dict.fromkeys(key for row in rows for key in row)
    known = {**COLUMNS[kind], **OUTCOME}
    return {key: known[key] for key in used}


def tasks_of(
    settings: CohortSettings,
    rows: Sequence[Mapping[str, Any]],
    truths: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """How well a cohort's labels can be told: ``ceilings`` and ``agreement``."""
    if settings.kind not in TASKS:
        return {"ceilings": [], "agreement": []}
    return TASKS[settings.kind](rows, truths, settings.seed)
