"""A model of the knee as a folder of ONNX and JSON: reading it runs no code."""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting
from .knee_model import (
    Diagnosis,
    Embeddings,
    KneeCard,
    Lattice,
    Metric,
    Normalisation,
    Parameter,
    Seen,
    Training,
)
from .onnx import INPUT, OUTPUTS, open_session, run_session

FORMAT = "osteon-knee-model-1"
"""Version of the folder that is read and written."""

CARD, SUMS = "model.json", "SHA256SUMS"
"""Everything but the networks; and the digest of each file, as ``sha256sum --check`` reads it."""

LARGEST_MB = 20
"""Size of all files together, in 10⁶ bytes."""

MOST_NETWORKS = 32

NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.onnx")
SUM_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S+)")

WEIGHTS_OUTSIDE = b"\n\x08location"
"""How ONNX says that a tensor lies in another file, which could be any file of the machine."""

VARIANCE_BETWEEN = (-20.0, 20.0)
"""Logarithms beyond are cut: no variance is that small or that large."""

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class PatchValues:
    """What a model gives for patches.

    Attributes
    ----------
    values, uncertainties : (n, parameters) array
        Calibrated, in the units of the parameters; uncertainties are standard (1 SD).
    embeddings : (n, e) array
        Of the first network.
    """

    values: NDArray[np.float64]
    uncertainties: NDArray[np.float64]
    embeddings: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KneeModel:
    """A model that was read, ready to run.

    Attributes
    ----------
    card : KneeCard
        Everything but the networks.
    networks : tuple
        Sessions of ONNX Runtime.
    sha256 : str
        Digest of `SUMS`, and so of every byte of the model.
    """

    card: KneeCard
    networks: tuple[Any, ...]
    sha256: str

    def measure(self, ct: NDArray[np.floating], mask: NDArray[np.bool_]) -> PatchValues:
        """Parameters of patches with their uncertainty.

        Parameters
        ----------
        ct : (n, v, v, v) array
            Patches in HU on the model's lattice, n at least 1.
        mask : (n, v, v, v) bool array
            Voxels of the patch's region.

        Returns
        -------
        PatchValues
            Means over the networks; the uncertainty holds that of each network and how far they
            differ, scaled as on patients left out of the training.

        Raises
        ------
        BadSetting
            If the patches are on another lattice.
        UnsuitableScan
            If a network gives a value that is no number.
        """
        side = self.card.lattice.voxels
        if ct.ndim != 4 or not len(ct) or ct.shape[1:] != (side,) * 3 or ct.shape != mask.shape:
            raise BadSetting(
                f"the model takes patches and masks of {side}×{side}×{side} voxels; got "
                f"{ct.shape} and {mask.shape}."
            )
        images = np.stack([self.card.normalisation.apply(ct), mask.astype(np.float32)], axis=1)
        given = [run_session(session, images) for session in self.networks]
        means = np.stack([one["mean"] for one in given])
        logs = np.clip([one["log_variance"] for one in given], *VARIANCE_BETWEEN)
        spread = np.sqrt(np.exp(logs).mean(axis=0) + means.var(axis=0))
        known = self.card.parameters
        slopes, intercepts = (np.array([getattr(p, n) for p in known]) for n in _CALIBRATION)
        scales = np.array([p.uncertainty_scale for p in known])
        return PatchValues(
            values=intercepts + slopes * means.mean(axis=0),
            uncertainties=np.abs(slopes) * scales * spread,
            embeddings=given[0]["embedding"],
        )


_CALIBRATION = ("slope", "intercept")


def write_model(folder: Path, card: KneeCard, networks: Sequence[Path]) -> KneeModel:
    """Write a model folder, whole or not at all, and read it back.

    Parameters
    ----------
    folder : Path
        New, empty, or a model folder, which is replaced.
    card : KneeCard
        Everything but the networks.
    networks : sequence of Path
        ONNX files from `osteon.learn.onnx.export`, of which the first gives the embeddings; they
        are stored as ``student-1.onnx`` and so on (``student.onnx`` where it is one).

    Returns
    -------
    KneeModel
        What a reader gets.

    Raises
    ------
    BadSetting
        If the folder holds something else or cannot be written to, or the model is none that can
        be read.
    """
    if folder.exists() and not (folder.is_dir() and _ours(folder)):
        raise BadSetting(f"{folder.name} is there and is no model folder; name another one.")
    part = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".part-{folder.name}-", dir=folder.parent))
        part.chmod(0o755)
        names = _names(len(networks))
        for name, source in zip(names, networks, strict=True):
            shutil.copyfile(source, part / name)
        text = json.dumps(_as_json(card, names), indent=1, ensure_ascii=False, allow_nan=False)
        (part / CARD).write_text(text + "\n", encoding="utf-8")
        sums = "".join(f"{_digest(part / name)}  {name}\n" for name in sorted((CARD, *names)))
        (part / SUMS).write_text(sums, encoding="utf-8")
        model = read_model(part)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    except OSError as fault:
        raise BadSetting(f"{folder} cannot be written: {fault.strerror}.") from None
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    return model


