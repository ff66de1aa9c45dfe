"""A real knee in thick slices of a low-dose CT."""

from pathlib import Path

import pytest

from osteon.io import read_ct
from osteon.regions import find_knee_bones


@pytest.mark.shared
def test_a_real_knee_is_parted_at_its_joint(shared_data: Path) -> None:
    scan = read_ct(shared_data / "paired_ct_mr" / "STS_042_ct.nii.gz")
    found = find_knee_bones(scan.volume)
    # seen on pictures: femur to slice 7, tibia from slice 6 down, the patella in front
    assert 150e3 < found.femur.volume_mm3 < 185e3
    assert 40e3 < found.tibia.volume_mm3 < 65e3
    assert not found.femur.values[:, :, :5].any()
    assert not found.tibia.values[:, :, 10:].any()
    assert found.patella is not None
    assert found.patella.volume_mm3 > 5e3
