"""What `osteon texture` says of input that it cannot use: one line, exit status 2, no file."""

import re

import numpy as np
import pytest

from .person import here, results_of, save

MM = np.diag([-1.0, -1.0, 1.0, 1.0])
SHAPE = (12, 11, 10)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """An image and a box in it; the same with faults."""
    place = tmp_path_factory.mktemp("files")
    values = np.random.default_rng(2).normal(100, 20, SHAPE).astype(np.float32)
    inside = np.zeros(SHAPE, np.uint8)
    inside[2:10, 2:9, 2:8] = 1
    missing = values.copy()
    missing[5, 5, 5] = np.nan
    one = np.zeros(SHAPE, np.uint8)
    one[5, 5, 5] = 1
    beside, far = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    beside[6:9, 5:8, 5:8] = 1
    far[8:11, 8:10, 7:9] = 1
    made = {
        "next": beside,
        "far": far,
        "image": values,
        "mask": inside,
        "nan": missing,
        "constant": np.full(SHAPE, 7, np.int16),
        "empty": np.zeros(SHAPE, np.uint8),
        "one": one,
        "small": inside[:-1],
    }
    told = {name: save(place / f"{name}.nii.gz", held, MM) for name, held in made.items()}
    moved = MM.copy()
    moved[0, 3] = 3.0
    return {**told, "moved": save(place / "moved.nii.gz", inside, moved)}


@pytest.fixture
def fault(files, tmp_path):
    def told(image, mask, *arguments, settings=None):
        if settings is not None:
            file = tmp_path / "mine.toml"
            file.write_text(settings, encoding="utf-8")
            arguments = ("--settings", file, *arguments)
        before = {*tmp_path.rglob("*")}
        out = ("--out", tmp_path / "out")
        ran = here("texture", files.get(image, image), files.get(mask, mask), *out, *arguments)
        assert ran.returncode == 2, ran.stderr
        assert ran.stdout == ""
        assert ran.stderr.startswith("osteon: ")
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert {*tmp_path.rglob("*")} == before
        return ran.stderr

    return told


@pytest.mark.parametrize(
    ("image", "mask", "arguments", "says"),
    [
        ("image", "empty", (), "all.* 0|no voxel"),
        ("nan", "mask", (), r"1 of 336 voxels .* hold 0, which was put where the file had no"),
        ("nan", "one", (), r"1 of 1 voxels .* hold 0"),
        ("image", "moved", (), "another grid: its voxels lie up to 3 mm away"),
        ("image", "small", (), r"another grid: it has 11.11.10 voxels"),
        ("image", "image", (), "is given as image and as mask"),
        ("image", "nowhere.nii.gz", (), "nowhere.nii.gz"),
        ("image", "mask", ("--label", "3"), "has no label 3; it has 1"),
        ("image", "mask", ("--preset", "ibsi-1-f"), "no preset is called 'ibsi-1-f'; the nearest"),
        ("image", "mask", ("--preset", "ibsi-1-digital"), "must be whole numbers from 1 on"),
        ("image", "mask", ("--families", "glmc"), "no family is called 'glmc'; the nearest"),
        ("image", "mask", ("--stable", "1.5"), "--stable is 1.5; it is an ICC from 0 to 1"),
        ("image", "mask", ("--stable", "1", "--families", "ngtdm"), "is known to keep an ICC of 1"),
        ("image", "mask", ("--maps", "cm_contrast"), "need the size of the window in mm"),
        ("image", "mask", ("--step", "2"), "--step 2 needs the size of the window"),
        ("image", "mask", ("--maps", "cm_contrst", "--window", "3"), "nearest is 'cm_contrast'"),
        ("image", "mask", ("--maps", "stat_mean", "--window", "-3"), "must be above 0; got -3"),
        (
            *("image", "mask", ("--maps", "stat_mean", "--window", "9")),
            r"a window of 9\.0 mm is larger than the region, 8\.0 mm along axis 0",
        ),
        ("image", "mask", ("--pool", "--window", "40"), "is larger than the region"),
    ],
)
def test_input_that_cannot_be_used_is_one_line(fault, image, mask, arguments, says):
    assert re.search(says, fault(image, mask, *arguments))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("bins = 32", r"mine\.toml: the file has no setting 'bins'"),
        (
            "[discretisaton]\nbins = 3",
            "no setting 'discretisaton'; the nearest is 'discretisation'",
        ),
        (
            "[discretisation]\nbin = 3",
            r"\[discretisation\] the table has no setting 'bin'; the nea",
        ),
        ('[discretisation]\nmethod = "bin-number"\nbins = 3.5', "bins must be a whole number"),
        ('[discretisation]\nmethod = "bin-number"', "bins must be .*1 to 4096"),
        ("[interpolation]\nspacing = [1, 1]", "spacing must have 3 values; got 2"),
        ("[interpolation]\nspacing = [1, 1, 0]", "voxel sizes must be above 0 mm"),
        ('[interpolation]\nimage = "sinc"', "image = 'sinc' is not known"),
        ('[interpolation]\nimage = "cubic"', "needs 'spacing' too"),
        ("[resegmentation]\nlow = nan", "low must be a number; got nan"),
        ('[filter]\nkind = "gabor"\nsigma = 5.0', r"\[filter\] needs 'wavelength' too"),
        ('[filter]\nkind = "gabbor"', "no filter is called 'gabbor'; the nearest is 'gabor'"),
        ("[filter]\nsigma = 5", "needs 'kind'"),
        ("interpolation = 3", "must be a table of settings; got 3"),
        ('preset = "ibsi-1-z"', "no preset is called 'ibsi-1-z'"),
        ('families = "glcm"', "families must be a list; got 'glcm'"),
        ("families = []", "families must name at least one"),
        ('dimensions = ["4D"]', "no dimension is called '4D'"),
        ("slice_axis = true", "slice_axis must be a whole number"),
        ("[windows]\npool = 1", "pool must be true or false"),
        ("this is no toml", "mine.toml is no settings file"),
    ],
)
def test_a_settings_file_says_nothing_that_is_not_understood(fault, settings, says):
    told = fault("image", "mask", settings=settings)
    assert re.search(says, told), told


