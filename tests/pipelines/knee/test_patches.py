"""Pairs of patches of a cohort on disk."""

import json

import numpy as np
import pytest

from osteon.core import BadSetting
from osteon.io import write_labels, write_volume
from osteon.pipelines.knee.cohort import read_cohort, run_folder
from osteon.pipelines.knee.patches import cut as patch_cut
from osteon.pipelines.knee.patches.making import (
    PatchSettings,
    make_patches,
    patients_with_patches,
    read_patches,
)
from osteon.pipelines.knee.patches.reference import NAMES

from .blocks import POSE, bones, ct, cube, mr

FEW = PatchSettings(most=2)


def regions(labels, told):
    return told or "left", {"medial femur": cube(8.0), "medial tibia": cube(8.0)}


def registration(femur=None):
    matrix = None if femur else POSE.matrix.tolist()
    return {
        "method": "made up",
        "bones": {
            "femur": {"matrix": matrix, "failed": femur},
            "tibia": {"matrix": None, "failed": "not seen"},
        },
    }


def cohort(root, *names):
    """Patients of one block each."""
    rows = [f"{name}\tA\t{fold}\ttrue\tright" for fold, name in enumerate(names)]
    root.mkdir(exist_ok=True)
    (root / "participants.tsv").write_text(
        "\n".join(["participant_id\tsite\tfold\toa\tside", *rows]) + "\n"
    )
    run = run_folder(read_cohort(root))
    for folder in ("bones", "registration"):
        (run / folder).mkdir(parents=True)
    for name in names:
        for what, image in (("ct", ct()), ("mr", mr())):
            (root / name / what).mkdir(parents=True)
            write_volume(root / name / what / f"{name}_{what}.nii.gz", image)
        write_labels(run / "bones" / f"{name}_bones.nii.gz", bones())
        register(run, name, registration())
    return root


def register(run, name, told):
    (run / "registration" / f"{name}.json").write_text(json.dumps(told))


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    root = cohort(tmp_path_factory.mktemp("cohort"), "a", "b")
    return root, make_patches(read_cohort(root), FEW, find=regions)


def test_a_patch_is_a_pair_with_the_parameters_of_the_mr(held):
    _, made = held
    found = read_patches(made.run, ["b", "a"])
    assert found.ct.shape == found.mr.shape == found.mask.shape == (4, 32, 32, 32)
    assert (found.ct.dtype, found.mr.dtype, found.mask.dtype) == (np.float16, np.float16, bool)
    assert [row["participant_id"] for row in found.rows] == ["b", "b", "a", "a"]
    assert found.targets.shape == (4, 8)
    assert found.targets[0].tolist() == [found.rows[0]["reference"][name] for name in NAMES]
    for light, dark in zip(found.ct, found.mr, strict=True):
        assert np.corrcoef(light.ravel(), dark.ravel().astype(float))[0, 1] < -0.9
    assert np.percentile(found.mr[0], 95) == pytest.approx(1000, rel=0.12)


def test_the_table_says_whose_patches_there_are_and_what_was_left_out(held):
    _, made = held
    assert made.made == ("a", "b")
    assert made.failed == {}
    first = made.rows[0]
    assert (first["participant_id"], first["site"], first["fold"], first["oa"]) == (
        "a",
        "A",
        0,
        True,
    )
    assert len(first["registration_sha256"]) == 64
    out = [row for row in made.rows if row["reason"]]
    assert [row["region"] for row in out] == ["medial tibia", "medial tibia"]
    assert out[0]["reason"] == "the tibia is not registered: not seen"
    table = (made.run / "patches" / "patches.tsv").read_text().splitlines()
    assert len(table) == 1 + len(made.rows)


def test_ct_and_mr_of_a_right_knee_are_mirrored_alike(tmp_path, monkeypatch):
    root = cohort(tmp_path / "c", "a")
    sides = []
    cuts = {name: getattr(patch_cut, name) for name in ("cut_ct", "cut_mr")}

    def noted(name):
        def cut(*given, **further):
            sides.append(further["side"])
            return cuts[name](*given, **further)

        return cut

    for name in cuts:
        monkeypatch.setattr(patch_cut, name, noted(name))
    make_patches(read_cohort(root), PatchSettings(most=1), find=regions)
    assert sides == ["right", "right"]


def test_what_is_there_is_not_cut_again(held):
    root, made = held
    path = made.run / "patches" / "a.npz"
    before = path.stat().st_mtime_ns
    again = make_patches(read_cohort(root), FEW, find=regions)
    assert again.made == ()
    assert again.rows == made.rows
    assert path.stat().st_mtime_ns == before


def test_another_registration_or_setting_is_cut_anew_and_half_a_patient_too(tmp_path):
    root = cohort(tmp_path / "c", "a")
    one = PatchSettings(most=1)
    run = make_patches(read_cohort(root), one, find=regions).run
    register(run, "a", registration() | {"method": "another"})
    assert make_patches(read_cohort(root), one, find=regions).made == ("a",)
    large = PatchSettings(most=1, mr_voxels=64)
    assert make_patches(read_cohort(root), large, find=regions).made == ("a",)
    assert read_patches(run, ["a"]).mr.shape == (1, 64, 64, 64)
    (run / "patches" / "a.json").write_text('{"rows": [')
    assert make_patches(read_cohort(root), large, find=regions).made == ("a",)
    assert patients_with_patches(run) == ["a"]


def test_a_patient_who_fails_is_a_row_with_the_reason_and_no_end(tmp_path):
    root = cohort(tmp_path / "c", "a", "b", "c", "d")
    run = run_folder(read_cohort(root))
    (root / "a" / "mr" / "a_mr.nii.gz").unlink()
    register(run, "b", registration(femur="no bone in view"))
    (run / "registration" / "c.json").write_text("{}")
    (run / "bones" / "d_bones.nii.gz").unlink()
    told = make_patches(read_cohort(root), FEW, find=regions)
    assert told.made == ()
    assert patients_with_patches(run) == []
    assert [row["participant_id"] for row in told.rows] == ["a", "b", "c", "d"]
    reasons = [row["reason"] for row in told.rows]
    assert "no image in a/mr" in reasons[0]
    assert "the femur is not registered: no bone in view" in reasons[1]
    assert "c.json holds no registration" in reasons[2]
    assert "d is not registered" in reasons[3]
    assert all("\n" not in reason for reason in reasons)


def test_patients_without_patches_are_named(held, tmp_path):
    _, made = held
    with pytest.raises(BadSetting, match="c has no patches"):
        read_patches(made.run, ["a", "c"])
    with pytest.raises(BadSetting, match="no patient was named"):
        read_patches(made.run, [])
    assert patients_with_patches(tmp_path) == []


def test_patches_cut_by_different_settings_are_not_mixed(tmp_path):
    root = cohort(tmp_path / "c", "a", "b")
    run = make_patches(read_cohort(root), PatchSettings(most=1), find=regions).run
    path = run / "patches" / "b.json"
    path.write_text(path.read_text().replace('"mr_voxels": 32', '"mr_voxels": 64'))
    with pytest.raises(BadSetting, match="different settings"):
        read_patches(run, ["a", "b"])


@pytest.mark.parametrize(
    "asked",
    [{"mr_voxels": 48}, {"most": 0}, {"spacing_mm": 0.0}, {"plate_mm": 12.0}, {"plate_mm": -1.0}],
)
def test_settings_that_cannot_be_cut_are_refused(asked):
    with pytest.raises(BadSetting):
        PatchSettings(**asked)
