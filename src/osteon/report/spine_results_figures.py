"""Figures of the results of the spine, as the drawing of an evaluation takes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from .spine_results_words import method, place

Given = Mapping[str, Any]
Figures = list[dict[str, Any]]

PLACES = ("external", "inside")

BIASED = ("full", "full-device-unknown", "no-experts", "per-device", "facts-line")
"""Methods whose error by device is shown."""


def forest_figures(results: Given) -> Figures:
    """Differences of AUC between the whole system and every other method, by place."""
    rows = (results.get("comparisons") or {}).get("rows") or ()
    figures = []
    for where in PLACES:
        lines: dict[str, dict[str, Any]] = {}
        for row in rows:
            told = row.get("auc")
            if row.get("where") == where and row.get("a") == "full" and isinstance(told, Mapping):
                line = {"name": method(row["b"]), "p": row.get("auc_holm"), **told}
                # a method of two families stands in the first
                lines.setdefault(str(row["b"]), line)
        if lines:
            figures.append(
                {
                    "key": f"forest-{where}",
                    "kind": "forest",
                    "title": f"AUC of the whole system less that of others, {place(where).lower()}",
                    "caption": "Right of the line the whole system is better; p by DeLong, "
                    "corrected by Holm.",
                    "data": {"rows": list(lines.values()), "null": 0.0, "axis": "AUC, difference"},
                }
            )
    return figures


def learning_figures(results: Given) -> Figures:
    """AUC and r over patients learned from, with and without pre-training."""
    rows = (results.get("learning") or {}).get("rows") or ()
    figures = []
    for where in PLACES:
        for key, name in (("auc", "AUC"), ("r", "r of density")):
            series: dict[str, list[dict[str, Any]]] = {}
            for row in rows:
                if row.get("where") == where and isinstance(row.get(key), Mapping):
                    point = {"patients": row.get("learned_from"), **row[key]}
                    series.setdefault(method(row["name"]), []).append(point)
            if series:
                data = {"series": [{"name": n, "points": p} for n, p in series.items()], "y": name}
                figures.append(
                    {
                        "key": f"learning-{where}-{key}",
                        "kind": "learning-curve",
                        "title": f"{name} over patients learned from, {place(where).lower()}",
                        "caption": "",
                        "data": data,
                    }
                )
    return figures


def device_figures(results: Given) -> Figures:
    """Signed error of density by device, with and without experts."""
    lines = []
    rows = (results.get("devices") or {}).get("rows") or ()
    for where in reversed(PLACES):
        for name in BIASED:
            for row in rows:
                told = row.get("bias")
                same = row.get("name") == name and row.get("where") == where
                if same and isinstance(told, Mapping):
                    group = f"{row.get('device')}, {place(where).lower()}"
                    lines.append({"name": method(name), "group": group, **told})
    if not lines:
        return []
    lines.sort(key=lambda line: str(line["group"]).endswith("external site"))
    groups = list(dict.fromkeys(line["group"] for line in lines))
    lines.sort(key=lambda line: groups.index(line["group"]))
    return [
        {
            "key": "device-bias",
            "kind": "forest",
            "title": "Signed error of density by densitometer",
            "caption": "Density said less density as read, both standardised.",
            "data": {"rows": lines, "null": 0.0, "axis": "Error, g/cm²"},
        }
    ]


def calibration_figures(results: Given) -> Figures:
    """ROC and calibration curves by place, and density said over density read."""
    rows = (results.get("curves") or {}).get("rows") or ()
    figures: Figures = []
    for where in PLACES:
        of = [{**row, "name": method(row.get("name"))} for row in rows if row["where"] == where]
        figures += _curves(where, [_with_triples(row) for row in of])
        figures += [_scatter(where, row) for row in of[:1] if row.get("read")]
    return figures


def _curves(where: str, rows: Sequence[dict[str, Any]]) -> Figures:
    found: Figures = []
    kinds = (
        ("roc", "false_positive", "ROC of osteoporosis"),
        ("calibration", "bins", "Calibration of osteoporosis"),
    )
    for kind, needs, title in kinds:
        curves = [row for row in rows if row.get(needs)]
        if curves:
            found.append(
                {
                    "key": f"{kind}-{where}",
                    "kind": kind,
                    "title": f"{title}, {place(where).lower()}",
                    "caption": "",
                    "data": {"curves": curves},
                }
            )
    return found


def _with_triples(row: Mapping[str, Any]) -> dict[str, Any]:
    """Estimates as value, low and high in a row, as curves take them."""
    told = {
        key: [row[key].get(part) for part in ("value", "low", "high")]
        for key in ("auc", "slope", "intercept")
        if isinstance(row.get(key), Mapping)
    }
    return {**row, **told}


def _scatter(where: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": f"density-{where}",
        "kind": "scatter",
        "title": f"Standardised density said and read, {place(where).lower()}",
        "caption": f"{row['name']}.",
        "data": {
            "x": row["read"],
            "y": row["said"],
            "unit": "g/cm2",
            "identity": True,
            "x_name": "As read",
            "y_name": "From CT",
        },
    }
