"""Baselines of the spine: what they measure, what they learn, and from whom."""

import json

import numpy as np
import pytest

from osteon.core import UnusableTable
from osteon.features.texture import stable_tags
from osteon.pipelines.spine.baselines import making
from osteon.pipelines.spine.baselines.facts_line import FactsLine
from osteon.pipelines.spine.baselines.hu import L1Hu
from osteon.pipelines.spine.baselines.hu_kvp import HuKvp
from osteon.pipelines.spine.baselines.internal import InternalCalibration
from osteon.pipelines.spine.baselines.line import fit_line
from osteon.pipelines.spine.baselines.making import known_of, make_baselines
from osteon.pipelines.spine.baselines.measured import (
    Measured,
    body_texture,
    core_hu,
    measure_cohort,
)
from osteon.pipelines.spine.baselines.radiomics import Radiomics
from osteon.pipelines.spine.baselines.told import Known, by_limits
from osteon.pipelines.spine.cohort import run_folder
from osteon.pipelines.spine.crops.store import write_crops
from osteon.pipelines.spine.energy import soft_tissue
from osteon.pipelines.spine.evaluation.evaluating import evaluate_cohort
from osteon.pipelines.spine.facts import FACTS
from osteon.pipelines.spine.predictions import read_predictions
from osteon.pipelines.spine.readings import limits_of, part_of, standard_bmd, usual_limits
from osteon.simulate.dxa.devices import device
from spine_said import cohort_of, rows

SHAPE = (30, 32, 24)
MM = 1.6


def crop(body=150, fat=-105, muscle=55, seed=0, noise=8.0):
    """A box of a body in muscle, fat in front; the rim of the body is denser."""
    rng = np.random.default_rng(seed)
    hu = np.full(SHAPE, muscle, np.float64)
    hu[:, :8] = fat
    parts = np.zeros(SHAPE, np.uint8)
    parts[5:25, 10:26, 3:21] = 1
    parts[5:25, 10:22, 3:21] = 2
    hu[parts > 0] = body + 300
    hu[7:23, 12:20, 5:19] = body
    return np.rint(hu + rng.normal(0, noise, SHAPE)).astype(np.int16), parts


def level(core=150.0, skipped=False, texture=None, **more):
    facts = [core] * len(FACTS)
    return {
        "core_hu": core,
        "adipose": -105.0,
        "muscle": 55.0,
        "left_out": skipped,
        "texture": texture or {},
        "facts": facts,
    } | more


def one(kvp=120.0, **levels):
    return {"s": Measured("s", kvp, levels)}


def known(bmd, limits=(1.0, 0.8)):
    bmd = np.asarray(bmd, np.float64)
    classes = np.digitize(-bmd, (-limits[0], -limits[1])).astype(np.int64)
    return Known(bmd, classes, np.tile(limits, (len(bmd), 1)))


def test_the_core_is_the_body_without_its_rim():
    hu, parts = crop()
    assert core_hu(hu, parts, MM, rim_mm=4.0) == pytest.approx(150, abs=1)
    # with hardly a rim the dense shell counts
    assert core_hu(hu, parts, MM, rim_mm=0.5) > 200
    assert core_hu(hu, np.zeros_like(parts), MM) is None
    assert core_hu(hu, parts, MM, rim_mm=30.0) is None


def test_fat_and_muscle_are_found_beside_the_vertebra():
    hu, parts = crop(fat=-98, muscle=61)
    assert soft_tissue(hu, parts, "adipose") == pytest.approx(-98, abs=3)
    assert soft_tissue(hu, parts, "muscle") == pytest.approx(61, abs=3)
    assert soft_tissue(np.full(SHAPE, 400, np.int16), parts, "muscle") is None


def test_radiomics_are_those_that_are_stable():
    hu, parts = crop(noise=30.0)
    found = body_texture(hu, parts, MM)
    assert "stat_mean" in found
    assert len(found) > 100
    assert found.keys() <= stable_tags(0.75)
    assert all(np.isfinite(list(found.values())))
    assert body_texture(hu, np.zeros_like(parts), MM) == {}


