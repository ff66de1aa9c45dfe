"""Tables of numbers as Apache Parquet: columns, their units, and what they were made with."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting, UnusableTable

INSTALL = 'Parquet files need Apache Arrow: pip install "osteon[texture]".'

NOTES = b"osteon"
"""Key of the notes in the metadata of a file; a column has its unit under ``unit``."""


@dataclass(frozen=True, eq=False)
class NumberTable:
    """Columns of numbers.

    Attributes
    ----------
    columns : mapping of str to (rows,) array
        In the order of the file; NaN where a value is missing.
    units : mapping of str to str
        UCUM unit of each column that has one.
    notes : mapping of str to plain values
        What was noted beside them.
    """

    columns: Mapping[str, NDArray[Any]]
    units: Mapping[str, str]
    notes: Mapping[str, Any]


def write_parquet(
    path: str | Path,
    columns: Mapping[str, NDArray[Any]],
    units: Mapping[str, str],
    notes: Mapping[str, Any],
) -> None:
    """Write columns of numbers as Parquet.

    Parameters
    ----------
    path : str or Path
        ``.parquet`` in a folder that exists; a file that is there is replaced.
    columns : mapping of str to (rows,) array
        All of one length; NaN becomes a missing value.
    units : mapping of str to str
        UCUM unit by column, in its metadata.
    notes : mapping of str to plain values
        Settings, grid and the like, as JSON in the metadata of the file.

    Raises
    ------
    BadSetting
        If Apache Arrow is not installed, the name or the folder will not do, or columns differ in
        length.

    Notes
    -----
    The file appears whole or not at all. The same input gives the same bytes, of one version of
    Apache Arrow.
    """
    path = Path(path)
    if path.suffix != ".parquet":
        raise BadSetting(f"{path.name} must end in .parquet.")
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        told = ", ".join(map(str, sorted(lengths))) or "none"
        raise BadSetting(f"a table needs columns of one length; got {told}.")
    arrow, parquet = _arrow()
    fields = [
        arrow.field(name, _kind(arrow, values), metadata={"unit": units.get(name, "")})
        for name, values in columns.items()
    ]
    schema = arrow.schema(fields, {NOTES: json.dumps(notes).encode()})
    held = [
        arrow.array(np.ascontiguousarray(values), from_pandas=True) for values in columns.values()
    ]
    table = arrow.Table.from_arrays(held, schema=schema)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            parquet.write_table(table, part, compression="zstd")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as fault:
        raise BadSetting(f"{path} cannot be written: {fault.strerror or fault}.") from None


def read_parquet(path: str | Path) -> NumberTable:
    """Read what `write_parquet` wrote, or any Parquet of numbers.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    NumberTable
        Units and notes are empty where another program wrote the file.

    Raises
    ------
    BadSetting
        If Apache Arrow is not installed.
    UnusableTable
        If there is no such file, it is no Parquet, or a column is not one of numbers.
    """
    path = Path(path)
    arrow, parquet = _arrow()
    try:
        table = parquet.read_table(path)
    except OSError as fault:
        why = fault.strerror or "it is damaged"
        raise UnusableTable(f"{path.name} cannot be read: {why}.") from None
    except arrow.ArrowException:
        raise UnusableTable(f"{path.name} is no Parquet file, or a damaged one.") from None
    columns, units = {}, {}
    for field in table.schema:
        if not (arrow.types.is_integer(field.type) or arrow.types.is_floating(field.type)):
            raise UnusableTable(
                f"column '{field.name}' of {path.name} must be numbers; it is {field.type}."
            )
        columns[field.name] = table.column(field.name).to_numpy()
        if unit := (field.metadata or {}).get(b"unit", b"").decode():
            units[field.name] = unit
    noted = (table.schema.metadata or {}).get(NOTES, b"{}")
    return NumberTable(columns, units, json.loads(noted))


def _kind(arrow: Any, values: NDArray[Any]) -> Any:
    return arrow.from_numpy_dtype(values.dtype)


def _arrow() -> tuple[Any, Any]:
    """The package and its part for Parquet."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise BadSetting(INSTALL) from None
    return pyarrow, pyarrow.parquet
