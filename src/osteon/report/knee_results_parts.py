"""Sections of the results of the knee: from their numbers to tables and figures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .printed import one_line
from .results_page import Section, table_of

Rows = Sequence[Mapping[str, Any]]

PUBLISHED_ICC = {"BV/TV": 0.804, "Tb.Th": 0.773, "Tb.Sp": 0.711, "Tb.N": 0.622}
"""ICC of the published student (doi:10.48550/arXiv.2307.04390, abstract)."""

PUBLISHED_AUC = (
    ("Published 2023, CNN, CT without distillation", 0.658, 0.574, 0.742),
    ("Published 2023, CNN, CT with distillation", 0.767, 0.681, 0.853),
    ("Published 2026, Transformer, CT without distillation", 0.778, None, None),
    ("Published 2026, Transformer, CT with distillation", 0.883, None, None),
)
"""AUC of osteoarthritis with the interval where one was given (doi:10.48550/arXiv.2307.04390 and
PMC13106955, abstracts)."""

PREFIXES = ("app.", "srrd.")

KINDS = {
    "teacher": "teacher on MR (ceiling of transfer)",
    "none": "student, not distilled",
    "features": "student, features distilled",
    "output": "student, output distilled",
    "variational": "student, variational distillation",
    "radiomics": "radiomics and boosting",
    "threshold": "CT thresholded",
    "mean-hu": "mean HU",
}
"""What models are called on the page."""


def sections(results: Mapping[str, Any]) -> list[Section]:
    """All sections in order; one that is not in the results says that it was not run."""
    return [_section(key, results.get(key)) for key in TITLES]


def _section(key: str, given: Any) -> Section:
    if not isinstance(given, Mapping) or not given or given.get("not_run"):
        reason = given.get("not_run") if isinstance(given, Mapping) else None
        words = f"Not run: {one_line(reason)}" if isinstance(reason, str) else "Not run."
        return Section(key, TITLES[key], reason=words)
    text = given.get("text") or ()
    text = (text,) if isinstance(text, str) else tuple(text)
    tables = [table for table in MADE[key](key, given) if table["rows"]]
    figures = FIGURES[key](given) if key in FIGURES else []
    return Section(
        key,
        TITLES[key],
        text,
        (*tables, *(given.get("tables") or ())),
        (*figures, *(given.get("figures") or ())),
    )


def _rows(given: Mapping[str, Any], key: str = "rows") -> Rows:
    """Rows of a section, with models called by their names in words."""
    rows = [dict(row) for row in given.get(key) or () if isinstance(row, Mapping)]
    for row in rows:
        if row.get("name") is not None:
            row["name"] = _in_words(str(row["name"]))
    return rows


def _in_words(name: str) -> str:
    """``"features minus none"`` and ``"none, logistic"`` with each model's name in words."""
    sides = []
    for side in name.split(" minus "):
        kind, comma, rest = side.partition(",")
        sides.append(KINDS.get(kind, kind) + comma + rest)
    words = " minus ".join(sides)
    return words[:1].upper() + words[1:]


