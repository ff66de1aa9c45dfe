"""The stages that make a model of a cohort of spines: `osteon spine crops` and so on."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from .stages import Count, Stage, check_jobs, check_torch, end_stage

if TYPE_CHECKING:
    from ..pipelines.spine.cohort import SpineCohort

SCHEMA = "osteon-osteoporosis-1"
"""Version of the results."""

ALL = "all"
"""What trains every training there is."""

Several = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]

Kinds = Annotated[
    tuple[Literal["tp-swav", "radiomic", "swav", "mae"], ...],
    Parameter(negative="", show_default=False),
]


def add_stages(spine: App) -> None:
    """Give `osteon spine` its stages, in their order."""
    spine.command(sort_key=1)(crops)
    spine.command(sort_key=2)(pool)
    spine.command(sort_key=3)(pretrain)
    spine.command(sort_key=4)(train)
    spine.command(sort_key=5)(evaluate)


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
        "seconds_a_vertebra": seconds_a_vertebra(run.rows),
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


def train(
    cohort: Path,
    *,
    training: Several = (),
    seeds: Count = 3,
    jobs: Count = 1,
    ship: Path | None = None,
    stage: Stage = Stage(),
) -> int:
    """Stage 4: train the network on patients with a densitometer's reading, and all baselines.

    Seed s tests fold s of five and validates on the next. What was trained is kept; an interrupted
    training goes on. With --ship it becomes a model folder for osteon spine predict.

    Example: `osteon spine train spines --ship model`

    Parameters
    ----------
    cohort
        Cohort folder with crops, and with the encoders that trainings start from.
    training
        What is trained, by name; may be given again. full where not given; scratch needs neither
        pool nor pretrain; all is the whole system, every part left out, every share of the labels.
    seeds
        Each is trained with so many.
    jobs
        Trainings at once, a process each; changes no number.
    ship
        Model folder to write, of the training named first: new, empty, or a model, which is
        replaced.
    """
    from .progress import ProgressBar

    check_torch()
    check_jobs(jobs)
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from ..pipelines.spine.baselines.making import make_baselines
        from ..pipelines.spine.training.configurations import CONFIGURATIONS, FULL
        from ..pipelines.spine.training.making import TrainingSettings, train_cohort

        names = tuple(CONFIGURATIONS) if ALL in training else training or (FULL,)
        names = tuple(dict.fromkeys(names))
        settings = TrainingSettings(names=names, seeds=tuple(range(seeds)))
        run = train_cohort(people, settings, jobs=jobs, progress=progress)
        beside = make_baselines(people, seeds=range(seeds), jobs=jobs, progress=progress)
        if ship is not None:
            progress("writing the model", 1, 1)
            from ..pipelines.spine.prediction.shipping import ship_model

            ship_model(people, ship, name=names[0], seeds=range(seeds))
    told = {
        "folder": str(run.folder),
        "model": None if ship is None else str(ship),
        "made": list(run.made),
        "baselines": [folder.name for folder in beside.folders],
    }
    what = "Model" if ship else "Trainings"
    return end_stage(what, ship or run.folder, told, beside.failed, stage)


def evaluate(
    cohort: Path,
    *,
    out: Path,
    external: bool = True,
    stage: Stage = Stage(),
) -> int:
    """Stage 5: tell how good everything that was trained is on patients it never saw.

    Writes results.json and report.html: figures with intervals inside and at the external site,
    tests against every baseline, devices, levels, the learning curve. That the external site was
    opened is recorded.

    Example: `osteon spine evaluate spines --out results`

    Parameters
    ----------
    cohort
        Cohort folder, trained.
    out
        Folder for the results; made if it is not there.
    external
        Open the external site; choose settings with --no-external.
    """
    from .outputs import check_out, results_folder, write_json
    from .progress import ProgressBar

    check_torch()
    check_out(out, (cohort,))
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from .. import __version__
        from ..pipelines.spine.evaluation.evaluating import evaluate_cohort
        from ..report import write_spine_results

        found = evaluate_cohort(people, external=external, progress=progress)
        data = {"schema": SCHEMA, "osteon": __version__, **found}
        shut = "" if external else " --no-external"
        data["command"] = f"osteon spine evaluate {cohort.name} --out {out.name}{shut}"
        with results_folder(out, (cohort,)) as folder:
            write_json(folder / "results.json", data)
            write_spine_results(data, folder)
    print(json.dumps(data) if stage.json else f"Report: {out / 'report.html'}")
    return 0


def _read(cohort: Path) -> "SpineCohort":
    """The cohort; read before torch is imported, so that a wrong folder is told at once."""
    from ..pipelines.spine.cohort import read_cohort

    return read_cohort(cohort)


def _check_arrow() -> None:
    """Refuse a pool where its tables cannot be written or read."""
    from ..core import BadSetting

    if find_spec("pyarrow") is None:
        raise BadSetting('a texture pool needs Apache Arrow: pip install "osteon[texture]".')
