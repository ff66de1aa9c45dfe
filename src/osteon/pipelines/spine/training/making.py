"""Networks trained on a cohort, each configuration and seed kept, and what they say written."""

import hashlib
import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .... import __version__
from ....core import BadSetting, UnusableTable
from ....learn.encoders import read_encoder
from ....learn.spine_data import SpineData
from ....learn.spine_model import SpineModel, load_spine_model
from ....learn.spine_settings import SpineSettings
from ....learn.spine_training import train_spine
from ...cohorts.store import write_json
from ...processes import shared_out
from ..cohort import SpineCohort, SpinePatient, run_folder
from ..predictions import RUN, write_predictions
from ..pretraining import encoder_file
from ..readings import part_of
from .arrays import spine_data, with_crops
from .configurations import CONFIGURATIONS, FULL, UNKNOWN_DEVICE, configuration
from .telling import told_predictions

Progress = Callable[[str, int, int], None]

FOLDER = "train"
"""Folder of trainings in a run."""

PREDICTIONS = "predictions"
"""Folder of a run with what every method says, a folder a method and seed."""

MODEL, WORDS = "model.pt", "training.json"

MIB = 2**10
"""Of the unit in which the system tells memory, KiB."""


@dataclass(frozen=True)
class TrainingSettings:
    """Choices of a study.

    Attributes
    ----------
    network : SpineSettings
        The whole system; configurations change one thing of it.
    names : tuple of str
        Configurations.
    seeds : tuple of int
        Every one is trained with each; seed s tests fold s modulo 5.
    """

    network: SpineSettings = field(default_factory=SpineSettings)
    names: tuple[str, ...] = tuple(CONFIGURATIONS)
    seeds: tuple[int, ...] = (0, 1, 2)

    def __post_init__(self) -> None:
        """Refuse a study without trainings, or with one that is none."""
        if not self.names or not self.seeds:
            raise BadSetting("a study needs one training and one seed at least.")
        for name in self.names:
            configuration(name)


@dataclass(frozen=True)
class TrainingRun:
    """What was trained.

    Attributes
    ----------
    folder : Path
        With a folder for each training.
    rows : list of dict
        What stands beside each: name, seed, seconds, parameters, patients, memory.
    made : tuple of str
        Trainings of this run; the others were there.
    """

    folder: Path
    rows: list[dict[str, Any]]
    made: tuple[str, ...]


@dataclass(frozen=True)
class _Task:
    """One training."""

    cohort: SpineCohort
    patients: tuple[SpinePatient, ...]
    settings: SpineSettings
    name: str
    seed: int

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return training_folder(run_folder(self.cohort), self.name, self.seed)


def training_folder(run: Path, name: str, seed: int) -> Path:
    """Where a training is kept."""
    return run / FOLDER / f"{name}-{seed}"


def read_training(run: Path, name: str, seed: int) -> SpineModel:
    """A trained model.

    Raises
    ------
    UnusableTable
        If it is not there whole.
    """
    return load_spine_model(training_folder(run, name, seed) / MODEL)


def labelled_with_crops(cohort: SpineCohort) -> tuple[SpinePatient, ...]:
    """Patients of any side of a study, in the order in which they stand in the arrays.

    Raises
    ------
    UnusableTable
        If none has both a reading and crops.
    """
    labelled = [one for one in cohort.patients if part_of(one, 0) is not None]
    return tuple(with_crops(cohort, labelled))


