"""`osteon reproduce`: a published system from nothing to its results page."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from .options import whole

reproduce = App(
    name="reproduce",
    help=(
        "Reproduce a published system: a virtual cohort with known truth, training, figures.\n\n"
        "Everything is kept as it is made; the same command goes on where it was interrupted."
    ),
)

Count = Annotated[int, Parameter(converter=whole)]


@reproduce.command
def srrd(
    *,
    out: Path,
    preset: Literal["small", "full"] = "small",
    subjects: Count | None = None,
    seeds: Count | None = None,
    jobs: Count = 2,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Subchondral bone of the knee from CT, taught by MR (arXiv 2307.04390).

    Simulates knees, registers MR and CT, synthesises CT, trains teachers and students, diagnoses
    osteoarthritis, and writes report.html, srrd.json and a model for osteon knee predict.

    Example: `osteon reproduce srrd --preset small --out srrd`

    Parameters
    ----------
    out
        Folder for everything; gone on with where it holds the same reproduction.
    preset
        small: two cores, within the hour. full: images as scanners make them, for a GPU.
    subjects
        With preset small: a study of so many patients, a quarter of them external, with all kinds
        of distillation and the learning curve; 107 leave 80 to be trained on and tested.
    seeds
        Seeds of such a study; 3 where not given.
    jobs
        Processes at once.
    json_
        Print srrd.json to stdout instead of one line saying where the page is.
    """
    from .outputs import check_out
    from .progress import ProgressBar

    _check(jobs)
    check_out(out)
    with ProgressBar() as progress:
        progress("loading", 0, 1)
        from ..pipelines.cohorts.store import write_json
        from ..pipelines.reproduce import srrd as system
        from ..report import write_knee_results

        wanted, words = _chosen(system, preset, subjects, seeds)
        results = system.reproduce_srrd(out, wanted, jobs=jobs, progress=progress)
        results["command"] = f"osteon reproduce srrd {words} --out {out.name}"
        write_json(out / "srrd.json", results)
        page = write_knee_results(results, out)
    print(json.dumps(results) if json_ else f"Report: {page}")


@reproduce.command
def osteoporosis(
    *,
    out: Path,
    preset: Literal["small", "full"] = "small",
    subjects: Count | None = None,
    seeds: Count | None = None,
    jobs: Count = 2,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Osteoporosis from the spine in routine CT, taught by densitometers (arXiv 2506.20282).

    Simulates spines of four hospitals, cuts vertebrae, learns their texture without labels, trains
    networks with experts for densitometers and all that is left out of them, holds them against
    what else one could do, opens the external hospital, and writes report.html,
    osteoporosis.json and a model for osteon spine predict.

    Example: `osteon reproduce osteoporosis --preset small --out osteoporosis`

    Parameters
    ----------
    out
        Folder for everything; gone on with where it holds the same reproduction.
    preset
        small: for two cores. full: images as scanners make them, for a GPU.
    subjects
        With preset small: a study of so many patients with labels, half of them at two external
        sites, and three without labels for each inside; 240 leave 120 to be trained on and tested.
    seeds
        Seeds of such a study; 3 where not given.
    jobs
        Processes at once.
    json_
        Print osteoporosis.json to stdout instead of one line saying where the page is.
    """
    from .outputs import check_out
    from .progress import ProgressBar

    _check(jobs)
    check_out(out)
    with ProgressBar() as progress:
        progress("loading", 0, 1)
        from ..pipelines.cohorts.store import write_json
        from ..pipelines.reproduce import osteoporosis as system
        from ..report import write_spine_results

        wanted, words = _chosen(system, preset, subjects, seeds)
        results = system.reproduce_osteoporosis(out, wanted, jobs=jobs, progress=progress)
        results["command"] = f"osteon reproduce osteoporosis {words} --out {out.name}"
        write_json(out / "osteoporosis.json", results)
        page = write_spine_results(results, out)
    print(json.dumps(results) if json_ else f"Report: {page}")


def _chosen(system: Any, preset: str, subjects: int | None, seeds: int | None) -> tuple[Any, str]:
    """Settings of a reproduction, and the words that ask for them again."""
    from ..core import BadSetting

    if subjects is None and seeds is None:
        return system.preset(preset), f"--preset {preset}"
    if preset != "small":
        raise BadSetting("--subjects and --seeds belong to --preset small.")
    wanted = system.study(subjects or system.STUDIED, seeds or 3)
    words = f"--subjects {wanted.subjects} --seeds {len(wanted.training.seeds)}"
    return wanted, f"--preset {preset} {words}"


def _check(jobs: int) -> None:
    """Refuse a reproduction without PyTorch, or without a process."""
    from importlib.util import find_spec

    from ..core import BadSetting

    if find_spec("torch") is None:
        raise BadSetting('training needs PyTorch: pip install "osteon[learn]".')
    if jobs < 1:
        raise BadSetting(f"--jobs must be at least 1; got {jobs}.")
