"""One diseased right knee, the same knee on the left, and many people drawn."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.simulate.bone.tiles import Tile
from osteon.simulate.knee import KneeSettings, build_knee, draw_knee

SPACING = 1.2


def tile():
    noise = np.random.default_rng(0).standard_normal((192, 192, 192), dtype=np.float32)
    return Tile("noise", np.clip(np.round(noise * 4096), -32767, 32767).astype(np.int16), 0.05)


@pytest.fixture(scope="session")
def noise_tile():
    return tile()


@pytest.fixture(scope="session")
def ill():
    """A person with severe, mainly medial disease."""
    rng = np.random.default_rng(5)
    person = draw_knee(rng, KneeSettings(prevalence=(0, 0, 0, 0, 1)))
    return replace(
        person,
        side="right",
        joint_space={"medial": 1.7, "lateral": 5.6},
        severity={"medial": 3.9, "lateral": 1.0},
        osteophyte={"medial": 4.0, "lateral": 1.5},
        attrition={"medial": 0.6, "lateral": 0.0},
    )


@pytest.fixture(scope="session")
def right(ill, noise_tile):
    return build_knee(ill, [noise_tile], np.random.default_rng(1), spacing=SPACING)


@pytest.fixture(scope="session")
def left(ill, noise_tile):
    other = replace(ill, side="left")
    return build_knee(other, [noise_tile], np.random.default_rng(1), spacing=SPACING)


@pytest.fixture(scope="session")
def people():
    """Two thousand people, 400 of each grade on average."""
    rng = np.random.default_rng(20)
    settings = KneeSettings(prevalence=(0.25, 0.25, 0.2, 0.2, 0.1))
    return [draw_knee(rng, settings) for _ in range(2000)]
