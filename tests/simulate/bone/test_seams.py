"""Seams: two-sample tests cannot tell them from the inside, but would tell naive blending."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, mannwhitneyu

from osteon.core import Grid, Mask
from osteon.core.compiled import parallel, prange
from osteon.features.structure import local_thickness
from osteon.simulate.bone.cells import laid, level_of, structure_along
from osteon.simulate.bone.laying import lay
from osteon.simulate.bone.specimens import specimen_tile

VOXEL = 0.08
SIDE = 260
SIZE = 4.0
"""Side of a cell in mm: small, so that there are many seams."""
AMOUNT = 0.16
THICK, WIDE = 2, 15
"""Half thickness and half width of a window, in voxels: 0.32 × 2.4 × 2.4 mm, a seam's own size."""
REFUTED = 0.01


@parallel
def _shown(stack, voxel, out):
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            at = (i * voxel, j * voxel, 0.0)
            structure_along(stack, 0, at, (0.0, 0.0, voxel), out[i, j], True)


def cells_and_structure():
    """Cells laid of one specimen, and the numbers of its structure."""
    tile = specimen_tile("L1-04216")
    box = np.array([[0.0, 0, 0], [SIDE * VOXEL] * 3])
    cells = lay(box, [(0, tile)], np.random.default_rng(11), size=SIZE)
    out = np.empty((SIDE,) * 3, np.float32)
    _shown(laid(tile.values[None], [cells]), VOXEL, out)
    return cells, out


@pytest.fixture(scope="module")
def structure():
    return cells_and_structure()


def naive(cells, structure):
    """The same with weights that sum to 1: what blending is without keeping the variance."""
    keep = []
    for axis in range(3):
        u = (np.arange(SIDE) * VOXEL - cells.origin[axis]) / cells.size
        near = np.abs(u - np.round(u)) * cells.size / cells.overlap
        weight = np.clip(0.5 + near, 0, 1)
        keep.append(np.sqrt(weight**2 + (1 - weight) ** 2))
    shape = keep[0][:, None, None] * keep[1][None, :, None] * keep[2][None, None, :]
    return structure * shape.astype(np.float32)


def windows(cells, at):
    """One window in each cell, across its axis; at the seam (0) or in the middle (0.5)."""
    counts = np.floor((SIDE * VOXEL - cells.origin) / cells.size).astype(int)
    for cell in np.ndindex(*counts):
        axis = sum(cell) % 3
        place = np.array(cell) + 0.5
        place[axis] = cell[axis] + at
        voxel = np.round((cells.origin + place * cells.size) / VOXEL).astype(int)
        half = np.full(3, WIDE)
        half[axis] = THICK
        if (voxel - half >= 0).all() and (voxel + half < SIDE).all():
            yield tuple(slice(v - h, v + h + 1) for v, h in zip(voxel, half, strict=True))


def measured(cells, structure):
    """BV/TV and mean thickness of the windows at seams, and of those inside."""
    bone = structure > level_of(AMOUNT)
    grid = Grid(bone.shape, np.zeros(3), np.eye(3), np.full(3, VOXEL))
    thickness = local_thickness(Mask(bone, grid)).map
    found = []
    for at in (0.0, 0.5):
        boxes = list(windows(cells, at))
        amounts = [bone[box].mean() for box in boxes]
        means = [thickness[box][bone[box]].mean() for box in boxes if bone[box].any()]
        found.append((np.array(amounts), np.array(means)))
    return found


def test_seams_cannot_be_told_from_the_inside(structure):
    at_seams, inside = measured(*structure)
    for seam, other in zip(at_seams, inside, strict=True):
        assert seam.size > 60
        assert ks_2samp(seam, other).pvalue > REFUTED
        assert mannwhitneyu(seam, other).pvalue > REFUTED


def test_the_same_tests_tell_naive_blending(structure):
    cells, numbers = structure
    at_seams, inside = measured(cells, naive(cells, numbers))
    assert ks_2samp(at_seams[0], inside[0]).pvalue < REFUTED
    assert mannwhitneyu(at_seams[0], inside[0]).pvalue < REFUTED


def test_numbers_stay_normal_in_seams(structure):
    cells, numbers = structure
    u = (np.arange(SIDE) * VOXEL - cells.origin[0]) / cells.size
    seam = numbers[np.abs(u - np.round(u)) * cells.size < 0.5 * cells.overlap]
    assert seam.mean() == pytest.approx(0, abs=0.05)
    assert seam.std() == pytest.approx(1, abs=0.03)
    assert (seam > level_of(AMOUNT)).mean() == pytest.approx(AMOUNT, rel=0.05)
