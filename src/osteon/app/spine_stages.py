"""The stages that make a model of a cohort of spines: `osteon spine crops` and so on."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from .stages import Count, Stage, check_jobs, check_torch, end_stage

if TYPE_CHECKING:
    from ..pipelines.spine.cohort import SpineCohort

Kinds = Annotated[
    tuple[Literal["tp-swav", "radiomic", "swav", "mae"], ...],
    Parameter(negative="", show_default=False),
]


def add_stages(spine: App) -> None:
    """Give `osteon spine` its stages, in their order."""
    spine.command(sort_key=1)(crops)
    spine.command(sort_key=2)(pool)
    spine.command(sort_key=3)(pretrain)


def crops(cohort: Path, *, jobs: Count = 1, stage: Stage = Stage()) -> int:
    """Stage 1: cut L1 to L4 out of every CT, each along its own axes, in HU as scanned.

    Example: `osteon spine crops spines`

    Parameters
    ----------
    cohort
        Cohort folder: participants.tsv and one folder a patient with ct/ and masks/.
    jobs
        Patients at once, a process each; changes no number.
    """
    from .progress import ProgressBar

    check_jobs(jobs)
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from ..pipelines.spine.crops.making import make_crops

        run = make_crops(people, jobs=jobs, progress=progress)
    table = run.run / "crops" / "crops.tsv"
    told = {"table": str(table), "made": len(run.made), "rows": len(run.rows)}
    return end_stage("Crops", table, told, run.failed, stage)


def pool(cohort: Path, *, jobs: Count = 1, stage: Stage = Stage()) -> int:
    """Stage 2: measure stable texture in windows of the vertebrae of unlabelled patients.

    What is to be learnt from without labels is then chosen by texture and cut.

    Example: `osteon spine pool spines`

    Parameters
    ----------
    cohort
        Cohort folder with crops, and patients whose split is unlabelled.
    jobs
        Patients at once, a process each; changes no number.
    """
    from .progress import ProgressBar

    check_jobs(jobs)
    _check_arrow()
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from ..pipelines.spine.pool.making import make_pool, seconds_a_vertebra
        from ..pipelines.spine.pool.views import make_views

        run = make_pool(people, jobs=jobs, progress=progress)
        views = len(make_views(run.run, run.names, progress=progress)) if run.names else 0
    table = run.run / "pool" / "pool.tsv"
    told = {
        "table": str(table),
        "made": len(run.made),
        "vertebrae": sum(row["windows"] is not None for row in run.rows),
        "windows": sum(row["windows"] or 0 for row in run.rows),
        "views": views,
        "seconds_a_vertebra": seconds_a_vertebra(run.run, run.names),
    }
    return end_stage("Pool", table, told, run.failed, stage)


def pretrain(
    cohort: Path,
    *,
    kind: Kinds = (),
    seeds: Count = 3,
    jobs: Count = 1,
    stage: Stage = Stage(),
) -> int:
    """Stage 3: train encoders on the pool, without labels.

    What was trained is kept; an interrupted training goes on.

    Example: `osteon spine pretrain spines --kind tp-swav`

    Parameters
    ----------
    cohort
        Cohort folder with a pool.
    kind
        Ways to learn: tp-swav, views that share texture are to be told alike; radiomic, texture
        is to be told from what is left of a view; swav, crops of one view are to be told alike;
        mae, what is hidden of a view is to be drawn. All where not given; may be given again.
    seeds
        Trainings of each kind.
    jobs
        Trainings at once, a process each; changes no number.
    """
    from .progress import ProgressBar

    check_torch()
    check_jobs(jobs)
    _check_arrow()
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from ..pipelines.spine.pretraining import KINDS, PretrainingSettings, pretrain_cohort

        kinds = tuple(dict.fromkeys(kind)) or KINDS
        settings = PretrainingSettings(kinds=kinds, seeds=tuple(range(seeds)))
        run = pretrain_cohort(people, settings, jobs=jobs, progress=progress)
    brief = ("kind", "seed", "seconds", "parameters")
    encoders = [{key: row[key] for key in brief} for row in run.rows]
    told = {"folder": str(run.folder), "made": list(run.made), "encoders": encoders}
    return end_stage("Encoders", run.folder, told, {}, stage)


def _read(cohort: Path) -> "SpineCohort":
    """The cohort; read before torch is imported, so that a wrong folder is told at once."""
    from ..pipelines.spine.cohort import read_cohort

    return read_cohort(cohort)


def _check_arrow() -> None:
    """Refuse a pool where its tables cannot be written or read."""
    from ..core import BadSetting

    if find_spec("pyarrow") is None:
        raise BadSetting('a texture pool needs Apache Arrow: pip install "osteon[texture]".')
