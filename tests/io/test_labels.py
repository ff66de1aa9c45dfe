"""Labels stored in any order of axes, on another lattice, or on none of ours."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from images import nifti1, nrrd, saved
from osteon.core import EmptyRegion, Grid, GridMismatch, Labels, UnreadableScan, UnsuitableScan
from osteon.io import read_labels
from osteon.io.labels import reorder

ORDERS = list(product(permutations(range(3)), product([False, True], repeat=3)))
TURN = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
SCAN = Grid((3, 4, 5), [-10, 20, 300], TURN, [0.7, 0.8, 2.5])
AXIAL = ((-1, 0, 0, 0), (0, -1, 0, 0), (0, 0, 1, 0))
ON_AXIAL = Grid((4, 4, 4), np.zeros(3), np.eye(3), np.ones(3))


def marked(shape=(4, 4, 4), kind=np.uint8):
    values = np.zeros(shape, kind)
    values[1, 2, 3] = 31
    values[0, 0, 0] = 7
    return values


@given(st.sampled_from(ORDERS), st.integers(0, 2**31))
def test_each_of_the_48_orders_of_storage_is_put_right(order, seed):
    axes, reversed_axes = order
    truth = np.random.default_rng(seed).integers(0, 50, SCAN.shape).astype(np.uint8)
    # the same lattice, its array axes swapped and then some of them reversed
    stored = truth.transpose(axes)
    affine = SCAN.affine[:, [*axes, 3]]
    for n in np.flatnonzero(reversed_axes):
        stored = np.flip(stored, n)
        affine[:3, 3] += affine[:3, n] * (stored.shape[n] - 1)
        affine[:3, n] *= -1
    found = reorder(Labels(stored, Grid.from_affine(stored.shape, affine)), SCAN)
    assert found is not None
    assert (found.values == truth).all()
    assert found.grid is SCAN


def test_labels_of_the_scan_itself_are_kept_without_a_flag(tmp_path):
    labels, flags = read_labels(saved(tmp_path, nifti1(marked(), sform=AXIAL)), onto=ON_AXIAL)
    assert (labels.values == marked()).all()
    assert labels.values.dtype == np.uint8
    assert flags == ()


def test_labels_stored_the_other_way_round_are_put_right_without_a_flag(tmp_path):
    # i from left to right instead of right to left: voxel 0 lies where voxel 3 of the scan does
    sform = ((1, 0, 0, -3), (0, -1, 0, 0), (0, 0, 1, 0))
    path = saved(tmp_path, nifti1(marked()[::-1], sform=sform))
    labels, flags = read_labels(path, onto=ON_AXIAL)
    assert (labels.values == marked()).all()
    assert flags == ()


def test_an_nrrd_of_labels_is_read(tmp_path):
    place = "space: LPS\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n"
    path = saved(tmp_path, nrrd(place, marked(kind=np.int16)))
    assert (read_labels(path, onto=ON_AXIAL)[0].values == marked()).all()


def test_rounding_of_positions_is_no_other_lattice(tmp_path):
    sform = ((-1.0002, 0, 0, 0.02), (0, -1, 0, 0), (0, 0, 1, 0))
    _, flags = read_labels(saved(tmp_path, nifti1(marked(), sform=sform)), onto=ON_AXIAL)
    assert flags == ()


def test_a_shift_of_a_tenth_of_a_voxel_is_flagged_and_moves_nothing(tmp_path):
    sform = ((-1, 0, 0, 0.1), (0, -1, 0, 0), (0, 0, 1, 0))
    path = saved(tmp_path, nifti1(marked(), sform=sform))
    labels, flags = read_labels(path, onto=ON_AXIAL)
    assert (labels.values == marked()).all()
    assert [flag.code for flag in flags] == ["labels-resampled"]
    assert "1×1×1 mm" in flags[0].text


def test_finer_labels_come_from_the_nearest_voxel(tmp_path):
    # half the spacing, same corner: voxel (n, n, n) of the scan is voxel (2n, 2n, 2n) here
    fine = np.zeros((8, 8, 8), np.uint8)
    fine[2, 4, 6] = 31
    sform = ((-0.5, 0, 0, 0), (0, -0.5, 0, 0), (0, 0, 0.5, 0))
    labels, flags = read_labels(saved(tmp_path, nifti1(fine, sform=sform)), onto=ON_AXIAL)
    assert np.argwhere(labels.values).tolist() == [[1, 2, 3]]
    assert [flag.code for flag in flags] == ["labels-resampled"]
    assert "0.5×0.5×0.5 mm" in flags[0].text


def test_labels_partly_outside_the_scan_are_flagged_with_their_share(tmp_path):
    # everything labelled, shifted by two of four voxels to the left of the patient: half is outside
    sform = ((-1, 0, 0, -2), (0, -1, 0, 0), (0, 0, 1, 0))
    path = saved(tmp_path, nifti1(np.ones((4, 4, 4), np.uint8), sform=sform))
    labels, flags = read_labels(path, onto=ON_AXIAL)
    assert labels.values[:2].sum() == 0
    assert labels.values[2:].all()
    assert [flag.code for flag in flags] == ["labels-resampled", "labels-cut"]
    assert flags[1].text.startswith("50 %")


def test_labels_outside_the_scan_are_refused_with_the_distance(tmp_path):
    sform = ((-1, 0, 0, 0), (0, -1, 0, 0), (0, 0, 1, 400))
    path = saved(tmp_path, nifti1(np.ones((4, 4, 4), np.uint8), sform=sform))
    with pytest.raises(GridMismatch, match="400 mm from the centre"):
        read_labels(path, onto=ON_AXIAL)


def test_labels_too_small_for_the_scan_are_refused(tmp_path):
    fine = np.zeros((8, 8, 8), np.uint8)
    fine[1, 1, 1] = 31
    sform = ((-0.5, 0, 0, 0), (0, -0.5, 0, 0), (0, 0, 0.5, 0))
    coarse = Grid((2, 2, 2), np.zeros(3), np.eye(3), [2.0, 2.0, 2.0])
    with pytest.raises(EmptyRegion, match=r"0\.5×0\.5×0\.5 mm, .* scan 2×2×2 mm"):
        read_labels(saved(tmp_path, nifti1(fine, sform=sform)), onto=coarse)


def test_a_file_without_a_label_is_refused(tmp_path):
    path = saved(tmp_path, nifti1(np.zeros((4, 4, 4), np.uint8), sform=AXIAL))
    with pytest.raises(EmptyRegion, match="labels no voxel"):
        read_labels(path, onto=ON_AXIAL)


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "float32", "float64"])
def test_whole_numbers_of_any_type_are_labels(tmp_path, kind):
    path = saved(tmp_path, nifti1(marked(kind=kind), sform=AXIAL))
    labels, _ = read_labels(path, onto=ON_AXIAL)
    assert labels.values.dtype == np.uint8
    assert (labels.values == marked()).all()


def test_large_label_numbers_are_kept(tmp_path):
    path = saved(tmp_path, nifti1(marked(kind=np.int32) * 10000, sform=AXIAL))
    assert read_labels(path, onto=ON_AXIAL)[0].values.max() == 310000


NO_LABELS = {
    "fractions": (marked(kind=np.float32) / 2, "fractions such as 3.5"),
    "negative": (marked(kind=np.int16) - 1000, "from -1000 to -969"),
    "no numbers": (np.where(marked() > 0, np.nan, 1).astype(np.float32), "without a number"),
    "a scan": (np.arange(20**3, dtype=np.int16).reshape(20, 20, 20), "8000 different values"),
}


@pytest.mark.parametrize("case", NO_LABELS)
def test_what_can_be_no_labels_is_refused(tmp_path, case):
    values, why = NO_LABELS[case]
    with pytest.raises(UnsuitableScan, match=why):
        read_labels(saved(tmp_path, nifti1(values, sform=AXIAL)), onto=ON_AXIAL)


def test_formats_without_a_place_in_the_patient_carry_no_labels(tmp_path):
    path = saved(tmp_path, b"CTDATA-HEADER_V1" + bytes(600))
    with pytest.raises(UnsuitableScan, match="is ISQ; labels are read from NIfTI"):
        read_labels(path, onto=ON_AXIAL)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UnreadableScan, match="is not there"):
        read_labels(tmp_path / "labels.nii.gz", onto=ON_AXIAL)


def test_a_file_that_lies_nowhere_is_refused(tmp_path):
    with pytest.raises(UnsuitableScan, match="does not say where it lies"):
        read_labels(saved(tmp_path, nifti1(marked(), sform=None)), onto=ON_AXIAL)


def mask_files(folder, **masks):
    for name, values in masks.items():
        saved(folder, nifti1(values, sform=AXIAL), f"{name}.nii")
    return folder


def only(*voxel):
    values = np.zeros((4, 4, 4), np.uint8)
    values[voxel] = 1
    return values


def test_a_folder_of_masks_becomes_labels_with_the_names_of_the_files(tmp_path):
    empty = np.zeros((4, 4, 4), np.uint8)
    folder = mask_files(
        tmp_path,
        vertebrae_L2=only(0, 1, 2),
        vertebrae_L1=only(3, 1, 2),
        vertebrae_T12=empty,
        liver=only(2, 2, 2),
    )
    labels, flags = read_labels(folder, onto=ON_AXIAL)
    assert flags == ()
    assert {labels.names[labels.values[v]]: v for v in [(0, 1, 2), (3, 1, 2)]} == {
        "L2": (0, 1, 2),
        "L1": (3, 1, 2),
    }
    assert np.count_nonzero(labels.values) == 2


def test_a_folder_without_masks_of_vertebrae_is_refused(tmp_path):
    with pytest.raises(UnsuitableScan, match=r"without a file such as vertebrae_L1\.nii\.gz"):
        read_labels(mask_files(tmp_path, liver=only(0, 0, 0)), onto=ON_AXIAL)


def test_a_folder_of_empty_masks_is_refused(tmp_path):
    empty = np.zeros((4, 4, 4), np.uint8)
    with pytest.raises(EmptyRegion, match="all 1 masks are empty"):
        read_labels(mask_files(tmp_path, vertebrae_L1=empty), onto=ON_AXIAL)
