"""What a model of the spine holds beside its networks: lattice, calibration, whom it knows."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ..core import BadSetting, UnusableTable
from .knee_model import Embeddings, Metric, Range, Training, checked_range

Numbers = NDArray[np.float64]

NOTICE = (
    "Research only: weights trained on virtual cohorts. What they say of a patient is no diagnosis "
    "and replaces no densitometry."
)

INTENDED_USE = (
    "Developing and testing methods on CT of the lumbar spine. Not for deciding anything about a "
    "patient: the weights have learned from simulated spines, whose bone is like a patient's in "
    "some ways only."
)

MOST_VOXELS = 4_000_000
"""Voxels of a crop; a card that asks for more is none."""

CLASSES = 3

LEAST_PROBABILITY = 1e-6
"""Probabilities are no smaller, so that their logarithms are finite."""


@dataclass(frozen=True)
class CropLattice:
    """How a vertebra is cut out for the networks.

    Attributes
    ----------
    spacing_mm : float
        Side of the cubic voxels.
    shape : tuple of int
        Voxels to the left, to the back and to the head.
    behind_mm : float
        How far behind the body's centre the middle of the crop lies.
    """

    spacing_mm: float
    shape: tuple[int, int, int]
    behind_mm: float

    def __post_init__(self) -> None:
        """Refuse what is no crop."""
        shape = tuple(self.shape)
        whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 6 for n in shape)
        if len(shape) != 3 or not whole or math.prod(shape) > MOST_VOXELS:
            raise BadSetting(f"a crop has three sides of 6 voxels and more; got {list(shape)}.")
        object.__setattr__(self, "shape", shape)
        if not 0 < self.spacing_mm < 10 or not math.isfinite(self.behind_mm):
            raise BadSetting("a crop has voxels of more than 0 and less than 10 mm.")


@dataclass(frozen=True)
class SaidScale:
    """What becomes of the networks' words: learned on patients left out of their training.

    Attributes
    ----------
    slope, intercept : float
        ``BMD = intercept + slope * said``, in g/cm².
    spread, vertebra_spread : float
        By which the networks' own standard uncertainty of a patient's and of a vertebra's
        density is multiplied so that it covers the error seen.
    temperature : float
        Probabilities become ``p ** (1 / temperature)``, added up to 1 again: above 1 they are
        less sure (Guo 2017, doi:10.48550/arXiv.1706.04599). Of no matter where `linked`.
    linked : bool
        Whether probabilities are those of the calibrated density and its uncertainty instead of
        the networks' own, so that class and density cannot contradict each other.
    """

    slope: float = 1.0
    intercept: float = 0.0
    spread: float = 1.0
    vertebra_spread: float = 1.0
    temperature: float = 1.0
    linked: bool = False

    def __post_init__(self) -> None:
        """Refuse what turns density upside down, or makes it certain."""
        given = (self.slope, self.spread, self.vertebra_spread, self.temperature)
        if not all(math.isfinite(v) and v > 0 for v in given) or not math.isfinite(self.intercept):
            raise BadSetting(
                "slope, spreads and temperature of a calibration are above 0 and finite; got "
                f"{', '.join(f'{value:g}' for value in given)}."
            )

    def density(self, said: Numbers | float) -> Numbers:
        """Calibrated density in g/cm²."""
        return np.asarray(self.intercept + self.slope * said)

    def uncertainty(self, said: Numbers | float) -> Numbers:
        """Calibrated standard uncertainty of a patient's density in g/cm²."""
        return np.asarray(self.slope * self.spread * said)

    def chances(self, said: Numbers, bmd: Numbers, bmd_sd: Numbers, limits: Numbers) -> Numbers:
        """Calibrated probabilities of the classes.

        Parameters
        ----------
        said : (…, 3) array
            Probabilities as the networks say them.
        bmd, bmd_sd : (…,) array
            Density and uncertainty as they say them, in g/cm².
        limits : (…, 2) array
            Densities at which osteopenia and osteoporosis begin, in g/cm²; the first is the higher.

        Returns
        -------
        (…, 3) array
            Normal, osteopenia, osteoporosis.
        """
        if not self.linked:
            return self.probabilities(said)
        middle, spread = self.density(bmd)[..., None], self.uncertainty(bmd_sd)[..., None]
        below = ndtr((limits - middle) / spread)
        return np.stack([1 - below[..., 0], below[..., 0] - below[..., 1], below[..., 1]], axis=-1)

    def probabilities(self, said: Numbers) -> Numbers:
        """The networks' own probabilities at the temperature, along the last axis."""
        logs = np.log(np.maximum(said, LEAST_PROBABILITY)) / self.temperature
        powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, eq=False)
