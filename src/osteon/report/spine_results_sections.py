"""Sections of the results of the spine: from their numbers to tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .printed import number, one_line
from .results_page import Column, Section, table_of
from .spine_results_figures import (
    BIASED,
    calibration_figures,
    device_figures,
    forest_figures,
    learning_figures,
)
from .spine_results_words import FAMILIES, REFERENCE, in_order, method, place

Given = Mapping[str, Any]
Tables = list[dict[str, Any]]

NAME = ("name", "Method", "text")
WHERE = ("where", "Where", "text")
PATIENTS = ("patients", "Patients", "count")

CALLS: Sequence[Column] = (
    PATIENTS,
    ("cases", "Osteoporosis", "count"),
    ("auc", "AUC", "share"),
    ("sensitivity", "Sensitivity", "estimate"),
    ("specificity", "Specificity", "estimate"),
    ("f1", "F1", "estimate"),
    ("slope", "Calibration slope", "estimate"),
    ("note", "To know", "text"),
)
DENSITY: Sequence[Column] = (
    PATIENTS,
    ("r", "r", "share"),
    ("mae", "Mean absolute error, g/cm²", "share"),
    ("bias", "Mean error, g/cm²", "share"),
    ("covered", "Within 1.96 SD", "estimate"),
)
SHARES: Sequence[Column] = (
    ("auc", "AUC", "share"),
    ("sensitivity", "Sensitivity", "share"),
    ("specificity", "Specificity", "share"),
    ("f1", "F1", "share"),
    ("r", "r of density", "share"),
)
GATED = ("full", "full-device-unknown", "gate-image", "gate-device")
"""Methods whose use of experts is shown."""

GOAL = "Asked for: within 0.01 g/cm² inside and 0.02 g/cm² at the external site. The others stand \
in results.json."

DIFFERENCES: Sequence[Column] = (
    ("b", "Less", "text"),
    WHERE,
    ("auc", "AUC", "share"),
    ("auc_p", "p", "p"),
    ("auc_holm", "p, Holm", "p"),
    ("f1", "F1", "share"),
    ("f1_holm", "p, Holm", "p"),
    ("mae", "Mean error, g/cm²", "share"),
    ("mae_holm", "p, Holm", "p"),
    ("note", "To know", "text"),
)


def sections(results: Given) -> list[Section]:
    """All sections in order; one that is not in the results says that it was not run."""
    return [_section(key, results) for key in TITLES]


def _section(key: str, results: Given) -> Section:
    given = results.get(SOURCE.get(key, key))
    if not isinstance(given, Mapping) or not given or given.get("not_run"):
        reason = given.get("not_run") if isinstance(given, Mapping) else None
        words = f"Not run: {one_line(reason)}" if isinstance(reason, str) else "Not run."
        return Section(key, TITLES[key], reason=words)
    made = MADE[key](results) if key in MADE else []
    tables = [table for table in made if table["rows"]]
    figures = FIGURES_OF[key](results) if key in FIGURES_OF else []
    more = (*tables, *(given.get("tables") or ()))
    drawn = (*figures, *(given.get("figures") or ()))
    if not more and not drawn:
        return Section(key, TITLES[key], reason="Nothing to show.")
    return Section(key, TITLES[key], tuple(_text(key, results)), more, drawn)


def _text(key: str, results: Given) -> list[str]:
    if key == "inside":
        return []
    if key == "external":
        opened = str((results.get("ledger") or {}).get("text") or "")
        return [opened, *((results.get("figures") or {}).get("text") or ())]
    given = results.get(SOURCE.get(key, key)) or {}
    text = given.get("text") or ()
    return [text] if isinstance(text, str) else list(text)


def _rows(results: Given, key: str, **wanted: Any) -> list[dict[str, Any]]:
    """Rows of a section, methods and places in words."""
    found = []
    for row in (results.get(key) or {}).get("rows") or ():
        if all(row.get(name) == value for name, value in wanted.items()):
            words = {name: method(row[name]) for name in ("name", "a", "b") if row.get(name)}
            found.append({**row, **words, "where": place(row.get("where") or "")})
    return found


def _asked(results: Given) -> Tables:
    rows = _rows(results, "verdicts")
    for row in rows:
        row["met"] = "yes" if row.get("met") else "no"
        head, above, name = str(row.get("what") or "").partition("above that of ")
        what = f"{head}{above}{method(name)}" if above else head
        row["what"] = what[:1].upper() + what[1:]
    columns = [
        ("what", "Figure", "text"),
        WHERE,
        ("wanted", "Wanted", "text"),
        ("got", "Got", "share"),
        ("met", "Met", "text"),
    ]
    return [table_of("asked", "Said beforehand, and what came of it", rows, columns)]


def _external(results: Given) -> Tables:
    seeds = [
        row for row in _rows(results, "seeds", where="external") if row["name"] == method(REFERENCE)
    ]
    seed = ("seed", "Seed", "text")
    return [
        *_figures(results, "external", "a site never seen"),
        table_of("seeds", "Each training of the whole system alone", seeds, [seed, *CALLS]),
        table_of("seeds-density", "Density by each of them", seeds, [seed, *DENSITY]),
    ]


def _inside(results: Given) -> Tables:
    places = dict.fromkeys(
        str(row.get("where")) for row in (results.get("figures") or {}).get("rows") or ()
    )
    sites = [name for name in places if name.startswith("site ")]
    columns = [(str(n), place(name), "share") for n, name in enumerate(sites)]
    by_method: dict[str, dict[str, Any]] = {}
    for n, name in enumerate(sites):
        for row in _rows(results, "figures", where=name):
            by_method.setdefault(row["name"], {"name": row["name"]})[str(n)] = row.get("auc")
    return [
        *_figures(results, "inside", "sites that were learned from"),
        table_of("sites", "AUC by site", in_order([*by_method.values()]), [NAME, *columns]),
    ]


def _figures(results: Given, where: str, words: str) -> Tables:
    """Figures of whole trainings; those with fewer labels have a table of their own."""
    rows = in_order(_rows(results, "figures", where=where))
    shares = [{"name": row["name"], **row["of_ceiling"]} for row in rows if row.get("of_ceiling")]
    density = [row for row in rows if row.get("r")]
    return [
        table_of(where, f"Osteoporosis, at {words}", rows, [NAME, *CALLS]),
        table_of(
            f"{where}-density", f"Standardised density, at {words}", density, [NAME, *DENSITY]
        ),
        table_of(f"{where}-ceiling", "The same as shares of the ceiling", shares, [NAME, *SHARES]),
    ]


def _comparisons(results: Given) -> Tables:
    """A table a family for the external site and inside, and one for single sites."""
    rows = _rows(results, "comparisons")
    rows.sort(key=lambda row: row["where"] != place("external"))
    tables = []
    for family in dict.fromkeys(row.get("family") for row in rows):
        of = [row for row in rows if row.get("family") == family]
        columns = list(DIFFERENCES)
        if len({row.get("a") for row in of}) > 1:
            columns = [("a", "Method", "text"), *columns]
        title = FAMILIES.get(str(family), str(family))
        note = "" if columns[0][0] == "a" else "The whole system less each of these."
        single = [row for row in of if row["where"].startswith("Site ")]
        whole = [row for row in of if row not in single]
        tables += [
            table_of(f"against-{family}", title, whole, columns, note),
            table_of(f"against-{family}-sites", f"{title}, by site", single, columns, note),
        ]
    return tables


def _learning(results: Given) -> Tables:
    columns = [
        NAME,
        WHERE,
        ("percent", "Labels, %", "number"),
        ("learned_from", "Patients learned from", "number"),
        ("auc", "AUC", "share"),
        ("f1", "F1", "estimate"),
        ("r", "r of density", "share"),
        ("mae", "Mean error, g/cm²", "share"),
    ]
    return [table_of("learning", "Fewer labels", _rows(results, "learning"), columns)]


def _devices(results: Given) -> Tables:
    columns = [
        NAME,
        WHERE,
        ("device", "Densitometer", "text"),
        PATIENTS,
        ("bias", "Said less read, g/cm²", "share"),
        ("bias_truth", "Said less true, g/cm²", "share"),
    ]
    biases = [row for row in _rows(results, "devices") if row["name"] in _words_of(BIASED)]
    experts = [row for row in _rows(results, "experts") if row["name"] in _words_of(GATED)]
    most = max([len(row.get("weights") or ()) for row in experts] or [0])
    for row in experts:
        row |= {f"w{n}": weight for n, weight in enumerate(row.get("weights") or ())}
    shown = [
        NAME,
        WHERE,
        ("device", "Densitometer", "text"),
        PATIENTS,
        *((f"w{n}", f"Expert {n + 1}", "share") for n in range(most)),
    ]
    note = "Experts of each training in the order of their use; mean weights."
    return [
        table_of("devices", "Signed error of density", biases, columns, GOAL),
        table_of("experts", "Use of experts", experts, shown, note),
    ]


def _words_of(names: Sequence[str]) -> set[str]:
    return {method(name) for name in names}


def _levels(results: Given) -> Tables:
    columns = [
        NAME,
        WHERE,
        PATIENTS,
        ("vertebrae", "Vertebrae", "count"),
        ("accuracy", "Level told rightly", "share"),
    ]
    return [table_of("levels", "Vertebral level", _rows(results, "levels"), columns)]


def _thresholds(results: Given) -> Tables:
    columns = [
        ("name", "Threshold", "text"),
        ("hu", "HU", "number"),
        WHERE,
        ("sensitivity", "Sensitivity", "estimate"),
        ("specificity", "Specificity", "estimate"),
        ("f1", "F1", "estimate"),
        ("doi", "Source", "text"),
    ]
    title = "Published thresholds of L1 HU"
    return [table_of("thresholds", title, _rows(results, "thresholds"), columns)]


def _runs(results: Given) -> Tables:
    rows = _rows(results, "runs")
    for row in rows:
        row["seeds"] = ", ".join(str(seed) for seed in row.get("seeds") or ())
    columns = [
        NAME,
        ("seeds", "Seeds", "text"),
        ("trained_on", "Patients learned from", "number"),
        ("parameters", "Parameters", "count"),
        ("seconds", "Seconds a training", "number"),
        ("peak_mib", "Peak memory, MiB", "number"),
    ]
    stages = [
        ("name", "Stage", "text"),
        ("minutes", "Minutes", "number"),
        ("seconds", "Seconds", "number"),
        ("peak_gib", "Peak memory, GiB", "number"),
        ("note", "To know", "text"),
    ]
    each = (results.get("cost") or {}).get("pool_seconds_per_vertebra")
    note = "" if each is None else f"Texture pool: {number(each)} s a vertebra."
    pretrained = [
        {**row, "kind": method(row.get("kind") or "")}
        for row in (results.get("cost") or {}).get("pretraining") or ()
    ]
    kinds = [("kind", "Pre-training", "text"), ("seed", "Seed", "text"), *columns[3:]]
    return [
        table_of("runs", "Trainings", rows, columns, "Means over the seeds."),
        table_of("pretraining", "Pre-training", pretrained, kinds),
        table_of("cost", "Time and memory", _rows(results, "cost"), stages, note),
    ]


def _cohort(results: Given) -> Tables:
    columns = [
        ("site", "Site", "text"),
        ("split", "Split", "text"),
        ("device", "Densitometer", "text"),
        PATIENTS,
        ("osteopenia", "Osteopenia", "count"),
        ("osteoporosis", "Osteoporosis", "count"),
    ]
    return [table_of("cohort", "Labelled patients", _rows(results, "cohort"), columns)]


TITLES = {
    "verdicts": "What was asked for",
    "cohort": "Patients",
    "external": "The external site",
    "inside": "Inside",
    "comparisons": "Comparisons",
    "learning": "Learning curve",
    "devices": "Devices and experts",
    "levels": "Levels",
    "curves": "Curves",
    "thresholds": "Thresholds of HU",
    "real": "Real bone and real scans",
    "runs": "Cost",
}
"""Sections in their order."""

SOURCE = {"external": "figures", "inside": "figures"}
"""Where a section's numbers stand, where that is elsewhere."""

MADE: Mapping[str, Callable[[Given], Tables]] = {
    "verdicts": _asked,
    "cohort": _cohort,
    "external": _external,
    "inside": _inside,
    "comparisons": _comparisons,
    "learning": _learning,
    "devices": _devices,
    "levels": _levels,
    "thresholds": _thresholds,
    "runs": _runs,
}
"""What makes the tables of each section."""

FIGURES_OF: Mapping[str, Callable[[Given], Tables]] = {
    "comparisons": forest_figures,
    "learning": learning_figures,
    "devices": device_figures,
    "curves": calibration_figures,
}
"""What makes the figures of a section that has some."""
