"""Reference response maps and feature values of the IBSI's second chapter."""

import csv

import numpy as np
import pytest

from osteon.core import Mask, Volume
from osteon.features.texture.filters.filter import filtered
from osteon.features.texture.filters.presets import FILTER_PRESETS, RESPONSES
from osteon.features.texture.filters.response import response_statistics
from osteon.features.texture.prepare import resampled
from osteon.features.texture.settings import Interpolation, Resegmentation, TextureSettings
from osteon.io import read_mask, read_scan

LIMITS = TextureSettings(resegmentation=Resegmentation(-1000.0, 400.0))


@pytest.fixture(scope="module")
def ibsi(shared_data):
    return shared_data / "ibsi"


@pytest.fixture(scope="module")
def phantom(ibsi):
    volume = read_scan(ibsi / "ibsi1_ct_phantom_image.nii.gz").volume
    return volume, read_mask(ibsi / "ibsi1_ct_phantom_mask.nii.gz", onto=volume.grid)[0]


@pytest.fixture(scope="module")
def fine(phantom):
    values, inside, grid = resampled(*phantom, Interpolation((1.0, 1.0, 1.0), image="cubic"))
    return Volume(values, grid, phantom[0].unit), Mask(inside, grid)


def outside(ibsi, test, ours):
    """Values that differ from the reference by more than its tolerance."""
    with (ibsi / "ibsi_2_reference_values.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["filter_id"] == test]
    assert len(rows) == 18
    agreed = [row for row in rows if row["consensus_value"]]
    assert len(agreed) == (17 if test == "8.B" else 18)
    return [
        (row["feature_tag"], ours[row["feature_tag"]], row["consensus_value"])
        for row in agreed
        if abs(ours[row["feature_tag"]] - float(row["consensus_value"]))
        > float(row["tolerance"]) * (1 + 1e-9)
    ]


@pytest.mark.shared
@pytest.mark.parametrize("test", ["1.a.1", "2.a", "3.b.1"])
def test_each_voxel_of_a_response_map_is_within_a_hundredth_of_its_range(ibsi, test):
    name, kind = RESPONSES[test]
    volume = read_scan(ibsi / f"ibsi2_{name}.nii.gz").volume
    path = ibsi / f"ibsi2_response_{test.replace('.', '_')}.nii.gz"
    reference = read_scan(path).volume.values.astype(float)
    away = np.abs(filtered(volume.values, kind, spacing=volume.grid.spacing) - reference)
    assert away.max() <= 0.01 * np.ptp(reference)


@pytest.mark.shared
@pytest.mark.parametrize("number", range(1, 10))
def test_features_of_filtered_slices_are_those_of_the_standard(ibsi, phantom, number):
    kind = FILTER_PRESETS[f"ibsi-2-{number}.A"]
    assert outside(ibsi, f"{number}.A", response_statistics(*phantom, LIMITS, kind)) == []


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 10))
def test_features_of_the_filtered_volume_are_those_of_the_standard(ibsi, fine, number):
    kind = FILTER_PRESETS[f"ibsi-2-{number}.B"]
    assert outside(ibsi, f"{number}.B", response_statistics(*fine, LIMITS, kind)) == []


def test_every_preset_filters_an_image():
    image = np.random.default_rng(0).normal(size=(40, 40, 40))
    for name, kind in FILTER_PRESETS.items():
        size = 2.0 if "response" in name else 1.0
        response = filtered(image, kind, spacing=(size, size, size))
        assert np.isfinite(response).all(), name
