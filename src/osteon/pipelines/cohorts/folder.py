"""The folder of a cohort: whose it is, and whether a run may go on in it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ... import __version__
from ...core import BadSetting
from ...simulate.cohort.plan import CohortSettings
from .store import PART, remove_parts, write_json

try:
    import fcntl
except ImportError:  # not on Windows, where two runs in one folder are not noticed
    fcntl = None  # type: ignore[assignment]

COHORT = "cohort.json"
"""File that says what cohort a folder holds, written before the first patient."""


def settings_dict(settings: CohortSettings) -> dict[str, Any]:
    """Settings as plain data."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return plain


@contextmanager
def open_folder(out: Path, settings: CohortSettings) -> Iterator[None]:
    """Make the folder of a cohort, or go on in one that holds the very same cohort.

    What a run that was ended left half-written is removed. While the folder is open, no other run
    can open it.

    Parameters
    ----------
    out : Path
        Folder; made where it is missing.
    settings : CohortSettings
        The cohort.

    Raises
    ------
    BadSetting
        If the folder is a file, cannot be written, holds another cohort or anything else, or if
        another run is making the cohort.
    """
    if out.exists() and not out.is_dir():
        raise BadSetting(f"{out.name} is a file; name a folder.")
    wanted = {"osteon": __version__, "settings": settings_dict(settings)}
    held = out / COHORT
    try:
        out.mkdir(parents=True, exist_ok=True)
        if held.is_file():
            _check_same(out, _read(held), wanted)
        elif any(not inside.name.startswith(PART) for inside in out.iterdir()):
            raise BadSetting(
                f"{out} holds other files and no cohort; name an empty or a new folder."
            )
        else:
            write_json(held, wanted)
        opened = held.open("rb")
    except OSError as fault:
        raise BadSetting(f"{out} cannot be written: {fault.strerror}.") from None
    with opened as file:
        _lock(out, file.fileno())
        remove_parts(out)
        yield


def _lock(out: Path, file: int) -> None:
    """Keep other runs out for as long as the file is open; the machine lets go if we are killed."""
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BadSetting(
            f"another run is making the cohort in {out}; wait for it, or name another folder."
        ) from None
    except OSError:  # a file system that knows no locks
        return


def _read(held: Path) -> Mapping[str, Any]:
    """What a folder says it holds."""
    try:
        told = json.loads(held.read_text(encoding="utf-8"))
    except ValueError:
        told = None
    if not isinstance(told, Mapping) or not isinstance(told.get("settings"), Mapping):
        raise BadSetting(f"{held} does not say what cohort the folder holds; name another folder.")
    return told


def _check_same(out: Path, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse to mix two cohorts."""
    if held == wanted:
        return
    told = ", ".join(_differences(held, wanted)) or "it is of another form"
    raise BadSetting(
        f"{out} holds another cohort: {told}. Name another folder, or the same settings to go on "
        "with that one."
    )


def _differences(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """In which settings two cohorts differ, in words."""
    told = []
    if held.get("osteon") != wanted["osteon"]:
        told.append(f"made by version {held.get('osteon')}, this is {wanted['osteon']}")
    there = held["settings"]
    for key, value in wanted["settings"].items():
        if there.get(key) != value:
            plain = isinstance(value, str | int | float)
            told.append(
                f"its {key} is {there.get(key)}, asked was {value}"
                if plain
                else f"its {key} differ"
            )
    return told
