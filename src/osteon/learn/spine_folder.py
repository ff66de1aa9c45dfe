"""A model of the spine as a folder of ONNX and JSON: reading it runs no code."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting, UnsuitableScan
from .knee_model import Embeddings, Metric, Training
from .model_files import CARD, from_plain, parts_from_plain, read_files, write_files
from .spine_card import Conformal, CropLattice, SaidScale, SpineCard, SpineSeen
from .spine_data import UNKNOWN
from .vertebrae import inputs_of

FORMAT = "osteon-spine-model-1"
"""Version of the folder that is read and written."""

VERTEBRA_INPUTS, VERTEBRA_OUTPUTS = ("voxels", "facts"), ("known",)
"""Of the network of single vertebrae: (n, 2, i, j, k) and (n, f) to (n, w)."""

PATIENT_INPUTS = ("known", "facts", "present", "device", "limits")
"""Of the network of patients with s places: (n, s, w), (n, s, f), (n, s) of 0 and 1, (n,) int64
(the number of a densitometer, or -1), (n, 2) in g/cm²."""

PATIENT_OUTPUTS = (
    "bmd",
    "bmd_sd",
    "classes",
    "attention",
    "experts",
    "vertebra_bmd",
    "vertebra_sd",
    "levels",
)
"""Of the same: (n,), (n,) in g/cm², (n, 3) probabilities, (n, s) shares, (n, e) weights, (n, s),
(n, s) in g/cm², (n, s, s) probabilities."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PatientInput:
    """One patient as the networks take it, s places for vertebrae.

    Attributes
    ----------
    hu : (s, i, j, k) int16 array
        Crops on the model's lattice, in HU; anything where no vertebra is present.
    parts : (s, i, j, k) uint8 array
        0 outside, 1 the rest of the vertebra, 2 its body.
    present : (s,) bool array
        Whether there is a vertebra.
    factor : float
        What takes HU of bone to those at 120 kVp.
    facts : (s, f) array
        Measured numbers; anything where no vertebra is present.
    """

    hu: NDArray[np.int16]
    parts: NDArray[np.uint8]
    present: NDArray[np.bool_]
    factor: float
    facts: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class PatientValues:
    """What a model says of one patient, calibrated.

    Attributes
    ----------
    bmd, bmd_sd : float
        Standardised areal density of L1–L4 and its standard uncertainty, in g/cm².
    classes : (3,) array
        Probabilities of normal, osteopenia, osteoporosis.
    attention : (s,) array
        Share of each vertebra, 0 where none is present.
    experts : (networks, e) array
        Weight of each expert of each network; experts of two networks have nothing in common.
    vertebra_bmd, vertebra_sd : (s,) array
        Of each vertebra in g/cm²; NaN where none is present.
    levels : (s, s) array
        Probability of each level; NaN where no vertebra is present.
    embedding : (w,) array
        What the first network knows of the vertebrae, their mean; whatever the densitometer.
    """

    bmd: float
    bmd_sd: float
    classes: Numbers
    attention: Numbers
    experts: Numbers
    vertebra_bmd: Numbers
    vertebra_sd: Numbers
    levels: Numbers
    embedding: Numbers


@dataclass(frozen=True, eq=False)
class SpineModelFolder:
    """A model that was read, ready to run.

    Attributes
    ----------
    card : SpineCard
        Everything but the networks.
    networks : tuple of (session, session)
        Sessions of ONNX Runtime: of single vertebrae, and of patients.
    sha256 : str
        Digest of the model, every byte.
    """

    card: SpineCard
    networks: tuple[tuple[Any, Any], ...]
    sha256: str

    def say(self, patient: PatientInput, limits: Numbers, device: str | None) -> PatientValues:
        """What the networks say together.

        Parameters
        ----------
        patient : PatientInput
        limits : (m, 2) array
            Standardised densities at which osteopenia and osteoporosis begin, in g/cm²; of
            several rows (a patient whose sex is not known) the mean is said.
        device : str or None
            Densitometer; one that the model does not know is as none.

        Returns
        -------
        PatientValues
            Means over the networks, over rows of limits and, where the densitometer is not
            known, over what is said for each one, by ``card.unknown``; the uncertainty holds
            that of each and how far they differ.

        Raises
        ------
        BadSetting
            If the patient is on another lattice, or has no vertebra.
        UnsuitableScan
            If a network gives a value that is no number.
        """
        self._check(patient)
        devices, weights = self._devices(device)
        rows = np.repeat(np.asarray(limits, np.float32), len(devices), axis=0)
        asked: dict[str, NDArray[Any]] = {
            "device": np.tile(devices, len(limits)),
            "limits": rows,
            "present": np.repeat(patient.present[None].astype(np.float32), len(rows), axis=0),
            "facts": np.repeat(_filled(patient)[None], len(rows), axis=0),
        }
        given = [_run(pair, patient, asked) for pair in self.networks]
        found = _together(given, np.tile(weights, len(limits)) / len(limits), patient, self.card)
        if not self.card.scale.linked:
            return found
        return replace(found, classes=_linked(found, limits))

    def _check(self, patient: PatientInput) -> None:
        wanted = (len(self.card.levels), *self.card.lattice.shape)
        facts = (len(self.card.levels), len(self.card.facts))
        if patient.hu.shape != wanted or patient.parts.shape != wanted:
            raise BadSetting(f"the model takes crops of {wanted}; got {patient.hu.shape}.")
        if patient.facts.shape != facts or patient.present.shape != facts[:1]:
            raise BadSetting(f"the model takes facts of {facts}; got {patient.facts.shape}.")
        if not patient.present.any():
            raise BadSetting("a patient needs one vertebra at least.")

    def _devices(self, device: str | None) -> tuple[NDArray[np.int64], Numbers]:
        """Numbers of densitometers to ask for, and the weight of each."""
        if device in self.card.devices:
            return np.array([self.card.devices.index(device)]), np.ones(1)
        numbers = np.array([*range(len(self.card.devices)), UNKNOWN])
        weights = np.array(self.card.unknown)
        return numbers[weights > 0], weights[weights > 0] / weights.sum()