def test_l1_is_looked_at_and_the_next_sound_vertebra_where_it_is_not():
    table = L1Hu().table
    assert table(one(L1=level(120.0), L2=level(200.0)))[0, 0] == 120.0
    assert table(one(L1=level(120.0, skipped=True), L2=level(200.0)))[0, 0] == 200.0
    assert table(one(L2=level(210.0), L3=level(90.0)))[0, 0] == 210.0


def test_hu_are_brought_to_120_kvp():
    levels = {"L1": level(100.0), "L2": level(140.0), "L3": level(900.0, skipped=True)}
    assert HuKvp().table(one(kvp=120.0, **levels))[0, 0] == pytest.approx(120.0)
    # 140.9 and 131.3 HU are the published means at 120 and 140 kVp
    wanted = 120.0 * 140.9 / 131.3
    assert HuKvp().table(one(kvp=140.0, **levels))[0, 0] == pytest.approx(wanted)
    assert HuKvp().table(one(kvp=None, **levels))[0, 0] == pytest.approx(120.0)


def test_an_internal_calibration_undoes_gain_and_offset_of_a_scanner():
    table = InternalCalibration().table

    def seen(gain, offset):
        hu = {"core_hu": 150.0, "adipose": -105.0, "muscle": 55.0}
        return one(L1=level() | {name: gain * value + offset for name, value in hu.items()})

    assert table(seen(1.0, 0.0))[0, 0] == pytest.approx(150.0)
    assert table(seen(0.9, -12.0))[0, 0] == pytest.approx(150.0)
    # muscle with contrast agent is taken for a dull scanner: a weakness of the method
    brighter = one(L1=level(muscle=70.0))
    assert table(brighter)[0, 0] < 140
    assert np.isnan(table(one(L1=level(muscle=None)))[0, 0])


def test_the_line_of_facts_takes_their_means_over_sound_vertebrae():
    levels = {"L1": level(1.0), "L2": level(3.0), "L4": level(70.0, skipped=True)}
    assert FactsLine().table(one(**levels)).tolist() == [[2.0] * len(FACTS)]


def test_a_line_finds_the_line_and_its_error_in_patients_left_out():
    rng = np.random.default_rng(3)
    table = rng.normal(0, 1, (60, 2)) * [1.0, 20.0] + [5.0, 100.0]
    bmd = 0.9 + 0.1 * (table[:, 0] - 5) - 0.002 * (table[:, 1] - 100) + rng.normal(0, 0.02, 60)
    line = fit_line(table, known(bmd))
    assert line.sd == pytest.approx(0.02, rel=0.25)
    assert line.predict(np.array([[6.0, 100.0]]))[0] == pytest.approx(1.0, abs=0.02)
    # what is missing is taken as the mean
    filled = line.predict(np.array([[6.0, np.nan]]))[0]
    assert filled == pytest.approx(line.predict(np.array([[6.0, line.means[1]]]))[0])
    # the error is that of fits without each patient
    errors = []
    for out in range(60):
        kept = np.arange(60) != out
        x = np.c_[np.ones(59), table[kept]]
        weights = np.linalg.lstsq(x, bmd[kept], rcond=None)[0]
        errors.append(bmd[out] - np.r_[1.0, table[out]] @ weights)
    assert line.strength == pytest.approx(0.001, rel=9)
    assert line.sd == pytest.approx(np.std(errors, ddof=1), rel=0.02)


def test_a_line_of_noise_is_flat():
    rng = np.random.default_rng(4)
    bmd = 0.9 + rng.normal(0, 0.1, 40)
    line = fit_line(rng.normal(0, 1, (40, 12)), known(bmd))
    said = line.predict(rng.normal(0, 1, (100, 12)))
    assert said.std() < 0.5 * bmd.std()
    with pytest.raises(UnusableTable, match="needs 10 patients"):
        fit_line(np.ones((9, 1)), known(np.ones(9)))


