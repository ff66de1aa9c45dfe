"""The penalised logistic regression is the one that others work out."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from osteon.core import UnusableTable
from osteon.pipelines.knee.diagnosis.logistic import (
    STRENGTHS,
    choose_strength,
    fit_weights,
    inner_parts,
    sigmoid,
)


def rows(effect: float, count: int = 60, columns: int = 10):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(count, columns))
    odds = effect * table[:, 0]
    return table, (rng.random(count) < sigmoid(odds)).astype(float)


@pytest.mark.parametrize("strength", [0.3, 30.0])
def test_weights_are_those_of_scikit_learn(strength):
    table, targets = rows(2)
    held = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=1000).fit(table, targets)
    told = fit_weights(table, targets, strength)
    np.testing.assert_allclose(told[1:], held.coef_[0], atol=1e-5)
    assert told[0] == pytest.approx(held.intercept_[0], abs=1e-5)


def test_classes_that_fall_apart_leave_finite_weights():
    table = np.linspace(-1, 1, 20)[:, None]
    told = fit_weights(table, (table[:, 0] > 0).astype(float), 0.01)
    assert np.isfinite(told).all()
    assert told[1] > 5


def test_noise_is_held_down_more_than_what_is_there():
    patients = np.asarray([f"p{n:02d}" for n in range(60)])
    noise, signal = (choose_strength(*rows(e), patients, 0) for e in (0.0, 4.0))
    assert noise == max(STRENGTHS)
    assert signal < 30


def test_inner_parts_keep_patients_whole_and_classes_even():
    patients = np.repeat([f"p{n:02d}" for n in range(20)], 2)
    targets = np.repeat(np.arange(20) % 2, 2).astype(float)
    parts = inner_parts(targets, patients, 3)
    assert (parts[::2] == parts[1::2]).all()
    for part in range(5):
        assert targets[parts == part].mean() == 0.5
    assert (inner_parts(targets, patients, 4) != parts).any()
    with pytest.raises(UnusableTable, match="at least 5 patients; got 4"):
        inner_parts(targets[:8], patients[:8], 0)
