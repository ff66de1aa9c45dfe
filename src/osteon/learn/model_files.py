"""A folder of ONNX and JSON that is a model: reading it runs no code, and no byte is unchecked."""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..core import BadSetting
from .onnx import open_session

CARD, SUMS = "model.json", "SHA256SUMS"
"""Everything but the networks; and the digest of each file, as ``sha256sum --check`` reads it."""

LARGEST_MB = 20
"""Size of all files together, in 10⁶ bytes."""

MOST_NETWORKS = 32

NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.onnx")
SUM_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S+)")

WEIGHTS_OUTSIDE = b"\n\x08location"
"""How ONNX says that a tensor lies in another file, which could be any file of the machine."""

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class ModelFiles(Generic[Made]):
    """A model folder that was read.

    Attributes
    ----------
    card : Made
        Everything but the networks.
    networks : mapping of str to session
        Sessions of ONNX Runtime by the name of the file, in the order of the card.
    sha256 : str
        Digest of `SUMS`, and so of every byte of the model.
    """

    card: Made
    networks: Mapping[str, Any]
    sha256: str


def write_files(
    folder: Path,
    plain: Mapping[str, Any],
    networks: Mapping[str, Path],
    read: Callable[[Path], Made],
) -> Made:
    """Write a model folder, whole or not at all, and read it back.

    Parameters
    ----------
    folder : Path
        New, empty, or a model folder, which is replaced.
    plain : mapping
        The card as plain data; ``networks`` of it names the files.
    networks : mapping of str to Path
        ONNX file of each name.
    read : function
        Reads such a folder; what it refuses is not written.

    Returns
    -------
    Made
        What a reader gets.

    Raises
    ------
    BadSetting
        If the folder holds something else or cannot be written to, or the model is none that can
        be read.
    """
    check_model_place(folder)
    part = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".part-{folder.name}-", dir=folder.parent))
        part.chmod(0o755)
        for name, source in networks.items():
            shutil.copyfile(source, part / name)
        text = json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False)
        (part / CARD).write_text(text + "\n", encoding="utf-8")
        sums = "".join(f"{_digest(part / name)}  {name}\n" for name in sorted((CARD, *networks)))
        (part / SUMS).write_text(sums, encoding="utf-8")
        model = read(part)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    except OSError as fault:
        raise BadSetting(f"{folder} cannot be written: {fault.strerror}.") from None
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    return model


def check_model_place(folder: Path) -> None:
    """Refuse a place where something other than a model is.

    Raises
    ------
    BadSetting
        If it is a file, or a folder of something else.
    """
    if folder.exists() and not (folder.is_dir() and _ours(folder)):
        raise BadSetting(f"{folder.name} is there and is no model folder; name another one.")


