"""Tables as people save them."""

import numpy as np
import pytest

from osteon.core import UnknownName, UnusableTable
from osteon.io import read_table


@pytest.fixture
def saved(tmp_path):
    def save(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return save


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,x\n2,y\n",
        "a;b\n1;x\n2;y\n",
        "a\tb\n1\tx\n2\ty\n",
        "\ufeffa,b\r\n1,x\r\n2,y\r\n",
        ' a , b \n"1", x \n2,y',
    ],
    ids=["commas", "semicolons", "tabs", "a byte-order mark", "blanks and quotes"],
)
def test_a_table_is_the_same_however_it_was_saved(saved, text):
    table = read_table(saved(text))
    assert list(table.columns) == ["a", "b"]
    assert table.numbers("a").tolist() == [1, 2]
    assert table.text("b") == ("x", "y")


def test_values_that_are_not_there_are_missing_and_not_text(saved):
    table = read_table(saved("a,b,c\n1,n/a,x\nNA,2,y\nnan,,z\n"))
    np.testing.assert_array_equal(table.numbers("a"), [1, np.nan, np.nan])
    np.testing.assert_array_equal(table.numbers("b"), [np.nan, 2, np.nan])
    assert table.present(["a"]).tolist() == [True, False, False]
    assert table.only(table.present(["b"])).text("c") == ("y",)


def test_none_is_a_grade(saved):
    assert read_table(saved("oa\nnone\nmild\n")).text("oa") == ("none", "mild")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n", "has no rows"),
        ("", "has no rows"),
        ("a,a\n1,2\n", "two columns named 'a'"),
        ("a,b\n1,2\n3\n", "row 2 of table.csv has 1 cells, the names are 2"),
        ("a;b\n0,5;1\n", "row 1 has '0,5'. Write decimals with a point"),
        ("a,b\nx,1\n", "must be numbers; row 1 has 'x'"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(saved, text, says):
    with pytest.raises(UnusableTable) as told:
        read_table(saved(text)).numbers("a")
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_a_column_that_is_not_there_is_told_with_those_that_are(saved):
    with pytest.raises(UnknownName, match=r"no column 'ct'; there are mr, dxa\."):
        read_table(saved("mr,dxa\n1,2\n")).numbers("ct")


def test_a_file_that_is_no_text_is_told(saved, tmp_path):
    with pytest.raises(UnusableTable, match="no text in UTF-8"):
        read_table(saved("größe\n1\n", encoding="latin-1"))
    with pytest.raises(UnusableTable, match="cannot be read"):
        read_table(tmp_path / "nowhere.csv")
