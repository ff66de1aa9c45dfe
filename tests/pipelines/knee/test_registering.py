"""A knee and a cohort of knees registered: what comes out, and what is told of those that fail."""

import json

import numpy as np
import pytest

from bones_of_registration import STILL, bone, ct, grid, mr
from osteon.core import HU, BadSetting, GridMismatch, Mask, Volume
from osteon.io import write_labels, write_volume
from osteon.pipelines.knee.alignment import registering, registrations
from osteon.pipelines.knee.alignment.registering import (
    KneeRegistering,
    register_cohort,
    register_knee,
)
from osteon.pipelines.knee.alignment.registrations import (
    bones_file,
    read_registration,
    registration_file,
)
from osteon.pipelines.knee.cohort import read_cohort
from osteon.regions.knee import KneeBones
from osteon.registration import BonesRegistered, Quality, Registered, Rigid, registration_error

ON = grid((3.0, 3.0, 3.0))
MOVE = Rigid.about((0, 0, 0), turn_deg=(3, -4, 5), shift_mm=(4, -3, 5))
TRUE = {"femur": MOVE, "tibia": MOVE @ Rigid.about((0, 0, 5), turn_deg=(5, 1, -1))}


@pytest.fixture(scope="module")
def bones():
    return KneeBones(bone("femur", ON), bone("tibia", ON))


def test_a_knee_is_found_by_its_synthetic_ct_and_judged_by_its_mr(bones):
    there = grid((3.0, 3.0, 3.0), (52, 52, 52))
    found = register_knee(
        ct(ON),
        mr(there, TRUE),
        bones,
        synthetic=ct(there, TRUE, noise=60.0, seed=5),
        settings=KneeRegistering("synthetic"),
    )
    assert found.failed == {}
    for name, true in TRUE.items():
        # a third of a voxel
        assert registration_error(found.transforms[name], true, bone(name)).median < 1.0
        assert found.bones[name].quality.sharpness > 1.5


def test_images_in_worlds_of_their_own_are_laid_middle_over_middle(bones, monkeypatch):
    begun = []
    monkeypatch.setattr(
        "osteon.pipelines.knee.alignment.one_knee.register_bones",
        lambda *images, start, **rest: begun.append(start),
    )
    near = mr(ON, STILL)
    far = Volume(near.values, grid((3.0, 3.0, 3.0), middle=(500, 0, 0)), "1")
    register_knee(ct(ON), near, bones)
    register_knee(ct(ON), far, bones)
    assert (begun[0].matrix == np.eye(4)).all()
    np.testing.assert_allclose(begun[1].shift_at((0, 0, 0)), (500, 0, 0))


def test_what_a_knee_cannot_be_registered_by_is_told(bones):
    image, other = mr(ON), ct(grid((4.0, 4.0, 4.0)))
    with pytest.raises(BadSetting, match="synthesize the cohort first"):
        register_knee(ct(ON), image, bones, settings=KneeRegistering("synthetic"))
    with pytest.raises(GridMismatch, match="the synthetic CT is on another grid"):
        register_knee(ct(ON), image, bones, synthetic=other, settings=KneeRegistering("synthetic"))
    with pytest.raises(BadSetting, match="have no 'patella'"):
        register_knee(ct(ON), image, bones, settings=KneeRegistering(bones=("patella",)))
    with pytest.raises(BadSetting, match="called 'elastic'"):
        KneeRegistering("elastic")
    with pytest.raises(BadSetting, match="at least one bone"):
        KneeRegistering(bones=())


def one(failed=None):
    return Registered(MOVE, Quality(0.5, 20.0, 0.4, 0.9, 2.0), failed, ())


