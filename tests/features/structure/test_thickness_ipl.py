"""Thickness of digital spheres as Scanco's IPL gives it."""

import csv
import re

import numpy as np
import pytest

from osteon.core import Grid, Mask
from osteon.features.structure.thickness.thickness import local_thickness

VERSIONS = {"V1": 2, "V2": 8, "V3": 14}
"""Column of the mean thickness by version of IPL."""


def sphere(diameter):
    """As the table's authors made them: centred at a voxel, surface left out."""
    reach = diameter // 2 + 3
    i, j, k = np.indices((2 * reach + 1,) * 3) - reach
    ball = i * i + j * j + k * k < diameter * diameter / 4
    return Mask(ball, Grid(ball.shape, np.zeros(3), np.eye(3), np.ones(3)))


@pytest.mark.shared
def test_spheres_are_as_thick_as_in_ipl_to_a_voxel(shared_data, capsys):
    """IPL prints whole voxels; with "border", cut to whole voxels, no row is off by more than one.

    The table says outer radius; the spheres were made with that number as their diameter.
    """
    with (shared_data / "tabular" / "ormir_F_SPH_JSW_THICKNESS_IPL.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    diameters = [int(re.search(r"OUTR_(\d+)_", row[0])[1]) for row in rows]
    assert len(rows) == 50
    ours = np.array([local_thickness(sphere(d), convention="border").mean for d in diameters])
    lines = []
    for version, column in VERSIONS.items():
        theirs = np.array([float(row[column]) for row in rows])
        away = ours - theirs
        assert np.abs(np.floor(ours + 1e-9) - theirs).max() <= 1.0
        assert np.abs(away).max() < 1.2
        lines.append(
            f"IPL {version}: bias {away.mean():+.3f}, {away.min():+.2f} to {away.max():+.2f}"
        )
    with capsys.disabled():
        print("\nthickness of 50 spheres, 'border' less IPL, voxels:", *lines, sep="\n  ")  # noqa: T201
