"""`osteon cite`: the references of a result, or of everything."""

import json

import pytest

from osteon.pipelines import METHODS

from .person import here, osteon


def test_without_a_result_every_method_is_cited():
    ran = here("cite")
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == list(METHODS)
    for method, line in zip(METHODS.values(), lines, strict=True):
        assert method.doi in line
        assert method.citation in line


def test_a_result_cites_what_it_used_and_its_thresholds(lumbar):
    ran = here("cite", lumbar.folder / "results.json")
    keys = [line.split(": ")[0] for line in ran.stdout.splitlines()]
    used = {row["method"] for row in lumbar.rows if row["value"]}
    assert used == {"hu-statistics", "vertebral-heights", "hu-relation"}
    assert used <= set(keys)
    assert "phantom-solid" not in keys  # a row with the reason why it could not be had
    assert {one["name"] for one in lumbar.results["thresholds"]} == set(keys) - used


def test_the_folder_of_a_result_will_do(lumbar):
    by_file = here("cite", lumbar.folder / "results.json")
    assert here("cite", lumbar.folder).stdout == by_file.stdout != ""


def test_every_reference_can_be_looked_up(lumbar):
    for line in here("cite", lumbar.folder).stdout.splitlines():
        assert "doi:10." in line or "our own definition" in line


def test_json_holds_the_same_in_the_same_order(lumbar):
    found = json.loads(here("cite", lumbar.folder, "--json").stdout)
    lines = here("cite", lumbar.folder).stdout.splitlines()
    assert [one["key"] for one in found] == [line.split(": ")[0] for line in lines]
    assert all(set(one) == {"key", "does", "doi", "citation"} for one in found)


def test_a_terminal_that_knows_no_dashes_gets_the_references_too():
    ran = osteon("cite", env={"PYTHONIOENCODING": "ascii"})
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(ran.stdout.splitlines()) == len(METHODS)


@pytest.mark.parametrize("content", ["", "[]", "null", "7", '{"methods": 3}', "{}", "\x00"])
def test_what_is_no_result_is_refused(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_text(content)
    ran = here("cite", path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("osteon: some.json holds no results of Osteon")
    assert ran.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_refused(tmp_path):
    for path in (tmp_path / "nowhere", tmp_path):
        ran = here("cite", path)
        assert ran.returncode == 2
        assert "holds no results of Osteon" in ran.stderr
