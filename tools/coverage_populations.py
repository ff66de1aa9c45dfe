"""Populations whose figures are known, from which tables are drawn."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

Numbers = NDArray[np.float64]
Truth = NDArray[np.bool_]
Codes = NDArray[np.intp]
Rng = np.random.Generator


def readings(rng: Rng, patients: int, readers: int, true: float) -> Numbers:
    """Readings of patients by readers without bias: rows by readers, ICC `true`."""
    values: Numbers = rng.normal(0, np.sqrt(1 - true), (patients, readers))
    values += rng.normal(0, np.sqrt(true), (patients, 1))
    return values


def drawn_readers(rng: Rng, patients: int, readers: int, true: float, share: float) -> Numbers:
    """Readings by readers drawn anew, whose biases hold `share` of the variance; ICC `true`."""
    values: Numbers = rng.normal(0, np.sqrt(1 - true - share), (patients, readers))
    values += rng.normal(0, np.sqrt(true), (patients, 1))
    values += rng.normal(0, np.sqrt(share), (1, readers))
    return values


def biased(rng: Rng, patients: int, true: float, bias: float) -> Numbers:
    """Readings by two methods of which one reads `bias` too high; agreement ICC `true`.

    Variances add up to 1; the bias of two given methods counts for ``bias**2 / 2`` (McGraw & Wong
    1996, case 3A).
    """
    within = 1 - true - bias**2 / 2
    values: Numbers = rng.normal(0, np.sqrt(within), (patients, 2))
    values += rng.normal(0, np.sqrt(true), (patients, 1)) + np.array([0.0, bias])
    return values


def patches(rng: Rng, patients: int, each: int, true: float) -> tuple[Numbers, Numbers, Codes]:
    """Patches of patients by two methods: half of the true variance is between patients."""
    codes = np.repeat(np.arange(patients), each)
    place = rng.normal(0, np.sqrt(true / 2), patients)[codes]
    place = place + rng.normal(0, np.sqrt(true / 2), codes.size)
    x, y = (place + rng.normal(0, np.sqrt(1 - true), codes.size) for _ in range(2))
    return x, y, codes.astype(np.intp)


def apart(area: float) -> float:
    """Distance of two normal distributions of SD 1 whose AUC is `area`."""
    return float(np.sqrt(2) * norm.ppf(area))


def binormal(rng: Rng, patients: int, share: float, area: float) -> tuple[Truth, Numbers]:
    """Patients of whom a fixed share is diseased, with scores of a known AUC."""
    labels = np.arange(patients) < round(share * patients)
    return labels, rng.normal(0, 1, patients) + apart(area) * labels


def vertebrae(
    rng: Rng, patients: int, each: int, area: float, kind: str
) -> tuple[Truth, Numbers, Codes]:
    """Rows of patients who share half of their variance; patients or single rows are diseased."""
    codes = np.repeat(np.arange(patients), each).astype(np.intp)
    of_patients = kind == "patients"
    labels = (rng.random(patients) < 0.4)[codes] if of_patients else rng.random(codes.size) < 0.4
    shared = rng.normal(0, np.sqrt(0.5), patients)[codes]
    scores = shared + rng.normal(0, np.sqrt(0.5), codes.size) + apart(area) * labels
    return labels, scores, codes


def methods(rng: Rng, patients: int, bias: float, spread: float) -> tuple[Numbers, Numbers]:
    """Two methods whose differences are normal."""
    x = rng.normal(10, 2, patients)
    return x, x + rng.normal(bias, spread, patients)


def predictions(rng: Rng, patients: int, slope: float, spread: float) -> tuple[Truth, Numbers]:
    """Predicted probabilities whose logit must be multiplied by `slope` to be right."""
    logit = rng.normal(-0.3, spread, patients)
    return rng.random(patients) < expit(slope * logit), expit(logit)


def two_scores(
    rng: Rng, patients: int, area: float, together: float
) -> tuple[Truth, Numbers, Numbers]:
    """Two scores of the same AUC, correlated within a class."""
    labels = np.arange(patients) < round(0.4 * patients)
    both = rng.multivariate_normal(np.zeros(2), [[1, together], [together, 1]], patients)
    both += apart(area) * labels[:, None]
    return labels, both[:, 0], both[:, 1]


def two_scores_nested(
    rng: Rng, patients: int, each: int, area: float, together: float
) -> tuple[Truth, Numbers, Numbers, Codes]:
    """Two scores of the same AUC on rows of patients who share half of their variance."""
    codes = np.repeat(np.arange(patients), each).astype(np.intp)
    labels = (rng.random(patients) < 0.4)[codes]
    cover = 0.5 * np.array([[1, together], [together, 1]])
    both = rng.multivariate_normal(np.zeros(2), cover, patients)[codes]
    both = both + rng.multivariate_normal(np.zeros(2), cover, codes.size)
    both += apart(area) * labels[:, None]
    return labels, both[:, 0], both[:, 1], codes


def two_methods(
    rng: Rng, patients: int, true: float, together: float
) -> tuple[Numbers, Numbers, Numbers]:
    """A reference and two methods that agree with it equally well, their errors correlated."""
    place = rng.normal(0, np.sqrt(true), patients)
    reference = place + rng.normal(0, np.sqrt(1 - true), patients)
    errors = rng.multivariate_normal(
        np.zeros(2), (1 - true) * np.array([[1, together], [together, 1]]), patients
    )
    return reference, place + errors[:, 0], place + errors[:, 1]
