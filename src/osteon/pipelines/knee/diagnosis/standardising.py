"""What the average training patient is like, and how far patients and patches lie from that."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bag import Bag, all_regions, inputs_of, must_know, region_means

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Standard:
    """Means and deviations of training patients.

    Attributes
    ----------
    regions : tuple of str, length r
        Regions met in training.
    means : (r, q) float64 array
        Mean over patients of what a region's mean is.
    deviations : (r, q) float64 array
        Standard deviation of the same over patients.
    of_patches : (r, q) float64 array
        Standard deviation of single patches about `means`.
    raw, weighted : bool
        Whether the CT's descriptors are among the inputs, and whether uncertainty counts.
    """

    regions: tuple[str, ...]
    means: Numbers
    deviations: Numbers
    of_patches: Numbers
    raw: bool = False
    weighted: bool = False

    def table(self, bags: Sequence[Bag]) -> Numbers:
        """Standardised regional means, nought where a region is missing.

        Returns
        -------
        ndarray of float64, shape (bags, r * q)

        Raises
        ------
        UnknownName, UnusableTable
            If a knee has a region or a number of inputs that training had not.
        """
        rows = [((self.region_means(bag) - self.means) / self.deviations).ravel() for bag in bags]
        return np.nan_to_num(np.asarray(rows), nan=0.0)

    def region_means(self, bag: Bag) -> Numbers:
        """Regional means in their own units, shape (r, q), NaN where a region is missing."""
        must_know(bag, self.regions, self.means.shape[1], raw=self.raw)
        inputs = inputs_of(bag, raw=self.raw)
        return region_means(bag, self.regions, inputs, weighted=self.weighted)

    def patches(self, bag: Bag) -> tuple[Numbers, NDArray[np.intp]]:
        """Standardised patches, shape (n, q), and the number of the region of each."""
        must_know(bag, self.regions, self.means.shape[1], raw=self.raw)
        where = np.asarray([self.regions.index(region) for region in bag.regions], np.intp)
        inputs = inputs_of(bag, raw=self.raw)
        return (inputs - self.means[where]) / self.of_patches[where], where


def standard_of(bags: Sequence[Bag], *, raw: bool = False, weighted: bool = False) -> Standard:
    """Means and deviations of training patients.

    Parameters
    ----------
    bags : sequence of Bag
        Training patients, and none other.
    raw, weighted : bool
        As in `Standard`.

    Returns
    -------
    Standard
        What does not vary gets a deviation of 1, so that it becomes nought.
    """
    regions = all_regions(bags)
    inputs = [inputs_of(bag, raw=raw) for bag in bags]
    for bag in bags:
        must_know(bag, regions, inputs[0].shape[1], raw=raw)
    by_patient = np.stack(
        [
            region_means(bag, regions, given, weighted=weighted)
            for bag, given in zip(bags, inputs, strict=True)
        ]
    )
    means = np.nanmean(by_patient, axis=0)
    deviations = np.nanstd(by_patient, axis=0)
    patches = np.concatenate(inputs)
    own = np.concatenate([np.asarray(bag.regions) for bag in bags])
    of_patches = np.stack(
        [
            np.sqrt(((patches[own == region] - means[n]) ** 2).mean(axis=0))
            for n, region in enumerate(regions)
        ]
    )
    return Standard(regions, means, _above(deviations), _above(of_patches), raw, weighted)


def _above(deviations: Numbers) -> Numbers:
    return np.where(deviations > 1e-12, deviations, 1.0)
