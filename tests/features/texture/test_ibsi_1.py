"""The reference values of IBSI 1: the digital phantom, and the CT phantom where it is at hand.

The values of the digital phantom beside this file are those that the initiative agreed on
(Zwanenburg 2020, doi:10.1148/radiol.2020191145), with its tolerances.
"""

import csv
from pathlib import Path

import nibabel
import numpy as np
import pytest

from osteon.core import Grid, Mask, Volume
from osteon.features.texture.catalogue import entry
from osteon.features.texture.diagnostics import diagnose
from osteon.features.texture.measure import FAMILIES, measure_texture
from osteon.features.texture.settings import PRESETS

HERE = Path(__file__).parent
PHANTOM = HERE / "ibsi_1_digital_phantom.csv"


def volume_and_mask(image, mask):
    picture, drawn = nibabel.load(image), nibabel.load(mask)
    grid = Grid.from_affine(picture.shape, np.diag([-1, -1, 1, 1]) @ picture.affine)
    values, inside = np.asarray(picture.dataobj), np.asarray(drawn.dataobj) > 0
    return Volume(values, grid, "1"), Mask(inside, grid)


def references(path, value="value"):
    with path.open(encoding="utf-8-sig") as lines:
        return {
            row["tag"]: (row[value], float(row["tolerance"]))
            for row in csv.DictReader(lines)
            if row[value]
        }


def missed(found, expected):
    """Tags whose value, rounded as the reference is, lies outside the tolerance."""
    wrong = {}
    for tag, (text, tolerance) in expected.items():
        # zeros at the end of a whole number fill places
        shown = text if "." in text else text.rstrip("0")
        digits = max(3, len(shown.lstrip("-0.").replace(".", "")))
        ours = float(f"{found[tag]:.{digits}g}")
        if abs(ours - float(text)) > tolerance + 1e-9 * abs(float(text)):
            wrong[tag] = (found[tag], text, tolerance)
    return wrong


@pytest.fixture(scope="module")
def digital(samples):
    folder = samples / "ibsi_digital_phantom"
    return volume_and_mask(folder / "image.nii.gz", folder / "mask.nii.gz")


@pytest.fixture(scope="module")
def digital_features(digital):
    return measure_texture(*digital, PRESETS["ibsi-1-digital"])


def test_every_feature_of_the_digital_phantom_has_its_reference_value(digital_features):
    expected = references(PHANTOM)
    assert len(expected) == 482
    assert missed(digital_features, expected) == {}


def test_a_wrong_value_would_be_found(digital_features):
    expected = references(PHANTOM)
    wrong = digital_features | {"stat_mean": digital_features["stat_mean"] * 1.004}
    assert missed(wrong, expected).keys() == {"stat_mean"}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_measured_alone_has_the_values_it_has_among_all(digital, digital_features, family):
    alone = measure_texture(*digital, PRESETS["ibsi-1-digital"], [family])
    assert alone
    assert alone == {tag: digital_features[tag] for tag in alone}
    own = "morphology" if family == "autocorrelation" else family
    assert {entry(tag).family for tag in alone} == {own}


def test_every_feature_stands_in_the_catalogue_with_a_code_of_its_own(digital_features):
    entries = [entry(tag) for tag in digital_features]
    assert all(len(one.code) == 4 and one.unit and one.name for one in entries)
    assert len({(one.code, one.aggregation_code) for one in entries}) == len(entries)


@pytest.mark.shared
@pytest.mark.parametrize(("config", "many"), [("a", 406), ("b", 406), ("c", 270)])
def test_every_feature_of_the_ct_phantom_has_its_reference_value(shared_data, config, many):
    folder = shared_data / "ibsi"
    image, mask = (folder / f"ibsi1_ct_phantom_{name}.nii.gz" for name in ("image", "mask"))
    volume, region = volume_and_mask(image, mask)
    settings = PRESETS[f"ibsi-1-{config}"]
    found = measure_texture(volume, region, settings) | diagnose(volume, region, settings)
    table = folder / f"ibsi_1_reference_values_config_{config.upper()}.csv"
    expected = references(table, "reference value")
    assert len(expected) == many
    assert missed(found, expected) == {}


OTHERS = {
    "ibsi-1-d": {
        "morph_volume": 367459,
        "morph_area_mesh": 34306.252,
        "morph_com": 64.9261645,
        "loc_peak_glob": 200.821136,
        "stat_mean": -23.5179138,
        "stat_kurt": 4.35105944,
        "ih_entropy": 2.93996203,
        "ivh_i10": 87,
        "ivh_v10": 0.971573147,
        "cm_clust_prom_3D_avg": 35664.7177,
        "cm_info_corr1_3D_comb": -0.225262202,
        "rlm_lrhge_3D_avg": 2667.0753,
        "szm_lzlge_3D": 240.778192,
        "dzm_ldhge_3D": 2619.16813,
        "ngt_busyness_3D": 5.14371561,
        "ngl_dc_entr_3D": 6.98111377,
    },
    "ibsi-1-e": {
        "morph_volume": 367459,
        "morph_area_mesh": 34306.252,
        "morph_com": 68.5401025,
        "loc_peak_glob": 180.845535,
        "stat_mean": -22.6256638,
        "stat_kurt": 4.44102669,
        "ih_entropy": 3.22142576,
        "ivh_i10": 770,
        "ivh_v10": 0.974552648,
        "cm_clust_prom_3D_avg": 68901.0958,
        "cm_info_corr1_3D_comb": -0.175402034,
        "rlm_lrhge_3D_avg": 1903.97052,
        "szm_lzlge_3D": 105.022826,
        "dzm_ldhge_3D": 4853.95044,
        "ngt_busyness_3D": 4.64967809,
        "ngl_dc_entr_3D": 7.0642596,
    },
}
"""What another program, MIRP 2.7.0 (doi:10.21105/joss.06413), finds in configurations D and E."""


@pytest.mark.shared
@pytest.mark.parametrize("config", OTHERS)
def test_configurations_without_reference_agree_with_another_program(shared_data, config):
    folder = shared_data / "ibsi"
    image, mask = (folder / f"ibsi1_ct_phantom_{name}.nii.gz" for name in ("image", "mask"))
    volume, region = volume_and_mask(image, mask)
    found = measure_texture(volume, region, PRESETS[config])
    assert {tag: found[tag] for tag in OTHERS[config]} == pytest.approx(OTHERS[config], rel=1e-6)
