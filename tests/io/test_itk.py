"""NRRD and MetaImage: text headers written by hand, and SimpleITK as the other party."""

import numpy as np
import pytest
import SimpleITK

from images import RAMP, nrrd, saved
from osteon.core import UnreadableScan, UnsuitableScan
from osteon.io import read_scan

LPS = "space: left-posterior-superior\n"
DIRECTIONS = "space directions: (0.5,0,0) (0,2,0) (0,0,3)\n"
ORIGIN = "space origin: (10,20,30)\n"
PLACED = LPS + DIRECTIONS + ORIGIN
MHA = (
    "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
    "CompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 10 20 30\n"
    "ElementSpacing = 1 2 3\nDimSize = 2 3 4\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
)


def mha(head=MHA, values=RAMP):
    return head.encode() + values.tobytes(order="F")


@pytest.mark.parametrize(
    ("space", "place"),
    [
        # voxel (1, 1, 1) lies at (10.5, 22, 33) along the axes that the space names
        ("left-posterior-superior", (10.5, 22, 33)),
        ("LPS", (10.5, 22, 33)),
        ("right-anterior-superior", (-10.5, -22, 33)),
        ("RAS", (-10.5, -22, 33)),
        ("left-anterior-superior", (10.5, -22, 33)),
    ],
)
def test_an_nrrd_lies_where_its_space_says(tmp_path, space, place):
    content = nrrd(f"space: {space}\n" + DIRECTIONS + ORIGIN)
    scan = read_scan(saved(tmp_path, content, "scan.nrrd"))
    assert scan.volume.grid.to_world([1, 1, 1]) == pytest.approx(place)
    assert (scan.volume.values == RAMP).all()
    assert scan.format == "NRRD"


def test_micrometres_become_millimetres(tmp_path):
    units = 'space units: "um" "um" "um"\n'
    grid = read_scan(saved(tmp_path, nrrd(PLACED + units))).volume.grid
    assert grid.to_world([1, 1, 1]) == pytest.approx([0.0105, 0.022, 0.033])


def test_a_metaimage_lies_where_its_offset_says(tmp_path):
    scan = read_scan(saved(tmp_path, mha(), "scan.mha"))
    assert scan.volume.grid.to_world([1, 2, 3]) == pytest.approx([11, 24, 39])
    assert (scan.volume.values == RAMP).all()
    assert scan.format == "MetaImage"


def test_a_metaimage_that_is_an_mr_says_so(tmp_path):
    head = MHA.replace("NDims = 3\n", "NDims = 3\nModality = MET_MOD_MR\n")
    assert read_scan(saved(tmp_path, mha(head))).acquisition.modality == "MR"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["turned.nrrd", "turned.nhdr", "turned.mha", "turned.mhd"])
def test_every_voxel_lies_where_simpleitk_puts_it(tmp_path, name, packed):
    image = SimpleITK.GetImageFromArray(RAMP.T)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-100.0, 20.0, 300.0))
    cos, sin = np.cos(0.4), np.sin(0.4)
    # oblique around x, and mirrored: j and k are swapped
    image.SetDirection((1, 0, 0, 0, -sin, cos, 0, cos, sin))
    SimpleITK.WriteImage(image, str(tmp_path / name), packed)
    scan = read_scan(tmp_path / name)
    assert (scan.volume.values == RAMP).all()
    for index in [(0, 0, 0), (1, 0, 0), (0, 2, 0), (0, 0, 3), (1, 2, 3)]:
        place = image.TransformIndexToPhysicalPoint(index)
        assert scan.volume.grid.to_world(index) == pytest.approx(place, abs=1e-4)


def test_a_fourth_side_of_one_is_taken_off(tmp_path):
    image = SimpleITK.JoinSeries(SimpleITK.GetImageFromArray(RAMP.T))
    SimpleITK.WriteImage(image, str(tmp_path / "scan.mha"))
    assert (read_scan(tmp_path / "scan.mha").volume.values == RAMP).all()


