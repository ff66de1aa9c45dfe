"""What the study of stable texture features ships: its numbers, table, figure and page."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from osteon.features.texture.beside import beside_entry
from osteon.features.texture.catalogue import AGGREGATIONS, MATRICES, entry
from osteon.features.texture.stability import CHANGES, COLUMNS

ROOT = Path(__file__).parents[1]
NUMBERS = ROOT / "results" / "texture_robustness.json"
TABLE = ROOT / "src" / "osteon" / "features" / "texture" / "stability.csv"
PICTURE = ROOT / "docs" / "images" / "stable_texture.png"
PAGE = ROOT / "docs" / "concepts" / "stable-texture.md"
BEGIN, END = (
    "<!-- made by tools/texture_robustness.py: begin -->\n",
    "<!-- made by tools/texture_robustness.py: end -->\n",
)
LEAST = 0.75
"""ICC from which on a feature is called stable."""
HALF_SPREAD = LEAST / (LEAST + 0.25 * (1 - LEAST))
"""ICC here that becomes `LEAST` where specimens differ half as much: a quarter of the variance."""
LIKE = 0.9
"""Correlation with the mean HU, of either sign, from which on a feature tells hardly more."""
KINDS = {"resampled": "1 mm voxels", "scanned": "voxels as scanned"}
TITLES = {
    "voxel_size": "pixel 0.4 – 1.0 mm",
    "slice_thickness": "slice 0.625 – 2.5 mm",
    "noise": "dose 2.5 – 20 mGy",
    "bin_width": "bin 12.5 – 50 HU",
}
COLOURS = {"resampled": "#0072B2", "scanned": "#D55E00"}
SOLID = ("3D", "3D_comb")
"""Aggregations of the figure and of the table by family: one value a feature."""

NUMBERED = re.compile(r"(.*_)(\d+)")

Row = Mapping[str, Any]


def ship(results: dict[str, Any], table: Path) -> None:
    """Write everything that is kept in the repository."""
    shutil.copyfile(table, TABLE)
    kept = {key: one for key, one in results.items() if key != "rows"}
    kept["summary"] = summary(results["rows"])
    kept["again"] = again(results["rows"])
    lines = ",\n".join(
        f"{json.dumps(key)}: {json.dumps(one, ensure_ascii=False)}" for key, one in kept.items()
    )
    NUMBERS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    draw(results["rows"]).savefig(PICTURE, dpi=100)
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN, 1)
    _, after = rest.split(END, 1)
    PAGE.write_text(f"{before}{BEGIN}\n{made(kept)}\n{END}{after}", encoding="utf-8")


def family_of(tag: str) -> str:
    """Family of a feature of the IBSI or beside it."""
    known = beside_entry(tag)
    return entry(tag).family if known is None else known[0].family


def least(row: Row) -> float:
    """The smallest ICC of a feature."""
    return min(float(row[name][0]) for name in CHANGES if row[name] is not None)


def lowest(row: Row) -> float:
    """The smallest lower end of a feature's intervals."""
    return min(float(row[name][1]) for name in CHANGES if row[name] is not None)


def solid(rows: Sequence[Row]) -> list[Row]:
    """Rows of features in space, once each."""
    return [row for row in rows if ending(row["tag"]) in ("", *SOLID)]


def ending(tag: str) -> str:
    """Ending of a tag that tells the aggregation, or nothing."""
    if family_of(tag) not in MATRICES:
        return ""
    return max((one for one in AGGREGATIONS if tag.endswith(f"_{one}")), key=len)


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Counts by kind of voxels, family and aggregation."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        own = [row for row in rows if row["voxels"] == kind]
        found[kind] = {
            "families": dict(grouped(solid(own), lambda row: family_of(row["tag"]))),
            "aggregations": dict(
                grouped([row for row in own if ending(row["tag"])], lambda row: ending(row["tag"]))
            ),
            "stable": [row["tag"] for row in solid(own) if least(row) >= LEAST],
            "stable with interval": sum(lowest(row) >= LEAST for row in solid(own)),
            "stable at half the spread": sum(least(row) >= HALF_SPREAD for row in solid(own)),
            "stable and like the mean": sum(
                least(row) >= LEAST and abs(row["with_mean"]) >= LIKE for row in solid(own)
            ),
        }
    return found


