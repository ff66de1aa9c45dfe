"""The report of a knee predicted from its CT: one page that opens anywhere, without a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import BadSetting
from . import words
from .knee_pictures import WINDOW, KneePictures, map_rows
from .page import environment, store, style_sheets
from .printed import estimate_decimals
from .structure_words import MAIN

SCHEMA = "osteon-knee-1"
"""Version of the results that this report reads."""

LEAST_DRIVE = 0.005
"""Change of the probability below which a region is said to change nothing."""


@dataclass(frozen=True)
class Cell:
    """One number of the table as printed.

    Attributes
    ----------
    value, spread : str
        Number, and its standard uncertainty; words and nothing where there is none.
    flags : sequence of str
        What must be known before using it.
    """

    value: str
    spread: str
    flags: Sequence[str]


@dataclass(frozen=True)
class Driver:
    """How much a region moves the probability.

    Attributes
    ----------
    region, words : str
        Which, and how much in percentage points.
    left, width : float
        Where its bar begins and how long it is, in percent of the width.
    raises : bool
        Whether it makes osteoarthritis more likely.
    """

    region: str
    words: str
    left: float
    width: float
    raises: bool


def write_knee_report(data: Mapping[str, Any], pictures: KneePictures, folder: Path) -> Path:
    """Write ``report.html`` into `folder` and return its path.

    The page is one file without scripts: pictures stand inside it.

    Parameters
    ----------
    data : mapping
        Results of ``osteon knee predict`` as plain data.
    pictures : KneePictures
        CT, regions and maps that are drawn.
    folder : Path
        Folder to write into; made where it is missing.

    Raises
    ------
    BadSetting
        If the results are of another version than this report reads.
    GridMismatch, UnitMismatch, EmptyRegion
        If the pictures do not fit together, or there is no region.
    """
    if (schema := data.get("schema")) != SCHEMA:
        raise BadSetting(
            f"these results are of version '{schema}', this report reads '{SCHEMA}'. "
            "Predict the knee again with this version of Osteon."
        )
    return store(_page(data, pictures.checked()), folder)


def _page(data: Mapping[str, Any], drawn: KneePictures) -> str:
    """The whole page as text."""
    opinion = data["osteoarthritis"]
    return (
        environment()
        .get_template("knee.html.jinja")
        .render(
            results=data,
            css=style_sheets("report.css", "structure.css", "knee.css"),
            notice=words.sentences(data["notice"]),
            terms=words.scan_in_words(data["scan"]),
            warnings=list(dict.fromkeys(flag["text"] for flag in data["flags"])),
            rows=map_rows(drawn),
            window=WINDOW,
            parameters=data["model"]["parameters"],
            meaning=MAIN,
            compartments=[(one, _cells(one)) for one in data["compartments"]],
            notes=_notes(data["compartments"]),
            chance=_percents(opinion) if opinion else None,
            drivers=_drivers(opinion["drivers"]) if opinion else [],
            metrics=[_metric(one) for one in data["model"]["metrics"]],
        )
    )


def _cells(compartment: Mapping[str, Any]) -> list[Cell]:
    """The numbers of one region."""
    cells = []
    for one in compartment["parameters"]:
        value, spread = one["value"], one["uncertainty"]
        texts = [flag["text"] for flag in one["flags"]]
        if value is None:
            cells.append(Cell("not measured", "", texts))
            continue
        decimals = max(2, estimate_decimals([0.0, spread]) + 1) if spread else 3
        cells.append(
            Cell(
                words.number(value, decimals),
                f"± {words.number(spread, decimals)}" if spread is not None else "",
                texts,
            )
        )
    return cells


def _notes(compartments: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What is to be known of single numbers: which they are, and the words."""
    told: dict[str, list[str]] = {}
    for compartment in compartments:
        for one in compartment["parameters"]:
            for flag in one["flags"]:
                if flag["code"] == "outside-training":
                    told.setdefault(f"{one['name']}: {flag['text']}", []).append(
                        compartment["region"]
                    )
    return [(", ".join(regions), text) for text, regions in told.items()]


def _percents(opinion: Mapping[str, Any]) -> dict[str, Any]:
    """Probability and interval as printed and as places on the bar."""
    at, low, high = (100 * float(opinion[key]) for key in ("probability", "low", "high"))
    return {
        "text": words.number(at),
        "range": f"{words.number(low)} to {words.number(high)} %",
        "at": round(at, 2),
        "low": round(low, 2),
        "width": round(high - low, 2),
    }


def _drivers(drivers: Mapping[str, float]) -> list[Driver]:
    """Regions, the strongest first, as bars about the middle."""
    longest = max([*map(abs, drivers.values()), 0.05])
    found = []
    for region, change in sorted(drivers.items(), key=lambda one: -abs(one[1])):
        width = 50 * abs(change) / longest
        if abs(change) < LEAST_DRIVE:
            text = "changes nothing"
        else:
            sign = "+" if change > 0 else ""
            text = f"{sign}{words.number(100 * change)} points"
        left = 50.0 if change >= 0 else 50.0 - width
        found.append(Driver(region, text, round(left, 2), round(width, 2), change >= 0))
    return found


def _metric(one: Mapping[str, Any]) -> tuple[str, str, str]:
    """Name, value and interval of a metric as printed."""
    low, high = one["low"], one["high"]
    span = "" if low is None or high is None else f"{low:.3f} to {high:.3f}".replace("-", "−")
    return one["name"], words.number(one["value"], 3), span
