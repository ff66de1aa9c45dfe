"""Medians over eroded whole vertebrae are higher than Osteon's core, and this is why.

The project was given medians of an "independent erosion". They are those of the whole vertebra
label, posterior elements and cortex included, eroded twice by a cross of six neighbours.
"""

import numpy as np
import pytest
from scipy import ndimage

from osteon.core import Mask
from osteon.io import read_ct, read_labels
from osteon.regions import (
    Margins,
    field_of_view,
    find_body,
    find_compartments,
    follow_spine,
    name_levels,
)

CHEST, LUMBAR = "chest_abdomen_ct", "lumbar_ct"
QUOTED = {
    (CHEST, "T12"): 142,
    (CHEST, "L1"): 147,
    (CHEST, "L2"): 152,
    (CHEST, "L3"): 120,
    (LUMBAR, "L2"): 112,
    (LUMBAR, "L3"): 65,
    (LUMBAR, "L4"): 61,
}
WHOLE = [(CHEST, "T12"), (CHEST, "L1"), (CHEST, "L2"), (LUMBAR, "L3")]
"""Those that the field of view does not cut."""

CROSS = ndimage.generate_binary_structure(3, 1)


@pytest.fixture(scope="module")
def ground(samples):
    found = {}
    for name in (CHEST, LUMBAR):
        scan = read_ct(samples / name / "ct.nii.gz").volume
        labels, _ = read_labels(samples / name / "vertebrae.nii.gz", onto=scan.grid)
        named = name_levels(labels)
        found[name] = (scan, labels, named.levels, follow_spine(labels, named.levels))
    return found


def vertebra(ground, sample, level):
    """HU, label and eroded label of one vertebra in a box around it, and the spine there."""
    scan, labels, levels, spine = ground[sample]
    inside = ndimage.binary_erosion(labels.values == levels[level], CROSS, iterations=2)
    margin = np.ceil(20 / scan.grid.spacing).astype(int)
    tight = ndimage.find_objects((labels.values == levels[level]).astype(np.uint8))[0]
    box = tuple(slice(max(s.start - m, 0), s.stop + m) for s, m in zip(tight, margin, strict=True))
    label = labels.part(box).mask(levels[level])
    return scan.part(box), label, Mask(inside[box], label.grid), spine.superior[level]


@pytest.mark.parametrize(("sample", "level"), QUOTED)
def test_the_quoted_medians_are_those_of_the_whole_label_eroded_twice(ground, sample, level):
    scan, _, eroded, _ = vertebra(ground, sample, level)
    assert np.median(scan.values[eroded.values]) == QUOTED[sample, level]


@pytest.fixture(scope="module", params=WHOLE, ids=" ".join)
def found(ground, request):
    scan, label, eroded, superior = vertebra(ground, *request.param)
    known = field_of_view(scan, float(ground[request.param[0]][0].values.min()))
    body = find_body(label, superior, known=known)
    regions = find_compartments(body, scan, Margins(), known)
    box = tuple(slice(a, a + n) for a, n in zip(regions.start, regions.box.shape, strict=True))
    return scan.part(box), eroded.part(box), regions, scan.values[eroded.values]


def test_where_it_lies_as_deep_as_the_core_the_erosion_has_the_cores_median(found):
    scan, eroded, regions, _ = found
    deep = eroded.values & (regions.depth_into.values >= 4.0)
    core = np.median(scan.values[regions.masks["core"].values])
    assert np.median(scan.values[deep]) == pytest.approx(core, abs=12)


def test_what_makes_the_erosion_denser_is_no_deep_bone_of_the_body(found):
    scan, eroded, regions, everything = found
    core = np.median(scan.values[regions.masks["core"].values])
    deep = scan.values[eroded.values & (regions.depth_into.values >= 4.0)]
    # HU above the core's median, added up: cortex, endplates and posterior elements hold most
    excess = (everything.astype(float) - core).sum()
    assert (deep.astype(float) - core).sum() < 0.25 * excess
    assert np.median(everything) > core + 12
