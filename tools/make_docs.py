"""Write the parts of the docs that are made from the code and from measured numbers.

``docs/conformance.md`` comes from the lists of features, methods, regions and thresholds; the table
of ``docs/why-not-the-eroded-vertebra.md`` from ``docs/data/reference-erosion.json``; and
``docs/dicom-outcomes.md`` from the data collection, where that is here. Run as ``make docs``.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import dicom_outcomes

from osteon.calibration import METHODS as CALIBRATION_METHODS
from osteon.calibration import PHANTOMS, THRESHOLDS
from osteon.core import Method
from osteon.features import FEATURES
from osteon.features import METHODS as FEATURE_METHODS
from osteon.regions import REGIONS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CONFORMANCE = DOCS / "conformance.md"
EROSION = DOCS / "why-not-the-eroded-vertebra.md"
EROSION_NUMBERS = DOCS / "data" / "reference-erosion.json"

BEGIN, END = "<!-- made by make docs: begin -->\n", "<!-- made by make docs: end -->\n"
"""What stands between these two lines of a page is made, not written."""

HEAD = """# What Osteon measures, and by what it is held to that

Made by `make docs` from the lists in the code; a test fails when this page is older than they are.
Units are UCUM: `[hnsf'U]` is the Hounsfield unit, `1` is a count or a ratio.

"""

PROVED: dict[str, tuple[str, tuple[str, ...]]] = {
    "hu-statistics": (
        "numbers worked out on paper; the same CT stored in another order, mirrored and on oblique "
        "grids",
        ("hu_statistics",),
    ),
    "vertebral-heights": ("bodies of known size", ("measure_shape", "suspect_fractures")),
    "phantom-solid": (
        "lines worked out on paper; coverage of the interval in 400 simulated scans",
        ("phantom_solid",),
    ),
    "phantom-liquid": (
        "the published recipe on paper; solutions of known content; coverage of the interval",
        ("phantom_liquid",),
    ),
    "internal-michalski": (
        "the published recipe on paper, with how far it misses solutions of known content",
        ("calibration import internal", "internal("),
    ),
    "internal-attenuation": (
        "computed scans of known energy and solutions of known content; no patient",
        ("internal_attenuation",),
    ),
    "hu-relation": ("densities as printed in the source", ("hu_relation",)),
    "k2hpo4-hydroxyapatite": ("slopes as printed in the source", ("convert(",)),
    "contrast-bias": ("the bias as printed in the source", ("contrast=True",)),
    "scanner-spread": ("the spread as printed in the source", ("hu_relation",)),
}
"""Of each method: what it is held to, and words by which its tests are found."""

ROOMS = ("features", "regions", "calibration", "pipelines")
"""Rooms whose tests are looked through."""


def row(*cells: str) -> str:
    """One line of a Markdown table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return row(*head) + row(*["---"] * len(head)) + "".join(row(*cells) for cells in rows) + "\n"


def link(doi: str) -> str:
    """A DOI as a link; nothing where there is none."""
    return f"[{doi}](https://doi.org/{doi.removeprefix('doi:')})" if doi else "our own definition"


def tests_of(words: Sequence[str]) -> list[str]:
    """Test files in which one of `words` stands, from the root of the repository."""
    files = sorted(file for room in ROOMS for file in (ROOT / "tests" / room).glob("test_*.py"))
    return [
        file.relative_to(ROOT).as_posix()
        for file in files
        if any(word in file.read_text(encoding="utf-8") for word in words)
    ]


def proof(method: Method) -> str:
    """What a method is held to and by which tests, in words."""
    what, words = PROVED[method.key]
    files = tests_of(words)
    found = ", ".join(f"[`{Path(name).name}`](../{name})" for name in files)
    return f"{what} ({found})" if files else f"{what}; no test of it is here yet"


def conformance() -> str:
    """Text of docs/conformance.md."""
    methods = {**FEATURE_METHODS, **CALIBRATION_METHODS}
    return HEAD + "\n".join(
        (
            "## Numbers\n",
            table(
                ("name", "unit", "definition", "method", "source", "usual range", "what it is not"),
                (
                    (
                        f"`{one.name}`",
                        f"`{one.unit}`",
                        one.definition,
                        f"`{one.method}`" if one.method in methods else one.method,
                        link(one.source),
                        one.range,
                        one.does_not,
                    )
                    for one in FEATURES.values()
                ),
            ),
            "## Methods, and what holds them to their definition\n",
            "No method was compared with a density phantom or with DXA of the same patients: no "
            "such data were at hand.\n",
            table(
                ("key", "what it does", "source", "held to"),
                (
                    (f"`{one.key}`", one.does, f"{one.citation} {link(one.doi)}", proof(one))
                    for one in methods.values()
                ),
            ),
            "## Regions\n",
            table(("name", "what it is"), ((f"`{name}`", what) for name, what in REGIONS.items())),
            "## Screening thresholds, and how poorly they transfer\n",
            table(
                ("name", "where", "value", "source", "transfer"),
                (
                    (
                        one.name,
                        one.level,
                        f"{one.direction} {one.value:g} `{one.unit}`",
                        f"{one.citation} {link(one.doi)}",
                        one.transfer,
                    )
                    for one in THRESHOLDS.values()
                ),
            ),
            "## Density phantoms known by name\n",
            table(
                ("key", "name", "mineral", "rods in mg/cm³"),
                (
                    (f"`{key}`", one.name, one.equivalent, ", ".join(f"{d:g}" for d in one.density))
                    for key, one in PHANTOMS.items()
                ),
            ),
        )
    )


def erosion_table() -> str:
    """Medians from the eroded whole vertebra to the core, a column a level."""
    rows: list[dict[str, Any]] = json.loads(EROSION_NUMBERS.read_text(encoding="utf-8"))["rows"]
    short = {"chest_abdomen_ct": "chest/abdomen", "lumbar_ct": "lumbar"}
    names = max((one["steps"] for one in rows), key=len)
    cells = [
        (name, *(_hu(one["steps"].get(name)) for one in rows))
        for name in ("eroded whole vertebra", *(n for n in names if n != "eroded whole vertebra"))
    ]
    shares = [
        (f"share of the eroded voxels: {name}", *(f"{one[SHARE][name]:.0f} %" for one in rows))
        for name in rows[0][SHARE]
    ]
    head = ("median HU", *(f"{short[one['sample']]} {one['level']}" for one in rows))
    given = ("reference value given", *(f"{one['reference_hu']:.0f}" for one in rows))
    return table(head, [given, *cells, *shares])


SHARE = "share_of_eroded_percent"


def _hu(found: dict[str, float] | None) -> str:
    return f"{found['median_hu']:.0f}" if found else "–"


def with_made(page: str, made: str) -> str:
    """A page with what stands between the two marks replaced."""
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}{made.rstrip()}\n{END}{after}"


def main() -> int:
    """Write every page."""
    CONFORMANCE.write_text(conformance(), encoding="utf-8")
    page = EROSION.read_text(encoding="utf-8")
    EROSION.write_text(with_made(page, "\n" + erosion_table()), encoding="utf-8")
    for path in (CONFORMANCE, EROSION):
        print(path.relative_to(ROOT))
    if not dicom_outcomes.DATA.is_dir():
        print("docs/dicom-outcomes.md is left as it is: ../shared/data is not here.")
        return 0
    return dicom_outcomes.main()


if __name__ == "__main__":
    sys.exit(main())
