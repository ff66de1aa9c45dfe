"""The stages that make a model of a cohort of knees: `osteon knee synthesize` and so on."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import App

from .stages import Count, Stage, check_jobs, check_torch, end_stage

if TYPE_CHECKING:
    from ..pipelines.knee.cohort import KneeCohort


def add_stages(knee: App) -> None:
    """Give `osteon knee` its stages, in their order."""
    knee.command(sort_key=1)(register)
    knee.command(sort_key=2)(synthesize)
    knee.command(sort_key=3)(reference)
    knee.command(sort_key=4)(train)
    knee.command(sort_key=5)(evaluate)


def register(
    cohort: Path,
    *,
    method: Literal["direct", "synthetic"] = "direct",
    jobs: Count = 1,
    stage: Stage = Stage(),
) -> int:
    """Stage 1: find the bones in CT, and lay the MR on them, a bone at a time.

    Each result says how far it can be trusted; one that failed is not used.

    Example: `osteon knee register knees`

    Parameters
    ----------
    cohort
        Cohort folder.
    method
        direct: by mutual information of MR and CT; synthetic: by the CT that stage 2 made of the
        MR.
    jobs
        Patients at once, a process each; changes no number.
    """
    from .progress import ProgressBar

    check_jobs(jobs)
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from ..pipelines.knee.alignment.registering import register_cohort

        run = register_cohort(people, method=method, jobs=jobs, progress=progress)
    for bone, reason in run.bones_failed.items():
        print(f"osteon: note: {bone} is not used: {reason}", file=sys.stderr)
    told = {
        "table": str(run.table),
        "made": run.made,
        "bones_failed": dict(run.bones_failed),
    }
    return end_stage("Registrations", run.table, told, run.failed, stage)


def synthesize(
    cohort: Path,
    *,
    variant: Literal["cyclegan", "supervised", "2.5d", "2.5d-cyclegan"] = "supervised",
    preset: Literal["small", "full"] = "small",
    seed: Count = 0,
    stage: Stage = Stage(),
) -> int:
    """Stage 2, not needed by those after it: learn to make a CT of an MR, and make everyone's.

    Two syntheses are trained, and each patient's synthetic CT comes from the one that never saw
    them. Registration may then be repeated with it: osteon knee register --method synthetic.

    Example: `osteon knee synthesize knees`

    Parameters
    ----------
    cohort
        Cohort folder: participants.tsv and one folder a patient with ct/ and mr/.
    variant
        supervised: from pairs that were registered before; cyclegan: from images of different
        people, as published, which wants a GPU; 2.5d: three slices at once.
    preset
        small: for two cores; full: for a GPU.
    seed
        Seed of weights and order.
    """
    from .progress import ProgressBar

    check_torch()
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from ..learn.synthesis_settings import SynthesisSettings
        from ..pipelines.knee.synthesis.synthesizing import synthesize_cohort

        settings = SynthesisSettings.preset(preset, variant, seed=seed)
        run = synthesize_cohort(people, settings=settings, progress=progress)
    told = {"folder": str(run.folder), "made": len(run.made)}
    return end_stage("Synthetic CT", run.folder, told, run.failed, stage)


def reference(cohort: Path, *, jobs: Count = 1, stage: Stage = Stage()) -> int:
    """Stage 3: cut patches beneath the joint, and measure in MR what CT is to tell.

    Example: `osteon knee reference knees`

    Parameters
    ----------
    cohort
        Cohort folder, registered.
    jobs
        Patients at once, a process each; changes no number.
    """
    from .progress import ProgressBar

    check_jobs(jobs)
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from ..pipelines.knee.patches.making import make_patches

        run = make_patches(people, jobs=jobs, progress=progress)
    told = {"run": str(run.run), "made": len(run.made), "rows": len(run.rows)}
    return end_stage("Patches", run.run / "patches", told, run.failed, stage)


def train(
    cohort: Path,
    *,
    jobs: Count = 1,
    ship: Path | None = None,
    kind: Literal["none", "features", "output", "variational"] = "features",
    stage: Stage = Stage(),
) -> int:
    """Stage 4: train a teacher on MR and students on CT, every fold and seed.

    What was trained is kept; an interrupted training goes on. With --ship the students trained on
    all patients become a model folder for osteon knee predict.

    Example: `osteon knee train knees --ship model`

    Parameters
    ----------
    cohort
        Cohort folder with patches.
    jobs
        Trainings at once, a process each.
    ship
        Model folder to write: new, empty, or a model, which is replaced.
    kind
        Kind of distillation of the students that are shipped.
    """
    from .progress import ProgressBar

    check_torch()
    check_jobs(jobs)
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from ..pipelines.knee.prediction.shipping import ship_model
        from ..pipelines.knee.students.training import TrainingSettings, train_cohort

        settings = TrainingSettings()
        folder = train_cohort(people, settings=settings, jobs=jobs, progress=progress)
        if ship is not None:
            progress("writing the model", 1, 1)
            ship_model(people, ship, kind=kind, student=settings.student)
    told = {"folder": str(folder), "model": None if ship is None else str(ship)}
    return end_stage("Model" if ship else "Students", ship or folder, told, {}, stage)


def evaluate(cohort: Path, *, out: Path, stage: Stage = Stage()) -> int:
    """Stage 5: tell how good the students are on patients that they never saw.

    Writes results.json and report.html: agreement with the reference beside the published
    figures, what distillation adds, a scanner never seen, osteoarthritis.

    Example: `osteon knee evaluate knees --out results`

    Parameters
    ----------
    cohort
        Cohort folder, trained.
    out
        Folder for the results; made if it is not there.
    """
    from .outputs import check_out, results_folder, write_json
    from .progress import ProgressBar

    check_torch()
    check_out(out, (cohort,))
    with ProgressBar() as progress:
        progress("reading the cohort", 0, 1)
        people = _read(cohort)
        from .. import __version__
        from ..pipelines.knee.evaluation.evaluating import evaluate_cohort
        from ..report import write_knee_results

        found = evaluate_cohort(people, progress=progress)
        data = {"schema": "osteon-srrd-1", "osteon": __version__, **found}
        data["command"] = f"osteon knee evaluate {cohort.name} --out {out.name}"
        with results_folder(out, (cohort,)) as folder:
            write_json(folder / "results.json", data)
            write_knee_results(data, folder)
    print(json.dumps(data) if stage.json else f"Report: {out / 'report.html'}")
    return 0


def _read(cohort: Path) -> "KneeCohort":
    """The cohort; read before torch is imported, so that a wrong folder is told at once."""
    from ..pipelines.knee.cohort import read_cohort

    return read_cohort(cohort)
