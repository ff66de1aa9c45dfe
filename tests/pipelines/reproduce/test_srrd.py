"""The reproduction of the knee system: its presets, and how its stages are told and timed."""

import pytest

from osteon.core import BadSetting
from osteon.pipelines.reproduce.clock import Clock
from osteon.pipelines.reproduce.srrd import STAGES, preset, study


def test_there_are_two_presets_and_a_study():
    assert preset("small").training.seeds == (0,)
    assert preset("full").subjects == 107
    assert preset("full").patches.mr_voxels == preset("full").training.student.trunk.lattice
    with pytest.raises(BadSetting, match="small and full"):
        preset("medium")
    grown = study(40, 2)
    assert (grown.subjects, grown.training.seeds) == (40, (0, 1))
    assert "variational" in grown.training.kinds
    # every synthesis has a folder of its own, and the last one is registered with
    names = [one.name for one in grown.syntheses]
    assert len(set(names)) == len(names)
    assert {"cyclegan", "cyclegan-no-mi", "cyclegan-no-structure"} < set(names)
    assert names[-1] == "supervised"
    with pytest.raises(BadSetting, match="16 patients"):
        study(12, 1)


def test_progress_rises_over_all_stages_and_each_is_timed():
    told = []
    clock = Clock(lambda what, done, steps: told.append((what, done / steps)), STAGES)
    for name in ("one", "two"):
        with clock.stage(name) as progress:
            progress("half", 1, 2)
            progress("more than all", 5, 2)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[1] == ("one: half", pytest.approx(0.5 / 8, abs=1e-3))
    assert [one["name"] for one in clock.rows] == ["one", "two"]
    assert all(one["peak_gib"] > 0 and one["minutes"] >= 0 for one in clock.rows)


def test_a_stage_that_fails_is_not_timed_as_done():
    clock = Clock(lambda what, done, steps: None, STAGES)
    with pytest.raises(KeyError), clock.stage("one"):
        raise KeyError("x")
    assert clock.rows == []
