"""Who is in a cohort: number, site, split, fold, what is missing; all from one seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ...core import BadSetting, UnknownName
from .sites import Site, patients_at

Kind = Literal["knee", "spine", "bone"]

PRESETS = ("small", "full")
"""Sizes of a cohort's images: what two cores make in seconds, and what a scanner makes."""

FOLDS = 5
"""Folds of cross-validation that are fixed with the cohort."""

MOST_SUBJECTS = 100_000
"""Most patients of one cohort."""

MISSING = {"knee": ("mr", "bmi"), "spine": ("dxa", "weight", "height"), "bone": ()}
"""What may be missing, by kind of cohort."""


@dataclass(frozen=True)
class CohortSettings:
    """Everything that changes a byte of a cohort.

    Attributes
    ----------
    kind : {"knee", "spine", "bone"}
        What is scanned.
    sites : tuple of Site
        Where.
    subjects : int
        Patients with labels, at least 1.
    unlabelled : int
        Further patients of the internal sites without labels.
    seed : int
        Seed of every random choice, at least 0.
    preset : {"small", "full"}
        Size of the images.
    missing : float
        Share of the patients who lack something, 0–1.
    requested : mapping of str to float
        For a cohort of bone: what every block shall have, such as ``bvtv``.

    Raises
    ------
    BadSetting
        If a number is outside its range.
    UnknownName
        If the preset is unknown.
    """

    kind: Kind
    sites: tuple[Site, ...]
    subjects: int = 20
    unlabelled: int = 0
    seed: int = 1
    preset: str = "small"
    missing: float = 0.0
    requested: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no cohort."""
        if not 1 <= self.subjects <= MOST_SUBJECTS:
            raise BadSetting(f"--subjects must be 1 to {MOST_SUBJECTS}; got {self.subjects}.")
        if not 0 <= self.unlabelled <= MOST_SUBJECTS:
            raise BadSetting(f"--unlabelled must be 0 to {MOST_SUBJECTS}; got {self.unlabelled}.")
        if all(site.external for site in self.sites):
            raise BadSetting("all sites are external; at least one must not be, to be trained on.")
        if self.seed < 0:
            raise BadSetting(f"--seed must be at least 0; got {self.seed}.")
        if not 0 <= self.missing <= 1:
            raise BadSetting(f"--missing is a share of the patients, 0–1; got {self.missing:g}.")
        if self.missing and not MISSING[self.kind]:
            raise BadSetting(f"--missing: nothing can be missing from a cohort of {self.kind}.")
        if self.preset not in PRESETS:
            raise UnknownName(f"preset '{self.preset}' is unknown; there are {', '.join(PRESETS)}.")


@dataclass(frozen=True)
class Place:
    """One patient's place in a cohort.

    Attributes
    ----------
    subject : str
        ``"sub-001"``, …
    number : int
        Place among all patients, from 0; part of the patient's seed.
    site : Site
        Where the patient is scanned.
    split : {"internal", "external", "unlabelled"}
        What the patient may be used for.
    fold : int or None
        Fold of cross-validation, 0–4; internal patients only.
    year : float
        When the patient is scanned, in years since the site began.
    missing : str or None
        What the patient lacks.
    """

    subject: str
    number: int
    site: Site
    split: str
    fold: int | None
    year: float
    missing: str | None

    def rng(self, seed: int, purpose: str) -> np.random.Generator:
        """Random numbers of this patient for one purpose; other purposes do not shift them."""
        return _stream(seed, self.number, purpose)


def _stream(seed: int, number: int, purpose: str) -> np.random.Generator:
    """Random numbers of the patient `number`, apart for every purpose."""
    key = int.from_bytes(purpose.encode(), "big") % 2**32
    return np.random.default_rng(np.random.SeedSequence([seed, number, key]))


def places(settings: CohortSettings) -> tuple[Place, ...]:
    """All patients of a cohort, in the order of their numbers.

    Parameters
    ----------
    settings : CohortSettings
        The cohort.

    Returns
    -------
    tuple of Place
        Labelled patients first, their sites in random order; then the unlabelled ones.

    Notes
    -----
    Who a patient is, and when and with what missing the patient is scanned, depends on the seed
    and the patient's number alone. The site, and with it the images, also depends on how many
    patients there are: sites get their shares exactly. Folds hold as many internal patients each,
    one more or less.
    """
    rng = np.random.default_rng(np.random.SeedSequence([settings.seed, 2**32 - 1]))
    inside = [site for site in settings.sites if not site.external]
    labelled = _shuffled(settings.sites, settings.subjects, rng)
    spare = _shuffled(inside, settings.unlabelled, rng) if settings.unlabelled else []
    internal = sum(not site.external for site in labelled)
    folds = iter(rng.permutation(np.arange(internal) % FOLDS).tolist())
    digits = max(3, len(str(settings.subjects + settings.unlabelled)))
    made = []
    for number, site in enumerate([*labelled, *spare]):
        split = "unlabelled" if number >= settings.subjects else "internal"
        if site.external:
            split = "external"
        visit = _stream(settings.seed, number, "visit")
        year = float(visit.uniform(0, site.drift_years))
        share, lacking = visit.random(), MISSING[settings.kind]
        made.append(
            Place(
                f"sub-{number + 1:0{digits}d}",
                number,
                site,
                split,
                int(next(folds)) if split == "internal" else None,
                year,
                str(visit.choice(lacking)) if share < settings.missing else None,
            )
        )
    return tuple(made)


def _shuffled(sites: Sequence[Site], many: int, rng: np.random.Generator) -> list[Site]:
    """A site for each of `many` patients, in random order."""
    counts = patients_at(sites, many)
    each = [n for n, count in enumerate(counts) for _ in range(count)]
    return [sites[n] for n in rng.permutation(each)]
