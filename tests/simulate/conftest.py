"""Structure and people that the tests of spines and densitometers share."""

import numpy as np
import pytest
from scipy import ndimage

from osteon.simulate.bone.tiles import SIDE, Tile, ranked
from osteon.simulate.spine import LEVELS, SpinePatient, Vertebra


@pytest.fixture(scope="session")
def tiles():
    noise = np.random.default_rng(0).normal(size=(SIDE,) * 3).astype(np.float32)
    return [(0, Tile("noise", ranked(ndimage.uniform_filter(noise, 7, mode="wrap")), 0.05))]


@pytest.fixture(scope="session")
def person():
    def make(share=0.12, **vertebrae):
        plain = {level: Vertebra(share) for level in LEVELS}
        return SpinePatient(
            age=60.0, sex="F", stature=1640.0, weight=68.0, vbmd=115.0, share=share, magnify=1.0,
            cortex=1.0, fat=0.5, size=1.0, lordosis=1.0, scoliosis=0.0, wear=0.2,
            calcification=0.0, phase="none", vertebrae={**plain, **vertebrae},
        )  # fmt: skip

    return make
