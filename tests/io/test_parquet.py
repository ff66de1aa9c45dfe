"""Tables of numbers in Parquet files."""

import builtins

import numpy as np
import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.io import read_parquet, write_parquet

COLUMNS = {
    "share": np.array([0.5, 1.0, 0.25], np.float32),
    "place": np.array([0, 3, 7], np.int64),
    "contrast": np.array([1.5, np.nan, -2.0], np.float32),
}
UNITS = {"share": "1", "contrast": "[hnsf'U]2"}
NOTES = {"window_mm": [8.0, 8.0, 9.0], "settings": {"levels": "region", "low": None}}


def test_a_table_comes_back_with_its_units_and_notes(tmp_path):
    path = tmp_path / "pool.parquet"
    write_parquet(path, COLUMNS, UNITS, NOTES)
    found = read_parquet(path)
    assert list(found.columns) == list(COLUMNS)
    for name, values in COLUMNS.items():
        np.testing.assert_array_equal(found.columns[name], values)
        assert found.columns[name].dtype == values.dtype
    assert found.units == UNITS
    assert found.notes == NOTES
    assert [file.name for file in tmp_path.iterdir()] == ["pool.parquet"]


def test_what_has_no_value_is_missing_to_every_reader(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(tmp_path / "pool.parquet", COLUMNS, UNITS, NOTES)
    table = parquet.read_table(tmp_path / "pool.parquet")
    assert table.column("contrast").to_pylist() == [1.5, None, -2.0]
    assert table.column("share").null_count == 0


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_parquet(tmp_path / f"{name}.parquet", COLUMNS, UNITS, NOTES)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_a_table_of_another_program_is_read_without_notes(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"a": [1.0, None]}), tmp_path / "a.parquet")
    found = read_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(found.columns["a"], [1.0, np.nan])
    assert (found.units, found.notes) == ({}, {})


def test_tables_that_cannot_be_written_leave_no_file(tmp_path):
    with pytest.raises(BadSetting, match=r"pool\.csv must end in \.parquet"):
        write_parquet(tmp_path / "pool.csv", COLUMNS, {}, {})
    with pytest.raises(BadSetting, match="one length; got 1, 3"):
        write_parquet(tmp_path / "a.parquet", COLUMNS | {"b": np.zeros(1)}, {}, {})
    with pytest.raises(BadSetting, match="one length; got none"):
        write_parquet(tmp_path / "a.parquet", {}, {}, {})
    with pytest.raises(BadSetting, match="cannot be written"):
        write_parquet(tmp_path / "no" / "a.parquet", COLUMNS, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_files_that_hold_no_numbers_are_one_line(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    with pytest.raises(UnusableTable, match=r"no\.parquet cannot be read"):
        read_parquet(tmp_path / "no.parquet")
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(UnusableTable, match=r"text\.parquet is no Parquet file"):
        read_parquet(tmp_path / "text.parquet")
    parquet.write_table(arrow.table({"name": ["a"]}), tmp_path / "names.parquet")
    with pytest.raises(UnusableTable, match=r"column 'name' of names\.parquet must be numbers"):
        read_parquet(tmp_path / "names.parquet")


def test_without_apache_arrow_the_line_to_type_is_told(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadSetting, match=r'pip install "osteon\[texture\]"'):
        write_parquet(tmp_path / "a.parquet", COLUMNS, UNITS, NOTES)
    assert list(tmp_path.iterdir()) == []
