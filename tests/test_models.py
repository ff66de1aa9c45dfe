"""The weights that come with the repository."""

from pathlib import Path

import numpy as np

from osteon.learn.model_folder import read_model

ROOT = Path(__file__).parents[1]
KNEE = ROOT / "models" / "knee-small"


def test_the_knee_model_is_whole_small_and_for_research_only() -> None:
    assert sum(file.stat().st_size for file in KNEE.iterdir()) < 20e6
    model = read_model(KNEE)
    assert "Research only" in model.card.notice
    names = [one.name for one in model.card.parameters]
    assert names == ["app.BV/TV", "app.Tb.Th", "app.Tb.Sp", "app.Tb.N"]


def test_the_knee_model_says_more_bone_of_a_denser_patch() -> None:
    model = read_model(KNEE)
    noise = np.random.default_rng(0).normal(0.0, 30.0, (2, 32, 32, 32))
    patches = (noise + np.array([300.0, 600.0])[:, None, None, None]).astype(np.float32)
    told = model.measure(patches, np.ones(patches.shape, bool)).values
    assert np.isfinite(told).all()
    assert 0.0 < told[0, 0] < told[1, 0] < 1.0