def written(folder, image):
    SimpleITK.WriteImage(image, str(folder / "scan.mha"))
    return folder / "scan.mha"


def test_colour_and_several_volumes_and_single_slices_are_refused(tmp_path):
    flat = SimpleITK.GetImageFromArray(RAMP[0])
    volume = SimpleITK.GetImageFromArray(RAMP.T)
    with pytest.raises(UnsuitableScan, match="3 numbers a voxel"):
        read_scan(written(tmp_path, SimpleITK.Compose([volume] * 3)))
    with pytest.raises(UnsuitableScan, match="several volumes"):
        read_scan(written(tmp_path, SimpleITK.JoinSeries([volume] * 2)))
    with pytest.raises(UnsuitableScan, match="single slice"):
        read_scan(written(tmp_path, flat))


NOWHERE = {
    "no space": nrrd("spacings: 1 1 1\n"),
    "a space of three sides": nrrd("space dimension: 3\n" + DIRECTIONS),
    "the space of the scanner": nrrd("space: scanner-xyz\n" + DIRECTIONS),
    "no TransformMatrix": mha(MHA.replace("TransformMatrix = 1 0 0 0 1 0 0 0 1\n", "")),
    "no spacing": mha(MHA.replace("ElementSpacing = 1 2 3\n", "")),
}


@pytest.mark.parametrize("case", NOWHERE)
def test_an_image_that_lies_nowhere_is_refused(tmp_path, case):
    with pytest.raises(UnsuitableScan, match="does not say where it lies"):
        read_scan(saved(tmp_path, NOWHERE[case]))


def test_a_sheared_image_is_refused(tmp_path):
    sheared = LPS + "space directions: (1,0,0) (0.3,1,0) (0,0,1)\n" + ORIGIN
    with pytest.raises((UnsuitableScan, UnreadableScan), match="scan"):
        read_scan(saved(tmp_path, nrrd(sheared)))


def test_lengths_in_parsecs_are_refused(tmp_path):
    units = 'space units: "pc" "pc" "pc"\n'
    with pytest.raises(UnsuitableScan, match="lengths in"):
        read_scan(saved(tmp_path, nrrd(PLACED + units)))


DAMAGED = {
    "truncated NRRD": nrrd(PLACED)[:-5],
    "truncated MetaImage": mha()[:-5],
    "an NRRD far too large": nrrd(PLACED).replace(b"sizes: 2 3 4", b"sizes: 30000 30000 30000"),
    "a MetaImage far too large": mha(MHA.replace("DimSize = 2 3 4", "DimSize = 30000 30000 30000")),
    "a type that is none": mha(MHA.replace("MET_SHORT", "MET_NONSENSE")),
    "a packing that is not read": nrrd(PLACED).replace(b"encoding: raw", b"encoding: bzip2"),
    "a header alone": b"NRRD0004\n",
    "values elsewhere that are not there": mha(MHA.replace("LOCAL", "values.raw")),
    "values out of the folder": mha(MHA.replace("LOCAL", "../../etc/passwd")),
    "values anywhere": mha(MHA.replace("LOCAL", "/etc/passwd")),
    "values in a list of files": mha(MHA.replace("LOCAL", "LIST\na.raw")),
    "values in numbered files": mha(MHA.replace("LOCAL", "a%02d.raw 1 4 1")),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_by_name_in_one_line(tmp_path, case, capfd):
    with pytest.raises((UnreadableScan, UnsuitableScan), match="scan") as told:
        read_scan(saved(tmp_path, DAMAGED[case]))
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 300
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["packed.nrrd", "packed.mha"])
def test_half_of_a_packed_file_is_refused(tmp_path, name):
    noise = np.random.default_rng(3).integers(0, 1000, (30, 20, 10)).astype(np.int16)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(noise), str(tmp_path / name), True)
    whole = (tmp_path / name).read_bytes()
    with pytest.raises(UnreadableScan, match="packed"):
        read_scan(saved(tmp_path, whole[: len(whole) // 2], name))
