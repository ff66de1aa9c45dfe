"""Write a folder of results so that none is ever half-written."""

import csv
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core import COLUMNS, BadSetting, Measurement


@contextmanager
def results_folder(out: Path) -> Iterator[Path]:
    """A temporary folder beside `out`, whose files are moved into `out` when all are there.

    After an error or an interruption `out` is as it was before.

    Raises
    ------
    BadSetting
        If `out` is a file or cannot be written to.
    """
    if out.exists() and not out.is_dir():
        raise BadSetting(f"--out {out.name} is a file; name a folder.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".osteon-partial-", dir=out.parent))
    except OSError as error:
        raise BadSetting(f"--out {out.name} cannot be written: {error.strerror}.") from None
    try:
        yield partial
        out.mkdir(exist_ok=True)
        for file in sorted(partial.iterdir()):
            file.replace(out / file.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write JSON that a person can read; a value that is not finite is an error."""
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def write_table(path: Path, subject: str, measurements: Iterable[Measurement]) -> None:
    """Write the table of measurements in long form, one row a number."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for number in measurements:
            row = number.row(subject)
            for column in ("value", "uncertainty"):
                if row[column] is not None:
                    row[column] = f"{row[column]:.6g}"
            table.writerow(row)