def _ours(folder: Path) -> bool:
    """Whether a folder may be replaced: it is empty, or holds a model and nothing else."""
    names = {path.name for path in folder.iterdir()}
    return not names or (
        CARD in names and all(n in (CARD, SUMS) or NETWORK.fullmatch(n) for n in names)
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_files(
    folder: Path, *, kind: str, made_by: str, card: Callable[[dict[str, Any]], Made]
) -> ModelFiles[Made]:
    """Read a model folder, having checked every byte of it.

    Parameters
    ----------
    folder : Path
        Holds ``model.json``, ``SHA256SUMS`` and the networks. Only JSON and ONNX are read, so
        that no code in it can run.
    kind : str
        The ``format`` that it must tell.
    made_by : str
        Command that writes such a folder, for messages.
    card : function
        Makes the card of plain data, without ``format``, ``networks`` and ``input``.

    Returns
    -------
    ModelFiles

    Raises
    ------
    BadSetting
        If a file is missing, changed, too large or of another format, or ONNX Runtime is not
        installed.
    """
    if not (folder / CARD).is_file():
        raise BadSetting(
            f"{folder.name or folder} is no model folder: it has no {CARD}; give the folder that "
            f"{made_by} wrote."
        )
    files, sums = _files(folder)
    try:
        data = json.loads(files[CARD].decode("utf-8"), parse_constant=_no_number)
        names = _networks(data, kind)
        told = ("format", "networks", "input")
        made = card({key: value for key, value in data.items() if key not in told})
    except (ValueError, RecursionError) as fault:
        words = " ".join(str(fault).split())
        raise BadSetting(f"{CARD} of {folder.name} cannot be used: {words}") from None
    if set(names) | {CARD} != set(files):
        odd = min((set(names) | {CARD}) ^ set(files))
        raise BadSetting(f"{folder.name}: {SUMS} and {CARD} do not tell the same files: {odd}.")
    if odd_files := [name for name in names if WEIGHTS_OUTSIDE in files[name]]:
        raise BadSetting(f"{odd_files[0]} keeps weights in another file; export it in one.")
    sessions = {name: open_session(files[name], name) for name in names}
    return ModelFiles(made, sessions, hashlib.sha256(sums).hexdigest())


def _files(folder: Path) -> tuple[dict[str, bytes], bytes]:
    """The bytes of every file, held to their digests, and those of the table of digests."""
    try:
        sums = _bytes(folder, SUMS, LARGEST_MB * 10**6)
        files: dict[str, bytes] = {}
        room = LARGEST_MB * 10**6
        for line in sums.decode("ascii", "replace").splitlines():
            found = SUM_LINE.fullmatch(line)
            if not found or (found[2] != CARD and not NETWORK.fullmatch(found[2])):
                raise BadSetting(f"{SUMS} of {folder.name} has a line that is none: {line[:60]!r}.")
            data = _bytes(folder, found[2], room)
            room -= len(data)
            if hashlib.sha256(data).hexdigest() != found[1]:
                raise BadSetting(
                    f"{found[2]} of {folder.name} was changed: its SHA-256 is not the one in "
                    f"{SUMS}; get the model again."
                )
            files[found[2]] = data
    except OSError as fault:
        raise BadSetting(f"{folder.name} cannot be read: {fault.strerror}.") from None
    if CARD not in files:
        raise BadSetting(f"{SUMS} of {folder.name} does not hold {CARD}; get the model again.")
    return files, sums


def _bytes(folder: Path, name: str, room: int) -> bytes:
    """A file of the folder, no link, and no larger than there is room."""
    path = folder / name
    if not path.is_file():
        raise BadSetting(f"{folder.name} lacks {name}; get the model again.")
    if path.stat().st_size > room:
        raise BadSetting(f"{folder.name} is larger than {LARGEST_MB} MB, which no model here is.")
    return path.read_bytes()


def _no_number(text: str) -> float:
    raise BadSetting(f"it holds {text}, which is no number.")


def _networks(data: Any, kind: str) -> list[str]:
    """Names of the networks, of plain data of the right format."""
    if not isinstance(data, dict):
        raise BadSetting("it is no table of names.")
    if (found := data.get("format")) != kind:
        raise BadSetting(f"its format is '{found}', this version of Osteon reads '{kind}'.")
    names = data.get("networks")
    fits = isinstance(names, list) and 0 < len(names) <= MOST_NETWORKS
    if not fits or not all(isinstance(n, str) and NETWORK.fullmatch(n) for n in names or ()):
        raise BadSetting("'networks' must name one ONNX file or more.")
    return list(names or ())


def from_plain(kind: type[Made], data: Any, what: str) -> Made:
    """One of our values from plain data that has exactly its names, each of its kind.

    Raises
    ------
    BadSetting
        If a name is missing or unknown, or a value of another kind.
    """
    known = {one.name: one.type for one in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(data, dict):
        raise BadSetting(f"{what} must be a table of names.")
    if odd := sorted(data.keys() ^ known.keys()):
        raise BadSetting(f"{what} {'has no' if odd[0] in known else 'has an unknown'} '{odd[0]}'.")
    for name, wanted in known.items():
        allowed = _KINDS.get(str(wanted).replace("<class '", "").replace("'>", ""))
        if allowed and (isinstance(data[name], bool) or not isinstance(data[name], allowed)):
            raise BadSetting(f"'{name}' in {what} is {data[name]!r:.40}, which it cannot be.")
    try:
        return kind(**data)
    except (TypeError, OverflowError):
        raise BadSetting(f"{what} holds values of another kind than it must.") from None


_KINDS: Mapping[str, tuple[type[Any], ...]] = {
    "float": (int, float),
    "int": (int,),
    "str": (str,),
    "float | None": (int, float, type(None)),
}
"""What a field of each simple kind may be."""


def parts_from_plain(
    data: dict[str, Any],
    *,
    parts: Mapping[str, type[Any]],
    rows: Mapping[str, type[Any]],
    optional: Sequence[str] = (),
) -> dict[str, Any]:
    """Plain data with those of its parts, and of its lists, made that are values of ours.

    Parameters
    ----------
    data : dict
        By name.
    parts : mapping of str to type
        Names that stand for one value.
    rows : mapping of str to type
        Names that stand for a list of values.
    optional : sequence of str
        Those of `parts` that may be None.

    Raises
    ------
    BadSetting
        As `from_plain`.
    """
    made = dict(data)
    for key, kind in parts.items():
        if key in made and not (key in optional and made[key] is None):
            made[key] = from_plain(kind, made[key], f"'{key}'")
    for key, row in rows.items():
        if key in made:
            if not isinstance(made[key], list):
                raise BadSetting(f"'{key}' must be a list.")
            made[key] = tuple(from_plain(row, one, f"a row of '{key}'") for one in made[key])
    return made