def _ours(folder: Path) -> bool:
    """Whether a folder may be replaced: it is empty, or holds a model and nothing else."""
    names = {path.name for path in folder.iterdir()}
    return not names or (
        CARD in names and all(n in (CARD, SUMS) or NETWORK.fullmatch(n) for n in names)
    )


def _names(many: int) -> list[str]:
    return ["student.onnx"] if many == 1 else [f"student-{n}.onnx" for n in range(1, many + 1)]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _as_json(card: KneeCard, networks: Sequence[str]) -> dict[str, Any]:
    """The card as plain data."""
    plain: dict[str, Any] = {
        "format": FORMAT,
        "networks": list(networks),
        "input": {"name": INPUT, "unit": "[hnsf'U]", "spacing_mm": card.lattice.spacing_mm},
        **asdict(card),
    }
    for part, kept in (("embeddings", card.embeddings), ("diagnosis", card.diagnosis)):
        if kept is not None:
            for name, values in vars(kept).items():
                if isinstance(values, np.ndarray):
                    plain[part][name] = values.tolist()
    return plain


def read_model(folder: Path) -> KneeModel:
    """Read a model folder, having checked every byte of it.

    Parameters
    ----------
    folder : Path
        Holds ``model.json``, ``SHA256SUMS`` and the networks. Only JSON and ONNX are read, so
        that no code in it can run.

    Returns
    -------
    KneeModel

    Raises
    ------
    BadSetting
        If a file is missing, changed, too large or of another format, or ONNX Runtime is not
        installed.
    """
    if not (folder / CARD).is_file():
        raise BadSetting(
            f"{folder.name or folder} is no model folder: it has no {CARD}; give the folder that "
            "osteon knee train wrote."
        )
    files, sums = _files(folder)
    try:
        data = json.loads(files[CARD].decode("utf-8"), parse_constant=_no_number)
        card, names = _card(data)
    except (ValueError, RecursionError) as fault:
        told = " ".join(str(fault).split())
        raise BadSetting(f"{CARD} of {folder.name} cannot be used: {told}") from None
    if set(names) | {CARD} != set(files):
        odd = min((set(names) | {CARD}) ^ set(files))
        raise BadSetting(f"{folder.name}: {SUMS} and {CARD} do not tell the same files: {odd}.")
    if odd_files := [name for name in names if WEIGHTS_OUTSIDE in files[name]]:
        raise BadSetting(f"{odd_files[0]} keeps weights in another file; export it in one.")
    sessions = tuple(open_session(files[name], name) for name in names)
    for name, session in zip(names, sessions, strict=True):
        _check_network(name, session, card)
    return KneeModel(card, sessions, hashlib.sha256(sums).hexdigest())


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


def _card(data: Any) -> tuple[KneeCard, list[str]]:
    """Card and names of the networks from plain data."""
    if not isinstance(data, dict):
        raise BadSetting("it is no table of names.")
    if (kind := data.get("format")) != FORMAT:
        raise BadSetting(f"its format is '{kind}', this version of Osteon reads '{FORMAT}'.")
    names = data.get("networks")
    fits = isinstance(names, list) and 0 < len(names) <= MOST_NETWORKS
    if not fits or not all(isinstance(n, str) and NETWORK.fullmatch(n) for n in names or ()):
        raise BadSetting("'networks' must name one ONNX file or more.")
    body = {key: value for key, value in data.items() if key not in ("format", "networks", "input")}
    for key, kind in _PARTS.items():
        if key in body and not (key == "diagnosis" and body[key] is None):
            body[key] = _made(kind, body[key], f"'{key}'")
    for key, row in _ROWS.items():
        if key in body:
            if not isinstance(body[key], list):
                raise BadSetting(f"'{key}' must be a list.")
            body[key] = tuple(_made(row, one, f"a row of '{key}'") for one in body[key])
    return _made(KneeCard, body, "it"), list(names or ())


_PARTS: Mapping[str, type[Any]] = {
    "training": Training,
    "seen": Seen,
    "embeddings": Embeddings,
    "diagnosis": Diagnosis,
    "normalisation": Normalisation,
    "lattice": Lattice,
}
_ROWS: Mapping[str, type[Any]] = {"parameters": Parameter, "metrics": Metric}


def _made(kind: type[Made], data: Any, what: str) -> Made:
    """One of our values from plain data that has exactly its names, each of its kind."""
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


def _check_network(name: str, session: Any, card: KneeCard) -> None:
    """Refuse a network of other inputs and outputs than the card tells."""
    side, many, wide = card.lattice.voxels, len(card.parameters), card.embeddings.mean.size
    wanted = {
        INPUT: (2, side, side, side),
        **dict(zip(OUTPUTS, ((many,), (many,), (wide,)), strict=True)),
    }
    found = {one.name: tuple(one.shape[1:]) for one in session.get_inputs()}
    found |= {one.name: tuple(one.shape[1:]) for one in session.get_outputs()}
    if odd := sorted(found.keys() ^ wanted.keys()):
        what = "lacks" if odd[0] in wanted else "has an unknown"
        raise BadSetting(
            f"{name} {what} '{odd[0]}'; a network of the knee has {', '.join(wanted)}."
        )
    for key, shape in wanted.items():
        if found[key] != shape:
            raise BadSetting(
                f"{name} has '{key}' of {found[key]} a patch; {CARD} asks for {shape}."
            )