class Conformal:
    """Scores of patients left out, from which sets and intervals of any coverage follow.

    Attributes
    ----------
    density : (n,) array
        Error of the calibrated density in calibrated standard uncertainties, without sign.
    classes : tuple of (n,) arrays
        By true class: 1 less the calibrated probability of it. A class that too few have is
        held to the scores of all.

    References
    ----------
    Angelopoulos AN, Bates S. A gentle introduction to conformal prediction and distribution-free
    uncertainty quantification (doi:10.48550/arXiv.2107.07511): intervals by a scaled error
    (section 2.3), sets balanced over classes (4.2).
    """

    density: Numbers
    classes: tuple[Numbers, ...]

    def __post_init__(self) -> None:
        """Freeze the scores and refuse what are none."""
        object.__setattr__(self, "density", _scores(self.density, math.inf))
        object.__setattr__(self, "classes", tuple(_scores(one, 1.0) for one in self.classes))
        if not self.density.size or len(self.classes) != CLASSES:
            raise BadSetting(f"conformal scores are of patients and of {CLASSES} classes.")

    def half_width(self, coverage: float) -> float:
        """Half of an interval of density, in standard uncertainties.

        Raises
        ------
        UnusableTable
            If there are too few scores for such a coverage.
        """
        return quantile_of(self.density, coverage)

    def holds(self, probabilities: Numbers, coverage: float) -> NDArray[np.bool_]:
        """Which classes are in the set of one patient.

        Parameters
        ----------
        probabilities : (3,) array
            Calibrated.
        coverage : float
            Share of the patients of each class whose set is to hold it.

        Returns
        -------
        (3,) bool array
            Never empty, and without a gap between a mild and a severe class: both only add to
            the coverage.
        """
        everyone = np.concatenate(self.classes)
        limits = []
        for scores in self.classes:
            enough = scores.size >= fewest(coverage)
            limits.append(quantile_of(scores if enough else everyone, coverage))
        inside = 1 - np.asarray(probabilities) <= np.array(limits) + 1e-12
        inside[int(np.argmax(probabilities))] = True
        first, last = np.flatnonzero(inside)[[0, -1]]
        inside[first : last + 1] = True
        return np.asarray(inside)


def fewest(coverage: float) -> int:
    """Scores that a coverage needs at least.

    Raises
    ------
    BadSetting
        If the coverage is not between 0.5 and 1.
    """
    if not 0.5 <= coverage < 1:
        raise BadSetting(f"a coverage is 0.5 or more and below 1; got {coverage:g}.")
    return math.ceil(round(coverage / (1 - coverage), 9))


def quantile_of(scores: Numbers, coverage: float) -> float:
    """The score that a new patient keeps within with at least the given probability.

    Parameters
    ----------
    scores : (n,) array
        Of patients alike.
    coverage : float
        Probability, 0.5 or more and below 1.

    Returns
    -------
    float
        The ⌈(n + 1) · coverage⌉-th smallest score.

    Raises
    ------
    UnusableTable
        If there are fewer than `fewest` scores.
    """
    if scores.size < (least := fewest(coverage)):
        raise UnusableTable(
            f"a coverage of {100 * coverage:g} % needs {least} patients left out or more; there "
            f"are {scores.size}."
        )
    rank = math.ceil(round((scores.size + 1) * coverage, 9))
    return float(np.sort(scores)[rank - 1])


