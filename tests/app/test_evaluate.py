"""`osteon evaluate` as a person meets it: what it says, writes, refuses and leaves behind."""

import csv
import hashlib
import json

import numpy as np
import pytest

from .person import here

SMALL = ("--resamples", 100)


@pytest.fixture(scope="module")
def densitometry(samples):
    return samples / "bone_quality" / "bone_quality.csv"


@pytest.fixture(scope="module")
def predictions(tmp_path_factory):
    """Predictions of two models for 60 rows of 20 patients."""
    folder = tmp_path_factory.mktemp("models") / "predictions"
    folder.mkdir()
    rng = np.random.default_rng(4)
    ill = (np.arange(20) % 2 == 0).repeat(3)
    for name, noise in (("hu", 1.5), ("full", 0.7)):
        score = 1 / (1 + np.exp(-(2 * (ill - 0.5) + rng.normal(0, noise, 60))))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["row", "patient", "ill", "p"])
            for n in range(60):
                rows.writerow([f"v{n}", f"sub-{n // 3:03d}", int(ill[n]), f"{score[n]:.5f}"])
    return folder


def compared(folder, out, *more):
    columns = ("--reference", "hu", "--truth", "ill", "--prediction", "p", "--row", "row")
    return here("evaluate", "compare", folder, *columns, "--out", out, *SMALL, *more)


@pytest.fixture(scope="module")
def roc(densitometry, tmp_path_factory):
    """Hip BMD and TBS as tests for osteoporosis of the spine."""
    out = tmp_path_factory.mktemp("roc") / "results"
    asked = ("--label", "spine_osteoporosis", "--scores", "hip_bmd", "tbs")
    low = ("--lower", "hip_bmd", "tbs", "--missing", "drop")
    ran = here("evaluate", "discrimination", densitometry, *asked, *low, "--out", out, *SMALL)
    return ran, out


def test_one_line_says_where_the_report_is(roc):
    ran, out = roc
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"Report: {out / 'report.html'}\n"
    names = {file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()}
    assert {"report.html", "results.json", "manifest.json", "figures/roc.pdf"} <= names
    assert {f"tables/auc-tests.{end}" for end in ("csv", "md", "tex")} <= names


def test_the_results_say_what_was_done(roc, densitometry):
    _, out = roc
    told = json.loads((out / "results.json").read_text(encoding="utf-8"))
    made = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(densitometry.read_bytes()).hexdigest()
    assert made["input_sha256"] == {"table": digest}
    assert made["seed"] == made["settings"]["intervals"]["seed"] == 1
    assert made["packages"]["scipy"]
    assert told["findings"][0]["value"] > 0.85
    assert "2 of 969 rows" in told["methods"][0]


def test_results_of_an_earlier_run_are_replaced_and_other_files_kept(densitometry, tmp_path):
    out = tmp_path / "results"
    out.mkdir()
    (out / "mine.txt").write_text("keep", encoding="utf-8")
    columns = ("--columns", "hip_t", "neck_t")
    for more in (("tbs",), ()):
        ran = here("evaluate", "agreement", densitometry, *columns, *more, "--out", out, *SMALL)
        assert ran.returncode == 0, ran.stderr
    names = {file.name for file in out.rglob("*") if file.is_file()}
    assert "mine.txt" in names
    assert not any("tbs" in name for name in names)
    assert any("neck-t" in name for name in names)


def test_files_of_a_person_in_the_folders_of_figures_and_tables_are_kept(densitometry, tmp_path):
    out = tmp_path / "results"
    columns = ("--columns", "hip_t", "neck_t")
    for _ in range(2):
        ran = here("evaluate", "agreement", densitometry, *columns, "--out", out, *SMALL)
        assert ran.returncode == 0, ran.stderr
        for place in ("figures", "tables"):
            (out / place / "mine.csv").write_text("keep", encoding="utf-8")
            assert (out / place / "mine.csv").is_file()
    assert here(
        "evaluate", "agreement", densitometry, *columns, "--out", out, *SMALL
    ).returncode == 0  # fmt: skip
    assert (out / "figures" / "mine.csv").is_file()
    assert (out / "tables" / "mine.csv").is_file()


