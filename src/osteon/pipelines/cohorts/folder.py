"""The folder of a cohort: whose it is, and whether a run may go on in it."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ... import __version__
from ...core import BadSetting
from ...simulate.cohort.plan import CohortSettings
from .store import PART, write_json

COHORT = "cohort.json"
"""File that says what cohort a folder holds, written before the first patient."""


def settings_dict(settings: CohortSettings) -> dict[str, Any]:
    """Settings as plain data."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return plain


def open_folder(out: Path, settings: CohortSettings) -> None:
    """Make the folder of a cohort, or go on in one that holds the very same cohort.

    Parameters
    ----------
    out : Path
        Folder; made where it is missing.
    settings : CohortSettings
        The cohort.

    Raises
    ------
    BadSetting
        If the folder is a file, cannot be written, or holds another cohort or anything else.
    """
    if out.exists() and not out.is_dir():
        raise BadSetting(f"{out.name} is a file; name a folder.")
    wanted = {"osteon": __version__, "settings": settings_dict(settings)}
    try:
        out.mkdir(parents=True, exist_ok=True)
        held = out / COHORT
        if held.is_file():
            _check_same(out, json.loads(held.read_text(encoding="utf-8")), wanted)
        elif any(out.iterdir()):
            raise BadSetting(
                f"{out.name} holds other files and no cohort; name an empty or a new folder."
            )
        else:
            write_json(held, wanted)
        for left in out.glob(f"{PART}*"):
            shutil.rmtree(left, ignore_errors=True)
    except OSError as fault:
        raise BadSetting(f"{out} cannot be written: {fault.strerror}.") from None


def _check_same(out: Path, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse to mix two cohorts."""
    if held == wanted:
        return
    told = ", ".join(_differences(held, wanted)) or "it is of another form"
    raise BadSetting(
        f"{out.name} holds another cohort: {told}. Name another folder, or the same settings to "
        "go on with that one."
    )


def _differences(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """In which settings two cohorts differ, in words."""
    told = []
    if held.get("osteon") != wanted["osteon"]:
        told.append(f"made by version {held.get('osteon')}, this is {wanted['osteon']}")
    there = held.get("settings", {})
    for key, value in wanted["settings"].items():
        if there.get(key) != value:
            plain = isinstance(value, str | int | float)
            told.append(
                f"its {key} is {there.get(key)}, asked was {value}"
                if plain
                else f"its {key} differ"
            )
    return told
