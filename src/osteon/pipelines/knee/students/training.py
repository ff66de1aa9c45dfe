"""Teachers and students of a cohort: every fold and seed, each group a task that is kept."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, UnusableTable
from ....evaluate.design import check_leakage, patient_splits
from ....learn.regressors import CT_SCALE, MR_SCALE, PatchImages, Trained, save_trained
from ....learn.students import StudentSettings, train_regressor
from ...cohorts.store import PART, write_json
from ...processes import shared_out
from ..cohort import KneeCohort, Patient, run_folder
from ..patches.store import PatchSet, digest_of_patches, patients_with_patches, read_patches

Progress = Callable[[str, int, int], None]

FOLDER = "models"
"""Folder of trainings in a run."""

STUDY = "study.json"
"""Written when all groups of a study are trained."""

TEACHER = "teacher"
"""Name of the regressor that sees the MR, among the kinds of students."""


@dataclass(frozen=True)
class TrainingSettings:
    """Choices of a study of students.

    Attributes
    ----------
    student : StudentSettings
        Network and loop; its kind of distillation is replaced by each of `kinds`.
    kinds : tuple of str
        Kinds of distillation; "none" is the student without a teacher.
    seeds : tuple of int
        Every training is repeated with each.
    sizes : tuple of int
        Further numbers of training patients, for the learning curve.
    curve : tuple of str
        Kinds trained on those.
    varied : StudentSettings or None
        A student whose input is varied in training, for scanners it has not seen; none if None.
    folds : int
        Folds, where the cohort has none.
    """

    student: StudentSettings = field(default_factory=StudentSettings)
    kinds: tuple[str, ...] = ("none", "features", "output", "variational")
    seeds: tuple[int, ...] = (0, 1, 2)
    sizes: tuple[int, ...] = (20, 40)
    curve: tuple[str, ...] = ("none", "features")
    varied: StudentSettings | None = None
    folds: int = 5

    def __post_init__(self) -> None:
        """Refuse a study without trainings."""
        if not self.kinds or not self.seeds:
            raise BadSetting("a study needs at least one kind of student and one seed.")
        if odd := [kind for kind in self.curve if kind not in self.kinds]:
            raise BadSetting(f"the learning curve has '{odd[0]}', which is none of the kinds.")


@dataclass(frozen=True)
class Group:
    """Trainings that share their patients: a teacher and its students.

    Attributes
    ----------
    name : str
        Of the files.
    train, test : tuple of str
        Patients.
    kinds : tuple of str
        Kinds of students.
    seed : int
        Of weights and order.
    student : StudentSettings
        Network and loop.
    kept : bool
        Whether the trained networks are kept, to be shipped.
    """

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    kinds: tuple[str, ...]
    seed: int
    student: StudentSettings
    kept: bool = False


def folds_of(cohort: KneeCohort, names: Sequence[str], folds: int) -> dict[str, int]:
    """Fold of each internal patient that has patches: the cohort's own, or drawn once.

    Both knees of a person are in one fold.

    Parameters
    ----------
    cohort : KneeCohort
        With folds, or with labels to spread evenly where each is of as many people as folds.
    names : sequence of str
        Patients with patches.
    folds : int
        Folds to draw where the cohort has none.

    Returns
    -------
    dict
        Patients of another split than ``"internal"`` have none.

    Raises
    ------
    UnusableTable
        If there are no such patients, some have a fold and others none, or there is one fold.
    """
    inside = [p for p in cohort.patients if p.name in set(names) and p.split == "internal"]
    if not inside:
        raise UnusableTable(
            "no patient of the cohort has patches to train on; osteon knee reference makes them, "
            "and patches.tsv says why a patient has none."
        )
    own = {patient.name: patient.fold for patient in inside if patient.fold is not None}
    if not own:
        return _drawn(inside, folds)
    if len(own) < len(inside):
        lacks = next(patient.name for patient in inside if patient.fold is None)
        raise UnusableTable(
            f"{len(own)} of {len(inside)} patients have a fold, {lacks} has none; give every "
            "internal patient one in participants.tsv, or leave the column out."
        )
    if len(set(own.values())) < 2:
        raise UnusableTable(
            f"all {len(own)} patients are in fold {own[inside[0].name]}; a patient left out needs "
            "others to train on: make two folds or more, or leave the column out."
        )
    return own


def _drawn(inside: Sequence[Patient], folds: int) -> dict[str, int]:
    """Folds of whole people, with as many diseased each where there are enough."""
    people = [patient.person for patient in inside]
    labels = [str(patient.oa) for patient in inside]
    rarest = min(
        len({who for who, one in zip(people, labels, strict=True) if one == label})
        for label in set(labels)
    )
    many = min(folds, len(set(people)))
    drawn = patient_splits(people, folds=many, labels=labels if rarest >= many else None, seed=0)
    return {p.name: int(fold) for p, fold in zip(inside, drawn.fold, strict=True)}


def groups_of(
    cohort: KneeCohort, fold_of: Mapping[str, int], names: Sequence[str], wanted: TrainingSettings
) -> list[Group]:
    """All trainings of a study; no person of a group is on both sides.

    Main groups leave a fold out; groups of the learning curve are trained on fewer people, the
    same for every kind; those named ``all`` are trained on all internal patients and tested on
    the external ones, if there are any.
    """
    outside = tuple(p.name for p in cohort.patients if p.split == "external" and p.name in names)
    who = {p.name: p.person for p in cohort.patients}
    made = []
    for seed in wanted.seeds:
        student = wanted.student.seeded(seed)
        for fold in sorted(set(fold_of.values())):
            train = tuple(name for name, own in fold_of.items() if own != fold)
            test = tuple(name for name, own in fold_of.items() if own == fold)
            whole = Group(f"fold{fold}-seed{seed}", train, test, wanted.kinds, seed, student)
            made.append(whole)
            people = list(dict.fromkeys(who[name] for name in train))
            order = np.random.default_rng([seed, fold]).permutation(len(people))
            for size in wanted.sizes:
                if size < len(people):
                    chosen = {people[at] for at in order[:size]}
                    few = tuple(name for name in train if who[name] in chosen)
                    named = f"size{size}-{whole.name}"
                    made.append(replace(whole, name=named, train=few, kinds=wanted.curve))
        inside = tuple(fold_of)
        last = Group(f"all-seed{seed}", inside, outside, wanted.kinds, seed, student, kept=True)
        made.append(last)
        if wanted.varied is not None:
            varied = wanted.varied.seeded(seed)
            named = f"all-varied-seed{seed}"
            made.append(replace(last, name=named, kinds=wanted.curve, student=varied))
    for group in made:
        if group.test:
            sides = {"training": group.train, "test": group.test}
            check_leakage({side: [who[name] for name in them] for side, them in sides.items()})
    return made


def train_cohort(
    cohort: KneeCohort,
    *,
    settings: TrainingSettings | None = None,
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> Path:
    """Train every teacher and student of a study, or go on with one.

    Parameters
    ----------
    cohort : KneeCohort
        With patches.
    settings : TrainingSettings, optional
        Choices.
    jobs : int
        Trainings at once, a process each.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    Path
        Folder with a file a group: what each kind says of the group's test patients.

    Raises
    ------
    UnusableTable
        If there are no patches to train on, or a patient would be on two sides.
    """
    wanted = settings or TrainingSettings()
    run = run_folder(cohort)
    names = patients_with_patches(run)
    fold_of = folds_of(cohort, names, wanted.folds)
    groups = groups_of(cohort, fold_of, names, wanted)
    folder = run / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    left = [group for group in groups if not _is_kept(run, group)]
    if left:
        # a study that is told as whole must not be partly of an earlier one
        (folder / STUDY).unlink(missing_ok=True)
    done = len(groups) - len(left)
    progress("training", done, len(groups))
    for name in shared_out(partial(_train_group, run), left, jobs):
        done += 1
        progress(f"{name} trained", done, len(groups))
    write_json(
        folder / STUDY,
        {"settings": asdict(wanted), "folds": fold_of, "groups": [group.name for group in groups]},
    )
    return folder


def read_group(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
    """What a group said: its words, and its arrays by the name of the kind.

    Arrays are ``KIND.mean``, ``KIND.sd`` (n, 8) for the patches of the test patients in the order
    of `read_patches` for ``told["group"]["test"]``.
    """
    with np.load(folder / f"{name}.npz") as stored:
        arrays = {key: np.asarray(stored[key]) for key in stored.files}
    told: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return told, arrays


def read_study(folder: Path) -> dict[str, Any]:
    """Settings, folds and groups of a study that was trained whole.

    Raises
    ------
    UnusableTable
        If there is none.
    """
    path = folder / STUDY
    if not path.is_file():
        raise UnusableTable("this cohort was not trained to the end; osteon knee train does that.")
    study: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return study


def groups_like(study: Mapping[str, Any], prefix: str) -> list[list[str]]:
    """Names of the groups of each seed that begin with a prefix."""
    names = [name for name in study["groups"] if name.startswith(prefix)]
    return [
        [name for name in names if name.endswith(f"-seed{seed}")]
        for seed in study["settings"]["seeds"]
    ]


def _is_kept(run: Path, group: Group) -> bool:
    """Whether the group is there, made with the same settings of the same patches."""
    words, arrays = (run / FOLDER / f"{group.name}.{kind}" for kind in ("json", "npz"))
    if not (words.is_file() and arrays.is_file()):
        return False
    try:
        told = json.loads(words.read_text(encoding="utf-8"))
        same = told["group"] == _plain(group) and told["patches"] == patches_of(run, told)
    except (ValueError, KeyError, TypeError):
        return False
    files = [kept_file(run / FOLDER, group.name, kind) for kind in group.kinds if group.kept]
    return bool(same) and all(file.is_file() for file in files)


def patches_of(run: Path, told: Mapping[str, Any]) -> str:
    """Digest of the patches, as they are now, of all patients of a group that is told."""
    return digest_of_patches(run, [*told["group"]["train"], *told["group"]["test"]])


def _plain(group: Group) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(group)))
    return plain


def _train_group(run: Path, group: Group) -> str:
    """Train a teacher and its students, and keep what they say of the test patients."""
    train = read_patches(run, group.train)
    test = read_patches(run, group.test) if group.test else None
    folder = run / FOLDER
    ground = digest_of_patches(run, [*group.train, *group.test])
    arrays: dict[str, Any] = {}
    losses = {}
    for kind, trained in _trained(folder, group, train, ground):
        losses[kind] = trained.losses
        if test is not None:
            seen = mr_patches(test) if kind == TEACHER else ct_patches(test)
            said = trained.predict(seen)
            arrays[f"{kind}.mean"], arrays[f"{kind}.sd"] = said.mean, said.sd
        if group.kept and kind != TEACHER:
            save_trained(kept_file(folder, group.name, kind), trained)
    (folder / f"{group.name}.json").unlink(missing_ok=True)
    part = folder / f"{PART}{group.name}.npz"
    with part.open("wb") as file:
        np.savez(file, **arrays)
    part.replace(folder / f"{group.name}.npz")
    told = {"group": _plain(group), "patches": ground, "losses": losses}
    write_json(folder / f"{group.name}.json", told)
    for kind in (TEACHER, *group.kinds):
        _checkpoint(folder, group, ground, kind).unlink(missing_ok=True)
    return group.name


def _trained(
    folder: Path, group: Group, train: PatchSet, ground: str
) -> Iterator[tuple[str, Trained]]:
    """The teacher and each student."""
    seen = mr_patches(train)
    plain = replace(group.student, distillation="none", gain=0.0, shift=0.0, noise=0.0)
    keep = partial(_checkpoint, folder, group, ground)
    teacher = train_regressor(seen, train.targets, plain, checkpoint=keep(TEACHER))
    yield TEACHER, teacher
    for kind in group.kinds:
        student = train_regressor(
            ct_patches(train),
            train.targets,
            replace(group.student, distillation=kind),
            teacher=None if kind == "none" else (teacher, seen),
            checkpoint=keep(kind),
        )
        yield kind, student


def kept_file(folder: Path, group: str, kind: str) -> Path:
    """Where a trained network of a group lies."""
    return folder / "weights" / f"{group}-{kind}.pt"


def _checkpoint(folder: Path, group: Group, ground: str, kind: str) -> Path:
    """Where a training is kept on its way, by what it is of, so that no other one goes on."""
    told = json.dumps([_plain(group), ground], sort_keys=True)
    of = hashlib.sha256(told.encode()).hexdigest()[:12]
    return folder / "checkpoints" / f"{group.name}-{kind}-{of}.pt"


def ct_patches(patches: PatchSet) -> PatchImages:
    """What a student sees."""
    return PatchImages(patches.ct, patches.mask, CT_SCALE)


def mr_patches(patches: PatchSet) -> PatchImages:
    """What a teacher sees."""
    return PatchImages(patches.mr, patches.mask, MR_SCALE)
