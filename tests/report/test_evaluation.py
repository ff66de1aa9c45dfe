"""The report of an evaluation holds what was found, beside files that a paper can use."""

import html
import re

import pytest

from osteon.core import BadSetting, OsteonError, UnknownName
from osteon.report import csv_text, latex, markdown, write_evaluation_report

from . import evaluation_example as example

INJECTED = "<script>document.title='owned'</script>"
KINDS = ["agreement", "discrimination", "compare", "checklist"]


def small(**more):
    """An evaluation with the cheapest of figures."""
    return example.evaluation(figures=[example.forest_figure(["One", "Two"])]) | more


def words_of(text):
    """Visible words of a page, drawings left out."""
    body = re.sub(r"<(style|svg).*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def written(folder, evaluation):
    path = write_evaluation_report(evaluation, folder)
    assert path == folder / "report.html"
    return path.read_text(encoding="utf-8")


def spoiled(tree):
    """The same tree, every text that is shown now a script."""
    kept = ("schema", "kind", "key", "state")
    if isinstance(tree, dict):
        return {key: v if key in kept else spoiled(v) for key, v in tree.items()}
    if isinstance(tree, list):
        return [spoiled(value) for value in tree]
    return f"{tree}{INJECTED}" if isinstance(tree, str) else tree


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_evaluation_has_its_parts_in_order(tmp_path, kind):
    text = written(tmp_path, small(kind=kind))
    order = ["figures", "tables", "checklist", "methods", "repeat", "files"]
    assert re.findall(r'<h2 id="(\w+)"', text) == order


def test_main_findings_stand_at_the_top_with_unit_and_interval(tmp_path):
    words = words_of(written(tmp_path, small()))
    assert "AUC, Structure 0.91 95% interval 0.85–0.96 DeLong, 80 patients" in words
    assert "Bias −3.20 mg/cm³ 95% interval −4.60 to −1.80" in words
    assert "Patients 80" in words
    assert words.index("Patients 80") < words.index("Figures")


def test_a_finding_without_a_value_says_so(tmp_path):
    one = {"name": "Slope", "value": None, "low": None, "high": None, "level": 0.95, "unit": "1"}
    words = words_of(written(tmp_path, small(findings=[one | {"note": "labels are separated"}])))
    assert "Slope not available labels are separated" in words
    assert "95% interval" not in words


def test_a_level_that_is_not_whole_is_not_rounded(tmp_path):
    one = {"name": "AUC", "value": 0.8, "low": 0.7, "high": 0.9, "level": 0.975, "unit": "1"}
    assert "97.5% interval 0.70–0.90" in words_of(written(tmp_path, small(findings=[one])))


def test_cells_of_tables_stand_under_their_heads(tmp_path):
    text = written(tmp_path, small())
    row = re.search(r"<tr><th scope=\"row\">Texture.*?</tr>", text)[0]
    cells = re.findall(r'data-head="([^"]+)"[^>]*>([^<]*)<', row)
    assert cells == [
        ("Patients", "12,080"),
        ("AUC", "0.82 (0.75–0.89)"),
        ("Bias (mg/cm³)", "−3.21 (−5.12 to 0.30)"),
        ("RMSE (mg/cm³)", "12.3"),
        ("p", "&lt;0.001"),
    ]


def test_every_figure_and_table_is_a_file_that_the_page_links(tmp_path):
    evaluation = small()
    text = written(tmp_path, evaluation)
    links = re.findall(r'href="((?:figures|tables)/[^"]+)"', text)
    assert len(links) == 2 + 3
    assert {tmp_path / link for link in links} == {*tmp_path.glob("*/*")}
    made = evaluation["tables"][0]
    for ending, form in (("csv", csv_text), ("md", markdown), ("tex", latex)):
        path = tmp_path / "tables" / f"models.{ending}"
        assert path.read_text(encoding="utf-8") == form(made)


def test_the_checklist_counts_its_states_and_leaves_room_for_the_author(tmp_path):
    words = words_of(written(tmp_path, small()))
    assert "4 answered by the run 8 for the author 3 not applicable" in words
    assert words.count("Page and line: ____") == 8
    assert words.count("Five folds by patient, seed 7.") == 4


def test_references_link_their_doi_however_it_is_written(tmp_path):
    doi = "10.2307/2531595"
    forms = [doi, f"doi:{doi}", f"https://doi.org/{doi}", "javascript:alert(1)", None]
    references = [{"text": "A", "doi": form} for form in forms]
    text = written(tmp_path, small(references=references))
    assert re.findall(r'<a href="(https?:[^"]+|java[^"]+)"', text) == [f"https://doi.org/{doi}"] * 3


def test_no_text_of_the_evaluation_becomes_part_of_the_page(tmp_path):
    text = written(tmp_path, spoiled(small()))
    assert "<script" not in text
    assert words_of(text).count(INJECTED) > 50


def test_awkward_names_survive_on_the_page(tmp_path):
    words = words_of(written(tmp_path, small(tables=[example.table([example.NASTY, "X" * 60])])))
    assert f"{example.NASTY} 80 0.81" in words


def test_the_page_forbids_everything_but_its_own_pictures_and_style(tmp_path):
    text = written(tmp_path, example.evaluation(figures=[example.bland_altman_figure(4000)]))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    loaded = re.findall(r'<(?:img|image|link|iframe)[^>]*(?:src|href)="([^"]{0,9})', text)
    assert loaded == ["data:,", "data:imag"]
    addresses = set(re.findall(r"https?://[^\"< ]+", text))
    assert {a for a in addresses if "doi.org" not in a and "w3.org" not in a} == set()


def test_names_inside_drawings_are_used_once_on_the_page(tmp_path):
    figures = [example.forest_figure([example.LONG]), example.scatter_figure(4)]
    text = written(tmp_path, example.evaluation(figures=figures))
    names = re.findall(r'\bid="([^"]+)"', text)
    assert len(names) == len(set(names))
    asked = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
    assert len(asked) > 20
    assert asked <= set(names)


def test_a_figure_is_told_in_words_to_who_cannot_see_it(tmp_path):
    text = written(tmp_path, small())
    told = re.search(r'<svg role="img" aria-label="([^"]+)"', text)[1]
    assert told.startswith("AUC of every model. Shaded bands")


@pytest.mark.parametrize("part", ["findings", "tables", "figures", "checklist", "methods",
                                  "references", "settings", "manifest", "files", "summary",
                                  "warning"])  # fmt: skip
def test_parts_that_are_missing_or_empty_are_left_out(tmp_path, part):
    evaluation = small() if part == "figures" else small(figures=[])
    without = {key: value for key, value in evaluation.items() if key != part}
    page = written(tmp_path / "a", without)
    assert page == written(tmp_path / "b", without | {part: type(evaluation[part])()})
    whole = written(tmp_path / "c", evaluation)
    assert len(page) < len(whole)
    headed = ("tables", "figures", "checklist", "files")  # others share theirs or have none
    assert whole.count("<h2") - page.count("<h2") == int(part in headed)


def test_the_shortest_evaluation_makes_a_page(tmp_path):
    least = {"schema": "osteon-evaluation-1", "kind": "agreement", "title": "T"}
    assert words_of(written(tmp_path, least)).split()[:3] == ["T:", "agreement", "Osteon"]
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_the_same_evaluation_makes_the_same_bytes(tmp_path):
    for name in "ab":
        write_evaluation_report(small(), tmp_path / name)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).rglob("*.*")} for n in "ab")
    assert len(one) == 6
    assert one == two


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"schema": "osteon-evaluation-0"}, BadSetting, "version 'osteon-evaluation-0'"),
        ({"kind": "opinion"}, UnknownName, "kind 'opinion' is unknown; there are agreement"),
        ({"findings": [{"name": "AUC"}]}, BadSetting, "a row of 'findings' lacks 'value'"),
        ({"figures": [{"key": "a/b", "kind": "roc", "data": {}}]}, BadSetting, "no file name"),
        ({"figures": [{"key": "..", "kind": "roc", "data": {}}]}, BadSetting, "no file name"),
        ({"tables": [{"key": k, "columns": [], "rows": []} for k in ("a", "A")]},
         BadSetting, "key 'a' of 'tables' is used twice"),
        ({"figures": [{"key": "a", "kind": "pie", "data": {}}]}, UnknownName, "figure 'pie'"),
        ({"checklist": [{"number": 1, "asks": "x", "state": "done"}]}, UnknownName, "'done'"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_told_in_one_line_and_nothing_is_written(
    tmp_path, change, error, words
):
    with pytest.raises(error, match=re.escape(words)) as caught:
        write_evaluation_report(small(**change), tmp_path / "out")
    assert isinstance(caught.value, OsteonError)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_an_evaluation_without_a_title_is_refused(tmp_path):
    evaluation = {key: value for key, value in small().items() if key != "title"}
    with pytest.raises(BadSetting, match="lacks 'title'"):
        write_evaluation_report(evaluation, tmp_path)


def test_the_items_of_a_checklist_are_shown_once_and_written_as_files(tmp_path):
    columns = [{"key": "asks", "title": "What is asked", "kind": "text"}]
    table = {"key": "checklist", "columns": columns, "rows": [{"asks": "Where data come from."}]}
    given = {
        "schema": "osteon-evaluation-1",
        "kind": "checklist",
        "title": "CLAIM",
        "checklist": [{"number": "7", "asks": "Where data come from.", "state": "author"}],
        "tables": [table],
    }
    page = write_evaluation_report(given, tmp_path).read_text(encoding="utf-8")
    assert page.count("Where data come from.") == 1
    assert 'href="tables/checklist.tex"' in page
    assert "Where data come from." in (tmp_path / "tables" / "checklist.md").read_text("utf-8")