def test_classes_follow_from_density_its_error_and_the_limits():
    limits = np.array([[1.0, 0.8]] * 3)
    told = by_limits(np.array([0.8, 1.0, 3.0]), 0.05, limits)
    assert told.classes[0, 2] == pytest.approx(0.5)
    assert told.classes[1, 0] == pytest.approx(0.5)
    assert told.classes[2].tolist() == pytest.approx([1.0, 0.0, 0.0])
    assert told.classes.sum(axis=1) == pytest.approx([1.0, 1.0, 1.0])
    assert told.score[0] > told.score[1] > told.score[2]


def test_hu_of_l1_give_classes_whatever_the_densitometer():
    hu = np.linspace(60, 240, 60)[:, None]
    fitted = L1Hu().fit(hu, known(0.5 + 0.003 * hu[:, 0]), seed=0)
    told = fitted.say(hu, np.full((60, 2), np.nan))
    assert told.score.tolist() == (-hu[:, 0]).tolist()
    assert np.all(np.diff(told.classes[:, 2]) <= 0)
    assert told.classes.min() >= 0
    assert told.classes[0, 2] > 0.9
    assert told.classes[-1, 0] > 0.9
    with pytest.raises(UnusableTable, match="both kinds are needed"):
        L1Hu().fit(hu, known(np.full(60, 1.2)), seed=0)


def test_trees_learn_density_from_features():
    rng = np.random.default_rng(6)
    mean = rng.normal(150, 40, 80)
    patients = {
        f"s{n}": Measured(
            f"s{n}", 120.0, {"L1": level(texture={"stat_mean": float(v), "stat_skew": 1.0})}
        )
        for n, v in enumerate(mean)
    }
    patients["s0"].levels["L1"]["texture"].pop("stat_mean")
    table = Radiomics().table(patients)
    assert table.shape == (80, 2)
    assert np.isnan(table).sum() == 1
    forest = Radiomics().fit(table, known(0.5 + 0.003 * mean), seed=0)
    told = forest.say(table, np.tile([1.0, 0.8], (80, 1)))
    assert np.corrcoef(told.bmd[1:], mean[1:])[0, 1] > 0.9
    with pytest.raises(UnusableTable, match="40 rows"):
        Radiomics().fit(table[:30], known(0.5 + 0.003 * mean[:30]), seed=0)


def test_limits_are_those_at_which_the_own_device_calls_the_class(tmp_path):
    patient = cohort_of(tmp_path).patients[0]
    read = device("hologic")
    _, osteoporosis = limits_of(patient)
    at_limit = next(x for x in np.arange(0.5, 1.2, 1e-4) if read.t_score(float(x), "F") > -2.5)
    assert osteoporosis == pytest.approx(read.standard(float(at_limit)), abs=2e-4)
    lowest, highest = (usual_limits("F")[1] + off for off in (-0.1, 0.1))
    assert lowest < osteoporosis < highest
    assert usual_limits("") == usual_limits("F")


def measured_cohort(tmp_path, monkeypatch, off=0.0):
    """A cohort whose HU follow its densities, those of test patients of seed 0 shifted."""
    cohort = cohort_of(tmp_path)
    found = {}
    for n, patient in enumerate(cohort.patients):
        hu = 300 * patient.abmd - 100 + 5 * np.sin(n)
        hu += off if part_of(patient, 0) == "test" else 0
        found[patient.name] = Measured(patient.name, 120.0, {"L1": level(float(hu))})
    monkeypatch.setattr(making, "measure_cohort", lambda *of, **how: found)
    return cohort