def train_cohort(
    cohort: SpineCohort,
    settings: TrainingSettings | None = None,
    *,
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> TrainingRun:
    """Train every configuration with every seed, or go on where a run ended.

    Parameters
    ----------
    cohort : SpineCohort
        With crops, and with the encoders that the configurations start from.
    settings : TrainingSettings, optional
        Choices.
    jobs : int
        Trainings at once, a process each. Changes no number.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    TrainingRun
        What is there with the same settings and patients was not trained again. What each says
        of all patients lies in ``predictions`` of the run.

    Raises
    ------
    BadSetting
        If a pre-trained encoder is missing.
    UnusableTable
        If no patient has both a reading and crops, or a seed leaves nobody to train on.
    """
    chosen = settings or TrainingSettings()
    patients = labelled_with_crops(cohort)
    progress("vertebrae as arrays", 0, 1)
    spine_data(cohort, patients)
    tasks = [
        _Task(
            cohort,
            patients,
            replace(chosen.network, fit=replace(chosen.network.fit, seed=seed)),
            name,
            seed,
        )
        for seed in chosen.seeds
        for name in chosen.names
    ]
    _check(cohort, tasks)
    to_do = [task for task in tasks if not _kept(task)]
    done = len(tasks) - len(to_do)
    progress("trainings", done, len(tasks))
    for name in shared_out(_train, to_do, jobs):
        done += 1
        progress(f"training {name}", done, len(tasks))
    rows = [_words(task) or {} for task in tasks]
    made = tuple(f"{task.name}-{task.seed}" for task in to_do)
    return TrainingRun(run_folder(cohort) / FOLDER, rows, made)


def _check(cohort: SpineCohort, tasks: Sequence[_Task]) -> None:
    """Refuse trainings whose encoder is missing, before any is begun."""
    for task in tasks:
        kind = configuration(task.name).pretraining
        if kind and not encoder_file(run_folder(cohort), kind, task.seed).is_file():
            raise BadSetting(
                f"training '{task.name}' starts from the encoder {kind}-{task.seed}, which is not "
                f"there; make it with osteon spine pretrain {cohort.root.name} --kind {kind}."
            )


def _identity(task: _Task) -> dict[str, Any]:
    """What makes a training this one."""
    run = run_folder(task.cohort)
    kind = configuration(task.name).pretraining
    encoder = encoder_file(run, kind, task.seed) if kind else None
    # other readings are another training, too
    parts = {
        one.name: [part_of(one, task.seed), one.device, one.abmd, one.diagnosis, one.vertebrae]
        for one in task.patients
    }
    arrays = json.loads((run / "arrays" / "arrays.json").read_text(encoding="utf-8"))
    plain = {
        "osteon": __version__,
        "settings": asdict(configuration(task.name).change(task.settings)),
        "share": configuration(task.name).share,
        "encoder": encoder and hashlib.sha256(encoder.read_bytes()).hexdigest(),
        "patients": hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest(),
        "crops": arrays["crops"],
    }
    same: dict[str, Any] = json.loads(json.dumps(plain))
    return same


def _words(task: _Task) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((task.folder / WORDS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told


def _kept(task: _Task) -> bool:
    told = _words(task)
    names = (task.name, UNKNOWN_DEVICE) if task.name == FULL else (task.name,)
    said = run_folder(task.cohort) / PREDICTIONS
    there = all((said / f"{name}-{task.seed}" / RUN).is_file() for name in names)
    return told is not None and told.get("of") == _identity(task) and there


def _train(task: _Task) -> str:
    """Train one, write what it says, keep it; the words, which make it count, last."""
    how, identity = configuration(task.name), _identity(task)
    task.folder.mkdir(parents=True, exist_ok=True)
    (task.folder / WORDS).unlink(missing_ok=True)
    data = spine_data(task.cohort, task.patients)
    parts = np.array([str(part_of(one, task.seed)) for one in task.patients])
    chosen = _labelled(parts, task.patients, how.share, task.seed)
    run = run_folder(task.cohort)
    start = encoder_file(run, how.pretraining, task.seed) if how.pretraining else None
    of = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
    checkpoint = task.folder / f"going-on-{of}.pt"
    epochs: list[float] = []
    began = time.process_time()
    model = train_spine(
        data.of(chosen),
        how.change(task.settings),
        encoder=None if start is None else read_encoder(start),
        checkpoint=checkpoint,
        tell=lambda done, many, value: epochs.append(value),
    )
    share = len(epochs) / task.settings.fit.epochs
    notes: dict[str, Any] = {
        "kind": "network",
        "classes": model.network.shape.classes,
        "trained_on": len(chosen),
        "parameters": model.parameters,
        # an interrupted training is told as if it had run through
        "seconds": round((time.process_time() - began) / share, 1) if share else None,
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB),
        "devices": list(model.devices),
    }
    model.save(task.folder / MODEL)
    _tell(task, model, data, parts, chosen, notes)
    write_json(task.folder / WORDS, {"name": task.name, "seed": task.seed, **notes, "of": identity})
    checkpoint.unlink(missing_ok=True)
    return f"{task.name}-{task.seed}"


def _labelled(
    parts: NDArray[np.str_], patients: Sequence[SpinePatient], share: float, seed: int
) -> NDArray[np.int64]:
    """Training patients whose label is used: a share of each site's, the smaller in the larger."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(parts))
    found: list[int] = []
    for site in sorted({one.site for one in patients}):
        of = [n for n in order if parts[n] == "train" and patients[n].site == site]
        found += of[: max(1, round(share * len(of)))] if of else []
    if not found:
        raise UnusableTable(f"seed {seed} leaves no patient with crops to train on.")
    return np.array(sorted(found), np.int64)


def _tell(
    task: _Task,
    model: SpineModel,
    data: SpineData,
    parts: NDArray[np.str_],
    chosen: NDArray[np.int64],
    notes: dict[str, Any],
) -> None:
    """Write what a model says of all patients; patients without a label are in no part."""
    asked = np.union1d(np.flatnonzero(parts != "train"), chosen)
    names = [task.patients[n].name for n in asked]
    run = run_folder(task.cohort)
    people = data if len(asked) == len(data) else data.of(asked)
    said = model.say(people)
    whole = told_predictions(task.name, task.seed, names, parts[asked], said)
    write_predictions(run / PREDICTIONS / f"{task.name}-{task.seed}", replace(whole, notes=notes))
    if task.name == FULL:
        blind = model.say(people, "unknown")
        other = told_predictions(UNKNOWN_DEVICE, task.seed, names, parts[asked], blind)
        folder = run / PREDICTIONS / f"{UNKNOWN_DEVICE}-{task.seed}"
        write_predictions(folder, replace(other, notes=notes))
