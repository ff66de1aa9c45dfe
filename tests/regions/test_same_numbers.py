"""The same CT gives the same numbers however it is stored: mirrored, reordered, oblique."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = json.loads((ROOT / "docs" / "data" / "same-numbers.json").read_text("utf-8"))["rows"]

HU_WITHIN = 3.0
VOLUME_WITHIN = 3.0
VOLUME_WITHIN_COARSE = 4.0
"""In percent. With slices of 2.5 mm the labels themselves change where they are resampled: a
surface that moves by 0.1 mm takes 3 % of the oval and 2 % of the core of T12."""


@pytest.fixture(scope="module")
def tool():
    place = importlib.util.spec_from_file_location("tool", ROOT / "tools" / "same_numbers.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=[("lumbar_ct", "L3"), ("chest_abdomen_ct", "L1")])
def found(tool, request):
    """Numbers of one level as the CT is stored, and otherwise."""
    sample, level = request.param
    scan, labels = tool.load(sample)
    usual = tool.measure(scan, labels, (level,))[level]
    others = {
        name: tool.measure(volume, numbers, (level,))[level]
        for name, volume, numbers in tool.stored_otherwise(sample, scan, labels)
    }
    return sample, level, usual, others


def test_another_order_of_storage_changes_nothing(found):
    _, _, usual, others = found
    other = others["another order of axes"]
    assert other.hu == pytest.approx(usual.hu, abs=1e-6)
    assert other.volume == pytest.approx(usual.volume, rel=1e-3)
    assert other.height == pytest.approx(usual.height, abs=1e-3)


def test_mirrored_and_oblique_grids_keep_hu_and_volumes(found):
    sample, _, usual, others = found
    within = VOLUME_WITHIN if sample == "lumbar_ct" else VOLUME_WITHIN_COARSE
    assert len(others) == 6
    for name, other in others.items():
        assert set(other.hu) == {"core", "oval", "anterior"}
        for region in usual.hu:
            assert other.hu[region] == pytest.approx(usual.hu[region], abs=HU_WITHIN), name
            assert other.volume[region] == pytest.approx(usual.volume[region], rel=within / 100), (
                name,
                region,
            )


def test_the_published_table_is_what_comes_out(found):
    _, level, usual, others = found
    rows = [row for row in ROWS if row["level"] == level]
    assert len(rows) == 18
    for row in rows:
        other, region = others[row["stored"]], row["region"]
        assert row["hu_change"] == pytest.approx(other.hu[region] - usual.hu[region], abs=0.1)
        change = 100 * other.volume[region] / usual.volume[region] - 100
        assert row["volume_change_percent"] == pytest.approx(change, abs=0.2)


def test_the_published_table_keeps_its_bounds_at_every_level():
    assert {row["level"] for row in ROWS} == {"T12", "L1", "L2", "L3"}
    assert max(abs(row["hu_change"]) for row in ROWS) < HU_WITHIN
    volumes = sorted(abs(row["volume_change_percent"]) for row in ROWS)
    assert volumes[-1] < VOLUME_WITHIN_COARSE
    # nine in ten within 3 %, which is what was wanted of all
    assert sum(v < VOLUME_WITHIN for v in volumes) > 0.9 * len(volumes)
