"""Vertebrae as networks take them: grey values on one scale, and which part a voxel is of."""

import numpy as np
from numpy.typing import NDArray

LOWEST_HU, HIGHEST_HU = -200.0, 1500.0
"""HU are cut here: air and fat are one, and so are metal and the densest bone."""

MIDDLE_HU, SPREAD_HU = 150.0, 250.0
"""HU become (HU - middle) / spread."""

PART_VALUES = np.array([0.0, 0.5, 1.0], np.float32)
"""Second channel for what is no vertebra, its rest, and its body."""


def inputs_of(
    hu: NDArray[np.int16], parts: NDArray[np.uint8], factor: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Input of the encoder.

    Parameters
    ----------
    hu : (n, i, j, k) int16 array
        HU as scanned.
    parts : (n, i, j, k) uint8 array
        0 outside, 1 the rest of the vertebra, 2 its body.
    factor : (n,) array
        What takes HU of bone at the scan's tube voltage to those at 120 kVp.

    Returns
    -------
    (n, 2, i, j, k) float32 array
    """
    made = np.empty((len(hu), 2, *hu.shape[1:]), np.float32)
    scale = np.asarray(factor, np.float32)
    for n, one in enumerate(hu):  # one by one they stay in the cache
        grey = np.clip(one.astype(np.float32) * scale[n], LOWEST_HU, HIGHEST_HU)
        made[n, 0] = (grey - np.float32(MIDDLE_HU)) / np.float32(SPREAD_HU)
        made[n, 1] = PART_VALUES[parts[n]]
    return made