def test_voxels_without_a_number_count_where_interpolation_or_a_filter_looks(fault):
    beside = "[interpolation]\nspacing = [2, 2, 2]"
    assert "hold 0, which was put" in fault("nan", "next", settings=beside)
    assert "hold 0, which was put" in fault("nan", "far", "--preset", "ibsi-2-2.A")


def test_voxels_without_a_number_elsewhere_are_told_and_change_nothing(files, tmp_path):
    few = ("--families", "statistics")
    numbers = []
    for name in ("nan", "image"):
        ran = here("texture", files[name], files["far"], "--out", tmp_path / name, *few)
        assert ran.returncode == 0, ran.stderr
        assert ("held no number" in ran.stderr) == (name == "nan")
        numbers.append(results_of(tmp_path / name))
    assert numbers[0] == numbers[1]


def test_two_settings_are_one_too_many(fault):
    told = fault("image", "mask", "--preset", "bone-ct", settings="slice_axis = 1")
    assert 'or write preset = "bone-ct" into the file' in told


def test_a_settings_file_that_is_not_there_is_named(fault, tmp_path):
    told = fault("image", "mask", "--settings", tmp_path / "gone.toml")
    assert "gone.toml is no settings file: No such file or directory" in told


def test_a_region_of_one_voxel_has_the_values_that_the_standard_defines(files, tmp_path):
    ran = here("texture", files["image"], files["one"], "--out", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert "The region has one voxel" in ran.stderr
    told = results_of(tmp_path / "out")
    assert told["stat_var"]["value"] == 0
    assert told["morph_vol_approx"]["value"] == 1
    assert told["cm_contrast_3D_comb"]["value"] is None
    assert "divide by 0" in told["cm_contrast_3D_comb"]["flags"][0]["text"]


def test_a_constant_region_has_the_values_that_the_standard_defines(files, tmp_path):
    ran = here("texture", files["constant"], files["mask"], "--out", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert "All 336 values of the region are 7." in ran.stderr
    told = results_of(tmp_path / "out")
    assert told["stat_mean"]["value"] == 7
    assert told["cm_contrast_3D_comb"]["value"] == 0
    assert told["cm_corr_3D_comb"]["value"] == 1
    assert told["variogram_slope"]["value"] is None
