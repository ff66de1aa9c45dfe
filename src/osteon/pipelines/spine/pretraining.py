"""Encoders that learn from vertebrae without labels: every kind and seed, each kept when done."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from ... import __version__
from ...core import BadSetting
from ...learn.pretraining import (
    KINDS,
    PretrainSettings,
    Views,
    Watched,
    pretrain,
    read_encoder,
    write_encoder,
)
from ..cohorts.store import write_json
from ..processes import shared_out
from .cohort import SpineCohort, run_folder
from .pool.choosing import ViewSettings
from .pool.making import patients_with_pool
from .pool.views import CutViews, make_views, open_views, read_views_told

__all__ = [
    "KINDS",
    "PretrainRun",
    "PretrainingSettings",
    "encoder_file",
    "name_of",
    "pretrain_cohort",
    "pretrained_told",
    "views_of",
]

Progress = Callable[[str, int, int], None]

FOLDER = "pretrain"
"""Folder of the encoders in a run."""

ENCODER, TOLD = "encoder.pt", "pretrained.json"
"""The encoder, and what stands beside it, in the folder of a kind and seed."""


@dataclass(frozen=True)
class PretrainingSettings:
    """Which encoders a cohort gets.

    Attributes
    ----------
    kinds : tuple of str
        Ways to learn without labels, of `osteon.learn.pretraining.KINDS`.
    seeds : tuple of int
        Each is repeated with each of them.
    pretrain : PretrainSettings
        Encoder and loop; kind and seed are replaced.
    views : ViewSettings
        What is learnt from.
    """

    kinds: tuple[str, ...] = KINDS
    seeds: tuple[int, ...] = (0, 1, 2)
    pretrain: PretrainSettings = field(default_factory=PretrainSettings)
    views: ViewSettings = field(default_factory=ViewSettings)

    def __post_init__(self) -> None:
        """Refuse a stage without encoders, and kinds that there are not."""
        if not self.kinds or not self.seeds:
            raise BadSetting("pre-training needs at least one kind and one seed.")
        for kind in self.kinds:
            replace(self.pretrain, kind=kind)


@dataclass(frozen=True)
class PretrainRun:
    """Encoders on disk.

    Attributes
    ----------
    folder : Path
        Where they lie.
    rows : list of dict
        What is told of each: ``kind``, ``seed``, ``seconds`` of one core, ``parameters`` and
        ``watched``, whether its representation collapsed.
    made : tuple of str
        Those that this run trained, such as ``"swav-0"``.
    """

    folder: Path
    rows: list[dict[str, Any]]
    made: tuple[str, ...]


def pretrain_cohort(
    cohort: SpineCohort,
    settings: PretrainingSettings | None = None,
    *,
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> PretrainRun:
    """Train every encoder on the views of a cohort, or go on.

    Parameters
    ----------
    cohort : SpineCohort
        With crops and pools.
    settings : PretrainingSettings, optional
        Which encoders.
    jobs : int
        Trainings at once, a process each. Changes no number.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    PretrainRun
        What was trained with the same settings on the same views stays.

    Raises
    ------
    BadSetting
        If the pool is empty.
    UnusableTable
        If there are too few vertebrae.
    """
    wanted = settings or PretrainingSettings()
    run = run_folder(cohort)
    make_views(run, patients_with_pool(cohort), wanted.views, progress=progress)
    tasks = [
        replace(wanted.pretrain, kind=kind).seeded(seed)
        for seed in wanted.seeds
        for kind in wanted.kinds
    ]
    left = [one for one in tasks if not _is_kept(run, one)]
    done = len(tasks) - len(left)
    progress("pre-training", done, len(tasks))
    for name in shared_out(partial(_train, run), left, jobs):
        done += 1
        progress(f"{name} pre-trained", done, len(tasks))
    rows = [_read_told(run, one) or {} for one in tasks]
    return PretrainRun(run / FOLDER, rows, tuple(name_of(one) for one in left))


def views_of(cut: CutViews) -> Views:
    """Views as pre-training takes them."""
    return Views(
        cut.hu, cut.parts, cut.factor, cut.group, cut.descriptor, cut.radiomics, cut.patient
    )


def name_of(settings: PretrainSettings) -> str:
    """Name of the folder of an encoder, such as ``"swav-0"``."""
    return f"{settings.kind}-{settings.fit.seed}"


def encoder_file(run: Path, kind: str, seed: int) -> Path:
    """Where the encoder of a kind and seed lies, for `osteon.learn.pretraining.read_encoder`."""
    return run / FOLDER / f"{kind}-{seed}" / ENCODER


def pretrained_told(run: Path, kinds: Sequence[str], seeds: Sequence[int]) -> list[dict[str, Any]]:
    """What stands beside the encoders that are there, of these kinds and seeds."""
    found = (_told(run / FOLDER / f"{kind}-{seed}" / TOLD) for kind in kinds for seed in seeds)
    return [one for one in found if one is not None]


def _identity(run: Path, settings: PretrainSettings) -> dict[str, Any]:
    """What an encoder is of: other settings or views are another encoder."""
    views = read_views_told(run) or {}
    told = {key: views.get(key) for key in ("settings", "pool", "views")}
    plain: dict[str, Any] = json.loads(json.dumps({"pretrain": asdict(settings), "views": told}))
    return {"osteon": __version__, **plain}


def _is_kept(run: Path, settings: PretrainSettings) -> bool:
    told = _read_told(run, settings)
    kept = encoder_file(run, settings.kind, settings.fit.seed).is_file()
    return told is not None and told.get("of") == _identity(run, settings) and kept


def _read_told(run: Path, settings: PretrainSettings) -> dict[str, Any] | None:
    return _told(run / FOLDER / name_of(settings) / TOLD)


def _told(path: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _train(run: Path, settings: PretrainSettings) -> str:
    """Train an encoder and keep it; the words, which make it count, last."""
    name, identity = name_of(settings), _identity(run, settings)
    path = encoder_file(run, settings.kind, settings.fit.seed)
    (path.parent / TOLD).unlink(missing_ok=True)
    of = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
    checkpoint = path.with_name(f"going-on-{of}.pt")
    epochs: list[float] = []
    seen: list[Watched] = []
    began = time.process_time()
    encoder = pretrain(
        views_of(open_views(run)),
        settings,
        checkpoint=checkpoint,
        tell=lambda done, all_of_them, value: epochs.append(value),
        watch=seen.append,
    )
    share = len(epochs) / settings.fit.epochs
    seconds = time.process_time() - began
    write_encoder(path, encoder)
    told = {
        "kind": settings.kind,
        "seed": settings.fit.seed,
        # an interrupted training is told as if it had run through
        "seconds": round(seconds / share, 2) if share else None,
        "parameters": sum(one.numel() for one in read_encoder(path).parameters()),
        "watched": seen[-1].told(),
        "of": identity,
    }
    write_json(path.with_name(TOLD), told)
    checkpoint.unlink(missing_ok=True)
    return name
