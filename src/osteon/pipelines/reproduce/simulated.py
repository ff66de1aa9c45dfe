"""The virtual cohort of a reproduction, every patient of it made."""

from collections.abc import Callable
from pathlib import Path

from ...core import UnusableTable
from ...simulate.cohort.plan import CohortSettings
from ..cohorts.run import simulate_cohort

Progress = Callable[[str, int, int], None]


def simulate_all(folder: Path, wanted: CohortSettings, *, jobs: int, progress: Progress) -> None:
    """Simulate a cohort, or go on where it ended.

    Parameters
    ----------
    folder : Path
        New, or one that holds the same cohort.
    wanted : CohortSettings
        What is simulated.
    jobs : int
        Processes at once.
    progress : function
        Told what is done, the patients done, and how many there are.

    Raises
    ------
    BadSetting
        If the folder holds another cohort.
    UnusableTable
        If a patient could not be made.
    """
    run = simulate_cohort(folder, wanted, jobs=jobs, progress=progress)
    if run.failed:
        name, reason = next(iter(run.failed.items()))
        raise UnusableTable(f"{len(run.failed)} patients could not be made; {name}: {reason}")
