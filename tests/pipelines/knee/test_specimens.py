from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from osteon.core import BadSetting, EmptyRegion, Grid, Mask, UnreadableScan, UnusableTable, Volume
from osteon.features.structure import trabecular
from osteon.io import write_volume
from osteon.pipelines.knee.specimens.patches import donor_folds, make_specimen_patches
from osteon.pipelines.knee.specimens.specimens import (
    Specimen,
    packaged_specimens,
    parameters_in,
    read_specimens,
    spheres_of,
)
from osteon.pipelines.knee.specimens.views import Box, Pose, SpecimenSettings, cut, scan, show

FEW = SpecimenSettings(scanners=("knee-a",), unseen=(), views=1, boxes=1, least_mm=4.0)


def sponge(name: str, donor: str, seed: int) -> Specimen:
    """Bone of 6.4 mm, about 12 % of it, coarser than real bone."""
    noise = np.random.default_rng(seed).standard_normal((64, 64, 64))
    smooth = ndimage.gaussian_filter(noise, (5.0, 4.0, 3.0), mode="wrap")
    grid = Grid((64,) * 3, np.full(3, -3.15), np.eye(3), np.full(3, 0.1))
    return Specimen(name, donor, Mask(smooth > np.percentile(smooth, 88), grid))


@pytest.fixture(scope="module")
def one() -> Specimen:
    return sponge("L1_one_a", "one", 1)


def test_a_box_is_measured_as_a_region_of_the_whole_specimen_is(one: Specimen) -> None:
    box = (slice(5, 50), slice(8, 60), slice(0, 40))
    inside = np.zeros(one.bone.values.shape, np.bool_)
    inside[box] = True
    found = trabecular(one.bone, region=Mask(inside, one.bone.grid)).named()
    expected = [one.bone.values[box].mean(), found["Tb.Th"], found["Tb.Sp"], found["Tb.N"]]
    assert parameters_in(spheres_of(one), box) == pytest.approx(expected, rel=1e-6)


def test_magnified_bone_is_thicker_and_sparser_but_not_more(one: Specimen) -> None:
    spheres, box = spheres_of(one), (slice(10, 50),) * 3
    own, larger = parameters_in(spheres, box), parameters_in(spheres, box, magnify=1.25)
    assert larger / own == pytest.approx([1, 1.25, 1.25, 1 / 1.25])


def test_a_box_without_bone_is_refused(one: Specimen) -> None:
    low = np.argwhere(~one.bone.values)[0]
    with pytest.raises(EmptyRegion, match="all bone or holds none"):
        parameters_in(spheres_of(one), tuple(slice(int(at), int(at) + 1) for at in low))


