"""A trained study as a model folder: networks, calibration, conformal scores, whom it knows."""

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....core import UnusableTable
from ....evaluate.discrimination import auc, choose_threshold
from ....evaluate.estimate import Estimate
from ....evaluate.regression import regression
from ....learn.knee_model import Embeddings, Metric, Training
from ....learn.model_files import check_model_place
from ....learn.spine_card import CropLattice, SaidScale, SpineCard, SpineSeen
from ....learn.spine_data import SpineData
from ....learn.spine_export import export_spine, known_of, unknown_weights
from ....learn.spine_folder import SpineModelFolder, write_spine_model
from ....learn.spine_model import SpineModel
from ..cohort import CLASSES, SpineCohort, SpinePatient, run_folder
from ..crops.cut import CropSettings
from ..crops.store import read_told
from ..facts import FACTS
from ..predictions import read_predictions
from ..readings import part_of
from ..training.arrays import LEVELS, spine_data
from ..training.configurations import FULL
from ..training.making import PREDICTIONS, labelled_with_crops, read_training
from .calibrated import FEWEST, calibrate
from .conformal import COVERAGE, conformal_scores
from .left_out import LeftOut, left_out_of

Numbers = NDArray[np.float64]

OF_BONE = tuple(name for name in FACTS if name not in ("kvp_factor", "vessel_hu", "fat_hu"))
"""Measured numbers by which a patient may be unlike the training; tube voltage and contrast agent
have flags of their own."""

RESAMPLES = 1000


def ship_model(
    cohort: SpineCohort, out: Path, *, name: str = FULL, seeds: Sequence[int] = (0, 1, 2)
) -> SpineModelFolder:
    """Write the model folder of a trained study.

    The networks, one a seed, are those of the study. How they are calibrated, their conformal
    scores and the operating point come from what each said of its own validation patients, and
    the figures on the card from its test patients; the external site is not looked at.

    Parameters
    ----------
    cohort : SpineCohort
        Trained.
    out : Path
        Model folder; new, empty, or a model, which is replaced.
    name : str
        Configuration to ship.
    seeds : sequence of int
        Its trainings.

    Returns
    -------
    SpineModelFolder
        As a reader gets it.

    Raises
    ------
    UnusableTable
        If it was not trained with each of these seeds, or they know different densitometers.
    BadSetting
        If the folder holds something else or cannot be written to.
    """
    check_model_place(out)
    run = run_folder(cohort)
    models = [read_training(run, name, seed) for seed in seeds]
    said = [read_predictions(run / PREDICTIONS / f"{name}-{seed}") for seed in seeds]
    if len({model.devices for model in models}) != 1:
        raise UnusableTable(f"trainings of '{name}' know different densitometers.")
    patients = labelled_with_crops(cohort)
    inside = [n for n, one in enumerate(patients) if one.split == "internal"]
    people = [patients[n] for n in inside]
    data = spine_data(cohort, patients).of(np.array(inside))
    validation = left_out_of(cohort, said)
    scale = calibrate(validation, linked=models[0].network.shape.classes == "linked")
    lattice = _lattice(run, people)
    card = SpineCard(
        name=f"osteon spine ({name}, {len(models)} networks)",
        levels=LEVELS,
        devices=models[0].devices,
        facts=FACTS,
        experts=models[0].network.experts.many,
        unknown=_unknown(models),
        lattice=lattice,
        scale=scale,
        conformal=conformal_scores(validation, scale),
        threshold=_threshold(validation, scale),
        training=Training(cohort.root.name, _digest(cohort), _learned_from(people, seeds)),
        seen=_seen(run, people, data),
        embeddings=Embeddings.of(known_of(models[0], data)),
        measured=_measured(data),
        metrics=_metrics(left_out_of(cohort, said, "test"), scale, validation),
    )
    with tempfile.TemporaryDirectory() as place:
        pairs = [
            export_spine(model, lattice.shape, Path(place), str(seed))
            for model, seed in zip(models, seeds, strict=True)
        ]
        return write_spine_model(out, card, pairs)


def _unknown(models: Sequence[SpineModel]) -> tuple[float, ...]:
    """Weights where the densitometer is not known, the mean of the trainings'."""
    return tuple(float(w) for w in np.mean([unknown_weights(one) for one in models], axis=0))


def _lattice(run: Path, people: Sequence[SpinePatient]) -> CropLattice:
    """How crops were cut, so that prediction cuts the same."""
    told = (read_told(run, people[0].name) or {})["settings"]
    if tuple(told["levels"]) != CropSettings().levels:
        raise UnusableTable(f"crops are of {', '.join(told['levels'])}; make them of L1 to L4.")
    shape = (int(told["shape"][0]), int(told["shape"][1]), int(told["shape"][2]))
    return CropLattice(float(told["spacing_mm"]), shape, float(told["behind_mm"]))


