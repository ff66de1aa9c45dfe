"""How bright mineral is in a scan, told by its tube voltage and by the patient's muscle and fat."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...calibration import TISSUES
from ..voltage import to_120_kvp

SOFT = {"adipose": (-160.0, -40.0), "muscle": (10.0, 110.0)}
"""HU among which the peak of each tissue beside a vertebra is looked for."""

PEAK_HU = 10.0
"""SD of the Gaussian over the histogram of HU, so that noise makes no peaks."""

SOFT_HU = 60.0
"""HU of muscle, and of bone without its mineral, at any tube voltage."""

L1_HU = 140.9
"""Mean HU of L1 at 120 kVp, of which `osteon.calibration.kvp_factor` is the ratio."""

APART_HU = 142.0
"""Muscle less fat at 120 kVp without contrast agent, in virtual patients."""

ENHANCED = ((300.0, 9.0), (100.0, 15.0))
"""By how much muscle is brighter where the vessels have that many HU and more: in arterial, then in
venous phases of virtual patients. Below, there is no contrast agent."""

SHARE = 0.5
"""Power of the ratio of muscle less fat. With less energy bone is brighter, and muscle and fat lie
further apart; by how much depends on what else a scanner does. Chosen by leaving out each internal
site of 150 virtual patients in turn: biases of up to 0.021 g/cm² became up to 0.003."""

BETWEEN = (0.85, 1.18)
"""No scanner is corrected by more."""


def mineral_factor(
    crops: Sequence[tuple[NDArray[np.int16], NDArray[np.uint8]]],
    rows: Sequence[Mapping[str, Any]],
    kvp: float | None,
) -> float:
    """What takes HU above soft tissue to those at 120 kVp, of one patient.

    Parameters
    ----------
    crops : sequence of pairs of (i, j, k) arrays
        HU and parts of each vertebra.
    rows : sequence of mapping
        What stands beside each: ``vessel_hu``.
    kvp : float or None
        Tube voltage.

    Returns
    -------
    float
        By the voltage alone where muscle or fat cannot be told.
    """
    factor = of_voltage(to_120_kvp(kvp))
    fat, muscle = (_median([soft_tissue(*crop, name) for crop in crops]) for name in SOFT)
    if fat is None or muscle is None:
        return factor
    vessel = _median([row.get("vessel_hu") for row in rows])
    brighter = next((by for least, by in ENHANCED if vessel is not None and vessel >= least), 0.0)
    ratio = APART_HU / max(muscle - brighter - fat, 1.0)
    return factor * float(np.clip(ratio**SHARE, *BETWEEN))


def of_voltage(factor: float) -> float:
    """What takes HU above soft tissue to those at 120 kVp, from what takes HU of bone there.

    The voltage changes what mineral adds and leaves soft tissue where it is; so the published ratio
    of mean HU is taken of what is above `SOFT_HU`: 0.92 at 100 kVp and 1.13 at 140.
    """
    return (L1_HU - SOFT_HU) / (L1_HU / factor - SOFT_HU)


def _median(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return float(np.median(known)) if known else None


def soft_tissue(hu: NDArray[np.int16], parts: NDArray[np.uint8], name: str) -> float | None:
    """Peak of the HU of a tissue beside a vertebra.

    Parameters
    ----------
    hu, parts : (i, j, k) arrays
        HU of a crop, and its parts.
    name : str
        ``"adipose"`` or ``"muscle"``.

    Returns
    -------
    float or None
        None where there is no peak, or it cannot be the tissue.
    """
    low, high = SOFT[name]
    beside = hu[parts == 0]
    edges = np.arange(low - 4 * PEAK_HU, high + 4 * PEAK_HU + 1)
    counts, _ = np.histogram(beside, edges)
    smooth = ndimage.gaussian_filter1d(counts.astype(np.float64), PEAK_HU)
    middles = 0.5 * (edges[1:] + edges[:-1])
    inside = (middles >= low) & (middles <= high)
    if smooth[inside].max() < 1.0:
        return None
    peak = float(middles[inside][int(smooth[inside].argmax())])
    known = TISSUES[name]
    return peak if known.lowest <= peak <= known.highest else None
