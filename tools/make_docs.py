"""Write the parts of the docs that are made from the code and from measured numbers.

``docs/conformance.md`` comes from the lists of features, methods, regions and thresholds;
``docs/concepts/virtual-scanner-checks.md`` from what ``make physics`` measured,
``docs/concepts/coverage.md`` from what ``make coverage`` counted; what
``docs/why-not-the-eroded-vertebra.md`` and the README show comes from measuring the samples;
``docs/dicom-outcomes.md`` from the data collection, where that is here. Run as ``make docs``; it
takes about a minute.
"""

import csv
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import coverage_tables
import dicom_outcomes
import physics_tables
import reference_erosion
import structure_tables

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
README = ROOT / "README.md"

SHOWN = (
    ("L1", "core", "HU mean", "hu-statistics"),
    ("L1", "core", "HU median", "hu-statistics"),
    ("L1", "core", "volume", "hu-statistics"),
    ("L1", "body", "height anterior", "vertebral-heights"),
    ("", "core", "vBMD", "phantom-solid"),
    ("L1", "core", "vBMD", "hu-relation"),
)
"""Rows of the demo that the README shows: level, region, name, method."""

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
    "voxel-count": (
        "volumes on paper; published BV/TV of 44 human cubes, to the digit",
        ("amount(",),
    ),
    "marching-cubes-raw": ("the area of another implementation on random bone", ("raw_area",)),
    "marching-cubes-smoothed": (
        "areas of balls, rods and tilted plates on paper",
        ("smoothed_area",),
    ),
    "threshold-binary": ("images worked out on paper", ("segment(",)),
    "threshold-fixed": ("images worked out on paper", ("Fixed(",)),
    "threshold-otsu": ("histograms worked out on paper", ("Otsu(",)),
    "threshold-isodata": ("histograms worked out on paper", ("Isodata(",)),
    "threshold-adaptive": ("shaded images of known bone", ("Adaptive(",)),
    "threshold-ipl": ("the filter worked out on paper", ("Ipl(",)),
    "threshold-dual-reference": ("images worked out on paper", ("DualReference(",)),
    "purify": ("pieces and cavities on paper; labels of another implementation", ("purify(",)),
    "euler-number": (
        "balls, rings, linked rings and holed plates; another implementation on random bone; parts "
        "that add up",
        ("topology(",),
    ),
    "maximal-spheres": (
        "the definition itself, voxel by voxel; plates, rods and spheres; the thickness of spheres "
        "by the software of a scanner maker",
        ("local_thickness(", "trabecular("),
    ),
    "mid-axis-distance": ("plates on paper, straight and tilted", ("mid_axis_distance(",)),
    "thickness-sub-voxel": (
        "plates, rods, spheres and shells on paper, turned and moved, with partial volume and blur",
        ("subvoxel_",),
    ),
    "mean-intercept-length": (
        "level sets of random fields whose intercepts are known (Rice), turned and stretched",
        ("fabric(",),
    ),
    "star-volume": ("balls, boxes and rods on paper", ("star(",)),
    "gradient-structure-tensor": ("waves of known direction, in noise", ("gradient_fabric(",)),
    "structure-model-index": ("plates, rods and balls on paper", ("structure_model_index(",)),
    "chord-ellipsoid": ("plates, rods and balls on paper", ("ellipsoid_factor(",)),
    "plate-rod-skeleton": (
        "plates and rods on paper; a skeleton with the Euler number of the bone",
        ("plates_and_rods(",),
    ),
    "plate-model": ("the formulas on paper", ("plate_model(",)),
    "apparent-test-lines": ("stripes on paper", ("apparent_parameters(",)),
    "trabecular-bone-score": ("projections on paper", ("trabecular_bone_score(",)),
    "srrd-recipe": ("stripes on paper, each quirk by itself", ("srrd_parameters(",)),
    "partial-volume": ("micro-CT averaged into large voxels", ("grey_fraction(",)),
    "voxel-fe-uniaxial": (
        "solid blocks, columns and layers on paper; a direct solution of the same equations",
        ("stiffness(",),
    ),
    "voxel-fe-tensor": (
        "solid blocks and layers on paper; a direct solution of the same equations",
        ("stiffness(",),
    ),
    **dict.fromkeys(
        (
            *("ibsi-morphology", "ibsi-autocorrelation", "ibsi-local-intensity"),
            *("ibsi-statistics", "ibsi-histogram", "ibsi-intensity-volume", "ibsi-glcm"),
            *("ibsi-glrlm", "ibsi-glszm", "ibsi-gldzm", "ibsi-ngtdm", "ibsi-ngldm"),
        ),
        (
            "[every reference value](texture-conformance.md) of the digital phantom and of the CT "
            "configurations",
            ("measure_texture(",),
        ),
    ),
    "ibsi-filter": (
        "every reference response map and every reference value of the filters",
        ("response_statistics(", "filtered("),
    ),
    "minkowski-functionals": (
        "bodies known on paper, also at rising thresholds",
        ("solid_functionals(", "threshold_sweep("),
    ),
    "anisotropic-minkowski-functionals": (
        "fields stretched along a known direction; permuted fields",
        ("solid_directions(",),
    ),
    "minkowski-tensors": ("balls, boxes and fields known on paper", ("surface_tensor(",)),
    "box-counting": ("regular fractals of known dimension", ("box_dimension(",)),
    "variation-dimension": ("random reliefs of known dimension", ("relief_dimension(",)),
    "gliding-box-lacunarity": ("patterns whose boxes can be counted on paper", ("lacunarity(",)),
    "experimental-variogram": ("fields of known correlation; all pairs by hand", ("variogram(",)),
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
    files = sorted(file for room in ROOMS for file in (ROOT / "tests" / room).rglob("test_*.py"))
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
    sections = (
        _numbers(),
        _methods(),
        ("Shapes of known structure", _measured(structure_tables.truth())),
        ("Speed and memory of structure", _measured(structure_tables.speed())),
        ("Stiffness against published values", _measured(structure_tables.strength())),
        _regions(),
        _thresholds(),
        _phantoms(),
    )
    return HEAD + "\n".join(f"## {title}\n\n{text}" for title, text in sections)