def _digest(cohort: SpineCohort) -> str:
    """SHA-256 of the table of participants."""
    return hashlib.sha256((cohort.root / "participants.tsv").read_bytes()).hexdigest()


def _learned_from(people: Sequence[SpinePatient], seeds: Sequence[int]) -> int:
    """Patients that at least one of the trainings learned from."""
    return sum(any(part_of(one, seed) == "train" for seed in seeds) for one in people)


def _threshold(validation: LeftOut, scale: SaidScale) -> float:
    """Calibrated probability from which on osteoporosis is called."""
    known = validation.diagnosis >= 0
    ill = validation.diagnosis[known] == len(CLASSES) - 1
    chances = _chances(validation, scale)[known, -1]
    return float(np.clip(choose_threshold(ill, chances).threshold, 0.0, 1.0))


def _seen(run: Path, people: Sequence[SpinePatient], data: SpineData) -> SpineSeen:
    """What the scans of the training were like."""
    told = [read_told(run, one.name) or {} for one in people]
    voltages = [one["kvp"] for one in told if one["kvp"] is not None]
    if not voltages:
        raise UnusableTable(
            "no CT of the cohort says its tube voltage (KVP in the file beside it); a model must "
            "know what it was trained on."
        )
    sides = [sorted(one["spacing_mm"]) for one in told]
    thick = [max(one["slice_mm"] or 0.0, side[-1]) for one, side in zip(told, sides, strict=True)]
    read = data.bmd[np.isfinite(data.bmd)]
    return SpineSeen(
        scanners=tuple(sorted({one.row["scanner"] for one in people if "scanner" in one.row})),
        kernels=tuple(sorted({str(one["kernel"]) for one in told if one["kernel"]})),
        kvp=(min(voltages), max(voltages)),
        slice_mm=(min(thick), max(thick)),
        pixel_mm=(min(side[0] for side in sides), max(side[0] for side in sides)),
        bmd=(float(read.min()), float(read.max())),
    )


def _measured(data: SpineData) -> Embeddings:
    """How patients lie by the mean of measured numbers of their bone, in any units."""
    there = data.present[..., None]
    means = np.where(there, data.facts, 0.0).sum(axis=1) / there.sum(axis=1)
    columns = [FACTS.index(name) for name in OF_BONE]
    # no ridge: numbers of different units have no mean variance
    some = Embeddings.of(means[:, columns].astype(np.float64), ridge=1e-9)
    mean = means.astype(np.float64).mean(axis=0)
    inverse = np.zeros((len(FACTS), len(FACTS)))
    inverse[np.ix_(columns, columns)] = some.inverse_covariance
    return Embeddings(mean, inverse, some.limit)


def _metrics(test: LeftOut, scale: SaidScale, validation: LeftOut) -> tuple[Metric, ...]:
    """How good single networks are on internal patients that they had not seen.

    A figure that these patients do not allow, as they are all of one class, is left out.
    """
    chances = _chances(test, scale)
    bmd, spread = scale.density(test.bmd), scale.uncertainty(test.bmd_sd)
    read, known = np.isfinite(test.read), test.diagnosis >= 0
    ill = test.diagnosis[known] == len(CLASSES) - 1
    found = []
    if 0 < ill.sum() < ill.size:
        found.append(_metric("AUC osteoporosis", auc(ill, chances[known, -1])))
    if read.sum() >= FEWEST:
        rng = np.random.default_rng(0)
        errors = regression(test.read[read], bmd[read], unit="g/cm2", resamples=RESAMPLES, rng=rng)
        found.append(_metric("r density", errors["Pearson r"]))
        found.append(_metric("mean absolute error of density, g/cm²", errors["MAE"]))
    scores, percent = conformal_scores(validation, scale), round(100 * COVERAGE)
    within = np.abs(test.read - bmd)[read] <= scores.half_width(COVERAGE) * spread[read]
    held = [
        scores.holds(one, COVERAGE)[true]
        for one, true in zip(chances[known], test.diagnosis[known], strict=True)
    ]
    for what, share in (("densities in the", within), ("classes in the", np.array(held))):
        kind = "set" if what.startswith("classes") else "interval"
        if share.size:
            found.append(Metric(f"share of {what} {percent} % {kind}", float(share.mean())))
    return tuple(found)


def _chances(said: LeftOut, scale: SaidScale) -> Numbers:
    return scale.chances(said.classes, said.bmd, said.bmd_sd, said.limits)


def _metric(name: str, found: Estimate) -> Metric:
    return Metric(name, float(found.value), found.low, found.high)
