"""What a model of the knee holds: parameters, a diagnosis, whom it learned from."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting

Numbers = NDArray[np.float64]
Range = tuple[float, float]

NOTICE = (
    "Research only: weights trained on virtual cohorts. What they say of a patient is no diagnosis."
)

INTENDED_USE = (
    "Developing and testing methods on knee CT. Not for deciding anything about a patient: the "
    "weights have learned from simulated knees, whose bone is like a patient's in some ways only."
)

PERCENT_95 = (2.5, 97.5)
"""Percentiles of the coefficient sets between which the probability is told to lie."""


def checked_range(given: Sequence[float], what: str) -> Range:
    """Two finite numbers, the first below or equal to the second.

    Raises
    ------
    BadSetting
        If they are anything else.
    """
    ends = _floats(given, what)
    if ends.shape != (2,) or ends[0] > ends[1]:
        raise BadSetting(f"{what} must be a low and a high number; got {ends.tolist()}.")
    return float(ends[0]), float(ends[1])


def _floats(given: object, what: str) -> Numbers:
    """Finite numbers as a frozen array."""
    try:
        values = np.array(given, np.float64)
    except (TypeError, ValueError):
        raise BadSetting(f"{what} must be numbers.") from None
    if not np.isfinite(values).all():
        raise BadSetting(f"{what} must be finite numbers.")
    values.setflags(write=False)
    return values


@dataclass(frozen=True)
class Normalisation:
    """What becomes of HU before a network sees them: ``(clip(hu, low, high) - centre) / scale``.

    Attributes
    ----------
    low, high, centre, scale : float
        In HU; `scale` above 0, `low` below `high`.
    """

    low: float = -1024.0
    high: float = 3071.0
    centre: float = 400.0
    scale: float = 400.0

    def __post_init__(self) -> None:
        """Refuse what is no normalisation."""
        _floats([self.low, self.high, self.centre, self.scale], "the normalisation")
        if self.low >= self.high or self.scale <= 0:
            raise BadSetting(
                f"the normalisation needs low below high and scale above 0; got {self.low:g}, "
                f"{self.high:g} and {self.scale:g}."
            )

    def apply(self, hu: NDArray[np.floating]) -> NDArray[np.float32]:
        """HU as a network sees them."""
        normal = (np.clip(hu, self.low, self.high) - self.centre) / self.scale
        return np.asarray(normal, np.float32)


@dataclass(frozen=True)
class Lattice:
    """The cube that is cut for a patch, and where patches lie.

    Attributes
    ----------
    voxels : int
        Voxels along a side.
    side_mm : float
        Side in mm.
    apart_mm : float
        Least distance of patches of one region.
    most : int
        Patches a region, at most.
    deepest_mm, plate_mm : float
        Depth below the joint surface where regions end and begin.
    """

    voxels: int = 32
    side_mm: float = 12.8
    apart_mm: float = 6.0
    most: int = 6
    deepest_mm: float = 12.0
    plate_mm: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what is no cube."""
        if not isinstance(self.voxels, int) or not 4 <= self.voxels <= 128 or not self.side_mm > 0:
            raise BadSetting(
                f"a patch has 4 to 128 voxels along a side above 0 mm; got {self.voxels} and "
                f"{self.side_mm}."
            )
        _floats([self.apart_mm, self.deepest_mm, self.plate_mm], "the lattice")
        if not self.apart_mm > 0 or self.most < 1 or not 0 <= self.plate_mm < self.deepest_mm:
            raise BadSetting(
                "patches lie apart_mm above 0 from each other, at least 1 a region, from plate_mm "
                f"to deepest_mm below the joint; got {self.apart_mm}, {self.most}, {self.plate_mm} "
                f"and {self.deepest_mm}."
            )

    @property
    def spacing_mm(self) -> float:
        """Distance of voxels in mm."""
        return self.side_mm / self.voxels


