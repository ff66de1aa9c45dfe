"""Net reclassification: how many patients move to the right side when a model is replaced."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ...core import BadSetting
from .. import checked
from ..checked import Numbers
from ..estimate import LEVEL, Estimate
from .bins import outcome

CAVEATS = (
    "read events and nonevents apart: their sum is no proportion of patients; a miscalibrated or "
    "overfitted model can gain reclassification without any information (Pepe 2014, "
    "doi:10.1007/s12561-014-9118-0), so judge by calibration, AUC and net benefit first, and do "
    "not test it (Kerr 2014, doi:10.1097/EDE.0000000000000018)"
)


STILL = "all rows moved the same way, or none did: the interval has no width and means nothing"


@dataclass(frozen=True, eq=False)
class NetReclassification:
    """What replacing a model does to the risks of the diseased and of the others.

    Attributes
    ----------
    events : Estimate
        Share of the diseased moved up less the share moved down, −1 to 1.
    nonevents : Estimate
        Share of the others moved down less the share moved up, −1 to 1.
    total : Estimate
        Sum of both, −2 to 2.
    table : ndarray of int, shape (2, categories, categories)
        Nonevents, then events: category before (rows) and after (columns). Without cuts there is
        one category, holding all.
    cuts : tuple of float
        Borders of the risk categories; none for the continuous index.
    note : str
        Caveats that belong beside the figures.
    """

    events: Estimate
    nonevents: Estimate
    total: Estimate
    table: NDArray[np.intp]
    cuts: tuple[float, ...]
    note: str


def net_reclassification(
    labels: ArrayLike,
    before: ArrayLike,
    after: ArrayLike,
    *,
    cuts: Sequence[float] | None = None,
    level: float = LEVEL,
) -> NetReclassification:
    """Net reclassification index, by categories or continuous.

    Pencina 2008 (doi:10.1002/sim.2929) and, without categories, 2011 (doi:10.1002/sim.4085), with
    the variance of a difference of two multinomial shares. It takes rows as independent, and both
    models as fixed: do not use it on the rows that a model was fitted to.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 or true where the disease is.
    before, after : array_like of shape (rows,)
        Probabilities of disease by the old and the new model, 0–1.
    cuts : sequence of float, optional
        Borders of the risk categories, rising, between 0 and 1; a risk on a border belongs to the
        upper category. Without, every change counts.
    level : float
        Confidence.

    Returns
    -------
    NetReclassification

    Raises
    ------
    UnusableTable
        If there is one class only, a value is missing, or a probability lies outside 0–1.
    BadSetting
        If cuts do not rise between 0 and 1.
    """
    checked.confidence(level)
    truth, old = outcome(labels, before)
    _, new = outcome(labels, after)
    borders = tuple(float(cut) for cut in cuts or ())
    rising = all(a < b for a, b in zip((0.0, *borders), (*borders, 1.0), strict=True))
    if not rising or (cuts is not None and not borders):
        raise BadSetting(f"cuts must rise between 0 and 1, one at least; got {list(borders)}.")
    was, now = (np.searchsorted(borders, risk, side="right") for risk in (old, new))
    moved = np.sign(now - was) if borders else np.sign(new - old)
    of = len(borders) + 1
    table = np.zeros((2, of, of), np.intp)
    np.add.at(table, (truth.astype(np.intp), was, now), 1)
    shares = [_net(moved[truth]), _net(-moved[~truth])]
    kind = (
        f"categories cut at {', '.join(f'{cut:g}' for cut in borders)}" if borders else "any change"
    )
    found = []
    for name, (value, variance) in (
        ("NRI, events", shares[0]),
        ("NRI, nonevents", shares[1]),
        ("NRI, total", (shares[0][0] + shares[1][0], shares[0][1] + shares[1][1])),
    ):
        wide = float(stats.norm.ppf(0.5 * (1 + level)) * np.sqrt(variance))
        most = 2.0 if name == "NRI, total" else 1.0
        found.append(
            Estimate(
                name, value, max(value - wide, -most), min(value + wide, most), level,
                method=f"{kind}; Wald interval of multinomial shares", doi="10.1002/sim.2929",
                rows=truth.size, clusters=truth.size, note="" if variance > 0 else STILL,
            )
        )  # fmt: skip
    return NetReclassification(found[0], found[1], found[2], table, borders, CAVEATS)


def _net(moved: Numbers) -> tuple[float, float]:
    """Share moved up less share moved down, and the variance of this difference."""
    mean = float(moved.mean())
    return mean, (float((moved**2).mean()) - mean**2) / moved.size
