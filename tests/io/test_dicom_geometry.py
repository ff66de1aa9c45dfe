"""Slices become a volume only where they lie like one, and then every voxel lies where it was.

Values are a ramp over the world (see dicom_maker), which linear interpolation keeps exactly, so
that each voxel of a volume can be compared with the ramp at its own world position.
"""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import dicom_maker as maker
from osteon.core import Scan, UnreadableScan, UnsuitableScan
from osteon.io.dicom import read_dicom

ROUNDING = 0.051
"""Values are stored as tenths of a HU; half of that, and float32, is what may be lost."""

OBLIQUE = (0.8, 0.36, 0.48, 0.0, 0.8, -0.6)


def world(scan: Scan) -> NDArray[np.float64]:
    return scan.volume.grid.to_world(np.moveaxis(np.indices(scan.volume.grid.shape), 0, -1))


def error(scan: Scan) -> float:
    """Largest difference to the ramp, where a slice reaches."""
    values = scan.volume.values
    return float(np.abs(values - maker.ramp(world(scan)))[values > -1023].max())


def places(cosines, heights, start=(-20.0, -30.0, 10.0)) -> list[NDArray[np.float64]]:
    """Positions straight along the normal of the slices."""
    normal = np.cross(cosines[:3], cosines[3:])
    return [np.array(start) + normal * height for height in heights]


def tilted(degrees: float, heights, **kind) -> list:
    """An axial stack along the table, its image planes turned about the patient's x axis."""
    turn = np.radians(degrees)
    cosines = (1.0, 0.0, 0.0, 0.0, np.cos(turn), -np.sin(turn))
    return maker.stack(maker.along_z(*heights), cosines=cosines, **kind)


@pytest.mark.parametrize("cosines", [maker.AXIAL, maker.SAGITTAL, OBLIQUE])
@pytest.mark.parametrize("spacing", [(0.5, 0.5), (0.7, 0.4)])
def test_every_voxel_lies_where_the_standard_puts_it(tmp_path: Path, cosines, spacing):
    slices = maker.stack(places(cosines, [0, 2, 4, 6]), cosines=cosines, spacing=spacing)
    scan = read_dicom(maker.save(slices, tmp_path))
    grid = scan.volume.grid
    assert grid.shape == (10, 12, 4)
    assert grid.spacing == pytest.approx([spacing[1], spacing[0], 2])
    assert grid.direction[:, 0] == pytest.approx(cosines[:3])
    assert np.linalg.det(grid.direction) == pytest.approx(1)
    assert error(scan) < ROUNDING
    assert scan.flags == ()


def test_slices_are_put_in_order_by_place_and_not_by_name_or_number(tmp_path: Path):
    slices = maker.stack(maker.along_z(6, 0, 4, 2))
    scan = read_dicom(maker.save(slices, tmp_path))
    assert scan.volume.grid.origin == pytest.approx([-20, -30, 0])
    assert error(scan) < ROUNDING


def test_rounded_positions_are_taken_as_regular(tmp_path: Path):
    slices = maker.stack(maker.along_z(0, 2.004, 3.997, 6, 8.003))
    scan = read_dicom(maker.save(slices, tmp_path))
    assert scan.flags == ()
    assert scan.volume.grid.spacing[2] == pytest.approx(2, abs=0.001)


def test_a_slice_stored_twice_counts_once(tmp_path: Path):
    slices = maker.stack(maker.along_z(0, 2, 2, 4))
    scan = read_dicom(maker.save(slices, tmp_path))
    assert scan.volume.grid.shape[2] == 3
    assert [flag.code for flag in scan.flags] == ["duplicate-slices"]
    assert scan.flags[0].text.startswith("1 slice stored again")


def test_two_phases_at_one_position_are_no_volume(tmp_path: Path):
    first = maker.stack(maker.along_z(0, 2, 4), elements={"AcquisitionNumber": 1})
    later = maker.stack(
        maker.along_z(0, 2, 4),
        truth=lambda at: maker.ramp(at) + 100,
        elements={"AcquisitionNumber": 2},
    )
    folder = maker.save([*first, *later], tmp_path)
    with pytest.raises(UnsuitableScan, match=r"slices that are no volume: 2 .* at one position"):
        read_dicom(folder)
    with pytest.raises(UnsuitableScan, match=r"differ in AcquisitionNumber \(0020,0012\)"):
        read_dicom(folder)


