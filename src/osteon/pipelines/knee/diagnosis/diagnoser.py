"""A trained classifier of knees: its probabilities, what drove them, and how it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting
from ....learn.patches import Patches
from .bag import Bag, cells, with_region_at
from .logistic import sigmoid
from .standardising import Standard

if TYPE_CHECKING:
    from ....learn.bags import BagModel

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Training patients, and what the classifier says of them.

    Attributes
    ----------
    table : (patients, q) float64 array
        Standardised regional means.
    probabilities : (patients,) float64 array
    many : int
        Neighbours taken, or all patients if fewer.
    """

    table: Numbers
    probabilities: Numbers
    many: int

    def mean(self, table: Numbers) -> Numbers:
        """Mean probability of the nearest training patients, in order of training on a tie."""
        apart = ((table[:, None] - self.table[None]) ** 2).sum(axis=2)
        near = np.argsort(apart, axis=1, kind="stable")[:, : self.many]
        return np.asarray(self.probabilities[near].mean(axis=1))


@dataclass(frozen=True, eq=False)
class Logistic:
    """Logistic regression on standardised regional means, in several sets of weights.

    Attributes
    ----------
    intercepts : (sets,) float64 array
        The first from all training patients, the others from resampled ones.
    weights : (sets, r, q) float64 array
        Log odds per standard deviation over patients.
    strength : float
        Penalty, chosen among the training patients.
    """

    intercepts: Numbers
    weights: Numbers
    strength: float

    def sets(self, table: Numbers) -> Numbers:
        """Probability by each set, shape (sets, patients)."""
        flat = self.weights.reshape(len(self.weights), -1)
        return sigmoid(self.intercepts[:, None] + flat @ table.T)


@dataclass(frozen=True, eq=False)
class Diagnoser:
    """A trained classifier.

    Attributes
    ----------
    standard : Standard
        The average training patient.
    inner : Logistic or BagModel
        What was trained.
    near : Neighbours or None
        Whom probabilities are smoothed with.
    smoothing : float
        By how much.
    """

    standard: Standard
    inner: "Logistic | BagModel"
    near: Neighbours | None = None
    smoothing: float = 0.0

    def probability(self, bags: Sequence[Bag]) -> Numbers:
        """Probability of osteoarthritis of each knee, at the training's share of cases.

        Parameters
        ----------
        bags : sequence of Bag

        Returns
        -------
        ndarray of float64, shape (bags,)

        Raises
        ------
        UnknownName, UnusableTable
            If a knee has a region, or a number of values, that training had not.
        """
        if isinstance(self.inner, Logistic):
            found: Numbers = self.inner.sets(self.standard.table(bags))[0]
        else:
            found = self.inner.probabilities([as_patches(self.standard, bag) for bag in bags])
        if self.near is None:
            return found
        beside = self.near.mean(self.standard.table(bags))
        return (1 - self.smoothing) * found + self.smoothing * beside

    def to_plain(self, parameters: Sequence[str]) -> dict[str, Any]:
        """A logistic classifier as plain data for JSON.

        Parameters
        ----------
        parameters : sequence of str, length q
            What the columns of the inputs are.

        Returns
        -------
        dict
            ``regions``, ``parameters``, ``means`` and ``deviations`` (r, q), ``intercepts``
            (sets,) and ``weights`` (sets, r, q).

        Raises
        ------
        BadSetting
            If it is a network, is smoothed with neighbours, or takes weighted means.
        """
        inner, standard = self.inner, self.standard
        if not isinstance(inner, Logistic) or self.near or standard.weighted or standard.raw:
            raise BadSetting(
                "only a logistic classifier on plain regional means is stored as plain data; "
                "train one with kind='logistic' and no other option."
            )
        if len(parameters) != standard.means.shape[1]:
            raise BadSetting(
                f"{standard.means.shape[1]} parameters need a name each; got {len(parameters)}."
            )
        return {
            "regions": list(standard.regions),
            "parameters": list(parameters),
            "means": standard.means.tolist(),
            "deviations": standard.deviations.tolist(),
            "intercepts": inner.intercepts.tolist(),
            "weights": inner.weights.tolist(),
        }


def diagnoser_of(plain: Mapping[str, Any]) -> Diagnoser:
    """A logistic classifier from what `Diagnoser.to_plain` gave; needs NumPy alone.

    Raises
    ------
    BadSetting
        If a part is missing, or of another size.
    """
    try:
        means, deviations, intercepts, weights = (
            np.asarray(plain[name], np.float64)
            for name in ("means", "deviations", "intercepts", "weights")
        )
        regions = tuple(str(name) for name in plain["regions"])
        shape = (len(regions), len(plain["parameters"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BadSetting(
            f"a stored classifier lacks a part, or it is no number: {error}."
        ) from None
    if {means.shape, deviations.shape, weights.shape[1:]} != {shape} or len(weights) != len(
        intercepts
    ):
        raise BadSetting(
            f"a stored classifier of {shape[0]} regions and {shape[1]} parameters has means "
            f"{means.shape}, deviations {deviations.shape} and weights {weights.shape}."
        )
    return Diagnoser(
        Standard(regions, means, deviations, deviations), Logistic(intercepts, weights, 0.0)
    )


def drivers(model: Diagnoser, bag: Bag) -> dict[str, float]:
    """What drove a probability: what it is, less what it would be were a region average.

    Works with every kind, by covering a region with the mean of the training patients.

    Parameters
    ----------
    model : Diagnoser
    bag : Bag

    Returns
    -------
    dict of float
        By region of the knee; above nought where the region raises the probability.
    """
    standard = model.standard
    own = [region for region in standard.regions if region in bag.regions]
    covered = [with_region_at(bag, r, standard.means[standard.regions.index(r)]) for r in own]
    found = model.probability([bag, *covered])
    return {region: float(found[0] - found[n + 1]) for n, region in enumerate(own)}


def as_patches(standard: Standard, bag: Bag) -> Patches:
    """A knee as the networks take it."""
    values, region = standard.patches(bag)
    return Patches(values, region, cells(bag))
