"""What is said to users of two other packages is what these packages gave for a vertebra."""

import csv
import json
import re
import tomllib
from pathlib import Path

import pytest

from osteon.features.texture import measure_texture
from osteon.io import read_mask, read_scan
from osteon.pipelines.texture.settings_file import choices_from

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "how-to" / "come-from-pyradiomics-or-mirp.md"
NAMES = ROOT / "docs" / "data" / "texture-names.csv"
PEERS = json.loads((Path(__file__).parent / "peers.json").read_text(encoding="utf-8"))
"""Values that the packages gave, versions and settings beside them."""

FIVE_FIGURES = 1e-5
SAMPLED = ("morph_moran_i", "morph_geary_c")
"""What MIRP estimates from a part of the pairs."""


def pairs():
    with NAMES.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def as_the_page_says(name):
    """A name of MIRP by the rule of the page."""
    bare = re.sub(r"_fb[sn]_[wn][\d.]+$", "", name)
    bare = bare.replace("_d1", "").replace("_a0.0", "")
    bare = bare.replace("_3d_avg", "_3D_avg").replace("_3d_v_mrg", "_3D_comb")
    return re.sub("_3d$", "_3D", bare)


@pytest.fixture(scope="module")
def ours(samples):
    """Features of the vertebra, with the settings that stand on the page."""
    volume = read_scan(samples / "lumbar_ct" / "ct.nii.gz").volume
    labels = samples / "lumbar_ct" / "vertebrae.nii.gz"
    mask, _ = read_mask(labels, onto=volume.grid, label=22)
    text = PAGE.read_text(encoding="utf-8")
    told = dict(re.findall(r"<!-- settings: (\w+) -->\n```toml\n(.*?)```", text, re.DOTALL))
    return {
        package: measure_texture(
            volume, mask, choices_from(tomllib.loads(settings), package).processing
        )
        for package, settings in told.items()
    }


def test_the_table_names_every_feature_of_pyradiomics_once():
    named = [row["pyradiomics"] for row in pairs()]
    assert sorted(named) == sorted(PEERS["pyradiomics"]["values"])
    assert len(named) == 107
    assert f"{sum(row['relation'] == 'same' for row in pairs())} are the same" in PAGE.read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("row", pairs(), ids=lambda row: row["pyradiomics"])
def test_each_feature_of_pyradiomics_is_ours_as_the_table_says(row, ours):
    theirs = PEERS["pyradiomics"]["values"][row["pyradiomics"]]
    if row["relation"] == "none":
        assert not row["osteon"]
        return
    found = ours["pyradiomics"][row["osteon"]]
    voxels = ours["pyradiomics"]["morph_vol_approx"] / 1.5**3
    expected = {
        "same": theirs,
        "excess": theirs - 3.0,
        "n-1": theirs * (voxels / (voxels - 1)) ** 0.5,
        "mesh": theirs,
    }[row["relation"]]
    near = 0.005 if row["relation"] == "mesh" else FIVE_FIGURES
    assert found == pytest.approx(expected, rel=near)
    # what is said to differ does
    assert (found == pytest.approx(theirs, rel=FIVE_FIGURES)) == (row["relation"] == "same")


def test_total_energy_is_what_the_note_says(ours):
    theirs = PEERS["pyradiomics"]["values"]["firstorder_TotalEnergy"]
    assert ours["pyradiomics"]["stat_energy"] * 1.5**3 == pytest.approx(theirs, rel=1e-6)


def test_every_value_of_mirp_that_we_have_is_ours_but_the_sampled_ones(ours):
    wrong, missing = [], []
    for name, theirs in PEERS["mirp"]["values"].items():
        tag = as_the_page_says(name)
        if tag not in ours["mirp"]:
            missing.append(tag)
        elif ours["mirp"][tag] != pytest.approx(theirs, rel=FIVE_FIGURES, abs=1e-9):
            wrong.append(tag)
    assert sorted(wrong) == sorted(SAMPLED)
    assert all(re.fullmatch(r"ivh_(v|i|diff_v|diff_i)(25|50|75)(_[vi]75)?", tag) for tag in missing)
    known = {as_the_page_says(name) for name in PEERS["mirp"]["values"]}
    assert {tag.rpartition("_")[2] for tag in set(ours["mirp"]) - known} == {"ombb", "mvee", "auc"}
