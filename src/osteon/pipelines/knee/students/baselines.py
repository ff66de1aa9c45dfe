"""What CT gives without a network: radiomics with boosted trees, thresholds, mean HU."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....core import BadSetting, Grid, Mask, UnknownName, UnusableTable
from ....features.structure import apparent_parameters
from ....learn.trees import Trees, grow_trees
from .features import Inside, Patches, must_be_patches, patch_features

Numbers = NDArray[np.float64]

BASELINES = ("radiomics", "threshold", "otsu", "mean HU")
"""Boosted trees on radiomic features; bone above a fixed HU; above each patch's own Otsu
threshold (Otsu 1979, doi:10.1109/TSMC.1979.4310076); mean HU alone."""

FIXED_HU = 350.0
"""Threshold of bone: about the median of subchondral trabecular bone in clinical CT, so that both
sides of it are met in every patch. No density is meant by it."""

MEASURED = ("app.BV/TV", "app.Tb.Th", "app.Tb.Sp", "app.Tb.N")
BINS = 128


@dataclass(frozen=True, eq=False)
class Lines:
    """A line for each target: level and slope of its own column.

    Attributes
    ----------
    slopes, levels : (targets,) float64 array
    typical : (targets,) float64 array
        Column's mean in training, taken where a column is missing.
    """

    slopes: Numbers
    levels: Numbers
    typical: Numbers

    def predict(self, table: Numbers) -> Numbers:
        """Targets of each row, shape (rows, targets)."""
        return self.levels + self.slopes * np.where(np.isfinite(table), table, self.typical)


@dataclass(frozen=True)
class Baseline:
    """Parameters from patches of CT by a simple method.

    Attributes
    ----------
    name : str
        One of ``BASELINES``.
    spacing_mm : float
        Distance of voxels, for thresholds.
    seed : int
        Of the trees.
    fitted : Trees or Lines or None
        What training left; None before.
    """

    name: str
    spacing_mm: float = 0.4
    seed: int = 0
    fitted: Trees | Lines | None = None

    def __post_init__(self) -> None:
        if self.name not in BASELINES:
            raise UnknownName(f"a baseline is one of {', '.join(BASELINES)}; got '{self.name}'.")
        if not self.spacing_mm > 0:
            raise BadSetting(f"the spacing is above 0 mm; got {self.spacing_mm:g}.")

    def describe(self, ct: Patches, mask: Inside) -> Numbers:
        """What the method sees of patches; worked out once for all folds.

        Parameters
        ----------
        ct : ndarray of shape (patches, i, j, k)
            HU.
        mask : ndarray of bool, same shape
            Bone to be measured.

        Returns
        -------
        ndarray of float64, shape (patches, columns)
            For thresholds app.BV/TV, app.Tb.Th, app.Tb.Sp and app.Tb.N, NaN where there is none.

        Raises
        ------
        UnsuitableScan
            If there are no patches with masks, or a value is missing.
        """
        if self.name == "radiomics":
            return patch_features(ct, mask)[1]
        must_be_patches(ct, mask)
        pairs = zip(ct, mask, strict=True)
        if self.name == "mean HU":
            return np.asarray([[patch[inside].mean(dtype=np.float64)] for patch, inside in pairs])
        return np.stack([self._measured(*pair) for pair in pairs])

    def fit(self, ct: Patches, mask: Inside, targets: ArrayLike, patients: ArrayLike) -> "Baseline":
        """Train on patches.

        Parameters
        ----------
        ct, mask
            As `describe`.
        targets : array_like of shape (patches, targets)
            Reference; NaN where a patch has none. Thresholds need the four of ``MEASURED``.
        patients : array_like of shape (patches,)
            Whose patch it is. Each patient counts alike in a line.

        Returns
        -------
        Baseline
            A trained one; this one stays as it is.

        Raises
        ------
        UnusableTable
            If rows differ in number, or a target is missing too often.
        """
        return self.fit_table(self.describe(ct, mask), targets, patients)

    def fit_table(self, table: Numbers, targets: ArrayLike, patients: ArrayLike) -> "Baseline":
        """Train on what `describe` gave."""
        wanted, who = _targets(table, targets, patients)
        if self.name == "radiomics":
            return replace(self, fitted=grow_trees(table, wanted, seed=self.seed))
        if self.name != "mean HU" and wanted.shape[1] != table.shape[1]:
            raise UnusableTable(
                f"thresholds give {', '.join(MEASURED)}; got {wanted.shape[1]} targets."
            )
        columns = np.broadcast_to(table, wanted.shape)
        return replace(self, fitted=_lines(columns, wanted, who))

    def predict(self, ct: Patches, mask: Inside) -> Numbers:
        """Targets of patches, shape (patches, targets).

        Raises
        ------
        BadSetting
            If it was not trained.
        """
        return self.predict_table(self.describe(ct, mask))

    def predict_table(self, table: Numbers) -> Numbers:
        """Targets from what `describe` gave."""
        if self.fitted is None:
            raise BadSetting(f"the baseline '{self.name}' is not trained; call fit first.")
        return self.fitted.predict(table)

    def _measured(self, ct: NDArray[np.floating], mask: NDArray[np.bool_]) -> Numbers:
        """Apparent parameters of what lies above the threshold."""
        values = np.asarray(ct, np.float32)
        level = FIXED_HU if self.name == "threshold" else otsu(values[mask])
        n = values.shape
        grid = Grid(n, np.zeros(3), np.eye(3), np.full(3, self.spacing_mm))
        found = apparent_parameters(Mask(values > level, grid), region=Mask(mask, grid)).named()
        return np.asarray([np.nan if found[k] is None else found[k] for k in MEASURED], np.float64)


def cross_validated_baseline(
    name: str,
    ct: Patches,
    mask: Inside,
    targets: ArrayLike,
    patients: ArrayLike,
    folds: ArrayLike,
) -> Numbers:
    """Targets of each patch by a baseline that never saw the patient.

    Parameters
    ----------
    name : str
        One of ``BASELINES``.
    ct, mask, targets, patients
        As `Baseline.fit`.
    folds : array_like of int, shape (patches,)
        The fold in which a patch is tested.

    Returns
    -------
    ndarray of float64, shape (patches, targets)

    Raises
    ------
    UnusableTable
        If a patient is in two folds.
    """
    baseline = Baseline(name)
    table = baseline.describe(ct, mask)
    wanted, who = _targets(table, targets, patients)
    fold = np.asarray(folds)
    if fold.shape != who.shape:
        raise UnusableTable(f"{len(who)} patches need a fold each; got {fold.shape}.")
    for patient in np.unique(who):
        met = np.unique(fold[who == patient])
        if len(met) > 1:
            raise UnusableTable(
                f"{patient} is in folds {met[0]} and {met[1]}; a patient stays on one side of a "
                "split."
            )
    found = np.empty(wanted.shape)
    for one in np.unique(fold):
        out = fold == one
        trained = baseline.fit_table(table[~out], wanted[~out], who[~out])
        found[out] = trained.predict_table(table[out])
    return found


def otsu(values: NDArray[np.floating]) -> float:
    """Level that splits values into two classes with the largest variance between them."""
    counts, edges = np.histogram(values, BINS)
    centres = 0.5 * (edges[1:] + edges[:-1])
    below, total = np.cumsum(counts)[:-1], counts.sum()
    sums = np.cumsum(counts * centres)
    share = below / total
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] / total * share - sums[:-1] / total) ** 2 / (share * (1 - share))
    return float(edges[1 + int(np.nanargmax(between))])


def _targets(table: Numbers, targets: ArrayLike, patients: ArrayLike) -> tuple[Numbers, NDArray]:  # type: ignore[type-arg]
    wanted, who = np.asarray(targets, np.float64), np.asarray(patients, str)
    if wanted.ndim != 2 or len(wanted) != len(table) or who.shape != (len(table),):
        raise UnusableTable(
            f"{len(table)} patches need a row of targets and a patient each; got {wanted.shape} "
            f"and {who.shape}."
        )
    return wanted, who


def _lines(columns: Numbers, wanted: Numbers, who: NDArray[np.str_]) -> Lines:
    """Least squares of each target on its column, each patient counting alike."""
    _, codes, counts = np.unique(who, return_inverse=True, return_counts=True)
    weight = 1.0 / counts[codes]
    slopes, levels, typical = [], [], []
    for x, y in zip(columns.T, wanted.T, strict=True):
        both = np.isfinite(x) & np.isfinite(y)
        if both.sum() < 3:
            raise UnusableTable(f"a line needs 3 patches with a reference; got {both.sum()}.")
        w, a, b = weight[both], x[both], y[both]
        mean_a, mean_b = np.average(a, weights=w), np.average(b, weights=w)
        square = float((w * (a - mean_a) ** 2).sum())
        slope = float((w * (a - mean_a) * (b - mean_b)).sum()) / square if square > 0 else 0.0
        slopes.append(slope)
        levels.append(mean_b - slope * mean_a)
        typical.append(mean_a)
    return Lines(np.asarray(slopes), np.asarray(levels), np.asarray(typical))
