"""The patches of one knee as numbers: what diagnosis looks at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....core import UnknownName, UnusableTable

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bag:
    """Patches of one knee.

    Attributes
    ----------
    patient : str
        Who.
    regions : tuple of str
        Region of each patch, such as ``"medial femur"``.
    centres : (n, 3) float64 array
        Centres of the patches in LPS mm.
    values : (n, p) float64 array
        Parameters of each patch, in their own units; all finite.
    uncertainty : (n, p) float64 array or None
        Standard deviation of each value.
    raw : (n, q) float64 array or None
        Descriptors of the CT itself.
    """

    patient: str
    regions: tuple[str, ...]
    centres: Numbers
    values: Numbers
    uncertainty: Numbers | None = None
    raw: Numbers | None = None

    def __post_init__(self) -> None:
        if not self.patient:
            raise UnusableTable("a knee needs the name of its patient; got an empty one.")
        if not self.regions:
            raise UnusableTable(f"{self.patient} has no patch; leave the patient out.")
        columns = {"centres": self.centres, "values": self.values}
        columns |= {} if self.uncertainty is None else {"uncertainty": self.uncertainty}
        columns |= {} if self.raw is None else {"raw": self.raw}
        for name, column in columns.items():
            if column.ndim != 2 or len(column) != len(self.regions) or not column.shape[1]:
                raise UnusableTable(
                    f"{self.patient} has {len(self.regions)} patches, but {name} of shape "
                    f"{column.shape}; one row a patch is needed."
                )
            odd = int((~np.isfinite(column).all(axis=1)).sum())
            if odd:
                raise UnusableTable(
                    f"{self.patient} lacks {name} in {odd} of {len(column)} patches; leave these "
                    "patches out."
                )
        if self.uncertainty is not None and (
            self.uncertainty.shape != self.values.shape or (self.uncertainty <= 0).any()
        ):
            raise UnusableTable(f"{self.patient}: each value needs an uncertainty above nought.")


def bags_of(
    patients: Sequence[str],
    regions: Sequence[str],
    centres: ArrayLike,
    values: ArrayLike,
    *,
    uncertainty: ArrayLike | None = None,
    raw: ArrayLike | None = None,
) -> tuple[Bag, ...]:
    """Columns with one row a patch, as one bag a patient; patients in order of first mention.

    Parameters
    ----------
    patients, regions : sequence of str, length n
    centres : array_like of shape (n, 3)
        LPS mm.
    values : array_like of shape (n, p)
        Rows with a missing value are left out; a patient of whom nothing is left is refused.
    uncertainty : array_like of shape (n, p), optional
        Standard deviations.
    raw : array_like of shape (n, q), optional
        Descriptors of the CT.

    Returns
    -------
    tuple of Bag

    Raises
    ------
    UnusableTable
        If columns differ in length, or a patient has no whole patch.
    """
    given = {"centres": centres, "values": values, "uncertainty": uncertainty, "raw": raw}
    columns = {name: np.asarray(c, np.float64) for name, c in given.items() if c is not None}
    told = {"patients": len(patients), "regions": len(regions)}
    told |= {name: len(column) for name, column in columns.items()}
    if len(set(told.values())) > 1:
        told_as = ", ".join(f"{name} {count}" for name, count in told.items())
        raise UnusableTable(f"columns must have one row a patch; got {told_as}.")
    who = np.asarray(patients, str)
    whole = np.all([np.isfinite(c.reshape(len(who), -1)).all(axis=1) for c in columns.values()], 0)
    found = []
    for patient in dict.fromkeys(who.tolist()):
        rows = np.flatnonzero((who == patient) & whole)
        parts: dict[str, Any] = {name: column[rows] for name, column in columns.items()}
        found.append(Bag(patient, tuple(str(regions[n]) for n in rows.tolist()), **parts))
    return tuple(found)


def region_means(
    bag: Bag, regions: Sequence[str], inputs: Numbers, *, weighted: bool = False
) -> Numbers:
    """Mean of the inputs in each region; NaN where the knee has no patch.

    Parameters
    ----------
    bag : Bag
    regions : sequence of str, length r
    inputs : ndarray of float, shape (n, q)
        As `inputs_of`.
    weighted : bool
        Whether values count by the inverse square of their uncertainty.

    Returns
    -------
    ndarray of float, shape (r, q)

    Raises
    ------
    UnusableTable
        If uncertainty is to count and there is none.
    """
    weights = np.ones_like(inputs)
    if weighted:
        if bag.uncertainty is None:
            raise UnusableTable(f"{bag.patient} has no uncertainty, and weighted=True needs it.")
        weights[:, : bag.values.shape[1]] = bag.uncertainty**-2.0
    own = np.asarray(bag.regions)
    found = np.full((len(regions), inputs.shape[1]), np.nan)
    for n, region in enumerate(regions):
        rows = own == region
        if rows.any():
            found[n] = (weights[rows] * inputs[rows]).sum(0) / weights[rows].sum(0)
    return found


def inputs_of(bag: Bag, *, raw: bool = False) -> Numbers:
    """What a classifier sees of each patch: values, and the CT's descriptors where asked for.

    Raises
    ------
    UnusableTable
        If descriptors are asked for and there are none.
    """
    if not raw:
        return bag.values
    if bag.raw is None:
        raise UnusableTable(f"{bag.patient} has no descriptors of the CT, and raw=True needs them.")
    return np.concatenate([bag.values, bag.raw], axis=1)


def with_region_at(bag: Bag, region: str, typical: Numbers) -> Bag:
    """The knee with one region as it is in the average training patient.

    Parameters
    ----------
    bag : Bag
    region : str
    typical : ndarray of float, shape (p,) or (p + q,)
        Values, and descriptors if there are more than values.
    """
    rows = np.asarray(bag.regions) == region
    many = bag.values.shape[1]
    values = np.where(rows[:, None], typical[:many], bag.values)
    raw = bag.raw
    if raw is not None and len(typical) > many:
        raw = np.where(rows[:, None], typical[many:], raw)
    return replace(bag, values=values, raw=raw)


def cells(bag: Bag, *, apart_mm: float = 9.0) -> NDArray[np.intp]:
    """Cell of each patch in a map of 3 × 3 cells laid over its region.

    The middle cell is the middle of the region's patches; the first axis runs from medial to
    lateral (as the names of the regions tell, on either side), the second from front to back.

    Parameters
    ----------
    bag : Bag
    apart_mm : float
        Width of the middle cell.

    Returns
    -------
    ndarray of int, shape (n, 2)
        0 to 2 along each axis.
    """
    own = np.asarray(bag.regions)
    inward = np.char.startswith(own, "medial")
    way = 1.0
    if inward.any() and not inward.all():
        x = bag.centres[:, 0]
        way = 1.0 if x[~inward].mean() >= x[inward].mean() else -1.0
    found = np.ones((len(own), 2), np.intp)
    for region in set(own.tolist()):
        rows = own == region
        off = bag.centres[rows, :2] - bag.centres[rows, :2].mean(axis=0)
        off[:, 0] *= way
        found[rows] = 1 + (off > apart_mm / 2) - (off < -apart_mm / 2)
    return found


def all_regions(bags: Sequence[Bag]) -> tuple[str, ...]:
    """Every region of some knees, in order of the alphabet."""
    return tuple(sorted({region for bag in bags for region in bag.regions}))


def must_know(bag: Bag, regions: Sequence[str], inputs: int, *, raw: bool = False) -> None:
    """Refuse a knee that a classifier cannot read.

    Raises
    ------
    UnknownName
        If it has a region the classifier never saw.
    UnusableTable
        If it has another number of inputs.
    """
    odd = sorted(set(bag.regions) - set(regions))
    if odd:
        raise UnknownName(
            f"{bag.patient} has the region '{odd[0]}'; this classifier knows {', '.join(regions)}."
        )
    many = inputs_of(bag, raw=raw).shape[1]
    if many != inputs:
        raise UnusableTable(
            f"{bag.patient} has {many} numbers a patch; this classifier was trained on {inputs}."
        )
