"""From texture features of all units and shapes to a few numbers whose distances mean something."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, UnusableTable

FARTHEST = 5.0
"""Standard deviations beyond which values are cut: one odd window must not turn the axes."""

CONSTANT = 1e-6
"""Features whose deviation is below this part of their size do not differ, and are left out."""

NOTHING = 1e-8
"""Components with less than this part of the largest variance are rounding."""


@dataclass(frozen=True, eq=False)
class Basis:
    """Standardised features and their whitened principal components.

    Attributes
    ----------
    names : tuple of str
        The f features that vary.
    mean, spread : (f,) float64 array
        What they are standardised by.
    axes : (d, f) float64 array
        Components of the standardised features, each divided by its standard deviation: what they
        give has variance 1 and no correlation over the windows that the basis was made of.
    """

    names: tuple[str, ...]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    axes: NDArray[np.float64]

    def standardised(
        self, values: NDArray[np.floating], names: Sequence[str]
    ) -> NDArray[np.float32]:
        """Features less their mean, by their deviation.

        Parameters
        ----------
        values : (n, any) array
            Features of windows; NaN where one has no value.
        names : sequence of str
            What the columns are.

        Returns
        -------
        (n, f) float32 array
            Within ±`FARTHEST`; NaN stays NaN.

        Raises
        ------
        UnusableTable
            If a feature of the basis is not among them.
        """
        given = list(names)
        if lacks := [name for name in self.names if name not in given]:
            raise UnusableTable(f"the windows lack the feature {lacks[0]}; make the pool again.")
        chosen = np.asarray(values, np.float64)[:, [given.index(name) for name in self.names]]
        scaled = (chosen - self.mean) / self.spread
        return np.clip(scaled, -FARTHEST, FARTHEST).astype(np.float32)

    def described(self, standardised: NDArray[np.float32]) -> NDArray[np.float32]:
        """Descriptors: components of standardised features.

        Parameters
        ----------
        standardised : (n, f) float32 array
            As of `standardised`; a missing value counts as the mean.

        Returns
        -------
        (n, d) float32 array
        """
        filled = np.nan_to_num(standardised.astype(np.float64), nan=0.0)
        return (filled @ self.axes.T).astype(np.float32)

    def plain(self) -> dict[str, Any]:
        """The basis, ready for JSON."""
        arrays = {name: getattr(self, name).tolist() for name in ("mean", "spread", "axes")}
        return {"names": list(self.names), **arrays}


def basis_of(plain: dict[str, Any]) -> Basis:
    """The basis that `Basis.plain` told."""
    mean, spread, axes = (np.array(plain[name], np.float64) for name in ("mean", "spread", "axes"))
    return Basis(tuple(plain["names"]), mean, spread, axes)


def fit_basis(
    values: NDArray[np.floating], names: Sequence[str], *, variance: float = 0.95, most: int = 16
) -> Basis:
    """Learn a basis from windows.

    Parameters
    ----------
    values : (n, f) array
        Features; NaN where a window has no such feature.
    names : sequence of str
        What the columns are.
    variance : float
        Part of the variance of the standardised features that components must hold, 0 to 1.
    most : int
        Components at most.

    Returns
    -------
    Basis
        Features that hardly vary are not in it.

    Raises
    ------
    BadSetting
        If there are fewer than two windows, or nothing varies.
    """
    if not 0 < variance <= 1 or most < 1:
        raise BadSetting(f"variance is 0 to 1 and most at least 1; got {variance:g} and {most}.")
    table = np.asarray(values, np.float64)
    known = np.isfinite(table)
    enough = known.sum(axis=0) >= max(2, len(table) // 2)
    filled = np.where(known, table, 0.0)
    count = np.maximum(known.sum(axis=0), 1)
    mean = filled.sum(axis=0) / count
    spread = np.sqrt((np.where(known, table - mean, 0.0) ** 2).sum(axis=0) / count)
    varies = enough & (spread > CONSTANT * np.maximum(np.abs(mean), 1e-12))
    if len(table) < 2 or not varies.any():
        raise BadSetting(
            f"a basis of texture needs windows that differ; got {len(table)} that do not."
        )
    kept = tuple(name for name, one in zip(names, varies, strict=True) if one)
    plain = Basis(kept, mean[varies], spread[varies], np.zeros((0, len(kept))))
    scaled = np.nan_to_num(plain.standardised(table, names).astype(np.float64), nan=0.0)
    axes = _whitening(scaled, variance, most)
    return Basis(kept, plain.mean, plain.spread, axes)


def _whitening(scaled: NDArray[np.float64], variance: float, most: int) -> NDArray[np.float64]:
    """Components by their deviations, the largest first; the largest weight of each above 0."""
    held, vectors = np.linalg.eigh(
        np.cov(scaled, rowvar=False, bias=True).reshape(2 * scaled.shape[1:])
    )
    held, vectors = held[::-1], vectors[:, ::-1]
    share = np.cumsum(np.maximum(held, 0.0)) / np.maximum(held, 0.0).sum()
    real = int(np.count_nonzero(held > NOTHING * held[0]))
    many = min(most, real, int(np.searchsorted(share, variance)) + 1)
    axes = vectors[:, :many].T
    largest = axes[np.arange(many), np.abs(axes).argmax(axis=1)]
    signed = axes * np.sign(largest)[:, None]
    whitened: NDArray[np.float64] = signed / np.sqrt(held[:many])[:, None]
    return whitened
