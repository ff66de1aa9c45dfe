"""A knee and a spine on disk: geometry, poses and truth fit, and no truth lies where images do."""

import csv
import json

import nibabel
import numpy as np
import pytest
import SimpleITK

from osteon.pipelines.cohorts.card import card_of, gallery_of
from osteon.pipelines.cohorts.run import simulate_cohort
from osteon.simulate.cohort.plan import CohortSettings
from osteon.simulate.cohort.sites import default_sites

pytestmark = pytest.mark.slow

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From nibabel's world (RAS) to ours."""


def made(kind, out, **more):
    return simulate_cohort(out, CohortSettings(kind, default_sites(kind)[:1], **more), jobs=1)


@pytest.fixture(scope="session")
def knee(tmp_path_factory):
    return made("knee", tmp_path_factory.mktemp("knee"), subjects=1)


@pytest.fixture(scope="session")
def spine(tmp_path_factory):
    """One spine with a label, one without."""
    return made("spine", tmp_path_factory.mktemp("spine"), subjects=1, unlabelled=1)


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def image(path):
    """Values and the affine into LPS."""
    loaded = nibabel.load(path)
    return np.asarray(loaded.dataobj), LPS @ loaded.affine


def centre(labels, affine, numbers):
    """Middle of some labels in the world, in mm."""
    index = np.argwhere(np.isin(labels, numbers))
    return (affine @ [*index.mean(axis=0), 1])[:3]


@pytest.mark.parametrize("kind", ["knee", "spine"])
def test_every_image_reads_alike_by_two_readers_and_its_labels_fit(kind, request):
    out = request.getfixturevalue(kind).out
    images = sorted(out.glob("sub-001/*/*.nii.gz"))
    there = {"knee": ["ct", "mr"], "spine": ["ct", "masks"]}[kind]
    assert [path.parent.name for path in images] == there
    for path in images:
        header = nibabel.load(path).header
        np.testing.assert_allclose(header.get_sform(), header.get_qform(), atol=1e-4)
        assert header["sform_code"] == header["qform_code"] == 1
        values, affine = image(path)
        other = SimpleITK.ReadImage(str(path))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(other).T, values)
        for corner in ((0, 0, 0), tuple(n - 1 for n in values.shape)):
            point = other.TransformIndexToPhysicalPoint([int(n) for n in corner])
            np.testing.assert_allclose(point, (affine @ [*corner, 1])[:3], atol=1e-3)
        name = path.parent.name
        if name == "masks":
            continue
        labels, same = image(out / "truth/sub-001" / f"sub-001_{name}_labels.nii.gz")
        named = read(out / "truth/sub-001" / f"sub-001_{name}_labels.json")["Labels"]
        assert labels.shape == values.shape
        np.testing.assert_allclose(same, affine, atol=1e-6)
        assert {str(n) for n in np.unique(labels)} - {"0"} <= named.keys()


def test_true_poses_lead_every_bone_from_ct_to_mr(knee):
    truth = knee.out / "truth" / "sub-001"
    moves = read(truth / "subject.json")["truth"]["mr_pose"]
    numbers = {name: int(n) for n, name in read(truth / "sub-001_ct_labels.json")["Labels"].items()}
    ct, ct_affine = image(truth / "sub-001_ct_labels.nii.gz")
    mr, mr_affine = image(truth / "sub-001_mr_labels.nii.gz")
    to_mr = np.linalg.inv(mr_affine)
    apart = []
    for bone in ("femur", "tibia", "patella"):
        index = np.argwhere(ct == numbers[bone])[::50]
        world = np.c_[index, np.ones(len(index))] @ ct_affine.T
        found = {}
        for how, moved in (("moved", world @ np.array(moves[bone]).T), ("left", world)):
            at = np.rint(moved @ to_mr.T)[:, :3].astype(int)
            seen = ((at >= 0) & (at < mr.shape)).all(axis=1)
            found[how] = (mr[tuple(at[seen].T)] == numbers[bone]).mean()
        assert found["moved"] > 0.96, bone  # the rest lies on the surface, half a voxel off
        apart.append(found["left"])
        np.testing.assert_allclose(
            np.array(moves[bone])[:3, :3] @ np.array(moves[bone])[:3, :3].T, np.eye(3), atol=1e-9
        )
    assert max(apart[:2]) < 0.9  # what lies still is no proof; of the patella little is in both
    assert not np.allclose(moves["femur"], moves["tibia"])