@pytest.mark.parametrize(
    ("keyword", "kind"),
    [
        ("ImageOrientationPatient", {"cosines": maker.SAGITTAL}),
        ("PixelSpacing", {"spacing": (0.5, 0.6)}),
        ("Rows", {"shape": (13, 10)}),
        ("Columns", {"shape": (12, 11)}),
        ("FrameOfReferenceUID", {"elements": {"FrameOfReferenceUID": "1.2.3.4.9"}}),
    ],
)
def test_a_slice_that_differs_is_named_with_what_differs(tmp_path: Path, keyword, kind):
    slices = maker.stack(maker.along_z(0, 2, 4))
    slices.append(maker.one_slice((-20, -30, 6), **kind))
    with pytest.raises(UnsuitableScan, match=rf"slice-004\.dcm: {keyword} \([0-9A-F,]+\)"):
        read_dicom(maker.save(slices, tmp_path))


def test_the_angle_of_a_turned_slice_is_told(tmp_path: Path):
    turn = np.radians(10)
    turned = (np.cos(turn), np.sin(turn), 0, -np.sin(turn), np.cos(turn), 0)
    slices = maker.stack(maker.along_z(0, 2, 4))
    slices.append(maker.one_slice((-20, -30, 6), cosines=turned))
    with pytest.raises(UnsuitableScan, match="is turned by 10° against"):
        read_dicom(maker.save(slices, tmp_path))


def test_cosines_at_no_right_angle_are_refused(tmp_path: Path):
    skew = (1, 0, 0, 0.1, 0.995, 0)
    slices = maker.stack(maker.along_z(0, 2, 4), cosines=skew)
    with pytest.raises(UnreadableScan, match=r"ImageOrientationPatient .* right angle"):
        read_dicom(maker.save(slices, tmp_path))


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_slices_are_refused_with_their_number(tmp_path: Path, count: int):
    slices = maker.stack(maker.along_z(*range(count)))
    with pytest.raises(
        UnsuitableScan, match=f"too few slices for a volume, {count} where at least 3"
    ):
        read_dicom(maker.save(slices, tmp_path))


@pytest.mark.parametrize(
    ("heights", "said"),
    [
        ((0, 5, 10, 20, 25, 40), "2 gaps: 10 mm after slice 3, 15 mm after slice 5, where 5 mm"),
        ((0, 2, 4, 6, 7, 9, 11), "1 unequal slice distance: 1 mm after slice 4, where 2 mm"),
        ((0, 2, 4, 6, 11, 16, 21), "3 gaps: 5 mm after slices 4 to 6, where 2 mm"),
    ],
)
def test_gaps_are_refused_in_mm_and_filled_only_when_asked(tmp_path: Path, heights, said: str):
    folder = maker.save(maker.stack(maker.along_z(*heights)), tmp_path)
    with pytest.raises(UnsuitableScan, match=said):
        read_dicom(folder)
    scan = read_dicom(folder, allow_gaps=True)
    assert [flag.code for flag in scan.flags] == ["slice-gaps-filled"]
    assert said in scan.flags[0].text
    assert error(scan) < ROUNDING
    top = world(scan)[..., 2].max()
    assert heights[-1] - scan.volume.grid.spacing[2] < top <= heights[-1]


def test_regular_slices_are_left_alone_when_gaps_are_allowed(tmp_path: Path):
    folder = maker.save(maker.stack(maker.along_z(0, 2, 4)), tmp_path)
    scan = read_dicom(folder, allow_gaps=True)
    assert scan.flags == ()
    assert (scan.volume.values == read_dicom(folder).volume.values).all()


def test_gaps_in_whole_hu_are_filled_within_the_range_of_their_neighbours(tmp_path: Path):
    planes = np.array([0, 1000, 1024, 3000], np.int16)[:, None, None] * np.ones((1, 4, 4), np.int16)
    slices = maker.whole_hu(planes)
    slices[3].ImagePositionPatient = [-20, -30, 8]
    scan = read_dicom(maker.save(slices, tmp_path), allow_gaps=True)
    assert scan.volume.values[0, 0].tolist() == [-1024, -24, 0, 988, 1976]


def test_a_gap_that_would_need_endless_slices_is_refused(tmp_path: Path):
    slices = maker.stack(maker.along_z(0, 0.02, 0.04, 1e7))
    with pytest.raises(UnsuitableScan, match="a regular grid over all slices would have"):
        read_dicom(maker.save(slices, tmp_path), allow_gaps=True)


