"""Put the study of the spine together with what real bone gave, for the repository.

Run as ``python tools/osteoporosis_results.py OUT``. OUT is the folder of ``osteon reproduce
osteoporosis``. The tool adds the real cubes of ``results/spine_stiffness.json`` and the time and
memory of the small preset of ``results/osteoporosis_cost.json`` to OUT's results, writes
``results/osteoporosis.json`` and ``docs/images/osteoporosis.png``, and their page into OUT.
"""

import json
import sys
from pathlib import Path
from typing import Any

from osteon.report import plot_forest, write_spine_results
from osteon.report import plot_sheet as ps
from osteon.report.spine_results_words import in_order, method, place

ROOT = Path(__file__).parents[1]
STIFFNESS = ROOT / "results" / "spine_stiffness.json"
COST = ROOT / "results" / "osteoporosis_cost.json"
RESULTS = ROOT / "results" / "osteoporosis.json"
PICTURE = ROOT / "docs" / "images" / "osteoporosis.png"

DIGITS = 5
DOTS_PER_INCH = 200


def main(out: Path) -> None:
    """Read, join, write."""
    results = json.loads((out / "osteoporosis.json").read_text(encoding="utf-8"))
    if COST.is_file():
        small = json.loads(COST.read_text(encoding="utf-8"))
        results["cost"] |= {"rows": small["rows"], "command": small["command"]}
    if STIFFNESS.is_file():
        results["real"] = real_bone(json.loads(STIFFNESS.read_text(encoding="utf-8")))
    results = rounded(results)
    # a section a line: short, and still to be compared by eye
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(one)}" for key, one in results.items())
    RESULTS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    draw(results, PICTURE)
    print(write_spine_results(results, out))


def real_bone(told: dict[str, Any]) -> dict[str, Any]:
    """A table for each question that frozen encoders were asked of real cubes."""
    tables: list[dict[str, Any]] = []
    for number, (question, groups) in enumerate(told["questions"].items(), start=1):
        for group, found in groups.items():
            rows = [
                {"name": name, "r": _estimate(one["Pearson r"]), "rmse": _estimate(one["RMSE"])}
                for name, one in found["figures"].items()
            ]
            tables.append(
                {
                    "key": f"real-{number}-{len(tables)}",
                    "title": f"{question}: {group}",
                    "note": "",
                    "columns": [
                        {"key": "name", "title": "From", "kind": "text"},
                        {"key": "r", "title": "r", "kind": "estimate", "digits": 3},
                        {"key": "rmse", "title": "Root mean square error", "kind": "estimate"},
                    ],
                    "rows": rows,
                }
            )
    text = (
        f"{told['cubes']} real cubes of {told['vertebrae']} vertebrae, scanned virtually; each "
        "vertebra judged by a ridge regression on others."
    )
    return {"text": [text], "tables": tables, "command": told["command"]}


def _estimate(given: dict[str, Any]) -> dict[str, Any]:
    low, high = given["95 %"]
    return {"value": given["value"], "low": low, "high": high}


def draw(results: dict[str, Any], path: Path) -> None:
    """AUC of every method at the external site and inside, as a picture."""
    rows = []
    for where in ("external", "inside"):
        of = [
            row | {"name": method(row["name"]), "reference": row["name"] == "full"}
            for row in results["figures"]["rows"]
            if row["where"] == where and "auc" in row
        ]
        rows += [
            {
                "name": row["name"],
                "group": place(where),
                "reference": row["reference"],
                **row["auc"],
            }
            for row in in_order(of)
        ]
    data = {"rows": rows, "axis": "AUC"}
    with ps.sheet_style("osteoporosis"):
        plot_forest.forest(data, ps.TWO_COLUMNS).savefig(path, dpi=DOTS_PER_INCH)


def rounded(value: Any) -> Any:
    """The same with numbers of as many digits as anyone reads."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
