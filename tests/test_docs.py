"""What the documentation says is true: pages made from code are fresh, examples run, links lead."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy import ndimage

from osteon.calibration import METHODS as CALIBRATION_METHODS
from osteon.core import COLUMNS
from osteon.features import FEATURES
from osteon.features import METHODS as FEATURE_METHODS

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "samples" / "README.md",
]
RUNS = "<!-- runs -->\n"
FENCE = re.compile(r"```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")


def name(path):
    return path.relative_to(ROOT).as_posix()


def osteon(arguments, folder):
    """Run a command as a person does; stderr and stdout as one text."""
    program = [sys.executable, "-m", "osteon.app.cli", *arguments]
    ran = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    return ran.stderr + ran.stdout


@pytest.fixture(scope="module")
def make_docs():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        spec = importlib.util.spec_from_file_location("make_docs", ROOT / "tools" / "make_docs.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return module


@pytest.fixture(scope="module")
def helps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("help")
    commands = ("measure", "structure", "texture", "calibrate", "cite")
    texts = {one: osteon([one, "--help"], folder) for one in commands}
    kinds = ("knee", "spine", "bone", "degrade")
    made = [osteon(["simulate", one, "--help"], folder) for one in kinds]
    texts["simulate"] = "".join(made)
    asked = ("agreement", "discrimination", "compare", "checklist")
    texts["evaluate"] = "".join(osteon(["evaluate", one, "--help"], folder) for one in asked)
    stages = ("predict", "synthesize", "register", "reference", "train", "evaluate")
    texts["knee"] = "".join(osteon(["knee", one, "--help"], folder) for one in stages)
    stages = ("crops", "pool", "pretrain", "train", "predict", "evaluate")
    texts["spine"] = "".join(osteon(["spine", one, "--help"], folder) for one in stages)
    texts["reproduce"] = osteon(["reproduce", "srrd", "--help"], folder)
    texts[""] = osteon(["--help"], folder)
    return {one: set(re.findall(r"--[\w-]+", text)) for one, text in texts.items()}


def test_the_list_of_features_and_methods_is_as_fresh_as_the_code(make_docs):
    kept = make_docs.CONFORMANCE.read_text(encoding="utf-8")
    assert kept == make_docs.conformance(), "run make docs and commit what it writes"


def test_the_checks_of_the_virtual_scanner_are_as_measured_and_hold(make_docs):
    tables = make_docs.physics_tables
    assert tables.PAGE.read_text(encoding="utf-8") == tables.page(), "run make docs"
    figures = json.loads(tables.NUMBERS.read_text(encoding="utf-8"))["figures"]
    groups = [one for groups in figures.values() for one in groups]
    assert all(row["holds"] for one in groups for row in one["rows"])
    assert {(ROOT / one["test"]).is_file() for one in groups} == {True}


def test_the_coverage_of_intervals_is_as_counted(make_docs):
    tables = make_docs.coverage_tables
    assert tables.PAGE.read_text(encoding="utf-8") == tables.page(), "run make docs"
    for kind, rows in tables.told()["rows"].items():
        least, most = tables.told()["allowed"][kind]
        assert all(row["holds"] == (least <= row["share"] <= most) for row in rows)


@pytest.mark.parametrize("key", [*FEATURES, *FEATURE_METHODS, *CALIBRATION_METHODS])
def test_every_number_and_method_is_in_the_list(key):
    assert f"| `{key}` |" in (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", [*FEATURE_METHODS, *CALIBRATION_METHODS])
def test_every_method_has_a_test_that_holds_it_to_its_definition(key, make_docs):
    assert make_docs.tests_of(make_docs.PROVED[key][1])


def test_the_table_of_the_eroded_vertebra_is_that_of_its_numbers(make_docs):
    page = make_docs.EROSION.read_text(encoding="utf-8")
    fresh = make_docs.with_made(page, "\n" + make_docs.erosion_table())
    assert page == fresh, "run make docs and commit what it writes"


@pytest.mark.parametrize(
    ("sample", "medians"),
    [
        ("chest_abdomen_ct", {32: 142.0, 31: 147.0, 30: 152.0, 29: 120.0}),
        ("lumbar_ct", {21: 112.0, 22: 65.0, 23: 61.0}),
    ],
)
def test_the_reference_values_are_medians_of_the_eroded_whole_label(sample, medians, samples):
    """The medians are those that this project was given, before anything was measured."""
    scan = np.asarray(nibabel.load(samples / sample / "ct.nii.gz").dataobj)
    labels = np.asarray(nibabel.load(samples / sample / "vertebrae.nii.gz").dataobj)
    for label, given in medians.items():
        eroded = ndimage.binary_erosion(labels == label, iterations=2)
        assert np.median(scan[eroded]) == given


@pytest.mark.parametrize(
    "page",
    ["concepts/coordinates-and-units.md", "decisions/0002-surfaces-as-smoothed-distances.md"],
)
def test_what_is_said_of_the_same_ct_stored_otherwise_is_in_its_numbers(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    hu = float(re.search(r"within ([\d.]+) HU", text)[1])
    percent = float(re.search(r"volumes\s+within ([\d.]+) %", text)[1])
    numbers = (ROOT / "docs" / "data" / "same-numbers.json").read_text(encoding="utf-8")
    rows = json.loads(numbers)["rows"]
    assert len({(row["sample"], row["level"]) for row in rows}) == 4
    assert max(abs(row["hu_change"]) for row in rows) <= hu
    assert max(abs(row["volume_change_percent"]) for row in rows) <= percent


def test_every_message_of_the_faq_is_one_that_osteon_says():
    """Names and figures in it vary; two words of three must stand in the source."""
    said = {
        node.value.strip(" .;:")
        for file in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    text = (ROOT / "docs" / "faq.md").read_text(encoding="utf-8").split("## Questions")[0]
    messages = re.findall(r"\*\*`(.*?)`\*\*", text)
    assert len(messages) > 10
    for message in messages:
        words = re.findall(r"[A-Za-z]{3,}", message)
        left = message
        for part in re.split(r"\s?…\s?", message):
            if len(part) >= 10 and any(part.strip(" .;:") in piece for piece in said):
                left = left.replace(part, " ")
        for piece in sorted((one for one in said if len(one) >= 7), key=len, reverse=True):
            left = left.replace(piece, " ")
        strange = re.findall(r"[A-Za-z]{3,}", left)
        assert len(strange) <= max(2, len(words) / 3), f"{message}: {strange}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), f"{name(page)}: {target} leads nowhere"
        if anchor:
            assert anchor in headings(goal), f"{name(page)}: {target} has no such heading"


def headings(page):
    """Anchors of a page, as GitHub makes them."""
    lines = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_and_option_that_a_page_names_is_in_the_help(page, helps):
    for block, inline in re.findall(
        r"```console\n(.*?)```|`(osteon [^`]*)`", page.read_text(encoding="utf-8"), re.DOTALL
    ):
        lines = [line[2:] for line in block.splitlines() if line.startswith("$ ")] or [inline]
        for words in (line.split() for line in lines):
            if not words or not words[0].endswith("osteon") or len(words) < 2:
                continue
            command = words[1] if not words[1].startswith("-") else ""
            assert command in helps, f"{name(page)}: osteon {command} is no command"
            for option in (word for word in words if word.startswith("--") and word != "--help"):
                assert option in helps[command], f"{name(page)}: {command} has no {option}"


def test_the_rows_of_the_readme_have_the_columns_of_the_table():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)
    head, *rows = block.splitlines()
    assert head == ",".join(COLUMNS)
    assert all(row.split(",")[3] in FEATURES for row in rows)


def alike(said, expected):
    """Whether two texts are the same, numbers within 3 or 3 %."""
    if NUMBER.sub("#", said) != NUMBER.sub("#", expected):
        return False
    pairs = zip(NUMBER.findall(said), NUMBER.findall(expected), strict=True)
    return all(float(a) == pytest.approx(float(b), abs=3.0, rel=0.03) for a, b in pairs)


RUNNABLE = [page for page in PAGES if RUNS in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", RUNNABLE, ids=name)
def test_examples_print_what_the_page_says(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    for file, content in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", text, re.DOTALL):
        (tmp_path / file).write_text(content, encoding="utf-8")
    if "results/measurements.csv" in text:
        lumbar = "samples/lumbar_ct"
        labels = ("--labels", f"{lumbar}/vertebrae.nii.gz")
        osteon(["measure", f"{lumbar}/ct.nii.gz", *labels, "--out", "results"], tmp_path)
    blocks = [(found.start(), *found.groups()) for found in FENCE.finditer(text)]
    for place, (start, language, code) in enumerate(blocks):
        if not text[:start].endswith(RUNS):
            continue
        if language == "python":
            ran = subprocess.run(
                [sys.executable, "-W", "error", "-c", code],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, ran.stderr
            said, expected = ran.stdout, blocks[place + 1][2]
        else:
            line, _, expected = code.partition("\n")
            said = osteon(line.removeprefix("$ osteon ").split(), tmp_path)
        assert alike(said, expected), f"the page says\n{expected}\nbut it is\n{said}"
