"""What the stages have in common that make a model of a cohort, of any system."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from .options import whole

FAILED = 2
"""Exit status where a patient could not be done."""

Count = Annotated[int, Parameter(converter=whole)]


@Parameter(name="*")
@dataclass(frozen=True)
class Stage:
    """How every stage is told."""

    json: Annotated[bool, Parameter(negative="")] = False
    """Print what was made as JSON."""


def check_torch() -> None:
    """Refuse to train where torch is not installed."""
    from ..core import BadSetting

    if find_spec("torch") is None:
        raise BadSetting('training needs PyTorch: pip install "osteon[learn]".')


def check_jobs(jobs: int) -> None:
    """Refuse to work without a process."""
    from ..core import BadSetting

    if jobs < 1:
        raise BadSetting(f"--jobs must be at least 1; got {jobs}.")


def end_stage(
    what: str, where: Path, told: dict[str, Any], failed: Mapping[str, str], stage: Stage
) -> int:
    """Print what was made; the exit status.

    Parameters
    ----------
    what : str
        What lies in `where`.
    where : Path
        File or folder.
    told : dict
        What is printed as JSON where the stage is told so.
    failed : mapping of str to str
        Reason by patient.
    stage : Stage
        How to tell it.
    """
    print(json.dumps({**told, "failed": dict(failed)}) if stage.json else f"{what}: {where}")
    if not failed:
        return 0
    name, reason = next(iter(failed.items()))
    print(
        f"osteon: {len(failed)} could not be done, {name}: {reason} The same command tries again.",
        file=sys.stderr,
    )
    return FAILED
