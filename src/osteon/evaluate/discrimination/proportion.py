"""A proportion with Wilson's interval, also where a patient has several rows."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..checked import Codes, Truth

WILSON_DOI = "10.1080/01621459.1927.10502953"
CLUSTERED = (
    "Wilson interval for the effective number of rows, from the spread of patients (Rao & Scott "
    "1992)"
)


@dataclass(frozen=True)
class Proportion:
    """A share of rows, and what its interval follows from.

    Attributes
    ----------
    value : float
        The share, 0–1.
    rows : int
        Rows it is a share of.
    effective : float
        Independent rows that would tell as much: `rows` where each is a patient of its own.
    clusters : int
        Patients the rows come from.
    """

    value: float
    rows: int
    effective: float
    clusters: int

    def interval(self, level: float) -> tuple[float, float]:
        """Ends of Wilson's score interval (doi:10.1080/01621459.1927.10502953)."""
        return wilson(self.value, self.effective, level)

    @property
    def method(self) -> str:
        """How the interval is made."""
        return CLUSTERED if self.clusters < self.rows else "Wilson interval"


def wilson(share: float, rows: float, level: float) -> tuple[float, float]:
    """Ends of Wilson's score interval of a share of so many independent rows."""
    z = float(stats.norm.ppf(0.5 * (1 + level)))
    middle = (share + 0.5 * z**2 / rows) / (1 + z**2 / rows)
    half = z * (share * (1 - share) / rows + 0.25 * z**2 / rows**2) ** 0.5 / (1 + z**2 / rows)
    low = 0.0 if share == 0 else max(0.0, middle - half)
    high = 1.0 if share == 1 else min(1.0, middle + half)
    return low, high


def proportion(hit: Truth, among: Truth, clusters: Codes) -> Proportion | None:
    """Share of the rows `among` that are `hit`, or None where there are no such rows.

    Parameters
    ----------
    hit, among : ndarray of bool, shape (rows,)
    clusters : ndarray of int, shape (rows,)
        Patient of each row.
    """
    rows = int(among.sum())
    if rows == 0:
        return None
    names, codes = np.unique(clusters[among], return_inverse=True)
    met = hit[among].astype(np.float64)
    share = float(met.mean())
    many = names.size
    effective = float(rows)
    if many < rows:
        apart = np.bincount(codes, met - share)
        spread = many / max(1, many - 1) * float(apart @ apart) / rows**2
        # Where all rows agree nothing is seen of the spread; patients are then all that is sure.
        effective = min(rows, share * (1 - share) / spread) if spread > 0 else float(many)
    return Proportion(share, rows, effective, many)
