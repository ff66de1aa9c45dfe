"""Net reclassification against published tables and limits."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.evaluate.usefulness import net_reclassification

CASES = tomllib.loads(
    (Path(__file__).parents[1] / "reference" / "usefulness_reclassification.toml").read_text(
        "utf-8"
    )
)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_total_and_its_interval_as_published(case):
    columns = []
    for ill, table in ((1, case["events"]), (0, case["nonevents"])):
        for was in (0, 1):
            for now in (0, 1):
                row = (ill, (0.02, 0.08)[was], (0.02, 0.08)[now])
                columns.append(np.repeat([row], table[was][now], axis=0))
    labels, before, after = np.concatenate(columns).T
    found = net_reclassification(labels, before, after, cuts=[0.05])
    total = [found.total.value, found.total.low, found.total.high]
    assert total == pytest.approx(case["total"], abs=case["tolerance"])
    assert found.table[1].tolist() == case["events"]
    assert found.table[0].tolist() == case["nonevents"]


def test_events_up_and_nonevents_down_is_the_most_there_is():
    found = net_reclassification([1, 1, 0, 0], [0.4] * 4, [0.5, 0.6, 0.1, 0.3])
    assert (found.events.value, found.nonevents.value, found.total.value) == (1, 1, 2)
    assert "no width" in found.events.note


def test_moves_within_a_category_count_only_without_cuts():
    columns = [1, 1, 0, 0], [0.1, 0.3, 0.1, 0.3], [0.15, 0.35, 0.15, 0.25]
    assert net_reclassification(*columns, cuts=[0.2]).total.value == 0
    assert net_reclassification(*columns).events.value == 1
    assert net_reclassification(*columns).nonevents.value == 0


def test_a_risk_on_a_border_belongs_to_the_upper_category():
    found = net_reclassification([1, 0], [0.1, 0.1], [0.2, 0.19], cuts=[0.2])
    assert (found.events.value, found.nonevents.value) == (1, 0)


def test_the_interval_is_that_of_a_mean_of_plus_one_zero_and_minus_one():
    rng = np.random.default_rng(1)
    labels = rng.random(300) < 0.4
    before, after = rng.random(300), rng.random(300)
    found = net_reclassification(labels, before, after, cuts=[0.3, 0.6]).events
    category = [np.digitize(risk[labels], [0.3, 0.6]) for risk in (before, after)]
    moved = np.sign(category[1] - category[0])
    assert found.value == pytest.approx(moved.mean())
    error = moved.std() / np.sqrt(moved.size)
    assert found.high - found.value == pytest.approx(1.959964 * error, rel=1e-6)


def test_the_caveats_come_along():
    note = net_reclassification([1, 0], [0.1, 0.1], [0.2, 0.19]).note
    assert "Pepe" in note
    assert "Kerr" in note


@pytest.mark.parametrize("cuts", [[], [0.2, 0.1], [0.0], [1.0], [20]])
def test_cuts_that_do_not_rise_between_0_and_1_are_refused(cuts):
    with pytest.raises(BadSetting, match="cuts must rise"):
        net_reclassification([1, 0], [0.1, 0.1], [0.2, 0.19], cuts=cuts)


def test_percent_is_refused():
    with pytest.raises(UnusableTable, match="not scores or percent"):
        net_reclassification([1, 0], [0.1, 0.1], [20, 19])