def _numbers() -> tuple[str, str]:
    methods = {**FEATURE_METHODS, **CALIBRATION_METHODS}
    rows = (
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
    )
    head = ("name", "unit", "definition", "method", "source", "usual range", "what it is not")
    return "Numbers", table(head, rows)


def _methods() -> tuple[str, str]:
    rows = (
        (f"`{one.key}`", one.does, f"{one.citation} {link(one.doi)}", proof(one))
        for one in (*FEATURE_METHODS.values(), *CALIBRATION_METHODS.values())
    )
    said = (
        "No method was compared with a density phantom or with DXA of the same patients: no such "
        "data were at hand.\n\n"
    )
    title = "Methods, and what holds them to their definition"
    return title, said + table(("key", "what it does", "source", "held to"), rows)


def _measured(told: tuple[str, Sequence[str], Iterable[Sequence[str]]]) -> str:
    """A table of numbers that were measured, after what is to be said of it."""
    said, head, rows = told
    return said + table(head, rows)


def _regions() -> tuple[str, str]:
    rows = ((f"`{name}`", what) for name, what in REGIONS.items())
    return "Regions", table(("name", "what it is"), rows)


def _thresholds() -> tuple[str, str]:
    rows = (
        (
            one.name,
            one.level,
            f"{one.direction} {one.value:g} `{one.unit}`",
            f"{one.citation} {link(one.doi)}",
            one.transfer,
        )
        for one in THRESHOLDS.values()
    )
    title = "Screening thresholds, and how poorly they transfer"
    return title, table(("name", "where", "value", "source", "transfer"), rows)


def _phantoms() -> tuple[str, str]:
    rows = (
        (f"`{key}`", one.name, one.equivalent, ", ".join(f"{rod:g}" for rod in one.density))
        for key, one in PHANTOMS.items()
    )
    title = "Density phantoms known by name"
    return title, table(("key", "name", "mineral", "rods in mg/cm³"), rows)


def erosion_table() -> str:
    """Medians from the eroded whole vertebra to the core, a column a level."""
    rows: list[dict[str, Any]] = json.loads(reference_erosion.NUMBERS.read_text(encoding="utf-8"))[
        "rows"
    ]
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


def demo() -> tuple[str, str]:
    """What `make demo` says, and the rows of its table that the README shows."""
    sample = "samples/chest_abdomen_ct"
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "--labels": f"{sample}/vertebrae.nii.gz",
            "--organs": f"{sample}/organs.nii.gz",
            "--subject": "demo",
            "--out": f"{folder}/demo",
        }
        program = [sys.executable, "-m", "osteon.app.cli", "measure", f"{sample}/ct.nii.gz"]
        ran = subprocess.run(
            [*program, *(word for option in options.items() for word in option)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        lines = (
            (Path(folder) / "demo" / "measurements.csv").read_text(encoding="utf-8").splitlines()
        )
    rows = [
        line for line, (_, *cells) in zip(lines, csv.reader(lines), strict=True) if _kept(cells)
    ]
    return (ran.stderr + ran.stdout).replace(f"{folder}/", ""), "\n".join([lines[0], *rows]) + "\n"


def _kept(cells: Sequence[str]) -> bool:
    return (cells[0], cells[1], cells[2], cells[5]) in SHOWN


def with_block(page: str, mark: str, text: str) -> str:
    """A page with the code block after a mark replaced."""
    block = re.compile(rf"(<!-- {mark} -->\n```\w+\n).*?(```)", re.DOTALL)
    if not block.search(page):
        raise ValueError(f"the page has no block marked '{mark}'")
    return block.sub(lambda found: found[1] + text + found[2], page)


def main() -> int:
    """Write every page."""
    CONFORMANCE.write_text(conformance(), encoding="utf-8")
    physics_tables.PAGE.write_text(physics_tables.page(), encoding="utf-8")
    coverage_tables.PAGE.write_text(coverage_tables.page(), encoding="utf-8")
    reference_erosion.main()
    page = EROSION.read_text(encoding="utf-8")
    EROSION.write_text(with_made(page, "\n" + erosion_table()), encoding="utf-8")
    said, rows = demo()
    page = README.read_text(encoding="utf-8")
    page = with_block(with_block(page, "what the demo says", said), "rows of the demo", rows)
    README.write_text(page, encoding="utf-8")
    for path in (CONFORMANCE, physics_tables.PAGE, coverage_tables.PAGE, EROSION, README):
        print(path.relative_to(ROOT))
    if not dicom_outcomes.DATA.is_dir():
        print("docs/dicom-outcomes.md is left as it is: ../shared/data is not here.")
        return 0
    return dicom_outcomes.main()


if __name__ == "__main__":
    sys.exit(main())
