"""Random structure: plates become rods as the character rises."""

import numpy as np
import pytest

from osteon.core import BadSetting, Grid, Mask
from osteon.features.structure import ellipsoid_factor, structure_model_index
from osteon.simulate.bone.cells import STEPS, level_of
from osteon.simulate.bone.fields import FieldSettings, field_tile, separation_in_voxels


def test_plates_become_rods_as_the_character_rises():
    found = []
    for character in (0.0, 0.4, 1.0):
        tile = field_tile(FieldSettings(character=character), np.random.default_rng(4))
        bone = tile.values[:128, :128, :128] > level_of(0.15) * STEPS
        mask = Mask(bone, Grid(bone.shape, np.zeros(3), np.eye(3), np.full(3, tile.spacing)))
        factor = ellipsoid_factor(mask, samples=2000).mean
        found.append((structure_model_index(mask).smi, factor))
    smi, factor = np.array(found).T
    assert (np.diff(smi) > 0.1).all()
    assert (np.diff(factor) > 0.01).all()
    assert smi[0] < 1.5
    assert smi[-1] > 1.7


def test_the_same_generator_makes_the_same_tile():
    one, two = (field_tile(FieldSettings(), np.random.default_rng(9)) for _ in range(2))
    assert (one.values == two.values).all()


def test_voxels_scale_with_the_separation_asked_for():
    wide = FieldSettings(separation=1.6)
    tile = field_tile(wide, np.random.default_rng(0))
    assert tile.spacing * separation_in_voxels(wide) == pytest.approx(1.6)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("separation", 0.0),
        ("separation", float("nan")),
        ("amount", 0.0),
        ("amount", 0.9),
        ("stretch", 0.5),
        ("stretch", 4.5),
        ("character", -0.1),
        ("character", 1.1),
    ],
)
def test_impossible_settings_are_refused_in_one_line(setting, value):
    with pytest.raises(BadSetting) as fault:
        FieldSettings(**{setting: value})
    assert "\n" not in str(fault.value)
    assert f"{value:g}" in str(fault.value)