@dataclass(frozen=True)
class Parameter:
    """A parameter that the networks give, and how their output becomes its value.

    Attributes
    ----------
    name : str
        Standard term, such as ``"app.BV/TV"``.
    unit : str
        UCUM unit.
    low, high : float
        Range of the reference in training, in `unit`.
    slope, intercept : float
        ``value = intercept + slope * output``: calibration to absolute values.
    uncertainty_scale : float
        By which the networks' own uncertainty is multiplied so that it covers the error seen.
    """

    name: str
    unit: str
    low: float
    high: float
    slope: float = 1.0
    intercept: float = 0.0
    uncertainty_scale: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be a calibration."""
        checked_range((self.low, self.high), f"the range of {self.name}")
        _floats([self.slope, self.intercept, self.uncertainty_scale], f"calibration of {self.name}")
        if not self.name or self.uncertainty_scale <= 0:
            raise BadSetting("a parameter needs a name and an uncertainty scale above 0.")


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Plain logistic regression on regional means, in several sets of coefficients.

    Attributes
    ----------
    regions, parameters : tuple of str
        What the rows and columns stand for.
    means, deviations : (regions, parameters) array
        Of the training patients, in the unit of each parameter; deviations above 0.
    intercepts : (sets,) array
        The first set is the fit on all training patients, the others are fits on resampled ones.
    weights : (sets, regions, parameters) array
        On standardised regional means.
    """

    regions: tuple[str, ...]
    parameters: tuple[str, ...]
    means: Numbers
    deviations: Numbers
    intercepts: Numbers
    weights: Numbers

    def __post_init__(self) -> None:
        """Freeze the numbers and refuse sets of other sizes."""
        for name in ("regions", "parameters"):
            object.__setattr__(self, name, tuple(str(one) for one in getattr(self, name)))
        for name in ("means", "deviations", "intercepts", "weights"):
            object.__setattr__(self, name, _floats(getattr(self, name), f"{name} of the diagnosis"))
        shape = len(self.regions), len(self.parameters)
        sets = self.intercepts.shape
        fits = self.means.shape == self.deviations.shape == shape
        if not fits or len(sets) != 1 or sets[0] < 1 or self.weights.shape != (*sets, *shape):
            raise BadSetting(
                f"a diagnosis over {shape[0]} regions and {shape[1]} parameters needs means and "
                f"deviations {shape} and weights (sets, {shape[0]}, {shape[1]}); got "
                f"{self.means.shape}, {self.deviations.shape} and {self.weights.shape}."
            )
        if (self.deviations <= 0).any():
            raise BadSetting("deviations of the diagnosis must be above 0.")

    def opinion(self, values: Numbers) -> "Opinion":
        """Probability of osteoarthritis from the mean of each parameter in each region.

        Parameters
        ----------
        values : (regions, parameters) array
            In the units of the parameters; NaN where a region was not measured, which counts as
            an average one.
        """
        standard = np.nan_to_num((values - self.means) / self.deviations, nan=0.0)
        parts = (self.weights * standard).sum(axis=2)
        odds = self.intercepts + parts.sum(axis=1)
        sets = _logistic(odds)
        low, high = (float(end) for end in np.percentile(sets, PERCENT_95))
        without = _logistic(odds[0] - parts[0])
        drivers = {name: float(sets[0] - without[place]) for place, name in enumerate(self.regions)}
        probability = float(sets[0])
        return Opinion(probability, min(low, probability), max(high, probability), drivers)