@pytest.fixture
def folder(tmp_path, bones, monkeypatch):
    """Four patients: one well, one with a bone that fails, one without MR, one mislabelled."""
    (tmp_path / "participants.tsv").write_text(
        "participant_id\tside\nsub-1\tleft\nsub-2\tleft\nsub-3\tleft\nsub-4\tright\n"
    )
    for name in ("sub-1", "sub-2", "sub-3", "sub-4"):
        for kind in ("ct", "mr"):
            if (name, kind) == ("sub-3", "mr"):
                continue
            (tmp_path / name / kind).mkdir(parents=True)
            image = Volume(np.full(ON.shape, 7.0, np.float32), ON, HU if kind == "ct" else "1")
            write_volume(tmp_path / name / kind / f"{name}_{kind}.nii.gz", image)
    cohort = read_cohort(tmp_path)
    fibula = np.zeros(ON.shape, bool)
    fibula[-3:, :, :4] = True  # +x is the patient's left, and lateral in a left knee
    shown = KneeBones(bones.femur, bones.tibia, None, Mask(fibula, ON))
    for name in ("sub-1", "sub-2", "sub-3", "sub-4"):
        path = bones_file(cohort, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_labels(path, shown.labels())
    tried = []

    def quick(*images, synthetic, settings):
        tried.append(settings)
        lost = "no match" if len(tried) == 2 else None
        return BonesRegistered(one(), {"femur": one(lost), "tibia": one()})

    monkeypatch.setattr(registering, "register_knee", quick)
    return cohort, tried


def test_a_patient_who_fails_is_a_row_with_a_reason(folder):
    cohort, _ = folder
    run = register_cohort(cohort)
    assert run.made == 2
    assert set(run.failed) == {"sub-3", "sub-4"}
    assert "mr" in run.failed["sub-3"]
    assert "shows a left knee, participants.tsv says right" in run.failed["sub-4"]
    assert run.bones_failed == {"sub-2 femur": "no match"}
    head, *rows = (line.split("\t") for line in run.table.read_text().splitlines())
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["participant_id"], row["bone"], row["status"]) for row in told] == [
        ("sub-1", "femur", "registered"),
        ("sub-1", "tibia", "registered"),
        ("sub-2", "femur", "failed"),
        ("sub-2", "tibia", "registered"),
        ("sub-3", "n/a", "failed"),
        ("sub-4", "n/a", "failed"),
    ]
    assert told[2]["reason"] == "no match"
    assert told[0]["sharpness"] == "2"


def test_a_run_goes_on_where_it_stopped_and_other_settings_begin_anew(folder):
    cohort, tried = folder
    register_cohort(cohort)
    before = len(tried)
    told = []
    assert register_cohort(cohort, progress=lambda *what: told.append(what)).made == 0
    assert len(tried) == before
    assert told[0] == ("registering knees", 2, 4)
    registration_file(cohort, "sub-1").unlink()
    assert register_cohort(cohort).made == 1
    assert register_cohort(cohort, settings=KneeRegistering(seed=3)).made == 2
    assert tried[-1].seed == 3
    assert register_cohort(cohort, method="mind", into="registration-mind").made == 2
    assert registration_file(cohort, "sub-1").is_file()


def test_a_scan_that_was_replaced_is_registered_again_and_its_bones_are_found_anew(
    folder, bones, monkeypatch
):
    cohort, _ = folder
    found = []

    def find(ct):
        found.append(ct)
        return bones

    monkeypatch.setattr(registrations, "find_knee_bones", find)
    bones_file(cohort, "sub-1").unlink()
    register_cohort(cohort)
    assert len(found) == 1
    for kind, again in (("mr", 1), ("ct", 2)):
        image = Volume(np.full(ON.shape, 8.0, np.float32), ON, HU if kind == "ct" else "1")
        write_volume(cohort.root / "sub-1" / kind / f"sub-1_{kind}.nii.gz", image)
        assert register_cohort(cohort).made == 1
        assert len(found) == again
    # bones that were put there by hand are nobody else's to find
    write_volume(cohort.root / "sub-2" / "ct" / "sub-2_ct.nii.gz", image)
    assert register_cohort(cohort).made == 1
    assert len(found) == 2
    assert register_cohort(cohort).made == 0


def test_what_is_stored_is_read_again(folder):
    cohort, _ = folder
    register_cohort(cohort)
    read = read_registration(registration_file(cohort, "sub-2"))
    assert read.method == "direct"
    assert read.failed == {"femur": "no match"}
    np.testing.assert_array_equal(read.transforms["tibia"].matrix, MOVE.matrix)
    with pytest.raises(BadSetting, match="register the cohort first"):
        read_registration(registration_file(cohort, "sub-3"))
    odd = registration_file(cohort, "sub-1")
    odd.write_text(json.dumps({"bones": 3}))
    with pytest.raises(BadSetting, match="no registration of a knee"):
        read_registration(odd)
