"""Settings of a scan: what is refused, and that they survive being written down."""

import json
from dataclasses import replace

import pytest

from osteon.core import BadSetting, UnknownName
from osteon.simulate.mr import SEQUENCES, MRView, Sequence, sequence_named
from osteon.simulate.mr.lattice import lay_out

BFFE = SEQUENCES["bffe"]


@pytest.mark.parametrize("name", list(SEQUENCES))
def test_a_sequence_survives_being_written_as_plain_data(name):
    plain = json.loads(json.dumps(SEQUENCES[name].as_dict()))
    assert Sequence.from_dict(plain) == SEQUENCES[name]


def test_a_sequence_is_told_by_what_differs_from_another():
    longer = Sequence.from_dict({"base": "bffe", "name": "site B", "te": 5.0})
    assert longer == replace(BFFE, name="site B", te=5.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"flip": 0.0}, "flip must be above 0 and at most 180 degrees; got 0"),
        ({"flip": 200.0}, "got 200"),
        ({"te": 10.0}, "te must be above 0 and at most 9.2 ms; got 10"),
        ({"tr": -1.0}, "tr must be"),
        ({"voxel": (0.3, 0.0, 1.0)}, "voxel needs three sides above 0 mm"),
        ({"spacing": (1.0, 1.0, 1.0)}, "coarser than the acquired voxel"),
        ({"snr": 0.0}, "snr must be"),
        ({"field": 7.0}, "field must be 1.5 or 3 T; got 7 T"),
        ({"bias": 0.5}, "bias must be at least 1"),
        ({"partial": 0.4}, "partial must be above 0.5"),
    ],
)
def test_settings_no_scanner_could_run_are_refused_in_one_line(change, words):
    with pytest.raises(BadSetting, match=words.replace(".", r"\.")) as caught:
        replace(BFFE, **change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"base": "flair"}, "no sequence 'flair'; there are bffe"),
        ({"base": "bffe", "kind": "echo planar"}, "kind 'echo planar' is none of balanced"),
        ({"base": "bffe", "colour": 1}, "no 'colour'"),
        ({"base": "bffe", "snr_of": "cheese"}, "snr_of 'cheese' is none of"),
    ],
)
def test_unknown_words_are_named(settings, words):
    with pytest.raises(UnknownName, match=words) as caught:
        Sequence.from_dict(settings)
    assert "\n" not in str(caught.value)


def test_a_missing_setting_is_named():
    with pytest.raises(BadSetting, match=r"lacks or garbles a setting: .*'tr'"):
        Sequence.from_dict({"name": "x", "kind": "balanced", "field": 3.0})


def test_slices_of_a_sagittal_scan_are_stacked_from_left_to_right():
    layout = lay_out(MRView((1.0, 2.0, 3.0), (60.0, 100.0, 120.0)), BFFE)
    assert layout.picture.orientation == "PIR"
    assert layout.picture.spacing.tolist() == [0.2188, 0.2188, 0.75]
    assert layout.picture.corners().mean(axis=0) == pytest.approx([1, 2, 3])
    reach = layout.picture.shape * layout.picture.spacing
    assert (reach >= [100, 120, 60]).all()


def test_an_axial_scan_runs_to_left_back_and_head():
    layout = lay_out(MRView((0, 0, 0), (60.0, 100.0, 120.0)), sequence_named("t1-se-axial"))
    assert layout.picture.orientation == "LPS"


def test_a_view_without_room_or_without_end_is_refused():
    with pytest.raises(BadSetting, match="three sides above 0 mm"):
        MRView((0, 0, 0), (10.0, 0.0, 10.0))
    with pytest.raises(BadSetting, match="at most 2048"):
        lay_out(MRView((0, 0, 0), (60.0, 900.0, 60.0)), BFFE)