def _logistic(odds: Numbers) -> Numbers:
    """Probability of log odds, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))


@dataclass(frozen=True)
class Opinion:
    """What the diagnosis says of one knee.

    Attributes
    ----------
    probability : float
        Of osteoarthritis, 0–1, at the share of cases that the training had.
    low, high : float
        95 % of the coefficient sets; it tells how sure the coefficients are, and nothing else.
    drivers : mapping of str to float
        Change of the probability by each region: what it is, less what it would be if that region
        were average.
    """

    probability: float
    low: float
    high: float
    drivers: dict[str, float]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """How scans of the training lie in the space of the first network.

    Attributes
    ----------
    mean : (e,) array
        Of the scans' mean embeddings.
    inverse_covariance : (e, e) array
        Of the same, symmetric.
    limit : float
        Distance (Mahalanobis) beyond which a scan is unlike the training.
    """

    mean: Numbers
    inverse_covariance: Numbers
    limit: float

    def __post_init__(self) -> None:
        """Freeze the numbers and refuse what measures no distance."""
        for name in ("mean", "inverse_covariance"):
            object.__setattr__(self, name, _floats(getattr(self, name), f"{name} of embeddings"))
        many = self.mean.size
        if self.mean.shape != (many,) or self.inverse_covariance.shape != (many, many):
            raise BadSetting(
                f"embeddings need a mean (e,) and an inverse covariance (e, e); got "
                f"{self.mean.shape} and {self.inverse_covariance.shape}."
            )
        if not np.isfinite(self.limit) or self.limit <= 0:
            raise BadSetting(f"the limit of embeddings must be above 0; got {self.limit}.")

    @classmethod
    def of(cls, scans: Numbers, *, share: float = 0.99, ridge: float = 0.1) -> "Embeddings":
        """How the scans of a training lie, with a limit that `share` of them keep.

        Parameters
        ----------
        scans : (scans, e) array
            Mean embedding of each scan, at least three.
        share : float
            Share of the scans within the limit. The distance of each is taken to the others, as
            a scan lies too near to a centre that it is part of.
        ridge : float
            Part of the mean variance added to each, as scans may be fewer than directions.

        Raises
        ------
        BadSetting
            If there are fewer than three scans.
        """
        some = _floats(scans, "embeddings of scans")
        if some.ndim != 2 or len(some) < 3:
            raise BadSetting(
                f"a distribution needs embeddings of at least 3 scans; got {some.shape}."
            )
        apart = []
        for one in range(len(some)):
            others = np.delete(some, one, axis=0)
            apart.append(cls(*_centre(others, ridge), 1.0).distance(some[one]))
        limit = float(np.quantile(apart, share))
        return cls(*_centre(some, ridge), max(limit, 1e-6))

    def distance(self, embedding: Numbers) -> float:
        """Mahalanobis distance of the mean embedding of a scan, (e,)."""
        away = np.asarray(embedding, np.float64) - self.mean
        return float(np.sqrt(max(float(away @ self.inverse_covariance @ away), 0.0)))


def _centre(scans: Numbers, ridge: float) -> tuple[Numbers, Numbers]:
    """Mean and inverse covariance, shrunk towards a ball."""
    away = scans - scans.mean(axis=0)
    spread = away.T @ away / max(len(scans) - 1, 1)
    ball = np.trace(spread) / len(spread)
    ball = ball if ball > 0 else 1.0
    return scans.mean(axis=0), np.linalg.inv(spread + ridge * ball * np.eye(len(spread)))


@dataclass(frozen=True)
class Seen:
    """What the scans of the training were like; a scan beyond it is flagged.

    Attributes
    ----------
    scanners, kernels : tuple of str
        As the files call them.
    kvp, spacing_mm, hu : (low, high)
        Tube voltage in kV; voxel sides in mm; mean HU of a region as at 120 kVp.
    """

    scanners: tuple[str, ...]
    kernels: tuple[str, ...]
    kvp: Range
    spacing_mm: Range
    hu: Range

    def __post_init__(self) -> None:
        """Refuse ranges that are none."""
        for name in ("scanners", "kernels"):
            object.__setattr__(self, name, tuple(str(one) for one in getattr(self, name)))
        for name in ("kvp", "spacing_mm", "hu"):
            object.__setattr__(self, name, checked_range(getattr(self, name), f"'seen.{name}'"))


@dataclass(frozen=True)
class Training:
    """Whom the model learned from.

    Attributes
    ----------
    cohort : str
        Name of the cohort.
    sha256 : str
        Of its table of participants.
    patients : int
        How many were learned from.
    """

    cohort: str
    sha256: str
    patients: int


@dataclass(frozen=True)
class Metric:
    """How good the model was on patients that it had not seen.

    Attributes
    ----------
    name : str
        What was measured, such as ``"ICC(2,1) app.BV/TV"``.
    value, low, high : float or None
        With its 95 % interval where known.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, eq=False)
class KneeCard:
    """Everything about a model of the knee but its networks.

    Attributes
    ----------
    name : str
        What the model is called.
    parameters : tuple of Parameter
        In the order of the networks' outputs.
    training : Training
    seen : Seen
    embeddings : Embeddings
    diagnosis : Diagnosis or None
        None where the model has no opinion on osteoarthritis.
    metrics : tuple of Metric
    normalisation : Normalisation
    lattice : Lattice
    notice, intended_use : str
        What a report must say.
    """

    name: str
    parameters: tuple[Parameter, ...]
    training: Training
    seen: Seen
    embeddings: Embeddings
    diagnosis: Diagnosis | None = None
    metrics: tuple[Metric, ...] = ()
    normalisation: Normalisation = field(default_factory=Normalisation)
    lattice: Lattice = field(default_factory=Lattice)
    notice: str = NOTICE
    intended_use: str = INTENDED_USE

    def __post_init__(self) -> None:
        """Refuse names twice, and a diagnosis by other parameters."""
        names = self.names
        if not names or len(set(names)) != len(names):
            raise BadSetting(
                f"a model needs parameters, each once; got {', '.join(names) or 'none'}."
            )
        foreign = set(self.diagnosis.parameters if self.diagnosis else ()) - set(names)
        if foreign:
            raise BadSetting(
                f"the diagnosis uses '{min(foreign)}', which the networks do not give; they give "
                f"{', '.join(names)}."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(one.name for one in self.parameters)
