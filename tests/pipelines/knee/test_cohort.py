"""Cohort folders as they are simulated, and as they come from hospitals."""

import pytest

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.pipelines.knee.cohort import read_cohort, run_folder


def folder(tmp_path, *rows, names="participant_id\tsplit\tfold\toa\tside", images=("ct", "mr")):
    (tmp_path / "participants.tsv").write_text("\n".join([names, *rows]) + "\n")
    for row in rows:
        for what in images:
            place = tmp_path / row.split("\t")[0] / what
            place.mkdir(parents=True, exist_ok=True)
            (place / f"image_{what}.nii.gz").touch()
            (place / f"image_{what}.json").touch()
    return tmp_path


def refused(tmp_path, error, *rows, **more):
    with pytest.raises(error) as caught:
        read_cohort(folder(tmp_path, *rows, **more))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_row_says_who_trains_who_is_ill_and_which_knee_it_is(tmp_path):
    cohort = read_cohort(
        folder(tmp_path, "sub-1\tinternal\t3\ttrue\tleft", "sub-2\texternal\tn/a\tfalse\tR")
    )
    one, two = cohort.patients
    assert (one.name, one.split, one.fold, one.oa, one.side) == (
        "sub-1",
        "internal",
        3,
        True,
        "left",
    )
    assert (two.split, two.fold, two.oa, two.side) == ("external", None, False, "right")
    assert one.ct == tmp_path / "sub-1" / "ct" / "image_ct.nii.gz"
    assert one.mr == tmp_path / "sub-1" / "mr" / "image_mr.nii.gz"
    assert one.missing is None
    assert run_folder(cohort).parts[-1] == "knee"


def test_only_the_names_are_needed(tmp_path):
    (one,) = read_cohort(folder(tmp_path, "sub-1", names="participant_id")).patients
    assert (one.split, one.fold, one.oa, one.side, one.site) == ("internal", None, None, None, "")


def test_a_grade_of_two_is_osteoarthritis(tmp_path):
    cohort = read_cohort(
        folder(tmp_path, "a\t1", "b\t2", "c\tn/a", names="participant_id\tkl_grade")
    )
    assert [one.oa for one in cohort.patients] == [False, True, None]


def test_a_missing_modality_is_a_reason_and_no_end(tmp_path):
    (one,) = read_cohort(folder(tmp_path, "s\t\t\t\t", images=("ct",))).patients
    assert one.mr is None
    assert one.missing == "no image in s/mr"


def test_a_folder_of_a_series_is_the_image(tmp_path):
    root = folder(tmp_path, "s\t\t\t\t", images=("mr",))
    (root / "s" / "ct").mkdir()
    (root / "s" / "ct" / "IM0001").touch()
    (one,) = read_cohort(root).patients
    assert one.ct == root / "s" / "ct"


def test_two_images_of_one_kind_are_not_chosen_between(tmp_path):
    root = folder(tmp_path, "s\t\t\t\t")
    (root / "s" / "mr" / "other_mr.nii.gz").touch()
    with pytest.raises(BadSetting, match="s/mr has 2 images"):
        read_cohort(root)


def test_a_folder_without_a_table_is_no_cohort(tmp_path):
    with pytest.raises(BadSetting, match=r"has no participants\.tsv"):
        read_cohort(tmp_path)


def test_a_table_without_names_is_refused(tmp_path):
    assert "participant_id" in refused(tmp_path, UnknownName, "a", names="subject")


def test_a_patient_stands_once(tmp_path):
    rows = ("a\tinternal\t0\ttrue\tleft", "a\tinternal\t1\ttrue\tleft")
    assert "a stands twice" in refused(tmp_path, UnusableTable, *rows)


@pytest.mark.parametrize("second", ["b\tp\texternal\t0", "b\tp\tinternal\t1"])
def test_both_knees_of_a_person_stand_on_one_side_of_a_split(tmp_path, second):
    names = "participant_id\tpatient\tsplit\tfold"
    told = refused(tmp_path, UnusableTable, "a\tp\tinternal\t0", second, names=names)
    assert "p stands on two sides of a split" in told


def test_both_knees_of_a_person_may_be_in(tmp_path):
    names = "participant_id\tpatient\tsplit\tfold"
    read = read_cohort(folder(tmp_path, "a\tp\tinternal\t0", "b\tp\tinternal\t0", names=names))
    assert [one.person for one in read.patients] == ["p", "p"]


@pytest.mark.parametrize("name", ["../a", "a/b", ".", "n/a"])
def test_a_name_that_leads_out_of_the_cohort_is_refused(tmp_path, name):
    (tmp_path / "participants.tsv").write_text(f"participant_id\tage\n{name}\t3\n")
    with pytest.raises(UnusableTable, match="name of a folder"):
        read_cohort(tmp_path)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("a\tinternal\t0.5\ttrue\tleft", "fold '0.5'"),
        ("a\tinternal\t-1\ttrue\tleft", "fold '-1'"),
        ("a\tinternal\t0\tperhaps\tleft", "oa 'perhaps'"),
        ("a\tinternal\t0\ttrue\tup", "side 'up'"),
        ("a\ttest\t0\ttrue\tleft", "split 'test' in participants.tsv; one of internal, external"),
    ],
)
def test_a_cell_that_is_not_understood_is_named(tmp_path, row, what):
    assert what in refused(tmp_path, UnusableTable, row)
