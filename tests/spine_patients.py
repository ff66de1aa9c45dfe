"""Small patients whose density can be seen, for tests of the spine's networks."""

import numpy as np

from osteon.learn.spine_data import SpineData

SHAPE = (12, 18, 12)
LIMITS = (0.98, 0.84)
"""Densities at which classes begin."""

MAKERS = ("hologic", "lunar", "norland")


def patients(many: int = 24, *, seed: int = 0, by_device: float = 0.0) -> SpineData:
    """Patients of two densitometers whose bone is as bright as it is dense.

    Lower vertebrae are longer. What the second device reads is ``by_device`` higher.
    """
    rng = np.random.default_rng(seed)
    true = rng.normal(0.95, 0.12, many)
    device = np.arange(many) % 2
    read = true + by_device * (device == 1)
    hu = rng.normal(40, 15, (many, 4, *SHAPE))
    parts = np.zeros(hu.shape, np.uint8)
    for slot in range(4):
        end = 8 + slot
        parts[:, slot, 2:10, 3:15, 1:end] = 1
        parts[:, slot, 2:10, 3:10, 1:end] = 2
    hu += np.where(parts > 0, 300.0 * true[:, None, None, None, None], 0.0)
    length = np.tile(np.arange(4.0), (many, 1)) + rng.normal(0, 0.1, (many, 4))
    bright = (true[:, None] + rng.normal(0, 0.08, (many, 4))) * 300
    below = read[:, None] < np.array(LIMITS)
    return SpineData(
        hu=hu.astype(np.int16),
        parts=parts,
        present=np.ones((many, 4), np.bool_),
        factor=np.ones(many, np.float32),
        facts=np.stack([bright, length], axis=2).astype(np.float32),
        device=device.astype(np.int64),
        devices=MAKERS,
        bmd=read,
        vertebra_bmd=np.repeat(read[:, None], 4, axis=1),
        diagnosis=below.sum(axis=1).astype(np.int64),
        limits=np.tile(LIMITS, (many, 1)),
    )