@pytest.mark.parametrize(
    "pose", [Pose(), Pose((2, 0, 1), (True, False, True), 1.2)], ids=["as it is", "turned"]
)
def test_ct_is_bright_and_mr_dark_where_the_measured_bone_lies(one: Specimen, pose: Pose) -> None:
    shown = show(one, spheres_of(one), pose, fat=0.6)
    scan(shown, "knee-b", "bffe", np.random.default_rng(1))
    box = Box(10, (0.3, -0.4, 0.2))
    patch = cut(shown, box, "knee-b", "bffe")
    inside = shown.bone.values[box.of(shown.bone.grid)].astype(np.float64)
    share = ndimage.zoom(
        ndimage.uniform_filter(inside, inside.shape[0] // 10), 10 / inside.shape[0]
    )
    ct = patch.ct[patch.mask].reshape(share.shape).astype(np.float64)
    mr = patch.mr[patch.mask].reshape(share.shape).astype(np.float64)
    assert np.corrcoef(ct.ravel(), share.ravel())[0, 1] > 0.75
    assert np.corrcoef(mr.ravel(), share.ravel())[0, 1] < -0.6
    assert abs(np.corrcoef(ct[::-1].ravel(), share.ravel())[0, 1]) < 0.4
    region = np.zeros(shown.bone.values.shape, np.bool_)
    region[box.of(shown.bone.grid)] = True
    anew = trabecular(shown.bone, region=Mask(region, shown.bone.grid)).named()
    expected = [inside.mean(), anew["Tb.Th"], anew["Tb.Sp"], anew["Tb.N"]]
    assert patch.targets == pytest.approx(expected, rel=0.01)
    assert np.median(mr[share < 0.02]) == pytest.approx(1000, rel=0.2)


def test_what_lies_outside_of_the_box_tells_nothing(tmp_path: Path, one: Specimen) -> None:
    other = sponge("L1_two_a", "two", 2)
    with np.load(make_specimen_patches([one, other], tmp_path, FEW)) as stored:
        data = {name: stored[name] for name in stored.files}
    assert data["ct"].shape == data["mr"].shape == data["mask"].shape == (4, 32, 32, 32)
    for kind in ("ct", "mr"):
        assert np.unique(data[kind][~data["mask"]]).tolist() == [0.0]
        assert (data[kind][data["mask"]] != 0).mean() > 0.95
    first, second = data["mask"][data["test"]]
    assert (first == second).all()
    assert data["magnify"][data["test"]].tolist() == [1.0, 1.0]
    assert data["donor"].tolist() == ["one", "one", "two", "two"]


def test_an_interrupted_run_goes_on_to_the_same_numbers(tmp_path: Path, one: Specimen) -> None:
    both = [one, sponge("L1_two_a", "two", 2)]
    made: list[str] = []
    path = make_specimen_patches(both, tmp_path, FEW)
    whole = path.read_bytes()
    kept, broken = sorted((tmp_path / "parts").iterdir())
    before = kept.stat().st_mtime_ns
    broken.write_bytes(broken.read_bytes()[:1000])
    path.unlink()
    make_specimen_patches(both, tmp_path, FEW, progress=lambda what, *_: made.append(what))
    assert kept.stat().st_mtime_ns == before
    assert made == ["specimen L1_one_a", "specimen L1_two_a", "specimens together"]
    with np.load(path) as again:
        after = {name: again[name].tobytes() for name in again.files}
    path.write_bytes(whole)
    with np.load(path) as first:
        assert after == {name: first[name].tobytes() for name in first.files}


def test_no_donor_trains_and_tests_whatever_the_order_of_rows() -> None:
    donors = [f"donor {n % 7}" for n in range(40)]
    held = []
    for train, test in donor_folds(donors, folds=3, seed=4):
        names = np.array(donors)
        assert not set(names[train]) & set(names[test])
        assert (train | test).all()
        held.append(set(names[test]))
    assert sorted(set.union(*held)) == sorted(set(donors))
    again = np.array(donors[::-1])
    assert [set(again[test]) for _, test in donor_folds(donors[::-1], folds=3, seed=4)] == held


def test_specimens_of_one_donor_are_refused(tmp_path: Path, one: Specimen) -> None:
    with pytest.raises(UnusableTable, match="specimens of 1 donors"):
        make_specimen_patches([one, sponge("L1_one_b", "one", 2)], tmp_path, FEW)
    with pytest.raises(UnusableTable, match="there twice"):
        make_specimen_patches([one, one], tmp_path, FEW)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"scanners": ()}, "at least one CT scanner"),
        ({"boxes": 0}, "boxes at least 1"),
        ({"magnify": (1.2, 0.9)}, "ascending"),
        ({"fat": (0.5, 1.5)}, "share of the marrow"),
        ({"least_mm": 20.0}, "12.8 mm wide"),
    ],
)
def test_settings_that_show_nothing_are_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(BadSetting, match=told):
        SpecimenSettings(**wrong)


def written(folder: Path, name: str, values: np.ndarray, side: float = 0.05) -> None:
    grid = Grid(values.shape, np.zeros(3), np.eye(3), np.full(3, side))
    write_volume(folder / name, Volume(values, grid, "1"))


def test_files_say_whose_bone_they_are(tmp_path: Path) -> None:
    block = np.zeros((8, 8, 8), np.uint8)
    block[2:5] = 1
    for name in ("L1_07_a", "L1_07_b", "L1_31_a"):
        written(tmp_path, f"{name}.nii.gz", block)
    found = read_specimens(tmp_path)
    assert [(each.name, each.donor) for each in found] == [
        ("L1_07_a", "07"),
        ("L1_07_b", "07"),
        ("L1_31_a", "31"),
    ]
    assert (found[0].bone.values == (block > 0)).all()


@pytest.mark.parametrize(
    ("name", "side", "levels", "told"),
    [
        ("bone.nii.gz", 0.05, 2, "tells no donor"),
        ("L1_1_a.nii.gz", 0.4, 2, "at most 0.1 mm"),
        ("L1_1_a.nii.gz", 0.05, 3, "has two"),
        ("L1_1_a.nii.gz", 0.05, 2, "specimens of 1 donor;"),
    ],
)
def test_files_that_are_no_binary_micro_ct_of_a_donor_are_refused(
    tmp_path: Path, name: str, side: float, levels: int, told: str
) -> None:
    values = (np.arange(512).reshape(8, 8, 8) % levels).astype(np.uint8)
    written(tmp_path, name, values, side)
    with pytest.raises((UnusableTable, UnreadableScan), match=told):
        read_specimens(tmp_path)


def test_a_folder_without_micro_ct_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableTable, match=r"holds no \*.nii.gz"):
        read_specimens(tmp_path)


def test_one_specimen_of_each_of_eleven_donors_comes_with_the_package() -> None:
    found = packaged_specimens()
    assert len({each.donor for each in found}) == len(found) == 11


@pytest.mark.shared
def test_the_collection_holds_cubes_of_eleven_donors(shared_data: Path) -> None:
    found = read_specimens(shared_data / "microct" / "bonebox_L1")
    assert len(found) == 44
    assert len({each.donor for each in found}) == 11
    assert {each.bone.grid.shape for each in found} == {(201, 201, 201)}