def grouped(rows: Sequence[Row], by: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each group, how many features there are and are stable, and their median ICCs."""
    for name in dict.fromkeys(by(row) for row in rows):
        own = [row for row in rows if by(row) == name]
        counts: dict[str, Any] = {
            "features": len(own),
            "stable": sum(least(row) >= LEAST for row in own),
        }
        for change in COLUMNS:
            iccs = [row[change][0] for row in own if row[change] is not None]
            counts[change] = round(float(np.median(iccs)), 2) if iccs else None
        yield str(name), counts


def again(rows: Sequence[Row]) -> dict[str, Any]:
    """Of two scans alike but for their noise: the features of least agreement, and the median."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        own = solid([row for row in rows if row["voxels"] == kind])
        iccs = {row["tag"]: row["again"][0] for row in own}
        found[kind] = {
            "median": round(float(np.median(list(iccs.values()))), 3),
            "stable": sum(icc >= LEAST for icc in iccs.values()),
            "features": len(iccs),
            "below": {tag: icc for tag, icc in iccs.items() if icc < LEAST},
        }
    return found


def made(kept: Mapping[str, Any]) -> str:
    """The page's tables."""
    parts = []
    for kind, title in KINDS.items():
        told = kept["summary"][kind]
        many = sum(one["features"] for one in told["families"].values())
        head = " | ".join(TITLES[name] for name in CHANGES)
        lines = [
            f"| {name.replace('_', ' ')} | {one['features']} | {one['stable']} | "
            + " | ".join("–" if one[c] is None else f"{one[c]:.2f}" for c in CHANGES)
            + " |"
            for name, one in told["families"].items()
        ]
        parts.append(
            f"### {title[0].upper()}{title[1:]}\n\n| family | features | stable | {head} |\n"
            f"| --- | --- | --- | --- | --- | --- | --- |\n" + "\n".join(lines)
        )
        names = {name: AGGREGATIONS[name][0] for name in told["aggregations"]}
        parts.append(
            "Matrices by aggregation, stable of all: "
            + "; ".join(
                f"{names[name]} {one['stable']} of {one['features']}"
                for name, one in told["aggregations"].items()
            )
            + "."
        )
        parts.append(
            f"Stable are {len(told['stable'])} of {many}; {told['stable with interval']} with the "
            f"whole of their intervals, {told['stable at half the spread']} where specimens differ "
            f"half as much, and {told['stable and like the mean']} have |r| ≥ {LIKE:g} with the "
            "mean HU: "
            f"{listed(told['stable'])}."
        )
    return "\n\n".join(parts) + "\n"


def listed(tags: Sequence[str]) -> str:
    """Tags by family; those that differ in a number at their end are told once."""
    by: dict[str, dict[str, list[str]]] = {}
    for tag in tags:
        found = NUMBERED.fullmatch(tag) if beside_entry(tag) else None
        stem, number = (found[1], found[2]) if found else (tag, "")
        by.setdefault(family_of(tag).replace("_", " "), {}).setdefault(stem, []).append(number)
    return "; ".join(
        f"*{family}* "
        + ", ".join(
            f"`{stem}`" + (f" {', '.join(numbers)}" if numbers[0] else "")
            for stem, numbers in stems.items()
        )
        for family, stems in by.items()
    )


def draw(rows: Sequence[Row]) -> Figure:
    """ICC of every feature in space, by family and change."""
    figure = Figure(figsize=(12.0, 6.0), layout="constrained")
    panels = figure.subplots(1, len(CHANGES), sharey=True)
    own = solid(rows)
    families = list(dict.fromkeys(family_of(row["tag"]) for row in own))
    for axes, change in zip(panels, CHANGES, strict=True):
        for side, kind in enumerate(KINDS):
            dots(axes, [row for row in own if row["voxels"] == kind], (change, side), families)
        axes.axvline(LEAST, color="black", linewidth=0.8, linestyle=":")
        axes.set(xlim=(-0.05, 1.03), title=TITLES[change], xlabel="ICC(2,1)")
        axes.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(families)), [name.replace("_", " ") for name in families])
    panels[0].invert_yaxis()
    panels[-1].legend(fontsize=8, loc="upper left")
    figure.suptitle(f"One dot per feature (3D) and change; dotted: ICC {LEAST:g}")
    figure.supxlabel("made by: tools/texture_robustness.py", fontsize=8, color="#555555")
    return figure


def dots(axes: Axes, rows: Sequence[Row], what: tuple[str, int], families: Sequence[str]) -> None:
    """Features of one kind of voxels in one panel."""
    change, side = what
    kind = list(KINDS)[side]
    shown = [row for row in rows if row[change] is not None]
    x = [max(row[change][0], -0.03) for row in shown]
    lines = [families.index(family_of(row["tag"])) for row in shown]
    spread = np.random.default_rng(0).uniform(-0.12, 0.12, len(shown))
    y = np.array(lines) + (0.2 if side else -0.2) + spread
    axes.plot(x, y, "o", markersize=3, alpha=0.6, color=COLOURS[kind], label=KINDS[kind])
