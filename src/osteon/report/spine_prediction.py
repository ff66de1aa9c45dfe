"""The report of a spine read from its CT: one page that opens anywhere, without a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import BadSetting
from . import words
from .page import environment, store, style_sheets
from .spine_pictures import WINDOW, SpinePictures, vertebra_pictures
from .structure_pictures import StructurePicture

SCHEMA = "osteon-spine-1"
"""Version of the results that this report reads."""

T_ENDS = (-5.0, 2.0)
"""T-scores at the ends of the scale; those beyond are drawn at them."""

LIMITS = (-2.5, -1.0)
"""T-scores at which classes begin."""

DENSITY_ENDS = (0.4, 1.6)
"""Standardised densities in g/cm² at the ends of the scale, where there is no T-score."""


@dataclass(frozen=True)
class Gauge:
    """A value with its interval on a scale, all in percent of its width.

    Attributes
    ----------
    at, low, width : float
        Place of the value, where the interval begins, and how long it is.
    ticks : sequence of (float, str)
        Places and words below.
    zones : sequence of (float, float, str)
        Begin, width and name of what is coloured.
    words : str
        The same for who does not see it.
    """

    at: float
    low: float
    width: float
    ticks: Sequence[tuple[float, str]]
    zones: Sequence[tuple[float, float, str]]
    words: str


@dataclass(frozen=True)
class Row:
    """A vertebra as printed.

    Attributes
    ----------
    level, density, spread, share, said : str
        Words of the table; ``""`` where there are none.
    weight : float
        Share in percent, for a bar.
    reason : str
        Why it was left out, or ``""``.
    flags : sequence of str
        What must be known of it.
    pictures : sequence of StructurePicture
        Slices through it.
    """

    level: str
    density: str
    spread: str
    share: str
    said: str
    weight: float
    reason: str
    flags: Sequence[str]
    pictures: Sequence[StructurePicture]


def write_spine_report(data: Mapping[str, Any], pictures: SpinePictures, folder: Path) -> Path:
    """Write ``report.html`` into `folder` and return its path.

    The page is one file without scripts: pictures stand inside it.

    Parameters
    ----------
    data : mapping
        Results of ``osteon spine predict`` as plain data.
    pictures : SpinePictures
        Vertebrae that are drawn.
    folder : Path
        Folder to write into; made where it is missing.

    Raises
    ------
    BadSetting
        If the results are of another version than this report reads, or the pictures do not fit.
    """
    if (schema := data.get("schema")) != SCHEMA:
        raise BadSetting(
            f"these results are of version '{schema}', this report reads '{SCHEMA}'. "
            "Predict the spine again with this version of Osteon."
        )
    return store(_page(data, pictures.checked()), folder)


def _page(data: Mapping[str, Any], drawn: SpinePictures) -> str:
    """The whole page as text."""
    patient = data["patient"]
    return (
        environment()
        .get_template("spine.html.jinja")
        .render(
            results=data,
            css=style_sheets("report.css", "structure.css", "knee.css", "spine.css"),
            notice=words.sentences(data["notice"]),
            terms=words.scan_in_words(data["scan"]),
            warnings=list(dict.fromkeys(flag["text"] for flag in data["flags"])),
            window=WINDOW,
            patient=patient,
            percent=round(100 * patient["coverage"]),
            gauge=_gauge(patient),
            shares=_shares(patient["classes"]),
            held=_either(patient["class_set"]),
            rows=[_row(one, drawn) for one in data["vertebrae"]],
            metrics=[_metric(one) for one in data["model"]["metrics"]],
        )
    )


def _gauge(patient: Mapping[str, Any]) -> Gauge:
    """The T-score on its scale, or the density on its own where there is no T-score."""
    score = patient["t_score"]
    if score is None:
        low, high = patient["interval_g_cm2"]
        ticks = (0.4, 0.7, 1.0, 1.3, 1.6)
        return _drawn((patient["bmd_g_cm2"], low, high), DENSITY_ENDS, ticks, " g/cm²")
    values = (score["value"], score["low"], score["high"])
    return _drawn(values, T_ENDS, (-5.0, -4.0, -2.5, -1.0, 0.0, 1.0, 2.0), "")


def _drawn(
    values: tuple[float, float, float],
    ends: tuple[float, float],
    ticks: Sequence[float],
    unit: str,
) -> Gauge:
    def place(value: float) -> float:
        share = (value - ends[0]) / (ends[1] - ends[0])
        return round(100 * min(max(share, 0.0), 1.0), 2)

    value, low, high = values
    borders = [ends[0], *LIMITS, ends[1]] if ends == T_ENDS else []
    names = ("osteoporosis", "osteopenia", "normal")
    zones = [
        (place(begin), round(place(end) - place(begin), 2), name)
        for begin, end, name in zip(borders, borders[1:], names, strict=False)
    ]
    decimals = 1 if zones else 3
    said = " to ".join(words.number(end, decimals) for end in (low, high))
    return Gauge(
        place(value),
        place(low),
        round(place(high) - place(low), 2),
        [(place(tick), words.number(tick, 1) + unit * (tick == ticks[-1])) for tick in ticks],
        zones,
        f"{words.number(value, decimals)}, interval {said}{unit}",
    )


def _shares(classes: Mapping[str, float]) -> list[tuple[str, float, str]]:
    """Name, percent and words of each class, the worst first as on the scale of T-scores."""
    return [
        (name, round(100 * share, 2), f"{words.number(100 * share)} %")
        for name, share in reversed(tuple(classes.items()))
    ]


def _either(names: Sequence[str]) -> str:
    """Names joined by or."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _row(one: Mapping[str, Any], drawn: SpinePictures) -> Row:
    """A vertebra as printed."""
    level, used = one["level"], one["used"]
    chance = one["level_probability"]
    return Row(
        level,
        words.number(one["bmd_g_cm2"], 3) if used else "",
        f"± {words.number(one['bmd_sd_g_cm2'], 3)}" if used else "",
        f"{words.number(100 * one['weight'])} %" if used else "",
        f"{one['said_level']}; {level} with {words.number(100 * chance)} %" if used else "",
        round(100 * one["weight"], 2),
        one["reason"] or "",
        [flag["text"] for flag in one["flags"]],
        vertebra_pictures(drawn, level),
    )


def _metric(one: Mapping[str, Any]) -> tuple[str, str, str]:
    """Name, value and interval of a metric as printed."""
    low, high = one["low"], one["high"]
    span = "" if low is None or high is None else f"{low:.3f} to {high:.3f}".replace("-", "−")
    return one["name"], words.number(one["value"], 3), span
