"""What must hold for the whole project: every room, every public name, every tracked file."""

import ast
import importlib
import importlib.util
import inspect
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import osteon

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "osteon"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

OUR_HOSTS = {"doi.org", "github.com", "www.apache.org", "spdx.org", "keepachangelog.com"}
"""Hosts that any page may name."""

TELLING = {
    "a folder of a machine": re.compile(
        r"(?<![\w.])/(?:home|root|Users|work|mnt|var/folders|tmp)/[\w.-]+|[A-Z]:\\\\?Users"
    ),
    "a package index": re.compile(
        r"--(?:extra-)?index-url|--find-links[ =]|--trusted-host|files\.pythonhosted\.org|"
        r"https?://[\w.-]*(?:pypi|artifactory|nexus|devpi|mirror)[\w.-]*",
        re.IGNORECASE,
    ),
    "a host that others cannot reach": re.compile(
        r"https?://(?:\d+\.\d+\.\d+\.\d+|[\w-]+|[\w.-]+\.(?:internal|local|lan|corp))(?::\d+)?/"
    ),
}
"""What tracked files must not name; `localhost` and the loopback address are everybody's."""


def tracked():
    """Text of every tracked file; outside of a checkout, of every file that is shipped."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60
        ).stdout.decode()
        files = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        files = [f for top in ("src", "tests", "docs", "tools") for f in (ROOT / top).rglob("*")]
    for file in files:
        if file.is_file():
            try:
                yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def undocumented(source: Path):
    """Public names of a file that have no docstring."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    if not ast.get_docstring(tree):
        yield "the module itself"

    def walk(node, path):
        for child in node.body:
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if child.name.startswith("_"):
                continue
            name = f"{path}{child.name}"
            if not ast.get_docstring(child):
                yield name
            if isinstance(child, ast.ClassDef):
                yield from walk(child, f"{name}.")

    yield from walk(tree, "")


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("source", SOURCES, ids=relative)
def test_everything_public_is_documented(source):
    assert list(undocumented(source)) == []


@pytest.mark.parametrize(
    "room", sorted(p for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()), ids=relative
)
def test_what_a_room_offers_is_what_it_lists(room):
    module = importlib.import_module(f"osteon.{room.name}")
    if room.name in ("app", "report", "simulate", "learn"):
        return  # commands, one function, rooms of its own, modules of which few need torch
    assert sorted(module.__all__) == sorted(set(module.__all__))
    for name in module.__all__:
        offered = getattr(module, name)
        if inspect.isclass(offered) or inspect.isfunction(offered):
            assert offered.__doc__, name


def test_every_room_is_placed_in_the_import_contract():
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    placed = {room for layer in layers for room in re.findall(r"\w+", layer)}
    rooms = {p.stem for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").is_file()}
    rooms |= {p.stem for p in PACKAGE.glob("*.py")} - {"__init__"}
    assert rooms <= placed
    optional = set(re.findall(r"\((\w+)\)", " ".join(layers)))
    assert placed - optional == rooms - optional


def test_every_room_has_tests_of_its_own():
    rooms = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    tests = ROOT / "tests"
    tested = {p.relative_to(tests).parts[0] for p in tests.rglob("test_*.py")}
    assert rooms <= tested


def test_files_and_functions_are_within_the_limits():
    path = ROOT / "tools" / "limits.py"
    spec = importlib.util.spec_from_file_location("limits", path)
    limits = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(limits)
    files = [file for top in limits.FOLDERS for file in sorted((ROOT / top).rglob("*.py"))]
    assert len(files) > len(SOURCES)
    assert [fault for file in files for fault in limits.faults(file)] == []


def test_the_readme_names_every_command_and_how_to_begin():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in (
        "make demo",
        "make test",
        *(
            f"osteon {c}"
            for c in ("measure", "structure", "texture", "calibrate", "cite", "simulate")
        ),
    ):
        assert command in text, command
    assert "diagnos" in text.lower()


def test_every_link_to_a_file_of_ours_leads_to_one():
    for name, text in tracked():
        if name.endswith(".md"):
            for link in re.findall(r"\]\(([^)\s]+)\)", text):
                if not re.match(r"[a-z]+:|#", link):
                    target = (ROOT / name).parent / link.split("#")[0]
                    assert target.exists(), f"{name}: {link}"


def test_the_changelog_begins_with_this_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#{1,3}\s.*?v?(\d+\.\d+\.\d+)", text, flags=re.MULTILINE)
    assert headings, "no heading holds a version"
    assert headings[0] == osteon.__version__


def test_the_package_and_its_metadata_have_one_version():
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "src/osteon/__init__.py"


def test_every_package_that_is_needed_has_one_locked_version_and_no_address():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.!+-]+( ; .*)?", line) for line in lines)
    locked = {re.split("==", line)[0].lower().replace("_", "-") for line in lines}
    extras = PROJECT["project"]["optional-dependencies"].values()
    for needed in (
        *PROJECT["project"]["dependencies"],
        *(one for extra in extras for one in extra),
    ):
        if not needed.startswith("osteon["):  # an extra of ours in another
            assert re.match(r"[\w.-]+", needed)[0].lower().replace("_", "-") in locked, needed


def test_the_base_install_has_no_torch():
    assert not [n for n in PROJECT["project"]["dependencies"] if n.startswith(("torch", "monai"))]


@pytest.mark.parametrize("what", TELLING)
def test_no_tracked_file_names(what):
    found = []
    for name, text in tracked():
        if name == "tests/test_project.py":
            continue
        for match in TELLING[what].finditer(text):
            if not re.match(r"https?://(localhost|127\.0\.0\.1)", match[0]):
                found.append(f"{name}: {match[0]}")
    assert found == []


def test_the_commands_of_the_makefile_are_those_that_are_promised():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test", "check", "bench"} <= set(re.findall(r"^(\w+):", text, re.MULTILINE))
    continuous = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert continuous.index("make check") < continuous.index("make test")
