"""What `osteon structure` says of input that it cannot use: one line, exit status 2, no file."""

import re

import numpy as np
import pytest

from images import isq, saved

from .person import here, save

MM = np.diag([-0.05, -0.05, 0.05, 1.0])
"""Voxels of 0.05 mm whose array axes run along LPS."""
SHAPE = (48, 48, 48)


def plates():
    """Plates across k, each 4 voxels (0.2 mm) thick, one every 16 (0.8 mm)."""
    bone = np.zeros(SHAPE, np.uint8)
    for k in range(6, 48, 16):
        bone[:, :, k : k + 4] = 1
    return bone


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Plates as a mask, as grey values without a unit, and in HU; images of one value."""
    place = tmp_path_factory.mktemp("images")
    grey = (100 + 800.0 * plates() + np.random.default_rng(1).normal(0, 20, SHAPE)).astype(np.int16)
    kinds = {"mask": plates(), "grey": grey, "hu": (grey - 400).astype(np.int16)}
    kinds |= {"full": np.ones(SHAPE, np.uint8), "empty": np.zeros(SHAPE, np.uint8)}
    made = {kind: save(place / f"{kind}.nii.gz", values, MM) for kind, values in kinds.items()}
    return {**made, "isq": saved(place, isq(grey), "c1.isq")}


@pytest.fixture
def fault(tmp_path):
    def told(image, *arguments, out=None):
        before = {*tmp_path.rglob("*")}
        ran = here("structure", image, "--out", out or tmp_path / "out", *arguments)
        assert ran.returncode == 2
        assert ran.stdout == ""
        assert ran.stderr.startswith("osteon: ")
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert {*tmp_path.rglob("*")} == before
        return ran.stderr

    return told


@pytest.mark.parametrize(
    ("values", "threshold", "says"),
    [
        ("hu", "320 mg/cm3", "no such unit, but values from -3.* to .* HU; give one between"),
        ("grey", "200 HU", "no such unit, but values from"),
        ("hu", "ipl", r"--threshold ipl \(446.8 mg/cm3\): this image has no such unit"),
        ("isq", "320", "lies outside this image, which has values from .* 1/cm"),
        ("hu", "5000", "lies outside .* HU; give one between. Is it meant in mg/cm3"),
        ("grey", "5000", r"lies outside .* give one between\.\n"),
        ("hu", "-5000 HU", "--threshold -5000 HU lies outside"),
        ("hu", "-5000", "--threshold -5000 lies outside"),
        ("hu", "0.3", "has no unit, .* HU; is it meant in another unit"),
        ("hu", "0.3 g/cm3", "no such unit"),
        ("grey", "0,3", "'0,3' is neither a value with its unit"),
        ("grey", "thick", "neither a value with its unit"),
        ("grey", "", "neither a value with its unit"),
        ("full", "0.5", "the value 1: it is all bone or no bone"),
        ("empty", "otsu", "the value 0: it is all bone or no bone"),
    ],
)
def test_a_threshold_that_cannot_be_meant_is_told(values, threshold, says, images, fault):
    assert re.search(says, fault(images[values], "--threshold", threshold))


@pytest.mark.parametrize(
    ("references", "more", "says"),
    [
        (("5", "5"), (), "must be two different numbers"),
        (("nan", "5"), (), "must be two different numbers"),
        (("5000", "9000"), (), "(halfway 7000) lies outside this image"),
        (("100", "900"), ("--threshold", "400"), "two thresholds; give one"),
        (("100", "900"), ("--dark",), "intensity of marrow comes first"),
    ],
)
def test_references_that_give_no_threshold_are_told(references, more, says, images, fault):
    assert says in fault(images["grey"], "--references", *references, *more)


def test_a_mask_on_another_grid_is_told_with_the_difference(images, fault, tmp_path):
    mask = save(tmp_path / "mask.nii.gz", np.ones(SHAPE, np.uint8), 2 * MM)
    told = fault(images["grey"], "--mask", mask)
    assert "another grid" in told
    assert "0.1×0.1×0.1 mm" in told


def test_an_empty_region_is_told(images, fault):
    assert "labels no voxel" in fault(images["grey"], "--mask", images["empty"])


def test_a_region_without_bone_is_told(images, fault, tmp_path):
    inside = np.zeros(SHAPE, np.uint8)
    inside[:, :, 12:20] = 1
    mask = save(tmp_path / "mask.nii.gz", inside, MM)
    assert "no bone: 0 of 18432 voxels" in fault(images["mask"], "--mask", mask)


@pytest.mark.parametrize(
    ("label", "says"),
    [("7", "no label 7; it has 1"), ("0", "0 is outside"), ("1.5", "'1.5' is no whole number")],
)
def test_a_label_that_is_not_there_is_told(label, says, images, fault):
    assert says in fault(images["grey"], "--mask", images["mask"], "--label", label)


def test_a_label_without_a_mask_is_told(images, fault):
    assert "--label 3 needs --mask" in fault(images["grey"], "--label", "3")


def test_the_image_as_its_own_mask_is_told(images, fault):
    assert "is the image itself" in fault(images["grey"], "--mask", images["grey"])


def test_a_folder_as_a_mask_is_told(images, fault, tmp_path):
    assert "is a folder; give one file" in fault(images["grey"], "--mask", tmp_path)


def test_a_map_that_the_mode_does_not_make_is_told(images, fault):
    assert "--mode standard" in fault(images["grey"], "--mode", "apparent", "--map", "Tb.Th")


@pytest.mark.parametrize(
    ("block", "says"), [("0", "--block is 0"), ("2.5", "'2.5' is no whole number")]
)
def test_a_block_of_no_slices_is_told(block, says, images, fault):
    assert says in fault(images["grey"], "--block", block)


def test_an_image_that_would_be_overwritten_is_told_before_anything_is_computed(fault, tmp_path):
    image = save(tmp_path / "bone.nii.gz", np.ones(SHAPE, np.uint8), MM)
    assert "would be overwritten" in fault(image, out=tmp_path)
