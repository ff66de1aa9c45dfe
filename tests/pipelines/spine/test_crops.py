"""Vertebrae are cut along their own axes, keep their HU, and what cannot be cut is told."""

import json
from dataclasses import replace

import numpy as np
import pytest

import shapes
import spine_crops
from osteon.core import BadSetting, Grid, Labels, Volume
from osteon.core.compiled import threads, use_threads
from osteon.io import write_labels, write_volume
from osteon.pipelines.spine.cohort import read_cohort
from osteon.pipelines.spine.crops.cut import BODY, OUTSIDE_HU, REST, CropSettings, cut_vertebrae
from osteon.pipelines.spine.crops.making import make_crops
from osteon.pipelines.spine.crops.store import crops_file, read_crops

from ..people import GRID, person

SETTINGS = CropSettings(spacing_mm=1.5, shape=(44, 60, 26), levels=("L1", "L2", "L4"))


@pytest.fixture(scope="module")
def spine():
    return person()


@pytest.fixture(scope="module")
def cut(spine):
    return cut_vertebrae(*spine, SETTINGS)


def test_a_crop_shows_the_body_in_its_own_hu_and_the_arch_behind_it(cut):
    crops, _ = cut
    assert [one.level for one in crops] == ["L1", "L2"]
    one = crops[1]
    i, j, k = np.argwhere(one.parts == BODY).mean(axis=0)
    middle = (np.array(SETTINGS.shape) - 1) / 2
    assert [i, k] == pytest.approx(middle[[0, 2]], abs=1.0)
    # the body lies in front: j runs to the back
    assert j * 1.5 == pytest.approx(middle[1] * 1.5 - SETTINGS.behind_mm, abs=2.0)
    assert np.argwhere(one.parts == REST).mean(axis=0)[1] > j + 10
    inner = one.hu[round(i) - 3 : round(i) + 4, round(j) - 3 : round(j) + 4, round(k)]
    assert np.abs(inner - shapes.CORE).max() <= 1
    volume = (one.parts == BODY).sum() * 1.5**3
    assert volume == pytest.approx(np.pi * one.shape.width * one.shape.depth * 26 / 4, rel=0.12)


def test_a_turned_image_gives_the_same_crop(spine, cut):
    scan, labels = spine
    # about the length of the patient: that keeps the head up
    about = shapes.rotation(25, (0, 0, 1))
    grid = Grid(GRID.shape, about @ GRID.origin, about @ GRID.direction, GRID.spacing)
    turned = replace(scan, volume=Volume(scan.volume.values, grid, scan.volume.unit))
    again, _ = cut_vertebrae(turned, Labels(labels.values, grid), SETTINGS)
    for one, other in zip(cut[0], again, strict=True):
        assert (one.parts != other.parts).mean() < 0.003
        inside = (one.parts == BODY) & (other.parts == BODY)
        assert np.abs(one.hu[inside].astype(float) - other.hu[inside]).mean() < 3.0


def test_the_number_of_threads_changes_no_crop(spine, cut):
    before = threads()
    use_threads(1 if before > 1 else 2)
    try:
        again, left_out = cut_vertebrae(*spine, SETTINGS)
    finally:
        use_threads(before)
    assert left_out == cut[1]
    for one, other in zip(cut[0], again, strict=True):
        assert (one.level, one.shape, one.flags) == (other.level, other.shape, other.flags)
        assert (one.hu == other.hu).all()
        assert (one.parts == other.parts).all()


def test_a_level_that_is_not_labelled_is_told(cut):
    assert cut[1] == {"L4": "L4 is not among the labels."}


def test_a_body_cut_by_the_field_of_view_is_flagged_and_air_lies_beyond(spine):
    scan, labels = spine
    # 7 mm into the body of L2
    upper = (slice(None), slice(None), slice(26, None))
    crops, _ = cut_vertebrae(
        replace(scan, volume=scan.volume.part(upper)), labels.part(upper), SETTINGS
    )
    told = {one.level: [flag.code for flag in one.flags] for one in crops}
    assert told == {"L1": [], "L2": ["cut-by-field-of-view"]}
    assert (crops[1].hu[:, :, 0] == OUTSIDE_HU).all()
    assert crops[0].hu.min() > OUTSIDE_HU


@pytest.fixture
def cohort(tmp_path, spine):
    scan, labels = spine
    lines = ["participant_id\tsplit", "sub-1\tinternal", "sub-2\tinternal", "sub-3\tunlabelled"]
    (tmp_path / "participants.tsv").write_text("\n".join(lines) + "\n")
    for name in ("sub-1", "sub-2"):
        for what in ("ct", "masks"):
            (tmp_path / name / what).mkdir(parents=True)
        write_volume(tmp_path / name / "ct" / "ct.nii.gz", scan.volume)
        write_labels(tmp_path / name / "masks" / "vertebrae.nii.gz", labels)
    return read_cohort(tmp_path)


def test_patients_are_cut_once_and_one_without_images_is_a_row(cohort):
    first = make_crops(cohort, SETTINGS)
    assert first.made == ("sub-1", "sub-2")
    assert list(first.failed) == ["sub-3"]
    rows = {(row["participant_id"], row["level"]): row for row in first.rows}
    assert "nothing in sub-3" in rows["sub-3", None]["reason"]
    assert rows["sub-1", "L4"]["reason"] == "L4 is not among the labels."
    assert rows["sub-1", "L2"]["middle_mm"] == pytest.approx(26, abs=1.5)
    held = read_crops(first.run, "sub-1")
    assert held["hu"].shape == (2, *SETTINGS.shape)
    assert held["hu"].dtype == np.int16
    again = make_crops(cohort, SETTINGS)
    assert again.made == ()
    assert again.rows == first.rows
    # other voxels are other crops, and so is another image
    path = first.run / "crops" / "sub-2.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"inputs": {}}))
    assert make_crops(cohort, SETTINGS).made == ("sub-2",)
    assert make_crops(cohort, replace(SETTINGS, spacing_mm=2.0)).made == ("sub-1", "sub-2")


@pytest.mark.parametrize("kept", [0, 10, 400, -30])
def test_damaged_crops_are_told_in_a_line(tmp_path, kept):
    spine_crops.store(tmp_path, "sub-1", [spine_crops.crop()])
    path = crops_file(tmp_path, "sub-1")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BadSetting, match="sub-1 are damaged") as told:
        read_crops(tmp_path, "sub-1")
    assert "\n" not in str(told.value)
