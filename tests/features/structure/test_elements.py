"""Bricks against a stiffness matrix written out in full, and against what physics asks of them."""

import os
import subprocess
import sys

import numpy as np
import pytest

from osteon.features.structure.strength.elements import (
    brick_stiffness,
    bricks,
    forces,
    isotropic,
    mirror_blocks,
)
from voxel_elasticity import assembled, written_out

SPACINGS = [(0.1, 0.1, 0.1), (0.1, 0.25, 0.17)]


@pytest.fixture
def solid():
    rng = np.random.default_rng(5)
    return np.where(rng.random((4, 5, 3)) < 0.5, rng.random((4, 5, 3)), 0.0)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("poisson", [0.0, 0.3, 0.45])
def test_a_brick_is_as_stiff_as_its_integral_says(spacing, poisson):
    found = brick_stiffness(np.array(spacing), poisson)
    np.testing.assert_allclose(found, written_out(spacing, poisson), atol=1e-14)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_forces_are_those_of_the_assembled_matrix(solid, spacing):
    spacing = np.array(spacing)
    elements = bricks(solid, spacing)
    moved = np.random.default_rng(1).random((len(elements.node), 3))
    found = forces(elements, mirror_blocks(brick_stiffness(spacing, 0.3)), moved)
    shape = np.array(solid.shape) + 1
    rows = np.ravel_multi_index(tuple(elements.node.T), tuple(shape))
    everywhere = np.zeros((np.prod(shape), 3))
    everywhere[rows] = moved
    expected = (assembled(solid, spacing, 0.3) @ everywhere.ravel()).reshape(-1, 3)[rows]
    np.testing.assert_allclose(found, expected, atol=1e-14)


def test_moving_or_turning_the_whole_takes_no_force(solid):
    spacing = np.array([0.1, 0.25, 0.17])
    elements = bricks(solid, spacing)
    place = elements.node * spacing
    blocks = mirror_blocks(brick_stiffness(spacing, 0.3))
    for moved in (np.ones_like(place), np.cross([0.3, -0.2, 0.5], place)):
        assert np.abs(forces(elements, blocks, moved)).max() < 1e-15


@pytest.mark.parametrize("strained", range(6))
def test_uniform_strain_of_one_brick_is_uniform_stress(strained):
    """Patch test: each face passes on stress × area, a quarter to each of its corners."""
    spacing = np.array([0.1, 0.25, 0.17])
    pairs = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
    voigt = isotropic(1.0, 0.3)[:, strained]
    strain, stress = np.zeros((3, 3)), np.zeros((3, 3))
    for row, (a, b) in enumerate(pairs):
        strain[a, b] = strain[b, a] = (row == strained) * (1.0 if a == b else 0.5)
        stress[a, b] = stress[b, a] = voigt[row]
    elements = bricks(np.ones((1, 1, 1)), spacing)
    blocks = mirror_blocks(brick_stiffness(spacing, 0.3))
    found = forces(elements, blocks, (elements.node * spacing) @ strain)
    area = np.prod(spacing) / spacing
    outward = 2.0 * elements.node - 1.0
    np.testing.assert_allclose(found, (outward * area / 4) @ stress, atol=1e-15)


def test_no_bone_is_no_brick():
    elements = bricks(np.zeros((2, 3, 4)), np.ones(3))
    assert len(elements.modulus) == len(elements.node) == 0


def test_the_result_does_not_depend_on_the_number_of_threads():
    code = (
        "import numpy as np\n"
        "from osteon.core import Grid, Mask\n"
        "from osteon.features.structure.strength.stiffness import Load, stiffness\n"
        "bone = np.random.default_rng(2).random((24, 14, 12)) < 0.7\n"
        "mask = Mask(bone, Grid(bone.shape, np.zeros(3), np.eye(3), np.ones(3)))\n"
        "print(stiffness(mask, load=Load(tensor=False)).named())\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "NUMBA_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert told[0] == told[1]
    assert "E.z" in told[0]