def test_a_baseline_learns_from_training_patients_alone(tmp_path, monkeypatch):
    said = []
    for off in (0.0, 500.0):
        cohort = measured_cohort(tmp_path, monkeypatch, off)
        run = make_baselines(cohort, seeds=(0,))
        (folder,) = [one for one in run.folders if one.name == "hu-kvp-0"]
        said.append({one.patient: one for one in read_predictions(folder).patients})
        # trees need more patients than there are, which is said
        assert list(run.failed) == ["radiomics-0"]
        assert "Not judged: radiomics-0: trees need 40" in str(evaluate_cohort(cohort)["runs"])
    for patient in cohort.patients:
        alike = said[0][patient.name] == said[1][patient.name]
        assert alike == (part_of(patient, 0) != "test")
        assert said[0][patient.name].part == part_of(patient, 0)


def test_densities_of_other_folds_teach_nothing(tmp_path, monkeypatch):
    said = []
    for shift in (0.0, 0.3):
        made = rows()
        for row in made:
            if row[4] in ("0", "1", "n/a"):  # test, validation, external with seed 0
                row[7] = f"{float(row[7]) + shift:.4f}"
        first = measured_cohort(tmp_path, monkeypatch)
        cohort = cohort_of(tmp_path, made)
        assert first.patients[0].name == cohort.patients[0].name
        run = make_baselines(cohort, seeds=(0,))
        said.append([read_predictions(one).patients for one in run.folders])
    assert said[0] == said[1]


def test_known_takes_the_usual_limits_where_a_device_is_not_known(tmp_path):
    made = rows()
    made[0][6] = "prototype"
    cohort = cohort_of(tmp_path, made)
    told = known_of(cohort.patients[:2])
    assert np.isnan(told.bmd[0])
    assert tuple(told.limits[0]) == usual_limits("F")
    assert told.bmd[1] == standard_bmd(cohort.patients[1])


def stored_crops(cohort, body, *, kvp=120.0, flags=()):
    told = {"kvp": kvp, "settings": {"spacing_mm": MM}, "rows": []}
    hu, parts = crop(body)

    class Cut:
        pass

    Cut.hu, Cut.parts = hu, parts
    told["rows"] = [{"level": "L1", "flags": [{"code": one} for one in flags], "heights_mm": {}}]
    write_crops(run_folder(cohort), "s-00", [Cut], told | {"body": body})


def test_patients_are_measured_once_and_again_where_their_crops_change(tmp_path):
    cohort = cohort_of(tmp_path)
    stored_crops(cohort, 150)
    path = run_folder(cohort) / "baselines" / "s-00.json"
    first = measure_cohort(cohort, cohort.patients)
    # patients without crops are left out
    assert list(first) == ["s-00"]
    held = json.loads(path.read_text())
    held["levels"]["L1"]["core_hu"] = 1.0
    path.write_text(json.dumps(held))
    assert measure_cohort(cohort, cohort.patients)["s-00"].levels["L1"]["core_hu"] == 1.0
    stored_crops(cohort, 90)
    again = measure_cohort(cohort, cohort.patients)["s-00"].levels["L1"]
    assert again["core_hu"] == pytest.approx(90, abs=1)
    assert len(again["facts"]) == len(FACTS)


def test_texture_is_measured_as_at_120_kvp_and_hu_as_scanned(tmp_path):
    cohort = cohort_of(tmp_path)
    stored_crops(cohort, 150)
    plain = measure_cohort(cohort, cohort.patients)["s-00"].levels["L1"]
    stored_crops(cohort, 150, kvp=140.0)
    other = measure_cohort(cohort, cohort.patients)["s-00"].levels["L1"]
    # the ratio of the published means at 120 and 140 kVp
    wanted = plain["texture"]["stat_mean"] * 140.9 / 131.3
    assert other["texture"]["stat_mean"] == pytest.approx(wanted, rel=1e-3)
    assert other["core_hu"] == plain["core_hu"]


def test_a_vertebra_that_the_field_of_view_cuts_is_not_measured_for_a_baseline(tmp_path):
    cohort = cohort_of(tmp_path)
    stored_crops(cohort, 150, flags=("cut-by-field-of-view",))
    assert measure_cohort(cohort, cohort.patients) == {}
