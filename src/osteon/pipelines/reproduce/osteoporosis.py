"""The spine system (opportunistic osteoporosis) from a virtual cohort to its tables."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ... import __version__
from ...core import BadSetting
from ...learn.fit import FitSettings
from ...learn.networks.vertebra import EncoderSettings
from ...learn.pretrain_settings import PretrainSettings
from ...learn.spine_settings import SpineSettings
from ...simulate.cohort.plan import CohortSettings
from ...simulate.cohort.sites import Site, default_sites
from ..cohorts.store import write_json
from ..manifest import manifest
from ..spine.baselines.making import make_baselines
from ..spine.cohort import SpineCohort, read_cohort
from ..spine.crops.making import make_crops
from ..spine.evaluation.evaluating import evaluate_cohort
from ..spine.pool.making import make_pool, seconds_a_vertebra
from ..spine.prediction.shipping import ship_model
from ..spine.pretraining import PretrainingSettings, pretrain_cohort
from ..spine.training.configurations import CONFIGURATIONS
from ..spine.training.making import TrainingSettings, train_cohort
from .clock import Clock
from .simulated import simulate_all

Progress = Callable[[str, int, int], None]

SCHEMA = "osteon-osteoporosis-1"
"""Version of the results."""

STAGES = 8

STUDIED = 240
"""Patients of a study, where not told."""

SEED, STUDY_SEED = 8, 88
"""Of the cohorts of presets and of studies: whoever ran a preset has seen no patient of a study."""

LEAST_SUBJECTS = 32
"""Patients with labels that five folds at three sites and an external site need."""

UNSEEN = Site("E", external=True, scanner="spine-e", dxa_device="norland")
"""The second external site of a study."""

SMALL_NAMES = tuple(name for name in CONFIGURATIONS if not name.endswith("-10"))
"""Trainings of the small preset: a tenth of its labels is nobody to learn from."""

LEAST_POOL = 3
"""Patients without labels for each that is labelled inside."""

OUTSIDE = 1.5
"""Patients of each external site of a study for each of an internal one: only judged, they cost
little, and tests need many."""


@dataclass(frozen=True)
class OsteoporosisSettings:
    """Choices of a reproduction.

    Attributes
    ----------
    preset : {"small", "full"}
        Small: images that two cores make in seconds; full: images as scanners make them, larger
        networks, for a GPU.
    subjects : int
        Patients with labels, the same number at each site.
    unlabelled : int
        Further patients of the internal sites, for the pool.
    seed : int
        Of the cohort.
    sites : tuple of Site
        Where; some of them external.
    pretraining : PretrainingSettings
        Encoders.
    training : TrainingSettings
        Configurations and seeds.
    """

    preset: Literal["small", "full"] = "small"
    subjects: int = 80
    unlabelled: int = 180
    seed: int = SEED
    sites: tuple[Site, ...] = field(default_factory=lambda: default_sites("spine"))
    pretraining: PretrainingSettings = field(
        default_factory=lambda: PretrainingSettings(seeds=(0,))
    )
    training: TrainingSettings = field(
        default_factory=lambda: TrainingSettings(names=SMALL_NAMES, seeds=(0,))
    )

    def __post_init__(self) -> None:
        """Refuse a cohort too small to be divided, and a pool too small for what it is for."""
        if self.subjects < LEAST_SUBJECTS:
            raise BadSetting(
                f"five folds of three sites and an external site need {LEAST_SUBJECTS} patients "
                f"or more; got {self.subjects}."
            )
        least = pool_for(self.subjects, self.sites)
        if self.unlabelled < least:
            raise BadSetting(
                f"the pool needs {LEAST_POOL} patients for each labelled one inside, {least}; got "
                f"{self.unlabelled}."
            )


def pool_for(subjects: int, sites: tuple[Site, ...]) -> int:
    """Patients without labels that so many with labels need: `LEAST_POOL` for each inside."""
    shares = {one.external: 0.0 for one in sites}
    for one in sites:
        shares[one.external] += one.share
    return math.ceil(LEAST_POOL * subjects * shares[False] / sum(shares.values()))


def preset(name: str) -> OsteoporosisSettings:
    """Settings of a preset.

    Raises
    ------
    BadSetting
        If there is no such preset.
    """
    if name == "small":
        return OsteoporosisSettings()
    if name == "full":
        encoder = EncoderSettings(stem=32, width=96, blocks=4)
        return OsteoporosisSettings(
            preset="full",
            subjects=400,
            unlabelled=900,
            pretraining=PretrainingSettings(
                pretrain=PretrainSettings(
                    encoder=encoder, fit=FitSettings(epochs=100, batch=128), prototypes=256
                )
            ),
            training=TrainingSettings(
                network=replace(
                    SpineSettings(), encoder=encoder, fit=FitSettings(epochs=60, batch=16)
                ),
            ),
        )
    raise BadSetting(f"no preset is called '{name}'; there are small and full.")


def study(subjects: int, seeds: int) -> OsteoporosisSettings:
    """The small preset grown to a study, with a second external site.

    Its scanner was drawn at random, and no scan of it was seen while anything was chosen; of the
    scanner of the first external site, scans of other patients had been seen.

    Parameters
    ----------
    subjects : int
        Patients with labels, half of them external; 240 leave 120 to be trained on and tested. The
        pool grows with them.
    seeds : int
        Of the trainings.
    """
    drawn = tuple(range(seeds))
    sites = tuple(
        replace(one, share=OUTSIDE) if one.external else one
        for one in (*default_sites("spine"), UNSEEN)
    )
    return OsteoporosisSettings(
        subjects=subjects,
        unlabelled=pool_for(subjects, sites),
        seed=STUDY_SEED,
        sites=sites,
        pretraining=PretrainingSettings(seeds=drawn),
        training=TrainingSettings(seeds=drawn),
    )


def reproduce_osteoporosis(
    out: Path,
    settings: OsteoporosisSettings,
    *,
    jobs: int = 2,
    progress: Progress = lambda what, done, steps: None,
) -> dict[str, Any]:
    """Simulate, cut, pre-train, train, judge: everything, each stage kept and not done twice.

    Parameters
    ----------
    out : Path
        Folder: ``cohort``, ``model`` and ``osteoporosis.json`` come into it.
    settings : OsteoporosisSettings
        Choices.
    jobs : int
        Processes at once.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    dict
        What ``osteoporosis.json`` holds, for `osteon.report.write_spine_results`.

    Raises
    ------
    BadSetting
        If the folder holds another cohort.
    UnusableTable
        If too few patients come through a stage.
    """
    began = time.monotonic()
    clock = Clock(progress, STAGES)
    seeds = settings.training.seeds
    with clock.stage("simulate the cohort") as told:
        cohort = _simulated(out / "cohort", settings, jobs, told)
    with clock.stage("cut vertebrae") as told:
        make_crops(cohort, jobs=jobs, progress=told)
    with clock.stage("texture pool") as told:
        pool = make_pool(cohort, jobs=jobs, progress=told)
    with clock.stage("pre-train encoders") as told:
        pretrained = pretrain_cohort(cohort, settings.pretraining, jobs=jobs, progress=told)
    with clock.stage("train networks") as told:
        trained = train_cohort(cohort, settings.training, jobs=jobs, progress=told)
    with clock.stage("baselines") as told:
        make_baselines(cohort, seeds=seeds, jobs=jobs, progress=told)
    with clock.stage("judge, and open the external site") as told:
        judged = evaluate_cohort(cohort, progress=told)
    with clock.stage("write the model"):
        ship_model(cohort, out / "model", seeds=seeds)
    plain = asdict(settings)
    results = {
        "schema": SCHEMA,
        "osteon": __version__,
        "settings": plain,
        **judged,
        "cost": {
            "rows": clock.rows,
            "pool_seconds_per_vertebra": seconds_a_vertebra(pool.rows),
            "pretraining": [_brief(row) for row in pretrained.rows],
            "training": [_brief(row) for row in trained.rows],
        },
        "manifest": manifest(plain, {}, time.monotonic() - began) | {"seed": settings.seed},
    }
    write_json(out / "osteoporosis.json", results)
    return results


def _simulated(
    folder: Path, settings: OsteoporosisSettings, jobs: int, told: Progress
) -> SpineCohort:
    wanted = CohortSettings(
        "spine",
        settings.sites,
        subjects=settings.subjects,
        unlabelled=settings.unlabelled,
        seed=settings.seed,
        preset=settings.preset,
    )
    simulate_all(folder, wanted, jobs=jobs, progress=told)
    return read_cohort(folder)


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    """What a reader of the cost wants of a training."""
    wanted = ("name", "kind", "seed", "seconds", "parameters", "trained_on", "peak_mib", "watched")
    return {key: row[key] for key in wanted if key in row}
