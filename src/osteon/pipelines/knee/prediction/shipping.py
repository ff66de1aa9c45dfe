"""A trained study as a model folder: networks, calibration, diagnosis, and whom it knows."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import Scan, UnusableTable
from ....io import read_ct
from ....learn.knee_model import (
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
from ....learn.model_folder import KneeModel, write_model
from ....learn.regressors import CT_SCALE, Trained, export_trained, load_trained
from ....learn.students import StudentSettings
from ..cohort import KneeCohort, run_folder
from ..diagnosis.bag import bags_of
from ..diagnosis.diagnosing import Diagnosing
from ..evaluation.judging import judge_regression
from ..patches.cut import PatchSettings
from ..patches.places import SIDE_MM
from ..patches.store import read_told
from ..students.left_out import LeftOut, gather
from ..students.training import FOLDER, ct_patches, groups_like, kept_file, read_study

Numbers = NDArray[np.float64]

SHIPPED = {"app.BV/TV": "1", "app.Tb.Th": "mm", "app.Tb.Sp": "mm", "app.Tb.N": "/mm"}
"""Parameters of a shipped model and their units: those of the standard definitions."""

SETS = 200
"""Fits on resampled patients, for the interval of a probability."""

OPEN_HU = (-1024.0, 4000.0)
"""HU that a shipped model takes as they are; students were trained without bounds."""


def ship_model(cohort: KneeCohort, out: Path, *, kind: str, student: StudentSettings) -> KneeModel:
    """Write the model folder of a trained study.

    The networks, one a seed, are those trained on all internal patients. How they are calibrated,
    how sure they are, and the diagnosis come from what networks of the same kind said of patients
    that had been left out, so that nothing in the folder was tuned on what it had seen.

    Parameters
    ----------
    cohort : KneeCohort
        Trained.
    out : Path
        Model folder; new, empty, or a model, which is replaced.
    kind : str
        Kind of distillation to ship.
    student : StudentSettings
        Of the study.

    Returns
    -------
    KneeModel
        As a reader gets it.

    Raises
    ------
    UnusableTable
        If the study was not trained, or not this kind.
    """
    run = run_folder(cohort)
    folder = run / FOLDER
    study = read_study(folder)
    if kind not in study["settings"]["kinds"]:
        raise UnusableTable(f"this study trained no student by '{kind}'; it cannot be shipped.")
    seeds = study["settings"]["seeds"]
    inside = gather(run, folder, groups_like(study, "fold"), (kind,))
    columns = [inside.patches.names.index(name) for name in SHIPPED]
    trained = [
        load_trained(kept_file(folder, f"all-seed{seed}", kind), student.trunk) for seed in seeds
    ]
    parameters, values = _calibrated(inside, kind, trained[0], columns)
    patients = list(dict.fromkeys(inside.patients))
    card = KneeCard(
        name=f"osteon knee student ({kind})",
        parameters=parameters,
        training=Training(cohort.root.name, _digest(cohort), len(patients)),
        seen=_seen(cohort, patients, inside),
        embeddings=_embeddings(inside, trained[0]),
        diagnosis=_diagnosis(cohort, inside, values),
        metrics=_metrics(inside, values, columns),
        lattice=_lattice(run, patients, trained[0]),
        normalisation=Normalisation(*OPEN_HU, CT_SCALE.middle, CT_SCALE.width),
    )
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / f"{seed}.onnx" for seed in seeds]
        for one, file in zip(trained, files, strict=True):
            export_trained(one, columns, file)
        return write_model(out, card, files)


def _lattice(run: Path, patients: Sequence[str], trained: Trained) -> Lattice:
    """How patches were cut that the networks learned from, so that prediction cuts the same."""
    cut = PatchSettings(**(read_told(run, patients[0]) or {}).get("settings", {}))
    return Lattice(
        trained.network.voxels,
        SIDE_MM,
        apart_mm=cut.spacing_mm,
        most=cut.most,
        deepest_mm=cut.deepest_mm,
        plate_mm=cut.plate_mm,
    )


def _digest(cohort: KneeCohort) -> str:
    """SHA-256 of the table of participants."""
    return hashlib.sha256((cohort.root / "participants.tsv").read_bytes()).hexdigest()


def _calibrated(
    inside: LeftOut, kind: str, trained: Trained, columns: Sequence[int]
) -> tuple[tuple[Parameter, ...], Numbers]:
    """How outputs become values, from patients left out; and the values of those patients."""
    said = inside.said[kind]
    found, values = [], []
    for at, (name, unit) in zip(columns, SHIPPED.items(), strict=True):
        truth, guess, spread = (
            column[:, at] for column in (inside.patches.targets, said.together, said.spread)
        )
        known = np.isfinite(truth)
        slope, level = np.polyfit(guess[known], truth[known], 1)
        away = (truth - level - slope * guess)[known] / np.abs(slope * spread[known])
        found.append(
            Parameter(
                name=name,
                unit=unit,
                low=float(truth[known].min()),
                high=float(truth[known].max()),
                slope=float(slope * trained.spread[at]),
                intercept=float(level + slope * trained.middle[at]),
                uncertainty_scale=float(np.sqrt(np.mean(away**2))),
            )
        )
        values.append(level + slope * guess)
    return tuple(found), np.stack(values, axis=1)


def _diagnosis(cohort: KneeCohort, inside: LeftOut, values: Numbers) -> Diagnosis | None:
    """Logistic regression on what was said of patients left out; None without both classes."""
    labels = {p.name: float(p.oa) for p in cohort.patients if p.oa is not None}
    keep = [at for at, name in enumerate(inside.patients) if name in labels]
    names = list(dict.fromkeys(inside.patients[at] for at in keep))
    if len({labels[name] for name in names}) < 2:
        return None
    bags = bags_of(
        [inside.patients[at] for at in keep],
        [inside.regions[at] for at in keep],
        inside.centres[keep],
        values[keep],
    )
    wanted = np.array([labels[bag.patient] for bag in bags])
    plain = Diagnosing(sets=SETS).fit(bags, wanted).to_plain(list(SHIPPED))
    return Diagnosis(**{name: _frozen(part) for name, part in plain.items()})


def _frozen(part: Any) -> Any:
    """Names as a tuple, numbers as an array."""
    return tuple(part) if part and isinstance(part[0], str) else np.asarray(part, np.float64)


def _embeddings(inside: LeftOut, trained: Trained) -> Embeddings:
    """Where the scans of the training lie for the first network."""
    each = trained.predict(ct_patches(inside.patches)).embedding.astype(np.float64)
    who = np.array(inside.patients)
    return Embeddings.of(np.stack([each[who == name].mean(axis=0) for name in np.unique(who)]))


def _seen(cohort: KneeCohort, names: Sequence[str], inside: LeftOut) -> Seen:
    """What the scans of the training were like."""
    paths = [p.ct for p in cohort.patients if p.name in set(names) and p.ct is not None]
    scans = [read_ct(path) for path in paths]
    voltages = [scan.acquisition.kvp for scan in scans if scan.acquisition.kvp is not None]
    if not voltages:
        raise UnusableTable(
            "no CT of the cohort says its tube voltage (KVP in the file beside it); a model must "
            "know what it was trained on."
        )
    sides = np.concatenate([np.asarray(scan.volume.grid.spacing) for scan in scans])
    hu = _regional_hu(inside)
    return Seen(
        scanners=_told(scans, "model"),
        kernels=_told(scans, "kernel"),
        kvp=(min(voltages), max(voltages)),
        spacing_mm=(float(sides.min()), float(sides.max())),
        hu=(min(hu.values()), max(hu.values())),
    )


def _told(scans: Sequence[Scan], name: str) -> tuple[str, ...]:
    """Everything that the scans say of one property."""
    return tuple(sorted({str(v) for s in scans if (v := getattr(s.acquisition, name))}))


def _regional_hu(inside: LeftOut) -> Mapping[tuple[str, str], float]:
    """Mean HU of each region of each patient."""
    sums: dict[tuple[str, str], list[float]] = {}
    pairs = zip(inside.patches.ct, inside.patches.mask, strict=True)
    for row, (ct, mask) in zip(inside.patches.rows, pairs, strict=True):
        key = (str(row["participant_id"]), str(row["region"]))
        sums.setdefault(key, []).append(float(ct[mask].mean(dtype=np.float64)))
    return {key: float(np.mean(many)) for key, many in sums.items()}


def _metrics(inside: LeftOut, values: Numbers, columns: Sequence[int]) -> tuple[Metric, ...]:
    """Agreement of the calibrated values on patients left out."""
    judged = judge_regression(
        inside.patches.targets[:, list(columns)],
        values,
        inside.patients,
        inside.regions,
        list(SHIPPED),
    )
    found = []
    for name, one in judged.items():
        told = one["patches"]["ICC(2,1)"]
        found.append(Metric(f"ICC(2,1) {name}", told["value"], told["low"], told["high"]))
    return tuple(found)
