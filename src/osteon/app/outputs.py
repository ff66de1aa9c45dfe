"""Write a folder of results so that none is ever half-written."""

import csv
import json
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..core import COLUMNS, BadSetting, Measurement

PARTIAL = ".osteon-partial-"
"""How the names of folders begin in which results are put together."""

STALE_S = 3600.0
"""Age in s from which such a folder was left by a run that was killed: writing takes seconds."""


def check_out(out: Path, inputs: Iterable[Path | None] = (), written: Iterable[str] = ()) -> None:
    """Refuse, before anything is computed, a folder that results cannot be written to.

    Parameters
    ----------
    out : Path
        Folder for the results; need not be there yet.
    inputs : iterable of Path or None
        What is read.
    written : iterable of str
        Names of the files that will be written.

    Raises
    ------
    BadSetting
        If `out` is a file, cannot be written to, is the folder that is read, or holds a file
        that is read and would be overwritten.
    """
    if out.exists() and not out.is_dir():
        raise BadSetting(f"--out {out.name} is a file; name a folder.")
    place = out.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        raise BadSetting(f"--out {out.name} cannot be made: {place.name} is a file.")
    if not os.access(place, os.W_OK | os.X_OK):
        raise BadSetting(
            f"--out {out.name} cannot be written: there is no right to write to {place}."
        )
    read = {path.resolve() for path in inputs if path}
    if out.resolve() in read:
        raise BadSetting(f"--out {out.name} is the folder that is read; name another one.")
    _spare(out, written, read)


@contextmanager
def results_folder(
    out: Path, inputs: Iterable[Path | None] = (), earlier: Iterable[str] = ()
) -> Iterator[Path]:
    """A temporary folder whose files are moved into `out` when all are there.

    Files of the names `earlier` that an earlier run left in `out`, and this one did not write
    again, are removed: beside the new numbers they would be taken for theirs.

    It lies in `out`, or beside it where `out` is not there yet, so that moving never leaves the
    file system. After an error or an interruption `out` is as it was before.

    Raises
    ------
    BadSetting
        If `out` cannot be written to, or one of `inputs` would be overwritten.
    """
    made = [] if out.exists() else [place for place in out.parents if not place.exists()]
    try:
        home = out if out.is_dir() else out.parent
        home.mkdir(parents=True, exist_ok=True)
        _remove_stale(home)
        partial = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=home))
    except OSError as error:
        _remove_empty(made)
        raise BadSetting(f"--out {out.name} cannot be written: {error.strerror}.") from None
    try:
        new = partial / "new"
        new.mkdir()
        yield new
        names = [str(file.relative_to(new)) for file in _files(new)]
        _spare(out, (*names, *earlier), {path.resolve() for path in inputs if path})
        if out.is_dir():
            _move_into(new, out, partial, set(earlier) - set(names))
        else:
            new.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        _remove_empty(made)


def _spare(out: Path, names: Iterable[str], read: Collection[Path]) -> None:
    """Refuse to write over what was read."""
    for name in names:
        if (out / name).resolve() in read:
            raise BadSetting(
                f"--out {out.name or out} holds {name}, which was read and would be overwritten; "
                "name another folder."
            )


def _move_into(new: Path, out: Path, partial: Path, stale: Iterable[str]) -> None:
    """Move files over those of an earlier run; all of these come back if that fails half-way."""
    names = [file.relative_to(new) for file in _files(new)]
    gone = [Path(name) for name in stale if (out / name).is_file()]
    earlier = partial / "earlier"
    for name in (*names, *gone):
        if (out / name).exists():
            (earlier / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(out / name, earlier / name)
    try:
        for name in names:
            (out / name).parent.mkdir(exist_ok=True)
            (new / name).replace(out / name)
        for name in gone:
            (out / name).unlink()
    except BaseException:
        for name in (*names, *gone):
            if (earlier / name).exists():
                (earlier / name).replace(out / name)
            elif not (new / name).exists():
                (out / name).unlink()
        raise


def _files(folder: Path) -> list[Path]:
    """Every file of a folder and of the folders in it."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _remove_stale(home: Path) -> None:
    """Remove what a killed run left: it shows a patient and nobody would look for it."""
    for folder in home.glob(f"{PARTIAL}*"):
        with suppress(FileNotFoundError):  # another run removed it first
            if time.time() - folder.stat().st_mtime > STALE_S:
                shutil.rmtree(folder, ignore_errors=True)


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, innermost first, as far as they are empty."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


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