def _wide(rows: Rows, keys: Sequence[str]) -> list[Mapping[str, Any]]:
    """A row for each of `keys`, with the ICC of each parameter in a column of its own."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        which = tuple(row.get(key) for key in keys)
        line = found.setdefault(which, dict(zip(keys, which, strict=True)))
        line[str(row.get("parameter"))] = row.get("icc")
    return list(found.values())


def _drawn(names: Sequence[str]) -> list[str]:
    """Parameters that have figures: those of the standard definitions, where there are any."""
    standard = [name for name in names if not name.startswith("srrd.")]
    return standard or list(names)


NAME = ("name", "What", "text")


def _synthesis(key: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = [
        NAME,
        ("patients", "Patients", "count"),
        ("mae_body", "Body, HU", "estimate"),
        ("mae_bone", "Bone, HU", "estimate"),
        ("mae_soft", "Soft tissue, HU", "estimate"),
        ("note", "To know", "text"),
    ]
    note = "Mean absolute error of the synthetic CT in patients that were not learned from."
    return [table_of(key, "Synthesis of CT from MR", _rows(given), columns, note)]


def _registration(key: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = [
        NAME,
        ("bone", "Bone", "text"),
        ("patients", "Patients", "count"),
        ("median_mm", "Median, mm", "estimate"),
        ("p95_mm", "95 %, mm", "estimate"),
        ("success", "Success", "number"),
        ("note", "To know", "text"),
    ]
    real = [
        ("pair", "Pair", "text"),
        ("joint", "Joint", "text"),
        ("before_mm", "Before, mm", "estimate"),
        ("after_mm", "After, mm", "estimate"),
        ("note", "To know", "text"),
    ]
    return [
        table_of(key, "Error inside bone, from starts off by much", _rows(given), columns),
        table_of(f"{key}-real", "Bone edges of real pairs", _rows(given, "real"), real),
    ]


def _regression(key: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = _rows(given)
    names = list(dict.fromkeys(str(row.get("parameter")) for row in rows))
    lines = _wide(rows, ("name",))
    if lines:
        known = {n: {"value": v} for n in names if (v := _published(n)) is not None}
        lines.append({"name": "Published student", **known})
    note = "Published: doi:10.48550/arXiv.2307.04390, on 80 patients of one hospital."
    groups = [[name for name in names if name.startswith("srrd.") == own] for own in (False, True)]
    tables = [
        table_of(place, title, lines, [NAME, *((name, name, "share") for name in group)], note)
        for place, title, group in zip(
            (key, f"{key}-recipe"),
            ("ICC(2,1) against the reference from MR", "The same, by the published recipe"),
            groups,
            strict=True,
        )
        if group
    ]
    difference = [
        ("parameter", "Parameter", "text"),
        NAME,
        ("learned_from", "Patients learned from", "count"),
        ("difference", "Difference", "share"),
        ("p", "p", "p"),
    ]
    return [
        *tables,
        table_of(
            f"{key}-difference", "Differences of ICC(2,1)", _rows(given, "difference"), difference
        ),
        *_curves(key, _rows(given, "curve")),
    ]


def _curves(key: str, rows: Rows) -> list[dict[str, Any]]:
    """The learning curve as a table, parameters beside each other."""
    names = list(dict.fromkeys(str(row.get("parameter")) for row in rows))
    lines = _wide(rows, ("name", "patients"))
    size = ("patients", "Patients learned from", "count")
    columns = [NAME, size, *((name, name, "share") for name in names)]
    return [table_of(f"{key}-curve", "ICC(2,1) over patients learned from", lines, columns)]


def _published(parameter: str) -> float | None:
    """Published ICC of a parameter, whichever recipe measured it."""
    for prefix in PREFIXES:
        parameter = parameter.removeprefix(prefix)
    return PUBLISHED_ICC.get(parameter)


def _regression_figures(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    figures = []
    scatters = given.get("scatter") or {}
    for number, name in enumerate(_drawn(list(scatters)), start=1):
        data = scatters[name]
        drawn = {"identity": True, "x_name": "Reference from MR", "y_name": "From CT", **data}
        figures.append(
            {
                "key": f"scatter-{number}",
                "kind": "scatter",
                "title": f"{name}, from CT and from MR",
                "caption": "Patches of patients that were not learned from.",
                "data": drawn,
            }
        )
    by_name: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in _rows(given, "curve"):
        series = by_name.setdefault(str(row.get("parameter")), {})
        points = {"patients": row.get("patients"), **_estimate(row.get("icc"))}
        series.setdefault(str(row.get("name")), []).append(points)
    for number, name in enumerate(_drawn(list(by_name)), start=1):
        series = by_name[name]
        data = {
            "published": _published(name),
            "series": [{"name": one, "points": points} for one, points in series.items()],
        }
        figures.append(
            {
                "key": f"learning-{number}",
                "kind": "learning-curve",
                "title": f"{name} over patients learned from",
                "caption": "",
                "data": data,
            }
        )
    return figures


def _estimate(given: Any) -> dict[str, Any]:
    return dict(given) if isinstance(given, Mapping) else {"value": given}


def _diagnosis(key: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = list(_rows(given))
    if rows:
        rows += [
            {"name": name, "auc": {"value": value, "low": low, "high": high}}
            for name, value, low, high in PUBLISHED_AUC
        ]
    columns = [
        NAME,
        ("auc", "AUC", "share"),
        ("of_ceiling", "Share of the ceiling", "share"),
        ("difference", "Distilled minus undistilled", "share"),
        ("p", "p (DeLong)", "p"),
        ("note", "To know", "text"),
    ]
    note = "Published: other patients, one hospital; doi:10.48550/arXiv.2307.04390 and PMC13106955."
    return [table_of(key, "Osteoarthritis, per patient", rows, columns, note)]


def _diagnosis_figures(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    curves = [{**one, "name": _in_words(str(one.get("name")))} for one in given.get("curves") or ()]
    if not curves:
        return []
    return [
        {
            "key": "roc",
            "kind": "roc",
            "title": "Osteoarthritis",
            "caption": "Patients that were not learned from.",
            "data": {"curves": curves},
        }
    ]


def _real_structure(key: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = [
        NAME,
        ("parameter", "Parameter", "text"),
        ("specimens", "Specimens", "count"),
        ("patches", "Patches", "count"),
        ("icc", "ICC(2,1)", "share"),
        ("note", "To know", "text"),
    ]
    title = "Real trabeculae: from degraded CT against micro-CT of specimens never seen"
    return [table_of(key, title, _rows(given), columns)]


def _generalisation(key: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = [
        NAME,
        ("parameter", "Parameter", "text"),
        ("inside", "Scanners of the training", "share"),
        ("outside", "A scanner never seen", "share"),
        ("loss", "Loss", "share"),
        ("note", "To know", "text"),
    ]
    return [table_of(key, "ICC(2,1) on a scanner never seen", _rows(given), columns)]


def _cost(key: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = [
        NAME,
        ("minutes", "Minutes", "number"),
        ("seconds", "Seconds", "number"),
        ("peak_gib", "Peak memory, GiB", "number"),
        ("note", "To know", "text"),
    ]
    return [table_of(key, "Time and memory", _rows(given), columns)]


TITLES = {
    "synthesis": "Synthesis: a CT made from MR",
    "registration": "Registration: MR laid on CT, a bone at a time",
    "regression": "Regression: structure from CT alone",
    "diagnosis": "Diagnosis of osteoarthritis",
    "real_structure": "Real structure",
    "generalisation": "Generalisation to another scanner",
    "cost": "Cost",
}
"""Sections in their order."""

MADE: Mapping[str, Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]] = {
    "synthesis": _synthesis,
    "registration": _registration,
    "regression": _regression,
    "diagnosis": _diagnosis,
    "real_structure": _real_structure,
    "generalisation": _generalisation,
    "cost": _cost,
}
"""What makes the tables of each section."""

FIGURES: Mapping[str, Callable[[Mapping[str, Any]], list[dict[str, Any]]]] = {
    "regression": _regression_figures,
    "diagnosis": _diagnosis_figures,
}
"""What makes the figures of a section that has some."""
