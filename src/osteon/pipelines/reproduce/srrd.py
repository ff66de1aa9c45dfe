"""The knee system (SRRD) from a virtual cohort to its tables."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ... import __version__
from ...core import BadSetting
from ...learn.fit import FitSettings
from ...learn.networks.trunk import TrunkSettings
from ...learn.students import StudentSettings
from ...learn.synthesis_settings import SynthesisSettings, Variant
from ...simulate.cohort.plan import CohortSettings
from ...simulate.cohort.sites import default_sites
from ..cohorts.store import write_json
from ..knee.alignment.figures import RegistrationStudy, registration_section
from ..knee.alignment.registering import register_cohort
from ..knee.cohort import KneeCohort, read_cohort
from ..knee.evaluation.evaluating import HEADLINE, evaluate_cohort
from ..knee.patches.cut import PatchSettings
from ..knee.patches.making import make_patches
from ..knee.prediction.shipping import ship_model
from ..knee.students.training import TrainingSettings, train_cohort
from ..knee.synthesis.comparing import synthesis_section
from ..manifest import manifest
from .clock import Clock
from .simulated import simulate_all

Progress = Callable[[str, int, int], None]

SCHEMA = "osteon-srrd-1"
"""Version of the results."""

STAGES = 8

STUDIED = 107
"""Patients of a study, where not told."""


@dataclass(frozen=True)
class SrrdSettings:
    """Choices of a reproduction.

    Attributes
    ----------
    preset : {"small", "full"}
        Small: for two cores within the hour; full: images as scanners make them, published sizes
        of networks, for a GPU.
    subjects : int
        Patients, a quarter of them external.
    seed : int
        Of the cohort.
    syntheses : tuple of SynthesisSettings
        The last one's synthetic CTs are registered with.
    compared : int
        Patients whose synthetic CTs are compared with the true one.
    registration : RegistrationStudy
        Knees and starts for the errors of registration.
    patches : PatchSettings
        What is cut.
    training : TrainingSettings
        Students, folds and seeds.
    """

    preset: Literal["small", "full"] = "small"
    subjects: int = 32
    seed: int = 6
    syntheses: tuple[SynthesisSettings, ...] = (SynthesisSettings(),)
    compared: int = 24
    registration: RegistrationStudy = field(default_factory=RegistrationStudy)
    patches: PatchSettings = field(default_factory=PatchSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)

    def __post_init__(self) -> None:
        """Refuse a cohort too small to be divided."""
        if self.subjects < 16:
            raise BadSetting(
                f"five folds and an external site need 16 patients or more; got {self.subjects}."
            )


STUDENT = StudentSettings(
    trunk=TrunkSettings(widths=(16, 32, 64)), fit=FitSettings(epochs=20, batch=32)
)
"""Student and teacher of two cores."""

VARIED = replace(STUDENT, gain=0.1, shift=0.1, noise=0.15)
"""The same with input varied as scanners vary it."""


def preset(name: str) -> SrrdSettings:
    """Settings of a preset.

    Raises
    ------
    BadSetting
        If there is no such preset.
    """
    if name == "small":
        training = TrainingSettings(
            student=STUDENT,
            kinds=("none", "features"),
            seeds=(0,),
            sizes=(10,),
            varied=VARIED,
        )
        return SrrdSettings(compared=8, registration=RegistrationStudy(knees=8), training=training)
    if name == "full":
        student = StudentSettings(
            trunk=TrunkSettings(lattice=64, first=4, widths=(32, 64, 128, 256)),
            fit=FitSettings(epochs=60, batch=32, rate=1e-3),
            stages=(0.0, 0.25, 0.5, 1.0),
        )
        varied = replace(student, gain=0.1, shift=0.1, noise=0.15)
        return SrrdSettings(
            preset="full",
            subjects=107,
            syntheses=_ablated("full", "2.5d"),
            patches=PatchSettings(mr_voxels=64),
            training=TrainingSettings(student=student, varied=varied),
        )
    raise BadSetting(f"no preset is called '{name}'; there are small and full.")


def _ablated(size: Literal["small", "full"], *more: Variant) -> tuple[SynthesisSettings, ...]:
    """The published synthesis, whole and with each of its terms left out; pairs likewise."""
    made = partial(SynthesisSettings.preset, size)
    return (
        made("cyclegan"),
        made("cyclegan", mutual_information=0.0),
        made("cyclegan", structure=False),
        *(made(variant) for variant in more),
        made("supervised", structure=False),
        made("supervised"),
    )


def study(subjects: int, seeds: int) -> SrrdSettings:
    """The small preset grown to a study: all kinds of distillation and the learning curve.

    Parameters
    ----------
    subjects : int
        Patients, a quarter of them external; 107 leave 80 to be trained on and tested.
    seeds : int
        Of the trainings.
    """
    small = preset("small")
    training = TrainingSettings(
        student=STUDENT, seeds=tuple(range(seeds)), sizes=(20, 40), varied=VARIED
    )
    return replace(
        small,
        subjects=subjects,
        syntheses=_ablated("small"),
        compared=24,
        training=training,
        registration=RegistrationStudy(knees=24),
    )


def reproduce_srrd(
    out: Path,
    settings: SrrdSettings,
    *,
    jobs: int = 2,
    progress: Progress = lambda what, done, steps: None,
) -> dict[str, Any]:
    """Simulate, register, synthesise, train, judge: everything, each stage kept and not done twice.

    Parameters
    ----------
    out : Path
        Folder: ``cohort``, ``model`` and ``srrd.json`` come into it.
    settings : SrrdSettings
        Choices.
    jobs : int
        Processes at once.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    dict
        What ``srrd.json`` holds, for `osteon.report.write_knee_results`.

    Raises
    ------
    BadSetting
        If the folder holds another cohort.
    UnusableTable
        If too few patients come through a stage.
    """
    began = time.monotonic()
    clock = Clock(progress, STAGES)
    with clock.stage("simulate the cohort") as told:
        cohort = _simulated(out / "cohort", settings, jobs, told)
    with clock.stage("register MR and CT directly") as told:
        register_cohort(cohort, method="direct", jobs=jobs, progress=told)
    with clock.stage("synthesise CT from MR") as told:
        synthesis = synthesis_section(
            cohort, settings.syntheses, compared=settings.compared, jobs=jobs, progress=told
        )
    with clock.stage("errors of registration") as told:
        registered = registration_section(cohort, settings.registration, jobs=jobs, progress=told)
    with clock.stage("cut patches, measure MR") as told:
        make_patches(cohort, settings.patches, jobs=jobs, progress=told)
    with clock.stage("train teachers and students") as told:
        train_cohort(cohort, settings=settings.training, jobs=jobs, progress=told)
    with clock.stage("judge") as told:
        judged = evaluate_cohort(cohort, progress=told)
    with clock.stage("write the model") as told:
        kinds = settings.training.kinds
        kind = HEADLINE if HEADLINE in kinds else kinds[-1]
        ship_model(cohort, out / "model", kind=kind, student=settings.training.student)
    plain = asdict(settings)
    results = {
        "schema": SCHEMA,
        "osteon": __version__,
        "settings": plain,
        "synthesis": synthesis,
        "registration": registered,
        **judged,
        "cost": {"rows": clock.rows},
        "manifest": manifest(plain, {}, time.monotonic() - began) | {"seed": settings.seed},
    }
    write_json(out / "srrd.json", results)
    return results


def _simulated(folder: Path, settings: SrrdSettings, jobs: int, told: Progress) -> KneeCohort:
    wanted = CohortSettings(
        "knee",
        default_sites("knee"),
        subjects=settings.subjects,
        seed=settings.seed,
        preset=settings.preset,
    )
    simulate_all(folder, wanted, jobs=jobs, progress=told)
    return read_cohort(folder)
