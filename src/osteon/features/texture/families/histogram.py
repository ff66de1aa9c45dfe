"""The histogram of grey levels."""

import numpy as np
from scipy.special import entr

from ..discretise import Levels
from .statistics import summary


def histogram_features(levels: Levels) -> dict[str, float]:
    """Intensity histogram features of IBSI 1, section 3.4 (doi:10.48550/arXiv.1612.07003).

    Parameters
    ----------
    levels : Levels
        Grey levels.

    Returns
    -------
    dict of str to float
        The 23 features ``ih_…``; of several modes the one nearest the mean, the gradients of a
        histogram of one level are 0.
    """
    counts = levels.histogram
    level = np.arange(1, counts.size + 1)
    share = counts / counts.sum()
    found = summary(np.repeat(level, counts).astype(np.float64))
    modes = level[counts == counts.max()]
    gradient = np.gradient(counts.astype(np.float64)) if counts.size > 1 else np.zeros(1)
    found |= {
        "mode": float(modes[np.abs(modes - found["mean"]).argmin()]),
        "entropy": float(entr(share).sum() / np.log(2)),
        "uniformity": float(share @ share),
        "max_grad": float(gradient.max()),
        "max_grad_g": float(level[gradient.argmax()]),
        "min_grad": float(gradient.min()),
        "min_grad_g": float(level[gradient.argmin()]),
    }
    return {f"ih_{name}": value for name, value in found.items()}
