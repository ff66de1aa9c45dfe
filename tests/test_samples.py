"""The samples are what samples/README.md says, free to share, and small."""

import hashlib
import re

import numpy as np
import pytest

from osteon.core import Grid
from osteon.io import read_ct, read_labels, read_scan, read_table

LICENCES = {"MIT", "BSD-3-Clause", "Apache-2.0", "CC-BY-3.0", "CC-BY-4.0"}
LABELS = ["chest_abdomen_ct/vertebrae", "chest_abdomen_ct/organs", "lumbar_ct/vertebrae"]
LABELS += ["lumbar_ct/subregions", "ibsi_digital_phantom/mask"]


def table(samples):
    """Rows of the table: file name to its cells."""
    lines = (samples / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if "|" in line
    ]
    return {row[0]: row for row in rows[2:]}


def images(samples):
    return sorted(file for file in samples.rglob("*") if file.is_file() and file.suffix == ".gz")


def test_every_file_is_in_the_table_with_its_digest(samples):
    digests = {
        file.relative_to(samples).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in samples.rglob("*")
        if file.is_file() and file.name != "README.md" and file.parent.name != "LICENSES"
    }
    assert digests == {name: row[-1] for name, row in table(samples).items()}


def test_every_licence_lets_others_share_and_is_explained(samples):
    text = (samples / "README.md").read_text(encoding="utf-8")
    for name, row in table(samples).items():
        given = set(re.split(r" and ", row[2]))
        assert given <= LICENCES, name
        assert all(f"**{licence}**" in text for licence in given), name
    for file in re.findall(r"\(LICENSES/(\S+?)\)", text):
        assert (samples / "LICENSES" / file).stat().st_size > 500


def test_the_samples_are_small(samples):
    assert sum(file.stat().st_size for file in samples.rglob("*") if file.is_file()) < 40e6


def test_every_sample_is_read_without_a_flag(samples):
    found = images(samples)
    assert len(found) == len([name for name in table(samples) if name.endswith(".gz")])
    for file in found:
        assert read_scan(file).flags == (), file.name


@pytest.mark.parametrize("name", ["chest_abdomen_ct", "lumbar_ct", "knee_pair"])
def test_the_cts_are_cts(samples, name):
    assert read_ct(samples / name / "ct.nii.gz").volume.values.min() <= -1000


@pytest.mark.parametrize("name", LABELS)
def test_labels_lie_on_their_scan(samples, name):
    path = samples / f"{name}.nii.gz"
    scan = path.parent / ("ct.nii.gz" if "ct" in path.parent.name else "image.nii.gz")
    labels, flags = read_labels(path, onto=read_scan(scan).volume.grid)
    assert labels.values.any()
    assert flags == ()


def test_the_knee_pair_lies_on_one_lattice(samples):
    ct: Grid = read_scan(samples / "knee_pair" / "ct.nii.gz").volume.grid
    mr: Grid = read_scan(samples / "knee_pair" / "mr_t1.nii.gz").volume.grid
    corner = ct.to_index(mr.origin)
    assert corner == pytest.approx(corner.round(), abs=0.01)
    assert ((corner > -0.5) & (corner < ct.shape)).all()


def test_the_table_of_densitometry_is_what_its_row_says(samples):
    found = read_table(samples / "bone_quality" / "bone_quality.csv")
    assert found.rows == 969
    scores = found.numbers("spine_t")
    assert np.isnan(scores).sum() == 2
    low = found.numbers("spine_osteoporosis")
    np.testing.assert_array_equal(low, np.where(np.isnan(scores), np.nan, scores <= -2.5))