def test_sidecars_say_what_a_header_would_and_in_seconds(knee, spine):
    ct = read(knee.out / "sub-001/ct/sub-001_ct.json")
    assert {"KVP", "ConvolutionKernel", "SliceThickness", "ReconstructionDiameter"} <= ct.keys()
    mr = read(knee.out / "sub-001/mr/sub-001_acq-bffe_mr.json")
    assert 0.001 < mr["EchoTime"] < mr["RepetitionTime"] < 0.05
    assert read(spine.out / "sub-001/ct/sub-001_ct.json")["ContrastPhase"]
    for run in (knee, spine):
        row = table(run.out / "participants.tsv")[0]
        told = read(run.out / "sub-001/ct/sub-001_ct.json")
        assert float(row["kvp"]) == told["KVP"]
        assert row["kernel"] == told["ConvolutionKernel"]
        assert row["scanner"] == told["StationName"]


def test_the_reading_on_disk_is_that_of_the_table(spine):
    row = table(spine.out / "participants.tsv")[0]
    told = read(spine.out / "sub-001/dxa/sub-001_dxa.json")
    assert float(row["abmd"]) == told["L1-L4"]["abmd_g_cm2"]
    assert float(row["t_score"]) == told["L1-L4"]["t_score"]
    assert row["diagnosis"] == told["L1-L4"]["diagnosis"]
    assert (row["osteoporosis"] == "true") == (told["L1-L4"]["t_score"] <= -2.5)
    counted = [v for name, v in told["vertebrae"].items() if name not in told["excluded"]]
    density = sum(v["bmc_g"] for v in counted) / sum(v["area_cm2"] for v in counted)
    assert density == pytest.approx(float(row["abmd"]), abs=0.01)


def numbers_in(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        return {number for part in tree for number in numbers_in(part)}
    return {tree} if isinstance(tree, float) and tree != round(tree, 2) else set()


@pytest.mark.parametrize("kind", ["knee", "spine"])
def test_no_true_number_lies_outside_the_truth(kind, request):
    out = request.getfixturevalue(kind).out
    data = read(out / "truth/sub-001/subject.json")
    hidden = numbers_in(data["truth"]) | numbers_in(data["regions"])
    assert len(hidden) > 50
    for path in (*out.glob("sub-*/*/*.json"), out / "participants.json", out / "cohort.json"):
        assert not hidden & numbers_in(read(path)), path
    cells = {cell for row in table(out / "participants.tsv") for cell in row.values()}
    assert not {f"{number:.6g}" for number in hidden} & cells


def test_nothing_tells_the_label_of_a_patient_without_one(spine):
    row = table(spine.out / "participants.tsv")[1]
    assert row["split"] == "unlabelled"
    for column in ("dxa_device", "abmd", "t_score", "diagnosis", "osteoporosis", "fold"):
        assert row[column] == "n/a"
    assert not (spine.out / "sub-002" / "dxa").exists()
    assert read(spine.out / "truth/sub-002/subject.json")["truth"]["dxa"]["true_t_score"]


def test_true_structure_of_every_region_is_measured(knee, spine):
    rows = table(knee.out / "truth/regions.tsv")
    assert {row["region"] for row in rows} == {
        f"{side} {bone}" for side in ("medial", "lateral") for bone in ("femur", "tibia")
    }
    rows += [row for row in table(spine.out / "truth/regions.tsv") if row["region"] == "L1"]
    for row in rows:
        assert 0.02 < float(row["BV/TV"]) < 0.7
        assert 0.1 < float(row["Tb.Th"]) < float(row["Tb.Sp"]) < 2.5
    ids = {row["participant_id"] for row in table(spine.out / "truth/regions.tsv")}
    assert ids == {"sub-001", "sub-002"}


def test_bones_are_denser_than_what_is_around_them(knee):
    hu, _ = image(knee.out / "sub-001/ct/sub-001_ct.nii.gz")
    labels, _ = image(knee.out / "truth/sub-001/sub-001_ct_labels.nii.gz")
    named = read(knee.out / "truth/sub-001/sub-001_ct_labels.json")["Labels"]
    means = {
        name: hu[labels == int(n)].mean() for n, name in named.items() if (labels == int(n)).any()
    }
    assert means["femur"] > 150 > means[next(name for name in means if "fat" in name)]


@pytest.mark.parametrize("kind", ["knee", "spine"])
def test_every_column_is_explained_and_the_card_can_be_filled(kind, request):
    run = request.getfixturevalue(kind)
    told = read(run.out / "participants.json")
    assert list(told) == list(table(run.out / "participants.tsv")[0])
    card = card_of(run, CohortSettings(kind, default_sites(kind)[:1], subjects=1), "command")
    json.dumps(card, allow_nan=False)
    shown = {row["parameter"] for row in card["regions"]}
    assert {"BV/TV", "Tb.Th", "Tb.Sp", "Tb.N", "BV/TV asked for"} <= shown
    assert not any("_" in name for name in shown)  # words, not names of fields
    written = {name for row in run.regions for name in [row["parameter"]]}
    assert len(shown) == len(written)
    assert {shot.subject for shot in gallery_of(run)} == {
        row["participant_id"] for row in run.participants
    }
