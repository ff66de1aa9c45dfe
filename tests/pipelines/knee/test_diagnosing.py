"""Diagnosis of osteoarthritis from parameters of patches."""

import json
import subprocess
import sys

import numpy as np
import pytest

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.learn.bags import BagSettings
from osteon.learn.knee_model import Diagnosis
from osteon.pipelines.knee.diagnosis import diagnosing
from osteon.pipelines.knee.diagnosis.bag import Bag, bags_of, cells, region_means
from osteon.pipelines.knee.diagnosis.diagnoser import Diagnoser, diagnoser_of, drivers
from osteon.pipelines.knee.diagnosis.diagnosing import Diagnosing, cross_validated

REGIONS = ("lateral femur", "lateral tibia", "medial femur", "medial tibia")
KINDS = ("logistic", "transformer", "cnn")
SHORT = BagSettings(steps=30)


def knees(
    count: int = 40, seed: int = 0, effect: float = 1.5
) -> tuple[tuple[Bag, ...], np.ndarray]:
    """Knees of which disease lowers the first parameter in the medial tibia."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 2).astype(float)
    found = []
    for n, label in enumerate(labels):
        regions = tuple(np.repeat(REGIONS, 3))
        values = rng.normal([0.3, 1.2], [0.05, 0.1], (12, 2))
        values[9:, 0] -= 0.05 * effect * label
        centres = rng.normal(0, 6, (12, 3)) + np.where(np.arange(12) < 6, 20, -20)[:, None]
        found.append(Bag(f"sub-{n:03d}", regions, centres, values))
    return tuple(found), labels


def area(labels, told):
    return (told[labels == 1][:, None] > told[labels == 0]).mean()


@pytest.fixture(scope="module", params=KINDS)
def model(request):
    return Diagnosing(request.param).fit(*knees(60), seed=1, network=SHORT)


def test_disease_is_told_in_knees_never_seen(model):
    bags, labels = knees(60, seed=7)
    assert area(labels, model.probability(bags)) > 0.85


def test_what_drove_it_is_the_region_that_is_diseased(model):
    bags, _ = knees(20, seed=8, effect=4)
    told = drivers(model, bags[1])
    assert set(told) == set(REGIONS)
    assert max(told, key=lambda region: told[region]) == "medial tibia"
    assert told["medial tibia"] > 0.1
    average = model.standard.means[[REGIONS.index(r) for r in bags[0].regions]]
    typical = Bag("typical", bags[0].regions, bags[0].centres, average)
    assert max(abs(change) for change in drivers(model, typical).values()) < 1e-6


def test_knees_lacking_patches_or_a_region_are_still_told(model):
    bags, labels = knees(40, seed=9)
    half = [Bag(b.patient, b.regions[6:], b.centres[6:], b.values[6:]) for b in bags]
    assert area(labels, model.probability(half)) > 0.8


def test_no_test_patient_moves_means_strength_or_weights():
    bags, labels = knees()
    folds = np.arange(40) // 2 % 4
    told = cross_validated(bags, labels, folds, settings=Diagnosing(), seeds=[0])
    changed = list(bags)
    changed[0] = Bag(bags[0].patient, bags[0].regions, bags[0].centres, bags[0].values + 5)
    again = cross_validated(changed, labels, folds, settings=Diagnosing(), seeds=[0])
    same_fold = (folds == folds[0]) & (np.arange(40) > 0)
    np.testing.assert_array_equal(told[same_fold], again[same_fold])
    assert told[0] != again[0]
    assert (told[folds != folds[0]] != again[folds != folds[0]]).any()


def test_labels_without_meaning_are_told_no_better_than_by_chance():
    bags, labels = knees(80, effect=0)
    told = cross_validated(
        bags, labels, np.arange(80) // 2 % 5, settings=Diagnosing(), seeds=[0, 1]
    )
    assert told.shape == (80, 2)
    assert 0.25 < area(labels, told[:, 0]) < 0.7


def test_a_stored_logistic_says_the_same_without_torch():
    bags, labels = knees()
    model = Diagnosing(sets=20).fit(bags, labels)
    plain = json.loads(json.dumps(model.to_plain(["app.BV/TV", "app.Tb.Th"])))
    assert np.asarray(plain["weights"]).shape == (20, 4, 2)
    stored = diagnoser_of(plain)
    np.testing.assert_array_equal(stored.probability(bags), model.probability(bags))
    assert drivers(stored, bags[1]) == drivers(model, bags[1])
    spread = np.std(np.asarray(plain["weights"]), axis=0)
    assert (spread > 0).all()
    with pytest.raises(BadSetting, match="lacks a part"):
        diagnoser_of({"regions": []})
    with pytest.raises(BadSetting, match="2 parameters has means"):
        diagnoser_of({**plain, "regions": list(REGIONS[:3])})
    with pytest.raises(BadSetting, match="need a name each"):
        model.to_plain(["one"])
    with pytest.raises(BadSetting, match="only a logistic"):
        Diagnosing(neighbours=3).fit(bags, labels).to_plain(["a", "b"])


def test_a_model_folder_says_what_the_classifier_said():
    bags, labels = knees()
    model = Diagnosing(sets=20).fit(bags, labels)
    shipped = Diagnosis(**model.to_plain(["app.BV/TV", "app.Tb.Th"]))
    opinion = shipped.opinion(region_means(bags[1], shipped.regions, bags[1].values))
    assert opinion.probability == pytest.approx(model.probability([bags[1]])[0])
    assert opinion.drivers == pytest.approx(drivers(model, bags[1]))
    assert opinion.low < opinion.probability < opinion.high


def test_logistic_diagnosis_loads_no_torch():
    code = (
        "import sys, osteon.pipelines.knee.diagnosis.diagnosing; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_neighbours_draw_a_probability_towards_theirs():
    bags, labels = knees()
    plain = Diagnosing().fit(bags, labels)
    everyone = Diagnosing(neighbours=40, smoothing=1.0).fit(bags, labels)
    mean = plain.probability(bags).mean()
    np.testing.assert_allclose(everyone.probability(bags), mean)
    self_only = Diagnosing(neighbours=1, smoothing=1.0).fit(bags, labels)
    np.testing.assert_allclose(self_only.probability(bags), plain.probability(bags))


def test_averaged_labels_soften_what_is_learned():
    bags, labels = knees(effect=3)
    hard = Diagnosing().fit(bags, labels).probability(bags)
    soft = Diagnosing(averaged=2).fit(bags, labels).probability(bags)
    assert np.ptp(soft) < np.ptp(hard)
    assert area(labels, soft) > 0.9


def test_averaged_labels_come_from_models_that_never_saw_the_patient(monkeypatch):
    seen, asked = [], []
    learn, tell = diagnosing.standard_of, Diagnoser.probability

    def learned(bags, **options):
        seen.append({bag.patient for bag in bags})
        return learn(bags, **options)

    def told(self, bags):
        asked.append({bag.patient for bag in bags})
        return tell(self, bags)

    monkeypatch.setattr(diagnosing, "standard_of", learned)
    monkeypatch.setattr(Diagnoser, "probability", told)
    bags, labels = knees(30)
    Diagnosing(averaged=2).fit(bags, labels)
    assert len(seen) == 7
    assert len(asked) == 6
    assert all(not a & b for a, b in zip(seen, asked, strict=False))
    assert set.union(*asked[:3]) == {bag.patient for bag in bags}


def test_weighted_means_listen_to_what_is_certain():
    values = np.asarray([[0.2], [0.4]])
    bag = Bag("a", ("medial tibia",) * 2, np.zeros((2, 3)), values, np.asarray([[0.01], [0.1]]))
    plain = region_means(bag, ["medial tibia"], values)
    weighted = region_means(bag, ["medial tibia"], values, weighted=True)
    np.testing.assert_allclose(plain, 0.3)
    np.testing.assert_allclose(weighted, (0.2 * 1e4 + 0.4 * 1e2) / 1.01e4)


def test_descriptors_of_the_ct_can_carry_the_disease():
    bags, labels = knees(effect=0)
    seen = [
        Bag(b.patient, b.regions, b.centres, b.values, raw=np.full((12, 1), label))
        for b, label in zip(bags, labels, strict=True)
    ]
    told = Diagnosing(raw=True).fit(seen, labels).probability(seen)
    assert area(labels, told) == 1.0
    with pytest.raises(UnusableTable, match="no descriptors"):
        Diagnosing(raw=True).fit(bags, labels)


def test_maps_run_from_medial_to_lateral_on_either_side():
    regions = ("medial femur", "medial femur", "lateral femur", "lateral femur")
    centres = np.asarray([[-30.0, -8, 0], [-10, 8, 0], [10, 0, 0], [30, 0, 0]])
    right = Bag("a", regions, centres, np.ones((4, 1)))
    left = Bag("a", regions, centres * [-1, 1, 1], np.ones((4, 1)))
    np.testing.assert_array_equal(cells(right), cells(left))
    np.testing.assert_array_equal(cells(right), [[0, 0], [2, 2], [0, 1], [2, 1]])


def test_rows_become_bags_without_the_missing_ones():
    values = [[1.0], [np.nan], [3.0]]
    bags = bags_of(["b", "b", "a"], REGIONS[:3], np.zeros((3, 3)), values)
    assert [bag.patient for bag in bags] == ["b", "a"]
    assert bags[0].regions == REGIONS[:1]
    with pytest.raises(UnusableTable, match="b has no patch"):
        bags_of(["b"], ["x"], np.zeros((1, 3)), [[np.nan]])
    with pytest.raises(UnusableTable, match="one row a patch; got patients 1, regions 2"):
        bags_of(["b"], ["x", "y"], np.zeros((1, 3)), [[1.0]])


def test_divisions_that_deceive_are_refused():
    bags, labels = knees(12)
    twice = (*bags, Bag("sub-000", bags[0].regions, bags[0].centres, bags[0].values))

    def run(bags, labels, folds):
        return cross_validated(bags, labels, folds, settings=Diagnosing(), seeds=[0])

    with pytest.raises(UnusableTable, match="sub-000 is in folds 0 and 1"):
        run(twice, [*labels, 0], [*(np.arange(12) % 2), 1])
    with pytest.raises(UnusableTable, match="are of one class"):
        run(bags, labels, np.arange(12) % 2)
    with pytest.raises(UnusableTable, match="two folds"):
        run(bags, labels, np.zeros(12, int))
    with pytest.raises(UnusableTable, match="label of 1 or 0"):
        run(bags, labels * 2, np.arange(12) % 3)


def test_knees_a_classifier_cannot_read_are_refused(model):
    bag = knees(2)[0][0]
    with pytest.raises(UnknownName, match="region 'patella'"):
        model.probability([Bag("a", ("patella",), bag.centres[:1], bag.values[:1])])
    with pytest.raises(UnusableTable, match="has 1 numbers a patch"):
        model.probability([Bag("a", bag.regions, bag.centres, bag.values[:, :1])])
    with pytest.raises(UnusableTable, match="lacks values in 1 of 12"):
        Bag(
            "a",
            bag.regions,
            bag.centres,
            np.where(bag.values == bag.values.max(), np.nan, bag.values),
        )


def test_odd_settings_are_told():
    with pytest.raises(UnknownName, match="got 'forest'"):
        Diagnosing("forest")
    with pytest.raises(BadSetting, match="0 or more"):
        Diagnosing(neighbours=-1)
    with pytest.raises(BadSetting, match="0 to 1"):
        Diagnosing(smoothing=2)
    bags, _ = knees(6)
    with pytest.raises(UnusableTable, match="both classes"):
        Diagnosing().fit(bags, np.ones(6))
