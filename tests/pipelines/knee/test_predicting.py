"""A knee from CT: blocks of known HU, networks whose answer is worked out on paper."""

import json
from dataclasses import replace

import numpy as np
import pytest

from knee_blocks import BOXES, GREYS, GRID, ct, regions, stand_in
from knee_models import PARAMETERS, REGIONS, card, model_folder
from osteon.core import BadSetting, EmptyRegion, UnitMismatch, Volume
from osteon.learn.knee_model import Embeddings, Lattice, Seen
from osteon.learn.model_folder import KneeModel, read_model
from osteon.pipelines.knee.prediction.predicted import OA, knee_dict, map_file, region_of
from osteon.pipelines.knee.prediction.predicting import predict_knee
from osteon.pipelines.knee.prediction.unlike import unlike_training

pytestmark = pytest.mark.usefixtures("blocks")


@pytest.fixture
def blocks(monkeypatch):
    stand_in(monkeypatch)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Every parameter is the calibrated mean HU of the patch in thousands."""
    return read_model(model_folder(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def found(model):
    """The blocks predicted once, for all tests that look at them."""
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch)
        return predict_knee(ct(), model)


def other(model, **changes):
    """The same networks with another card."""
    return KneeModel(replace(model.card, **changes), model.networks, model.sha256)


def test_patches_are_cut_as_in_the_training_of_the_model(model):
    one = other(model, lattice=Lattice(most=1))
    assert len(predict_knee(ct(), one).patches) == 4
    wide = predict_knee(ct(), other(model, lattice=Lattice(apart_mm=15.0))).patches
    centres = np.array([p.place.centre_mm for p in wide if p.place.region == "medial femur"])
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    assert len(centres) > 1
    assert apart[np.triu_indices(len(centres), 1)].min() >= 15.0
    shallow = predict_knee(ct(), other(model, lattice=Lattice(deepest_mm=6.0))).regions
    assert shallow["medial femur"].voxels == regions()["medial femur"].voxels / 2


def value(found, region, name):
    (one,) = (n for n in found.measurements if (region_of(n), n.name) == (region, name))
    return one


def codes(found):
    return {flag.code for flag in found.flags}


def test_each_region_has_the_parameters_of_its_own_bone(found):
    for region, grey in GREYS.items():
        seen = value(found, region, "app.Tb.N").value
        assert seen == pytest.approx(grey / 1000, abs=2e-3), region
        assert value(found, region, "app.BV/TV").value == pytest.approx(0.1 + seen / 2, abs=1e-3)
        assert value(found, region, "app.Tb.Sp").value == pytest.approx(1.5 - seen, abs=1e-3)


def test_rows_name_bone_part_unit_and_method(found):
    assert len(found.measurements) == 4 * 4 + 1
    one = value(found, "medial tibia", "app.Tb.Th")
    assert (one.level, one.region, one.unit, one.method) == (
        "tibia",
        "medial",
        "mm",
        "knee-student",
    )
    assert one.uncertainty == pytest.approx(0.1, rel=1e-4)
    assert found.measurements[-1].name == OA


def test_maps_hold_the_values_in_the_regions_and_nothing_outside(found):
    values = found.maps["app.Tb.N"].values
    inside = np.zeros(GRID.shape, bool)
    for region, box in BOXES.items():
        inside[box] = True
        assert values[box] == pytest.approx(GREYS[region] / 1000, abs=5e-3)
    assert (values[~inside] == 0).all()
    assert [one.unit for one in found.maps.values()] == ["1", "mm", "mm", "/mm"]


def test_a_map_is_bent_towards_the_patch_that_is_near(model):
    scan = ct()
    rising = scan.volume.values.astype(np.float32)
    rising += 8 * np.arange(GRID.shape[1], dtype=np.float32)[None, :, None]
    found = predict_knee(replace(scan, volume=replace(scan.volume, values=rising)), model)
    values = found.maps["app.Tb.N"].values[BOXES["medial femur"]]
    front, back = values[:, :4].mean(), values[:, -4:].mean()
    assert back - front == pytest.approx(8 * 24 / 1000, rel=0.5)
    assert values.min() >= min(one.values[3] for one in found.patches) - 1e-6


def test_the_probability_follows_the_medial_tibia_which_drove_it(found):
    bvtv = value(found, "medial tibia", "app.BV/TV").value
    known = 1 / (1 + np.exp(-2 * (bvtv - 0.35) / 0.1))
    assert found.opinion.probability == pytest.approx(known)
    assert found.opinion.drivers["medial tibia"] == pytest.approx(known - 0.5)
    assert found.opinion.drivers["lateral femur"] == 0
    assert found.opinion.low < known < found.opinion.high


def test_a_model_without_diagnosis_tells_no_probability(model):
    bare = predict_knee(ct(), other(model, diagnosis=None))
    assert bare.opinion is None
    assert OA not in {one.name for one in bare.measurements}


def test_a_scan_like_the_training_has_no_flag(found):
    assert codes(found) == set()


SEEN = Seen(("knee-a",), ("bone",), (120.0, 120.0), (0.9, 1.1), (250.0, 750.0))


@pytest.mark.parametrize(
    ("scan", "seen", "code"),
    [
        (ct(kvp=80.0), SEEN, "kvp-not-seen"),
        (ct(kvp=None), SEEN, "kvp-unknown"),
        (ct(kernel="ultrasharp"), SEEN, "kernel-not-seen"),
        (ct(kernel=None), SEEN, "kernel-unknown"),
        (ct({**GREYS, "medial tibia": 900}), SEEN, "hu-range"),
        # 140 kV makes 720 HU of what is 773 at 120
        (
            ct({**GREYS, "medial tibia": 720}, kvp=140.0),
            replace(SEEN, kvp=(100.0, 140.0), hu=(0.0, 750.0)),
            "hu-range",
        ),
        (ct(), replace(SEEN, spacing_mm=(0.3, 0.8)), "voxel-size"),
        (ct(), replace(SEEN, spacing_mm=(1.3, 1.8)), "voxel-size"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_the_training_had_not_is_flagged(scan, seen, code):
    told = unlike_training(scan, regions(), card(seen=seen), 0.0)
    assert [flag.code for flag in told] == [code]
    assert unlike_training(ct(), regions(), card(seen=SEEN), 0.0) == ()


def test_a_scan_far_from_the_training_is_flagged_at_every_number(model):
    near = Embeddings(np.array([5.0, 0.0]), np.eye(2), 1.0)
    found = predict_knee(ct(), other(model, embeddings=near))
    assert codes(found) == {"unlike-training"}
    assert all("unlike-training" in one.row("s")["flags"] for one in found.measurements)


def test_a_region_outside_the_range_of_the_training_is_flagged(model):
    narrow = (*PARAMETERS[:3], replace(PARAMETERS[3], low=0.35, high=0.75))
    found = predict_knee(ct(), other(model, parameters=narrow))
    flagged = {region_of(one) for one in found.measurements if one.flags}
    assert flagged == {"lateral femur"}


def test_a_missing_region_is_a_row_with_a_reason_and_counts_as_average(model, monkeypatch):
    stand_in(monkeypatch, "medial tibia")
    found = predict_knee(ct(), model)
    one = value(found, "medial tibia", "app.BV/TV")
    assert one.value is None
    assert [flag.code for flag in one.flags] == ["region-missing"]
    assert found.opinion.probability == pytest.approx(0.5)
    assert value(found, "lateral tibia", "app.BV/TV").value is not None
    assert codes(found) == {"region-missing"}


def test_a_right_knee_is_the_mirror_image_of_a_left_one(model, monkeypatch):
    stand_in(monkeypatch, side=None)
    found = predict_knee(ct(), model, side="right")
    assert found.side == "right"
    assert value(found, "medial femur", "app.Tb.N").value == pytest.approx(0.5, abs=2e-3)


def test_a_plain_volume_will_do_and_what_is_not_known_of_it_is_flagged(model):
    seen = []
    told = predict_knee(
        ct().volume, model, progress=lambda what, done, steps: seen.append(done / steps)
    )
    assert codes(told) == {"kvp-unknown", "kernel-unknown"}
    assert seen == sorted(seen)
    assert seen[0] == 0


def test_the_side_must_be_known_and_fit_the_scan(model, monkeypatch):
    with pytest.raises(BadSetting, match="--side right does not fit"):
        predict_knee(ct(), model, side="right")
    with pytest.raises(BadSetting, match="left or right; got 'up'"):
        predict_knee(ct(), model, side="up")
    stand_in(monkeypatch, side=None)
    with pytest.raises(BadSetting, match="--side left or --side right"):
        predict_knee(ct(), model)


def test_what_cannot_be_predicted_is_refused(model, monkeypatch):
    scan = ct()
    with pytest.raises(UnitMismatch):
        predict_knee(Volume(scan.volume.values, GRID, "1"), model)
    stand_in(monkeypatch, *REGIONS)
    with pytest.raises(EmptyRegion, match="not one patch"):
        predict_knee(scan, model)


def test_plain_data_are_json_and_hold_no_identifier_unless_asked(found):
    found = replace(found, scan=replace(found.scan, identifiers={"PatientName": "Doe"}))
    data = knee_dict(found, subject="s1", manifest={})
    text = json.dumps(data, allow_nan=False)
    assert "Doe" not in text
    assert "virtual cohorts" in data["notice"]
    assert [one["region"] for one in data["compartments"]] == list(REGIONS)
    assert data["compartments"][0]["patches"] == sum(
        p["region"] == REGIONS[0] for p in data["patches"]
    )
    kept = knee_dict(found, subject="s1", manifest={}, keep_identifiers=True)
    assert kept["identifiers"] == {"PatientName": "Doe"}


def test_a_map_has_a_name_that_every_system_takes():
    assert map_file("app.BV/TV") == "map-app.BV-TV.nii.gz"
    assert len({map_file(one.name) for one in card().parameters}) == 4
