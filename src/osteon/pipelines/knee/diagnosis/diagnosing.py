"""Probability that a knee has osteoarthritis, from the parameters of its patches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....core import BadSetting, UnknownName, UnusableTable
from .bag import Bag
from .diagnoser import Diagnoser, Logistic, Neighbours, as_patches
from .logistic import choose_strength, fit_weights, inner_parts
from .standardising import Standard, standard_of

if TYPE_CHECKING:
    from ....learn.bags import BagSettings

Numbers = NDArray[np.float64]
Kind = Literal["logistic", "transformer", "cnn"]
Progress = Callable[[str, int, int], None]

KINDS: tuple[Kind, ...] = ("logistic", "transformer", "cnn")
AVERAGED_PARTS = 3
"""Parts of the training patients, each told by a model that was trained on the others."""


@dataclass(frozen=True)
class Diagnosing:
    """How a classifier is trained.

    Attributes
    ----------
    kind : {"logistic", "transformer", "cnn"}
        Logistic regression on regional means; attention over the bag of patches; convolutions
        over maps of the parameters.
    raw : bool
        Whether the CT's own descriptors are taken beside the parameters.
    weighted : bool
        Whether regional means take values by the inverse square of their uncertainty.
    neighbours : int
        Training patients with whose probabilities a probability is smoothed; 0 for none (Zhou et
        al. 2021, arXiv:2102.13269).
    smoothing : float
        Share of the neighbours in a smoothed probability, 0 to 1.
    averaged : int
        Models whose probabilities, averaged with the label, are what the classifier is trained
        on; 0 for the label itself (same source). No model tells patients it was trained on.
    sets : int
        Sets of weights of a logistic regression: the first from all patients, the others from
        resampled ones, for intervals.
    """

    kind: Kind = "logistic"
    raw: bool = False
    weighted: bool = False
    neighbours: int = 0
    smoothing: float = 0.5
    averaged: int = 0
    sets: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownName(f"a classifier is one of {', '.join(KINDS)}; got '{self.kind}'.")
        if self.neighbours < 0 or self.averaged < 0 or self.sets < 1:
            raise BadSetting(
                "neighbours and averaged models are 0 or more, sets 1 or more; got "
                f"{self.neighbours}, {self.averaged} and {self.sets}."
            )
        if not 0 <= self.smoothing <= 1:
            raise BadSetting(f"the neighbours' share is 0 to 1; got {self.smoothing:g}.")

    def fit(
        self,
        bags: Sequence[Bag],
        labels: ArrayLike,
        *,
        seed: int = 0,
        network: "BagSettings | None" = None,
    ) -> "Diagnoser":
        """Train on patients; means and deviations come from them alone.

        Parameters
        ----------
        bags : sequence of Bag
        labels : array_like of shape (bags,)
            1 (osteoarthritis) or 0.
        seed : int
            Of every choice by chance.
        network : BagSettings, optional
            How a network is trained.

        Returns
        -------
        Diagnoser

        Raises
        ------
        UnusableTable
            If there is one class only, or fewer than five patients.
        """
        told = _labels(bags, labels)
        if len(set(told.tolist())) < 2:
            raise UnusableTable(
                f"all {len(told)} training patients are {'' if told[0] else 'not '}diseased; both "
                "classes are needed."
            )
        training = _Training(self, tuple(bags), told, seed, network)
        model = training.model(training.averaged() if self.averaged else told)
        if not self.neighbours:
            return model
        near = Neighbours(model.standard.table(bags), model.probability(bags), self.neighbours)
        return Diagnoser(model.standard, model.inner, near, self.smoothing)


@dataclass(frozen=True, eq=False)
class _Training:
    """One call of `Diagnosing.fit`."""

    how: Diagnosing
    bags: tuple[Bag, ...]
    labels: Numbers
    seed: int
    network: "BagSettings | None"

    def model(self, targets: Numbers) -> Diagnoser:
        """The classifier of all patients."""
        return self._fitted(np.arange(len(self.bags)), targets, self.seed, self.how.sets)

    def averaged(self) -> Numbers:
        """Labels, averaged with what models say that did not see the patient."""
        patients = np.asarray([bag.patient for bag in self.bags])
        told = np.zeros(len(self.bags))
        for n in range(self.how.averaged):
            seed = self.seed + 1000 * (n + 1)
            parts = inner_parts(self.labels, patients, seed, AVERAGED_PARTS)
            for part in range(AVERAGED_PARTS):
                model = self._fitted(np.flatnonzero(parts != part), self.labels, seed, 1)
                out = np.flatnonzero(parts == part)
                told[out] += model.probability([self.bags[row] for row in out])
        return 0.5 * (self.labels + told / self.how.averaged)

    def _fitted(self, rows: NDArray[np.intp], targets: Numbers, seed: int, sets: int) -> Diagnoser:
        bags = [self.bags[row] for row in rows]
        standard = standard_of(bags, raw=self.how.raw, weighted=self.how.weighted)
        if self.how.kind == "logistic":
            return Diagnoser(standard, self._line(standard, rows, targets[rows], (seed, sets)))
        from ....learn.bags import train_bags

        patches = [as_patches(standard, bag) for bag in bags]
        inner = train_bags(
            self.how.kind,
            patches,
            targets[rows],
            len(standard.regions),
            settings=self.network,
            seed=seed,
        )
        return Diagnoser(standard, inner)

    def _line(
        self,
        standard: Standard,
        rows: NDArray[np.intp],
        targets: Numbers,
        chance: tuple[int, int],
    ) -> Logistic:
        """Logistic regression: strength from inner parts, then as many sets as asked for."""
        seed, sets = chance
        bags = [self.bags[row] for row in rows]
        table = standard.table(bags)
        patients = np.asarray([bag.patient for bag in bags])
        strength = choose_strength(table, targets, patients, seed)
        found = [fit_weights(table, targets, strength)]
        rng = np.random.default_rng(seed)
        sides = [np.flatnonzero(self.labels[rows] == side) for side in (0, 1)]
        for _ in range(sets - 1):
            drawn = np.concatenate([rng.choice(side, len(side)) for side in sides])
            found.append(fit_weights(table[drawn], targets[drawn], strength))
        weights = np.stack(found)
        return Logistic(
            weights[:, 0], weights[:, 1:].reshape(len(found), *standard.means.shape), strength
        )


def cross_validated(
    bags: Sequence[Bag],
    labels: ArrayLike,
    folds: ArrayLike,
    *,
    settings: Diagnosing,
    seeds: Sequence[int],
    progress: Progress | None = None,
) -> Numbers:
    """Probability of each knee by classifiers that never saw the patient.

    Parameters
    ----------
    bags : sequence of Bag
    labels : array_like of shape (bags,)
        1 (osteoarthritis) or 0.
    folds : array_like of int, shape (bags,)
        The fold in which each is tested.
    settings : Diagnosing
        The classifier; everything it chooses is chosen among a fold's training patients.
    seeds : sequence of int
        One run of all folds for each.
    progress : callable, optional
        Told what is done, and of how many steps.

    Returns
    -------
    ndarray of float64, shape (bags, seeds)

    Raises
    ------
    UnusableTable
        If a patient is in two folds, there is one fold only, or a fold's training patients are
        of one class.
    """
    told = _labels(bags, labels)
    fold = _folds(bags, folds)
    names = np.unique(fold)
    for name in names:
        met = set(told[fold != name].tolist())
        if len(met) < 2:
            raise UnusableTable(
                f"without fold {name} all {int((fold != name).sum())} patients are of one class; "
                "divide the patients so that every training has both."
            )
    found = np.empty((len(bags), len(seeds)))
    steps = len(seeds) * len(names)
    for n, seed in enumerate(seeds):
        for m, name in enumerate(names):
            out = np.flatnonzero(fold == name).tolist()
            rest = np.flatnonzero(fold != name).tolist()
            model = settings.fit([bags[row] for row in rest], told[rest], seed=seed)
            found[out, n] = model.probability([bags[row] for row in out])
            if progress is not None:
                progress(f"diagnosis, {settings.kind}", n * len(names) + m + 1, steps)
    return found


def _labels(bags: Sequence[Bag], labels: ArrayLike) -> Numbers:
    told = np.asarray(labels, np.float64)
    if told.shape != (len(bags),) or not np.isin(told, (0.0, 1.0)).all():
        raise UnusableTable(
            f"{len(bags)} knees need a label of 1 or 0 each; got an array of shape {told.shape}."
        )
    return told


def _folds(bags: Sequence[Bag], folds: ArrayLike) -> NDArray[np.intp]:
    fold = np.asarray(folds)
    if fold.shape != (len(bags),) or fold.dtype.kind not in "iu":
        raise UnusableTable(
            f"{len(bags)} knees need the number of a fold each; got an array of shape "
            f"{fold.shape} of {fold.dtype}."
        )
    if len(np.unique(fold)) < 2:
        raise UnusableTable("cross-validation needs two folds at least; got one.")
    seen: dict[str, int] = {}
    for bag, one in zip(bags, fold.tolist(), strict=True):
        if seen.setdefault(bag.patient, one) != one:
            raise UnusableTable(
                f"{bag.patient} is in folds {seen[bag.patient]} and {one}; a patient stays on one "
                "side of a split."
            )
    return np.asarray(fold, np.intp)