def _filled(patient: PatientInput) -> NDArray[np.float32]:
    """Facts, 0 where no vertebra is present."""
    return np.where(patient.present[:, None], patient.facts, 0.0).astype(np.float32)


def _run(
    pair: tuple[Any, Any], patient: PatientInput, asked: Mapping[str, NDArray[Any]]
) -> dict[str, Numbers]:
    """Outputs of one network of patients, a row for each question."""
    single, whole = pair
    there = np.flatnonzero(patient.present)
    facts = _filled(patient)
    rows = []
    for at in there:  # one at a time: memory is that of one crop
        one = slice(at, at + 1)
        voxels = inputs_of(patient.hu[one], patient.parts[one], np.array([patient.factor]))
        rows.append(single.run(["known"], {"voxels": voxels, "facts": facts[one]})[0][0])
    known = np.zeros((len(patient.present), rows[0].size), np.float32)
    known[there] = rows
    many = np.repeat(known[None], len(asked["device"]), axis=0)
    said = whole.run(list(PATIENT_OUTPUTS), {"known": many, **asked})
    found = dict(zip(PATIENT_OUTPUTS, (one.astype(np.float64) for one in said), strict=True))
    found["embedding"] = known[there].astype(np.float64).mean(axis=0)
    for name, values in found.items():
        if not np.isfinite(values).all():
            raise UnsuitableScan(
                f"the network gave {name} that is no number; the scan is nothing that it knows."
            )
    return found


def _together(
    given: Sequence[Mapping[str, Numbers]], weights: Numbers, patient: PatientInput, card: SpineCard
) -> PatientValues:
    """One answer of all networks and questions."""
    share = np.tile(weights, len(given)) / len(given)

    def mean(name: str) -> Numbers:
        rows = np.concatenate([one[name] for one in given])
        return np.asarray(np.tensordot(share, rows, 1))

    def both(name: str, spread: str) -> tuple[Numbers, Numbers]:
        rows = np.concatenate([one[name] for one in given])
        middle = mean(name)
        variance = np.concatenate([one[spread] ** 2 for one in given]) + (rows - middle) ** 2
        return middle, np.sqrt(np.tensordot(share, variance, 1))

    scale, there = card.scale, patient.present
    bmd, spread = both("bmd", "bmd_sd")
    each, each_spread = both("vertebra_bmd", "vertebra_sd")
    return PatientValues(
        bmd=float(scale.density(bmd)),
        bmd_sd=float(scale.uncertainty(spread)),
        classes=scale.probabilities(mean("classes")),
        attention=np.where(there, mean("attention"), 0.0),
        experts=np.stack([np.tensordot(weights, one["experts"], 1) for one in given]),
        vertebra_bmd=np.where(there, scale.density(each), np.nan),
        vertebra_sd=np.where(there, scale.slope * scale.vertebra_spread * each_spread, np.nan),
        levels=np.where(there[:, None], mean("levels"), np.nan),
        embedding=given[0]["embedding"],
    )


def _linked(found: PatientValues, limits: Numbers) -> Numbers:
    """Probabilities of the density that is said, mean over rows of limits."""
    plain = SaidScale(linked=True)
    bmd, spread = (np.full(len(limits), one) for one in (found.bmd, found.bmd_sd))
    every = plain.chances(np.empty((len(limits), 3)), bmd, spread, np.asarray(limits, np.float64))
    return np.asarray(every.mean(axis=0))


