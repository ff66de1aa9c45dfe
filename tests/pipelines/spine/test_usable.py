"""Vertebrae that a densitometer's user would leave out are left out, with the reason."""

from osteon.pipelines.spine.crops.usable import left_out

CRUSHED = "wedge-deformity-suspected"


def test_metal_and_the_edge_of_the_scan_cost_their_vertebra():
    flags = {"L1": ["cut-by-field-of-view"], "L2": [], "L3": ["metal", "cement-or-sclerosis"]}
    assert left_out(flags) == {
        "L1": "the field of view cuts it",
        "L3": "metal in or beside it and cement or dense sclerosis in it",
    }


def test_a_fracture_is_left_out_only_where_two_sound_vertebrae_remain():
    assert set(left_out({"L1": [CRUSHED], "L2": [], "L3": []})) == {"L1"}
    assert left_out({"L1": [CRUSHED], "L2": [CRUSHED], "L3": []}) == {}
    # a vertebra with metal is not sound either
    assert set(left_out({"L1": [CRUSHED], "L2": [], "L3": ["metal"]})) == {"L3"}


def test_a_fracture_with_metal_is_told_once():
    flags = {"L1": ["metal", CRUSHED], "L2": [], "L3": []}
    assert left_out(flags) == {"L1": "metal in or beside it"}


def test_nothing_is_left_out_of_nothing():
    assert left_out({}) == {}