def test_the_record_of_a_measurement_is_not_written_over(densitometry, tmp_path):
    out = tmp_path / "results"
    out.mkdir()
    (out / "manifest.json").write_text('{"osteon": "1"}', encoding="utf-8")
    (out / "results.json").write_text('{"schema": "osteon-bmd"}', encoding="utf-8")
    ran = here(
        "evaluate", "agreement", densitometry, "--columns", "hip_t", "neck_t", "--out", out, *SMALL
    )
    assert ran.returncode == 2
    assert ran.stderr == (
        "osteon: --out results holds the results of another command; name another folder.\n"
    )
    assert (out / "manifest.json").read_text(encoding="utf-8") == '{"osteon": "1"}'


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 100_000 + "]" * 100_000])
def test_a_manifest_that_is_nested_beyond_reason_is_told_in_one_line(text, tmp_path):
    (tmp_path / "m.json").write_text(text, encoding="utf-8")
    ran = here("evaluate", "checklist", "claim-2024", tmp_path / "m.json", "--out", tmp_path / "x")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "m.json is no JSON" in ran.stderr


def test_what_a_computer_leaves_among_predictions_is_no_model(predictions, tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()
    for file in predictions.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    for name in ("._hu.csv", "~$hu.csv", ".~lock.hu.csv"):
        (folder / name).write_bytes(b"\0\1")
    ran = compared(folder, tmp_path / "out")
    assert ran.returncode == 0, ran.stderr


def test_json_goes_to_stdout(predictions, tmp_path):
    ran = compared(predictions, tmp_path / "out", "--patient", "patient", "--json")
    told = json.loads(ran.stdout)
    assert told["kind"] == "compare"
    assert {row["model"] for row in told["tables"][0]["rows"]} == {"hu", "full"}


def test_a_checklist_is_filled_from_a_run(roc, tmp_path):
    _, out = roc
    claim = tmp_path / "claim"
    ran = here(
        "evaluate", "checklist", "claim-2024", out / "manifest.json", "--out", claim,
        "--results", out / "results.json",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads((claim / "results.json").read_text(encoding="utf-8"))
    assert len(told["checklist"]) == 44
    assert {item["state"] for item in told["checklist"]} >= {"filled", "author"}


FAULTS = [
    ("agreement {table} --columns hip_t", "2 to 20 columns; got 1"),
    ("agreement {table} --columns hip_t spine_t", "empty in 2 of 969 rows"),
    ("agreement {table} --columns hip_t nothing", "no column 'nothing'; there are"),
    ("agreement {table} --columns hip_t sex", "must be numbers; row 1 has 'M'"),
    ("agreement {table} --columns hip_t neck_t --level 2", "--level is 0.5 to below 1; got 2"),
    ("agreement {table} --columns hip_t neck_t --resamples 5", "--resamples is 100 to"),
    ("agreement {folder} --columns a b", "cannot be read"),
    ("discrimination {table} --label sex --scores tbs", "must be 1 or 0; row 1 has 'M'"),
    ("discrimination {table} --label sex --positive X --scores tbs", "no row of column 'sex'"),
    (
        "discrimination {table} --label sex --positive F --scores tbs --probabilities",
        "'tbs' must be probabilities from 0 to 1; row 1 of 969 has 1.283",
    ),
    (
        "compare {folder} --reference x --truth ill --prediction p --row row",
        "no model is named 'x'; there are full, hu",
    ),
    ("compare {table} --reference x --truth a --prediction b --row c", "is no folder"),
    ("checklist claim-2025 {table}", "is no JSON"),
]


@pytest.mark.parametrize(("arguments", "says"), FAULTS)
def test_a_fault_is_one_line_and_leaves_nothing(
    arguments, says, densitometry, predictions, tmp_path
):
    words = [
        {"{table}": densitometry, "{folder}": predictions}.get(word, word)
        for word in arguments.split()
    ]
    ran = here("evaluate", *words, "--out", tmp_path / "out")
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("osteon: ")
    assert ran.stderr.count("\n") == 1, ran.stderr
    assert says in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_checklist_is_told_with_those_there_are(roc, tmp_path):
    _, out = roc
    ran = here(
        "evaluate", "checklist", "claim-2025", out / "manifest.json", "--out", tmp_path / "x"
    )
    assert ran.returncode == 2
    assert "claim-2024" in ran.stderr


def test_the_same_seed_writes_the_same_bytes(predictions, tmp_path):
    for name in ("one", "two"):
        assert compared(predictions, tmp_path / name, "--probabilities").returncode == 0
    for file in sorted((tmp_path / "one").rglob("*.*")):
        same = tmp_path / "two" / file.relative_to(tmp_path / "one")
        if file.name not in ("manifest.json", "results.json", "report.html"):  # hold the time
            assert file.read_bytes() == same.read_bytes(), file.name
