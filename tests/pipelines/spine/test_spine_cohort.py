"""Cohorts of spines as they are simulated, and as they come from hospitals."""

import json

import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.pipelines.spine.cohort import must_have, read_cohort, run_folder

NAMES = "participant_id\tsite\tsplit\tfold\tdxa_device\tabmd\tt_score\tdiagnosis"


def folder(tmp_path, *rows, names=NAMES, images=("ct", "masks")):
    many = names.count("\t")
    whole = [row + "\t" * (many - row.count("\t")) for row in rows]
    (tmp_path / "participants.tsv").write_text("\n".join([names, *whole]) + "\n")
    for row in rows:
        for what in images:
            place = tmp_path / row.split("\t")[0] / what
            place.mkdir(parents=True, exist_ok=True)
            (place / f"image_{what}.nii.gz").touch()
    return tmp_path


def refused(tmp_path, error, *rows, **more):
    with pytest.raises(error) as caught:
        read_cohort(folder(tmp_path, *rows, **more))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_row_says_who_trains_and_what_the_densitometer_read(tmp_path):
    rows = ("s-1\tA\tinternal\t2\tHologic\t0.71\t-3.1\tosteoporosis", "s-2\tB\tunlabelled")
    root = folder(tmp_path, *rows)
    (root / "s-1" / "dxa").mkdir()
    (root / "s-1" / "dxa" / "s-1_dxa.json").write_text(
        json.dumps(
            {
                "vertebrae": {"L1": {"abmd_g_cm2": 0.65}, "L2": {"abmd_g_cm2": 0.9}},
                "excluded": ["L2"],
            }
        )
    )
    cohort = read_cohort(root)
    one, two = cohort.patients
    assert (one.device, one.abmd, one.t_score, one.diagnosis) == (
        "hologic",
        0.71,
        -3.1,
        "osteoporosis",
    )
    assert one.labelled
    assert (one.site, one.split, one.fold) == ("A", "internal", 2)
    # a vertebra that the densitometer left out teaches nothing
    assert one.vertebrae == {"L1": 0.65}
    assert not two.labelled
    assert one.masks == tmp_path / "s-1" / "masks" / "image_masks.nii.gz"
    assert run_folder(cohort).parts[-1] == "spine"
    assert [p.name for p in must_have(cohort, "unlabelled")] == ["s-2"]


def test_a_density_in_another_unit_is_refused(tmp_path):
    text = refused(tmp_path, UnusableTable, "s\tA\tinternal\t0\tlunar\t1043\t0\tnormal")
    assert "1043" in text
    assert "g/cm²" in text


def test_a_score_that_is_no_number_is_refused(tmp_path):
    text = refused(tmp_path, UnusableTable, "s\tA\tinternal\t0\tlunar\t1.0\tlow\tnormal")
    assert "t_score 'low'" in text


def test_a_class_that_is_none_is_refused_with_those_there_are(tmp_path):
    text = refused(tmp_path, UnusableTable, "s\tA\tinternal\t0\tlunar\t1.0\t0\thealthy")
    assert "osteopenia" in text


def test_readings_that_are_none_are_refused(tmp_path):
    root = folder(tmp_path, "s\tA\tinternal")
    (root / "s" / "dxa").mkdir()
    path = root / "s" / "dxa" / "s_dxa.json"
    for text, told in (("[1, 2]", "no readings"), ("{", "no readings")):
        path.write_text(text)
        with pytest.raises(UnusableTable, match=told):
            read_cohort(root)
    path.write_text(json.dumps({"vertebrae": {"L1": {"abmd_g_cm2": 900}}}))
    with pytest.raises(UnusableTable, match=r"900 for L1"):
        read_cohort(root)


def test_a_person_on_two_sides_is_refused(tmp_path):
    text = refused(
        tmp_path,
        UnusableTable,
        "a\tp\tinternal",
        "b\tp\texternal",
        names="participant_id\tpatient\tsplit",
    )
    assert "two sides" in text
    assert "scans" in text


def test_a_patient_without_masks_is_told_and_no_end(tmp_path):
    cohort = read_cohort(folder(tmp_path, "s\tA\texternal", images=("ct",)))
    assert cohort.patients[0].missing == "nothing in s/masks"
    with pytest.raises(BadSetting, match="no external patient"):
        must_have(cohort, "external")
