"""Facts of a vertebra are those on paper, and what lies in front of it is seen."""

import numpy as np
import pytest

from osteon.core import Volume
from osteon.pipelines.spine.crops.beside import look_beside
from osteon.pipelines.spine.crops.cut import BODY, REST
from osteon.pipelines.spine.facts import FACTS, facts_of
from osteon.regions import find_body, follow_spine, measure_shape, name_levels

from ..people import GRID, person

SPACING = 0.8
ROW = {"heights_mm": {"anterior": 26.0, "posterior": 28.0}, "vessel_hu": 210.0, "fat_hu": -104.0}


def vertebra():
    """A body of 200 HU with an arch of 900 HU behind it, in soft tissue of 40 HU."""
    hu, parts = np.full((44, 48, 30), 40, np.int16), np.zeros((44, 48, 30), np.uint8)
    hu[16:28, 34:44, 8:20], parts[16:28, 34:44, 8:20] = 900, REST
    hu[4:40, 4:34, 2:28], parts[4:40, 4:34, 2:28] = 200, BODY
    return hu, parts


def facts(hu, parts, row=ROW, mineral=1.0):
    return dict(zip(FACTS, facts_of(hu, parts, row, SPACING, mineral), strict=True))


def test_density_seen_from_the_front_is_that_on_paper():
    found = facts(*vertebra())
    side = SPACING / 10
    body, arch = 36 * 30 * 26 * side**3, 12 * 10 * 12 * side**3
    # the arch lies behind the body, so that the body alone makes the shadow
    area = 36 * 26 * side**2
    assert found["area_cm2"] == pytest.approx(area, rel=1e-5)
    assert found["thickness_cm"] == pytest.approx((body + arch) / area, rel=1e-5)
    # what counts is above the 40 HU around
    assert found["body_projected_hu_cm"] == pytest.approx((200 - 40) * 30 * side, rel=1e-5)
    whole = ((200 - 40) * body + (900 - 40) * arch) / area
    assert found["projected_hu_cm"] == pytest.approx(whole, rel=1e-5)
    assert found["core_hu"] == pytest.approx(200 - 40)
    assert (found["height_mm"], found["vessel_hu"]) == (27.0, 210.0)


def test_only_what_mineral_adds_is_scaled():
    plain, scaled = facts(*vertebra()), facts(*vertebra(), mineral=1.1)
    for name in FACTS:
        mineral = name in ("projected_hu_cm", "body_projected_hu_cm", "core_hu")
        assert scaled[name] == pytest.approx((1.1 if mineral else 1) * plain[name], rel=1e-5)


def test_what_is_not_known_has_a_usual_value_and_never_none():
    hu, parts = vertebra()
    row = {"heights_mm": {"anterior": None}, "vessel_hu": None, "fat_hu": None}
    found = facts(hu, parts, row)
    assert np.isfinite(list(found.values())).all()
    assert found["height_mm"] == pytest.approx(26 * SPACING)


def test_a_bright_vessel_in_front_of_the_body_and_the_fat_around_it_are_seen():
    scan, labels = person()
    named = name_levels(labels)
    spine = follow_spine(labels, named.levels)
    body = find_body(labels.mask(named.levels["L1"]), spine.superior["L1"])
    depth = measure_shape(body).depth
    values = np.full(GRID.shape, -100.0, np.float32)
    place = GRID.to_world(np.moveaxis(np.indices(GRID.shape), 0, -1))
    front = body.centre + (depth / 2 + 20.0) * np.array([0.0, -1.0, 0.0])
    apart = np.linalg.norm((place - front)[..., :2], axis=-1)
    values[apart < 14.0] = 260.0
    seen = look_beside(Volume(values, GRID, scan.volume.unit), body, depth)
    assert seen.vessel_hu == pytest.approx(260.0, abs=5.0)
    assert seen.fat_hu == pytest.approx(-100.0, abs=2.0)
