"""How bright mineral is in a scan is told by its voltage and by the patient's muscle and fat."""

import numpy as np
import pytest

from osteon.pipelines.spine.energy import APART_HU, mineral_factor, of_voltage, soft_tissue

NO_CONTRAST = {"vessel_hu": 55.0}


def crop(muscle=50.0, fat=-92.0, noise=8.0):
    """A block of muscle and one of fat beside a bright vertebra."""
    rng = np.random.default_rng(2)
    hu = np.full((30, 30, 20), muscle)
    hu[:, 15:] = fat
    hu += noise * rng.standard_normal(hu.shape)
    parts = np.zeros(hu.shape, np.uint8)
    parts[10:20, 10:20, 5:15] = 2
    hu[parts == 2] = 300
    return np.rint(hu).astype(np.int16), parts


def factor(*, muscle=50.0, fat=-92.0, vessel=55.0, kvp=120.0):
    return mineral_factor([crop(muscle, fat)], [{"vessel_hu": vessel}], kvp)


def test_the_voltage_scales_what_is_above_soft_tissue():
    # published mean HU of L1: 148.1, 140.9 and 131.3 at 100, 120 and 140 kVp
    assert of_voltage(1.0) == pytest.approx(1.0)
    assert of_voltage(140.9 / 131.3) == pytest.approx((140.9 - 60) / (131.3 - 60))
    assert of_voltage(140.9 / 148.1) == pytest.approx((140.9 - 60) / (148.1 - 60))


def test_tissues_as_at_120_kvp_change_nothing():
    assert factor(muscle=50.0, fat=50.0 - APART_HU) == pytest.approx(1.0, abs=0.01)


def test_where_muscle_and_fat_lie_nearer_mineral_is_darker_than_the_voltage_says():
    hard = factor(muscle=45.0, fat=-85.0, kvp=140.0)
    assert hard == pytest.approx(of_voltage(140.9 / 131.3) * (APART_HU / 130.0) ** 0.5, rel=0.01)
    assert hard > factor(muscle=50.0, fat=-92.0, kvp=140.0)


def test_contrast_agent_in_muscle_is_not_taken_for_another_beam():
    plain = factor(muscle=50.0, vessel=55.0)
    assert factor(muscle=65.0, vessel=200.0) == pytest.approx(plain, abs=0.01)
    assert factor(muscle=59.0, vessel=420.0) == pytest.approx(plain, abs=0.01)
    assert factor(muscle=65.0, vessel=55.0) < plain - 0.03


def test_without_fat_the_voltage_alone_counts():
    lean = np.full((30, 30, 20), 50, np.int16), np.zeros((30, 30, 20), np.uint8)
    assert soft_tissue(*lean, "adipose") is None
    assert mineral_factor([lean], [NO_CONTRAST], 120.0) == 1.0
    assert mineral_factor([lean], [{}], None) == 1.0


def test_no_scanner_is_corrected_beyond_reason():
    assert factor(muscle=20.0, fat=-55.0) == pytest.approx(1.18)
    assert factor(muscle=105.0, fat=-140.0) == pytest.approx(0.85)


def test_the_median_of_the_vertebrae_counts():
    odd = crop(20.0, -60.0)
    three = [crop(), odd, crop()]
    wanted = mineral_factor([crop()], [NO_CONTRAST], 120.0)
    assert mineral_factor(three, [NO_CONTRAST] * 3, 120.0) == pytest.approx(wanted)
