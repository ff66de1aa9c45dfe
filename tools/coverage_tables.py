"""The page docs/concepts/coverage.md, from numbers that were counted."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NUMBERS = ROOT / "docs" / "data" / "coverage.json"
PAGE = ROOT / "docs" / "concepts" / "coverage.md"

HEAD = """# How often intervals hold the truth

Made by `make docs` from `docs/data/coverage.json`, which `make coverage` counts in a few minutes:
{draws:,} tables of {patients} patients are drawn from populations whose figure is known
(`tools/coverage_populations.py`), and each is evaluated by the code that `osteon evaluate` runs.

An interval of 95 % should hold the truth in 95 of 100 tables. Asked is {least:.0%} to {most:.0%};
counting {draws:,} tables is itself uncertain by about ±1 %. A test at 5 % should reject in 5 of 100
tables in which nothing differs; asked is {least_test:.0%} to {most_test:.0%}.
{missed}
"""

MARKED = """
{count} of the rows below lie outside, and are marked. They are kept because reviewers ask for these
methods; what holds stands beside them. The usual interval of ICC(2,1), as R gives it, is too narrow
where two to five readers stand for readers at large (`--interval generalized` is not). DeLong's
test, and Obuchowski's for clustered rows, reject too seldom where both AUCs are 0.95: they miss
differences, but claim none.
"""


def told() -> Mapping[str, Any]:
    """What was counted."""
    found: Mapping[str, Any] = json.loads(NUMBERS.read_text(encoding="utf-8"))
    return found


def page() -> str:
    """Text of the page."""
    counted = told()
    least, most = counted["allowed"]["interval"]
    least_test, most_test = counted["allowed"]["test"]
    rows = counted["rows"]
    outside = [row for kind in rows.values() for row in kind if not row["holds"]]
    missed = MARKED.format(count=len(outside)) if outside else ""
    head = HEAD.format(
        draws=counted["draws"],
        patients=counted["patients"],
        least=least,
        most=most,
        least_test=least_test,
        most_test=most_test,
        missed=missed,
    )
    intervals = _table(
        ("figure", "population", "truth", "intervals that hold it", "mean width"),
        (
            (row["figure"], row["population"], f"{row['truth']:g}", _share(row), row["mean width"])
            for row in rows["interval"]
        ),
    )
    tests = _table(
        ("test", "population", "rejected at 5 %", "mean p"),
        ((row["figure"], row["population"], _share(row), row["mean p"]) for row in rows["test"]),
    )
    return f"{head}\n## Intervals\n\n{intervals}\n## Tests\n\n{tests}"


def _share(row: Mapping[str, Any]) -> str:
    share = f"{100 * row['share']:.1f} %"
    return share if row["holds"] else f"**{share}**"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *([str(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
