"""What a person gives beside a scan: tables written by hand, single files, their digests."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..calibration import Rod, phantom
from ..core import BadSetting, OsteonError, UnreadableScan
from ..io import fingerprint


def digests(images: Mapping[str, Path | None], tables: Mapping[str, Path | None]) -> dict[str, str]:
    """SHA-256 of every input that was given, by its role: images, and tables written by hand."""
    found = {role: fingerprint(path) for role, path in images.items() if path}
    for role, path in tables.items():
        if path:
            found[role] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def one_file(path: Path | None, option: str) -> None:
    """Refuse a folder where the numbers in one file say what each label is.

    Raises
    ------
    BadSetting
        If `path` is a folder.
    """
    if path is not None and path.is_dir():
        raise BadSetting(
            f"{option} {path.name} is a folder; give one file with all labels (TotalSegmentator "
            "writes it with --ml)."
        )


def read_level_map(path: Path) -> dict[int, str]:
    """Level of each label number from JSON such as ``{"1": "L1", "2": "L2"}``.

    Raises
    ------
    UnreadableScan
        If the file is not such a table.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return {int(number): str(level) for number, level in table.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise UnreadableScan(
            f'{path.name} is no level map ({error}); write JSON such as {{"1": "L1", "2": "L2"}}.'
        ) from None


def read_rods(path: Path) -> tuple[Rod, ...]:
    """Rods of a density phantom from TOML, with the mean HU measured in each.

    Either ``phantom = "KEY"`` with ``hu = [...]`` in the order of its certificate, or a list
    of ``[[rod]]`` with ``hu``, ``density`` in mg/cm³ and, for a liquid type, ``water``.

    Raises
    ------
    UnreadableScan
        If the file is not such a table.
    BadSetting, UnknownName
        If the phantom is not known, or has another number of rods.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        if "phantom" in table:
            return phantom(str(table["phantom"])).rods([float(hu) for hu in table["hu"]])
        return tuple(_rod(row) for row in table["rod"])
    except OsteonError:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableScan(
            f"{path.name} is no table of rods ({error}); write TOML with [[rod]] entries of hu and "
            "density in mg/cm³, and water for a liquid phantom."
        ) from None


def _rod(row: dict[str, Any]) -> Rod:
    water = row.get("water")
    return Rod(float(row["hu"]), float(row["density"]), None if water is None else float(water))