def write_spine_model(
    folder: Path, card: SpineCard, networks: Sequence[tuple[Path, Path]]
) -> SpineModelFolder:
    """Write a model folder, whole or not at all, and read it back.

    Parameters
    ----------
    folder : Path
        New, empty, or a model folder, which is replaced.
    card : SpineCard
        Everything but the networks.
    networks : sequence of (Path, Path)
        ONNX files of `osteon.learn.spine_export`: of single vertebrae, and of patients.

    Raises
    ------
    BadSetting
        If the folder holds something else or cannot be written to, or the model is none that can
        be read.
    """
    files: dict[str, Path] = {}
    for number, (single, whole) in enumerate(networks, start=1):
        files |= {f"vertebra-{number}.onnx": single, f"patient-{number}.onnx": whole}
    plain = {
        "format": FORMAT,
        "networks": list(files),
        "input": {"names": [*VERTEBRA_INPUTS, *PATIENT_INPUTS], "unit": "[hnsf'U]"},
        **_plain(asdict(card)),
    }
    return write_files(folder, plain, files, read_spine_model)


def _plain(value: Any) -> Any:
    """Arrays and tuples as lists, all the way down."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def read_spine_model(folder: Path) -> SpineModelFolder:
    """Read a model folder, having checked every byte of it.

    Parameters
    ----------
    folder : Path
        Holds ``model.json``, ``SHA256SUMS`` and the networks. Only JSON and ONNX are read, so
        that no code in it can run.

    Raises
    ------
    BadSetting
        If a file is missing, changed, too large or of another format, or ONNX Runtime is not
        installed.
    """
    files = read_files(folder, kind=FORMAT, made_by="osteon spine train", card=_card)
    names = list(files.networks)
    if len(names) % 2:
        raise BadSetting(f"'networks' of {CARD} come in pairs; got {', '.join(names)}.")
    sessions = list(files.networks.values())
    pairs = tuple(zip(sessions[::2], sessions[1::2], strict=True))
    for number, (single, whole) in enumerate(pairs):
        _check_single(names[2 * number], single, files.card)
        _check_whole(names[2 * number + 1], whole, files.card)
    return SpineModelFolder(files.card, pairs, files.sha256)


_PARTS: Mapping[str, type[Any]] = {
    "lattice": CropLattice,
    "scale": SaidScale,
    "conformal": Conformal,
    "training": Training,
    "seen": SpineSeen,
    "embeddings": Embeddings,
    "measured": Embeddings,
}
_ROWS: Mapping[str, type[Any]] = {"metrics": Metric}


def _card(data: dict[str, Any]) -> SpineCard:
    return from_plain(SpineCard, parts_from_plain(data, parts=_PARTS, rows=_ROWS), "it")


def _check_single(name: str, session: Any, card: SpineCard) -> None:
    """Refuse a network of other vertebrae than the card tells."""
    wanted = {
        "voxels": (2, *card.lattice.shape),
        "facts": (len(card.facts),),
        "known": (card.embeddings.mean.size,),
    }
    found = _shapes(name, session, tuple(wanted))
    _same(name, found, wanted)


def _check_whole(name: str, session: Any, card: SpineCard) -> None:
    """Refuse a network of other patients than the card tells."""
    many, facts, wide = len(card.levels), len(card.facts), card.embeddings.mean.size
    wanted: dict[str, tuple[int, ...]] = {
        "known": (many, wide),
        "facts": (many, facts),
        "present": (many,),
        "device": (),
        "limits": (2,),
        "bmd": (),
        "bmd_sd": (),
        "classes": (3,),
        "attention": (many,),
        "experts": (card.experts,),
        "vertebra_bmd": (many,),
        "vertebra_sd": (many,),
        "levels": (many, many),
    }
    _same(name, _shapes(name, session, tuple(wanted)), wanted)


def _shapes(name: str, session: Any, names: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Shape of each input and output, without the rows."""
    ends = (*session.get_inputs(), *session.get_outputs())
    found = {one.name: tuple(one.shape[1:]) for one in ends}
    if odd := sorted(found.keys() ^ set(names)):
        what = "lacks" if odd[0] in names else "has an unknown"
        raise BadSetting(f"{name} {what} '{odd[0]}'; it must have {', '.join(names)}.")
    return found


def _same(
    name: str, found: Mapping[str, tuple[Any, ...]], wanted: Mapping[str, tuple[int, ...]]
) -> None:
    for key, shape in wanted.items():
        if found[key] != shape:
            raise BadSetting(f"{name} has '{key}' of {found[key]} a row; {CARD} asks for {shape}.")