def _scores(given: object, highest: float) -> Numbers:
    """Scores as a frozen array."""
    try:
        values = np.array(given, np.float64)
    except (TypeError, ValueError):
        raise BadSetting("conformal scores must be numbers.") from None
    if values.ndim != 1 or not np.isfinite(values).all() or not (values >= 0).all():
        raise BadSetting("conformal scores are a list of finite numbers that are not negative.")
    if (values > highest + 1e-9).any():
        raise BadSetting(f"conformal scores of classes are no more than {highest:g}.")
    values.setflags(write=False)
    return values


@dataclass(frozen=True)
class SpineSeen:
    """What the scans of the training were like; a scan beyond it is flagged.

    Attributes
    ----------
    scanners, kernels : tuple of str
        As the files call them.
    kvp, slice_mm, pixel_mm : (low, high)
        Tube voltage in kV, thickness of slices and side of pixels in mm.
    bmd : (low, high)
        Standardised density of the patients in g/cm².
    """

    scanners: tuple[str, ...]
    kernels: tuple[str, ...]
    kvp: Range
    slice_mm: Range
    pixel_mm: Range
    bmd: Range

    def __post_init__(self) -> None:
        """Refuse ranges that are none."""
        for name in ("scanners", "kernels"):
            object.__setattr__(self, name, tuple(str(one) for one in getattr(self, name)))
        for name in ("kvp", "slice_mm", "pixel_mm", "bmd"):
            object.__setattr__(self, name, checked_range(getattr(self, name), f"'seen.{name}'"))


@dataclass(frozen=True, eq=False)
class SpineCard:
    """Everything about a model of the spine but its networks.

    Attributes
    ----------
    name : str
        What the model is called.
    levels : tuple of str
        Vertebrae in the order of the networks' places.
    devices : tuple of str
        Densitometers that it learned from, in the order of the networks' numbers.
    facts : tuple of str
        Measured numbers of each vertebra that the networks take.
    experts : int
        How many experts its networks have; 0 where they have none.
    unknown : tuple of float
        Where the densitometer is not known: weight of what is said for each of `devices`, and,
        last, of what is said for none of them; they add up to 1.
    lattice : CropLattice
    scale : SaidScale
    conformal : Conformal
    threshold : float
        Calibrated probability of osteoporosis from which on a patient is called; chosen inside.
    training : Training
    seen : SpineSeen
    embeddings, measured : Embeddings
        How patients of the training lie for the networks, and by the mean of their facts.
    metrics : tuple of Metric
    notice, intended_use : str
        What a report must say.
    """

    name: str
    levels: tuple[str, ...]
    devices: tuple[str, ...]
    facts: tuple[str, ...]
    experts: int
    unknown: tuple[float, ...]
    lattice: CropLattice
    scale: SaidScale
    conformal: Conformal
    threshold: float
    training: Training
    seen: SpineSeen
    embeddings: Embeddings
    measured: Embeddings
    metrics: tuple[Metric, ...] = ()
    notice: str = NOTICE
    intended_use: str = INTENDED_USE

    def __post_init__(self) -> None:
        """Refuse names twice, and numbers of other things."""
        for name in ("levels", "devices", "facts"):
            told = tuple(str(one) for one in getattr(self, name))
            object.__setattr__(self, name, told)
            if not told or len(set(told)) != len(told):
                raise BadSetting(f"a model needs {name}, each once; got {', '.join(told) or '-'}.")
        weights = tuple(float(one) for one in self.unknown)
        object.__setattr__(self, "unknown", weights)
        fits = len(weights) == len(self.devices) + 1 and all(w >= 0 for w in weights)
        if not fits or abs(sum(weights) - 1) > 1e-6:
            raise BadSetting(
                f"'unknown' holds {len(self.devices) + 1} weights that add up to 1; got "
                f"{list(weights)}."
            )
        if not 0 <= self.threshold <= 1 or self.experts < 0:
            raise BadSetting("a threshold is 0 to 1, and there are no fewer than 0 experts.")
        if self.measured.mean.size != len(self.facts):
            raise BadSetting(
                f"'measured' is of {self.measured.mean.size} numbers, 'facts' names "
                f"{len(self.facts)}."
            )
