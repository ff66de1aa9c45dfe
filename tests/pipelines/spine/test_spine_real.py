"""The pipeline on real CTs of the spine: its flags are right; no accuracy is claimed."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.core import EmptyRegion, UnsuitableScan
from osteon.io import read_ct, read_labels
from osteon.learn.knee_model import Embeddings
from osteon.learn.spine_folder import read_spine_model
from osteon.pipelines.spine.crops.cut import CropSettings
from osteon.pipelines.spine.facts import FACTS
from osteon.pipelines.spine.prediction.predicting import Asked, predict_spine
from spine_models import CropLattice, model_folder

pytestmark = pytest.mark.shared

USUAL = CropSettings()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Crops as every training has them; scans of 1 to 2.5 mm at 100 and 120 kV were seen."""
    made = model_folder(
        tmp_path_factory.mktemp("model"),
        facts=FACTS,
        measured=Embeddings(np.zeros(len(FACTS)), np.eye(len(FACTS)), 1e6),
        lattice=CropLattice(USUAL.spacing_mm, USUAL.shape, USUAL.behind_mm),
    )
    found = read_spine_model(made)
    seen = replace(found.card.seen, slice_mm=(1.25, 2.5), pixel_mm=(0.6, 0.9))
    return replace(found, card=replace(found.card, seen=seen))


@pytest.fixture(scope="module")
def chest(shared_data):
    """Chest and upper abdomen with contrast agent, L1 and L2 whole, L3 cut; slices of 2.5 mm."""
    scan = read_ct(shared_data / "spine_ct" / "chest_abdomen_ct.nii.gz")
    file = shared_data / "spine_ct" / "chest_abdomen_ct_vertebrae.nii.gz"
    return scan, read_labels(file, onto=scan.volume.grid)[0]


def codes(flags):
    return {flag.code for flag in flags}


def reasons(found):
    return {one.level: one.reason for one in found.vertebrae if one.reason}


def test_a_chest_with_contrast_is_read_at_its_whole_vertebrae(chest, model):
    found = predict_spine(*chest, model, Asked("lunar", "M"))
    assert reasons(found) == {
        "L3": "the field of view cuts it",
        "L4": "L4 is not among the labels.",
    }
    assert found.contrast is True
    assert {"contrast", "kvp-unknown", "kernel-unknown"} <= codes(found.flags)
    assert not {"slices-not-seen", "pixels-not-seen", "few-vertebrae"} & codes(found.flags)
    assert not any(codes(one.flags) & {"metal", "cement-or-sclerosis"} for one in found.vertebrae)
    assert not any(code.endswith("suspected") for v in found.vertebrae for code in codes(v.flags))


def test_a_screw_in_a_real_vertebra_is_seen_and_its_neighbour_is_read(chest, model):
    scan, labels = chest
    values = scan.volume.values.copy()
    inside = np.argwhere(labels.values == 31)  # L1
    i, j, _ = inside.mean(axis=0).round().astype(int)
    k = int(np.percentile(inside[:, 2], 95))  # far from what L2 reaches up to
    values[i - 3 : i + 4, j - 30 : j, k - 1 : k + 1] = 3071  # 5 mm thick, 21 mm long
    screwed = replace(scan, volume=replace(scan.volume, values=values))
    found = predict_spine(screwed, labels, model)
    assert reasons(found)["L1"] == "metal in or beside it"
    assert [one.level for one in found.vertebrae if not one.reason] == ["L2"]
    assert "few-vertebrae" in codes(found.flags)


def test_a_lumbar_crop_without_vessels_says_that_contrast_is_not_known(shared_data, model):
    place = shared_data / "spine_ct"
    scan = read_ct(place / "tptbox_lumbar_ct.nii.gz")
    labels, _ = read_labels(place / "tptbox_lumbar_ct_vert.nii.gz", onto=scan.volume.grid)
    found = predict_spine(scan, labels, model)
    assert [one.level for one in found.vertebrae if not one.reason] == ["L3"]
    wanted = {"contrast-unknown", "pixels-not-seen", "few-vertebrae", "kvp-unknown"}
    assert wanted <= codes(found.flags)
    assert found.contrast is None


def test_a_chest_without_lumbar_vertebrae_and_an_mr_are_refused(shared_data, model):
    place = shared_data / "spine_ct"
    scan = read_ct(place / "thoracic_aorta_ct.nii.gz")
    labels, _ = read_labels(place / "thoracic_aorta_ct_T12.nii.gz", onto=scan.volume.grid)
    named = replace(labels, names={1: "T12"})
    with pytest.raises(EmptyRegion, match="none of L1, L2, L3, L4"):
        predict_spine(scan, named, model)
    with pytest.raises(UnsuitableScan):
        read_ct(place / "tptbox_cervical_t2.nii.gz")
