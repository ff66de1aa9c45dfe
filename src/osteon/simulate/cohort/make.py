"""A patient of any kind of cohort, and what can be told of the whole cohort."""

from collections.abc import Mapping, Sequence
from typing import Any

from . import knee, spine
from .plan import CohortSettings, Place
from .subject import Subject
from .tasks import knee_tasks, spine_tasks

MAKERS = {"knee": knee.make_knee, "spine": spine.make_spine}
COLUMNS = {"knee": knee.COLUMNS, "spine": spine.COLUMNS}
TASKS = {"knee": knee_tasks, "spine": spine_tasks}


def make_subject(settings: CohortSettings, place: Place) -> Subject:
    """One patient of a cohort; the same settings and place give the same bytes."""
    return MAKERS[settings.kind](settings, place)


def columns_of(kind: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Data dictionary of the columns that ``participants.tsv`` has."""
    used = dict.fromkeys(key for row in rows for key in row)
    return {key: COLUMNS[kind].get(key, {"Description": key}) for key in used}


def tasks_of(
    settings: CohortSettings,
    rows: Sequence[Mapping[str, Any]],
    truths: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """How well a cohort's labels can be told: ``ceilings`` and ``agreement``."""
    return TASKS[settings.kind](rows, truths, settings.seed)
