"""Every publication that a figure names can be printed in full."""

import ast
import re
from pathlib import Path

import pytest

import osteon.evaluate
from osteon.core import UnknownName
from osteon.evaluate.citations import _citations, citation

PACKAGE = Path(osteon.evaluate.__file__).parent
DATA = PACKAGE / "data" / "citations.toml"
SOURCES = sorted(path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".toml"})
DOI = re.compile(r"10\.\d{4,9}/[^\s\"`]+")
YEAR = re.compile(r"(?: |; )(?:19|20)\d\d[;:.]")


def without_sentence(found):
    """A DOI without the full stops and brackets of the sentence that it stands in."""
    doi = found.rstrip(".,;:")
    while doi.endswith(")") and doi.count(")") > doi.count("("):
        doi = doi[:-1].rstrip(".,;:")
    return doi


def constants():
    """DOIs that are a string of their own: those that code can return."""
    trees = [ast.parse(path.read_text("utf-8")) for path in SOURCES if path.suffix == ".py"]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = [node.value for node in nodes if isinstance(node.value, str)]
    return {text for text in texts if DOI.fullmatch(text)}


def written():
    """DOIs anywhere in the package: docstrings, notes and checklists too."""
    texts = [path.read_text("utf-8") for path in SOURCES if path != DATA]
    return {without_sentence(found) for text in texts for found in DOI.findall(text)}


def test_every_doi_that_a_function_can_return_has_a_citation():
    found = constants()
    assert len(found) > 25
    assert found - set(_citations()) == set()


def test_every_doi_that_is_written_anywhere_has_a_citation_and_every_citation_is_used():
    assert written() == set(_citations())


@pytest.mark.parametrize("doi", sorted(_citations()))
def test_a_citation_is_one_line_with_authors_a_year_and_a_full_stop(doi):
    text = citation(doi)
    assert len(YEAR.findall(text)) == 1
    assert re.match(r"\w[\w'-]*( \w[\w'-]*)* [A-Z]{1,3}( Jr| Sr)?[,.] ", text)
    assert text.endswith(".")
    assert not text.endswith("..")
    assert text == " ".join(text.split())
    assert not DOI.search(text)


def test_no_publication_is_cited_under_two_dois():
    texts = list(_citations().values())
    assert len(set(texts)) == len(texts)


def test_an_unknown_doi_is_told_in_one_line():
    with pytest.raises(UnknownName, match=r"10\.1000/none") as told:
        citation("10.1000/none")
    assert "\n" not in str(told.value)