@pytest.mark.parametrize("degrees", [-18.5, -5, 7, 20])
@pytest.mark.parametrize("spacing", [(0.5, 0.5), (0.8, 0.3)])
def test_a_tilted_gantry_is_straightened_without_moving_anything(tmp_path: Path, degrees, spacing):
    slices = tilted(degrees, np.arange(6) * 3.0, shape=(40, 10), spacing=spacing)
    scan = read_dicom(maker.save(slices, tmp_path))
    assert [flag.code for flag in scan.flags] == ["gantry-tilt"]
    assert f"tilt of {abs(degrees):.1f}°" in scan.flags[0].text
    grid = scan.volume.grid
    assert grid.spacing[2] == pytest.approx(3 * np.cos(np.radians(degrees)))
    assert grid.direction.T @ grid.direction == pytest.approx(np.eye(3))
    assert error(scan) < ROUNDING
    assert (scan.volume.values > -1023).sum() >= 6 * 10 * 39  # at most one row a slice is lost


@pytest.mark.parametrize("degrees", [-15, 15])
def test_a_ball_seen_by_a_tilted_gantry_stays_where_it_is_and_as_large_as_it_is(
    tmp_path: Path, degrees: float
):
    centre, radius = np.array([-8.0, -16.0, 12.0]), 6.0

    def ball(at: NDArray[np.float64]) -> NDArray[np.float64]:
        away = np.linalg.norm(at - centre, axis=-1)
        return 1000 * np.clip(radius + 0.5 - away, 0, 1)

    slices = tilted(degrees, np.arange(25.0), shape=(60, 50), truth=ball)
    scan = read_dicom(maker.save(slices, tmp_path))
    mass = np.clip(scan.volume.values, 0, None).astype(float)
    found = (world(scan) * mass[..., None]).sum((0, 1, 2)) / mass.sum()
    assert found == pytest.approx(centre, abs=0.05)
    volume = mass.sum() / 1000 * scan.volume.grid.voxel_volume
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)


def test_a_tilt_sideways_is_straightened_too(tmp_path: Path):
    turn = np.radians(12)
    cosines = (np.cos(turn), 0, np.sin(turn), 0, 1, 0)
    slices = maker.stack(maker.along_z(0, 3, 6, 9), cosines=cosines, shape=(12, 40))
    scan = read_dicom(maker.save(slices, tmp_path))
    assert "tilt of 12.0°" in scan.flags[0].text
    assert error(scan) < ROUNDING


def test_a_straightened_ct_is_filled_with_air_and_an_mr_with_its_least_value(tmp_path: Path):
    ct = read_dicom(maker.save(tilted(20, (0, 3, 6)), tmp_path / "ct")).volume.values
    mr = read_dicom(maker.save(maker.as_mr(tilted(20, (0, 3, 6))), tmp_path / "mr")).volume.values
    assert ct.min() == -1024
    assert mr.min() == pytest.approx(ct[ct > -1024].min(), abs=2)
    assert mr.max() == ct.max()


def test_tilt_and_gaps_together_are_refused_with_both_and_read_when_asked(tmp_path: Path):
    slices = tilted(18.5, (0, 4, 8, 12, 19, 26), shape=(60, 10))
    folder = maker.save(slices, tmp_path)
    with pytest.raises(UnsuitableScan, match=r"2 gaps: 6\.638 mm .*tilted by 18\.5°.*--allow-gaps"):
        read_dicom(folder)
    scan = read_dicom(folder, allow_gaps=True)
    assert [flag.code for flag in scan.flags] == ["gantry-tilt", "slice-gaps-filled"]
    assert scan.volume.grid.spacing[2] == pytest.approx(4 * np.cos(np.radians(18.5)))
    assert error(scan) < ROUNDING
    reached = (scan.volume.values > -1023).sum(axis=(0, 1))
    assert (reached[:4] >= 10 * 59).all()  # where a slice was taken, all of it is kept
    assert (reached[4:] >= 10 * 50).all()


def test_slices_shifted_unevenly_sideways_are_refused(tmp_path: Path):
    slices = maker.stack([(-20, -30, 0), (-20, -30, 2), (-20, -27, 4), (-20, -30, 6)])
    with pytest.raises(UnsuitableScan, match=r"slice-003\.dcm: ImagePositionPatient .* beside"):
        read_dicom(maker.save(slices, tmp_path))
