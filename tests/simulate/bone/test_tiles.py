"""Tiles: any BV/TV is one level, and the far side goes on where the near side ends."""

import numpy as np
import pytest

from osteon.core import BadSetting
from osteon.simulate.bone.cells import STEPS, level_of
from osteon.simulate.bone.fields import FieldSettings, field_tile
from osteon.simulate.bone.specimens import specimen_tile
from osteon.simulate.bone.tiles import Tile, ranked


@pytest.fixture(scope="module", params=["specimen", "field"])
def tile(request):
    if request.param == "specimen":
        return specimen_tile("L1-67960")
    return field_tile(FieldSettings(), np.random.default_rng(3))


def test_the_share_above_a_level_is_the_amount_asked_for(tile):
    for amount in (0.04, 0.1, 0.3, 0.7):
        share = float((tile.values > level_of(amount) * STEPS).mean())
        assert share == pytest.approx(amount, abs=0.0005)


def test_a_tile_steps_no_further_across_its_faces_than_inside(tile):
    values = tile.values.astype(float)
    for axis in range(3):
        steps = np.abs(np.diff(values, axis=axis))
        inside = steps.mean(axis=tuple(other for other in range(3) if other != axis))
        across = np.abs(np.take(values, 0, axis) - np.take(values, -1, axis)).mean()
        assert across <= inside.max()  # of the steps from one plane of voxels to the next


def test_ranking_keeps_the_order_and_makes_it_normal():
    values = np.random.default_rng(0).exponential(size=200_000).astype(np.float32)
    normal = ranked(values) / STEPS
    assert (np.diff(normal[np.argsort(values)]) >= 0).all()
    found = np.quantile(normal, [0.02275, 0.15866, 0.5, 0.84134])  # Φ at −2, −1, 0 and 1
    assert found == pytest.approx([-2, -1, 0, 1], abs=0.02)


def test_what_is_no_tile_is_refused():
    with pytest.raises(BadSetting, match="192"):
        Tile("small", np.zeros((8, 8, 8), np.int16), 0.05)
    with pytest.raises(BadSetting, match="spacing"):
        Tile("flat", np.zeros((192, 192, 192), np.int16), 0.0)
