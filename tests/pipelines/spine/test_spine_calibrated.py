"""Densities, uncertainties and sets that hold what they promise, on patients drawn anew."""

import math
from dataclasses import replace

import numpy as np
import pytest

from osteon.core import UnknownName, UnusableTable
from osteon.learn.spine_card import SaidScale
from osteon.pipelines.spine.cohort import SpineCohort, SpinePatient
from osteon.pipelines.spine.evaluation.evaluating import as_shipped
from osteon.pipelines.spine.prediction.calibrated import calibrate, calibrated_predictions
from osteon.pipelines.spine.prediction.conformal import conformal_scores
from osteon.pipelines.spine.prediction.left_out import LeftOut, left_out_of
from osteon.pipelines.spine.prediction.reading import checked_device, limits, reading, t_score
from osteon.pipelines.spine.predictions import PatientSaid, Predictions, VertebraSaid

LIMITS = np.array([0.95, 0.83])
TRUE_SD = 0.06


def drawn(many, seed, *, slope=1.0, shift=0.0, said_sd=TRUE_SD, power=1.0):
    """Patients whose words are wrong in a known way."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(0.95, 0.12, many)
    read = middle + rng.normal(0, TRUE_SD, many)
    below = np.array(
        [[0.5 * math.erfc((m - at) / TRUE_SD / math.sqrt(2)) for at in LIMITS] for m in middle]
    )
    chances = np.stack([1 - below[:, 0], below[:, 0] - below[:, 1], below[:, 1]], axis=1)
    chances = np.maximum(chances, 1e-6) ** power
    each = np.repeat(middle[:, None], 4, axis=1)
    noisy = read[:, None] + rng.normal(0, TRUE_SD, (many, 4))
    noisy[:, 3] = np.nan
    return LeftOut(
        bmd=(middle - shift) / slope,
        bmd_sd=np.full(many, said_sd),
        read=read,
        classes=chances / chances.sum(axis=1, keepdims=True),
        limits=np.tile(LIMITS, (many, 1)),
        diagnosis=(read < LIMITS[0]).astype(np.int64) + (read < LIMITS[1]),
        vertebra_bmd=(each - shift) / slope,
        vertebra_sd=np.full((many, 4), said_sd),
        vertebra_read=noisy,
    )


def test_a_line_a_spread_and_a_temperature_are_found_again():
    wrong = {"slope": 0.8, "shift": 0.15, "said_sd": 0.03, "power": 3.0}
    found = calibrate(drawn(4000, 1, **wrong))
    assert (found.slope, found.intercept) == pytest.approx((0.8, 0.15), abs=0.02)
    assert found.spread == pytest.approx(TRUE_SD / 0.03 / 0.8, rel=0.04)
    # a vertebra errs by the patient's error and its own
    assert found.vertebra_spread == pytest.approx(math.sqrt(2) * TRUE_SD / 0.03 / 0.8, rel=0.04)
    assert found.temperature == pytest.approx(3.0, rel=0.1)


def test_words_that_are_right_stay_as_they_are():
    found = calibrate(drawn(4000, 2))
    assert (found.slope, found.intercept) == pytest.approx((1, 0), abs=0.02)
    assert found.spread == pytest.approx(1, abs=0.03)
    assert found.temperature == pytest.approx(1, abs=0.08)


def test_one_class_only_leaves_probabilities_alone():
    said = drawn(50, 3)
    alike = LeftOut(**{**vars(said), "diagnosis": np.zeros(50, np.int64)})
    assert calibrate(alike).temperature == 1.0
    scores = conformal_scores(alike, calibrate(alike))
    assert [one.size for one in scores.classes] == [50, 0, 0]
    assert scores.holds(np.array([0.1, 0.1, 0.8]), 0.9)[2]


def test_linked_classes_are_those_of_the_calibrated_density():
    scale = calibrate(drawn(4000, 3, slope=0.8, shift=0.15, said_sd=0.03), linked=True)
    assert (scale.linked, scale.temperature) == (True, 1.0)
    said = np.array([0.2, 0.3, 0.5])  # what the network made of it is of no matter
    raw = (LIMITS[1] - scale.intercept) / scale.slope
    at_limit = scale.chances(said, np.array(raw), np.array(0.03), LIMITS)
    assert at_limit[2] == pytest.approx(0.5)
    spread = float(scale.uncertainty(0.03))
    above = 0.5 * math.erfc((LIMITS[0] - LIMITS[1]) / spread / math.sqrt(2))
    assert at_limit[0] == pytest.approx(above)
    assert at_limit.sum() == pytest.approx(1.0)


def test_a_density_below_the_limit_never_says_that_osteoporosis_is_unlikely():
    known = drawn(60, 5, slope=0.7, shift=0.3)
    scale = calibrate(known, linked=True)
    chances = scale.chances(known.classes, known.bmd, known.bmd_sd, known.limits)
    below = scale.density(known.bmd) < LIMITS[1]
    assert 0 < below.sum() < below.size
    assert (chances[below, 2] > 0.5).all()
    assert (chances[~below, 2] <= 0.5).all()


def test_scores_are_of_words_after_calibration():
    said = LeftOut(
        bmd=np.array([0.9]),
        bmd_sd=np.array([0.02]),
        read=np.array([1.0]),
        classes=np.array([[0.81, 0.16, 0.03]]),
        limits=LIMITS[None],
        diagnosis=np.array([1]),
        **{
            name: np.full((1, 4), np.nan)
            for name in ("vertebra_bmd", "vertebra_sd", "vertebra_read")
        },
    )
    found = conformal_scores(
        said, SaidScale(slope=1.0, intercept=0.04, spread=1.5, temperature=2.0)
    )
    roots = np.sqrt([0.81, 0.16, 0.03])
    assert found.density == pytest.approx([(1.0 - 0.94) / 0.03])
    assert [one.size for one in found.classes] == [0, 1, 0]
    assert found.classes[1] == pytest.approx([1 - roots[1] / roots.sum()])


def test_too_few_patients_are_refused():
    with pytest.raises(UnusableTable, match="there are 9"):
        calibrate(drawn(9, 4))
    blind = LeftOut(**{**vars(drawn(20, 4)), "read": np.full(20, np.nan)})
    with pytest.raises(UnusableTable, match="there are 0"):
        calibrate(blind)


def test_intervals_and_sets_hold_the_promised_share_of_new_patients():
    wrong = {"said_sd": 0.02, "power": 2.0}
    known, new = drawn(400, 5, **wrong), drawn(4000, 6, **wrong)
    scale = calibrate(known)
    scores = conformal_scores(known, scale)
    away = np.abs(new.read - scale.density(new.bmd)) / scale.uncertainty(new.bmd_sd)
    within = np.mean(away <= scores.half_width(0.9))
    # ±0.03: two standard deviations of a share of 0.9 learned from 400
    assert within == pytest.approx(0.9, abs=0.03)
    chances = scale.probabilities(new.classes)
    held = np.array([scores.holds(one, 0.9) for one in chances])
    for number in range(3):
        of = new.diagnosis == number
        share = held[of, number].mean()
        assert share > 0.83, number  # about 100 patients of a class: ±0.06
    assert held.sum(axis=1).mean() < 2.2  # sets that hold all say nothing


def patients(many):
    rows = {"sex": "F"}
    return tuple(
        SpinePatient(
            f"p{n}",
            None,
            None,
            rows,
            device="hologic",
            abmd=0.7 + 0.02 * n,
            diagnosis="osteoporosis" if n < many / 2 else "normal",
            vertebrae={"L1": 0.7 + 0.02 * n},
        )
        for n in range(many)
    )


def said_of(people, part="validation"):
    """Density that is too low by 0.1 in words, of patients whose reading is known."""
    standard = [1.0550 * (one.abmd - 0.972) + 1.0436 for one in people]
    rows = tuple(
        PatientSaid(one.name, part, 0.5, at - 0.1, 0.02, 0.4, 0.2, 0.4)
        for one, at in zip(people, standard, strict=True)
    )
    each = tuple(
        VertebraSaid(one.name, "L1", "L1", at - 0.1, 0.02)
        for one, at in zip(people, standard, strict=True)
    )
    return Predictions("full", 0, rows, each)


def test_predictions_are_calibrated_on_their_own_validation_patients(tmp_path):
    people = patients(20)
    cohort = SpineCohort(tmp_path, people)
    said = said_of(people)
    kept = [one for one in said.patients if one.patient != "p3"]
    tested = PatientSaid("p3", "test", 0.5, 0.8, 0.02, 0.4, 0.2, 0.4)
    mixed = Predictions("full", 0, (*kept[:3], tested, *kept[3:]), said.vertebrae)
    found = calibrated_predictions(cohort, mixed)
    assert [one.patient for one in found.patients] == [one.patient for one in mixed.patients]
    assert found.patients[3].bmd == pytest.approx(0.9)
    assert found.patients[3].osteoporosis == found.patients[3].score
    assert found.vertebrae[0].bmd == pytest.approx(said.vertebrae[0].bmd + 0.1)


def test_networks_are_judged_calibrated_and_baselines_as_they_are(tmp_path):
    people = patients(20)
    cohort, said = SpineCohort(tmp_path, people), said_of(people)
    network = as_shipped(cohort, replace(said, notes={"kind": "network"}))
    assert network.patients[4].bmd == pytest.approx(said.patients[4].bmd + 0.1)
    baseline = replace(said, notes={"kind": "baseline"})
    assert as_shipped(cohort, baseline) == baseline
    # too few to be calibrated on: as it was said
    few = replace(said_of(people[:9]), notes={"kind": "network"})
    assert as_shipped(cohort, few) == few


def test_nobody_of_the_part_and_strangers_are_refused(tmp_path):
    people = patients(12)
    with pytest.raises(UnusableTable, match="validation part"):
        left_out_of(SpineCohort(tmp_path, people), [said_of(people, "train")])
    with pytest.raises(UnusableTable, match="p11 is no patient"):
        left_out_of(SpineCohort(tmp_path, people[:11]), [said_of(people)])


def test_limits_are_those_of_the_densitometer_or_the_mean_of_those_known():
    women = {  # T = -1 and -2.5 by the maker's young women, through Hui 1997
        "hologic": [1.0550 * (1.047 + t * 0.110 - 0.972) + 1.0436 for t in (-1, -2.5)],
        "lunar": [0.9683 * (1.180 + t * 0.120 - 1.100) + 1.0436 for t in (-1, -2.5)],
    }
    for name, wanted in women.items():
        assert limits(name, "F", ("hologic",))[0] == pytest.approx(wanted), name
    both = np.mean(list(women.values()), axis=0)
    assert limits(None, "F", ("hologic", "lunar"))[0] == pytest.approx(both)
    assert limits(None, None, ("hologic",)).shape == (2, 2)
    # a model that knows none of the published densitometers still has limits
    assert np.isfinite(limits(None, "F", ("home-made",))).all()


def test_a_t_score_of_minus_two_and_a_half_lies_at_the_limit():
    at = float(limits("lunar", "M", ())[0, 1])
    found = t_score((at, at - 0.05, at + 0.05), "lunar", "M", ())
    assert found.value == pytest.approx(-2.5)
    assert found.low < -2.5 < found.high


def test_an_uncertainty_is_put_into_the_units_of_the_densitometer():
    found = reading(1.0, 0.05, (0.9, 1.1), "lunar")
    assert found.abmd == pytest.approx((1.0 - 1.0436) / 0.9683 + 1.100)
    assert found.abmd_sd == pytest.approx(0.05 / 0.9683)
    assert found.high - found.low == pytest.approx(0.2 / 0.9683)
    with pytest.raises(UnknownName, match="--device"):
        checked_device("acme")
    assert checked_device(" Lunar ") == "lunar"
