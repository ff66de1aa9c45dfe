"""The samples, measured once for all tests that look at the results."""

import numpy as np
import pytest

from .person import measure, nifti, osteon, save


@pytest.fixture(scope="session")
def ct(samples):
    return samples / "lumbar_ct" / "ct.nii.gz"


@pytest.fixture(scope="session")
def vertebrae(samples):
    return samples / "lumbar_ct" / "vertebrae.nii.gz"


@pytest.fixture(scope="session")
def one_vertebra(vertebrae, tmp_path_factory):
    """Labels of L3 alone, which are faster to measure."""
    values, affine = nifti(vertebrae)
    only = np.where(values == 22, values, 0).astype(np.uint8)
    return save(tmp_path_factory.mktemp("labels") / "l3.nii.gz", only, affine)


@pytest.fixture(scope="session")
def lumbar(ct, vertebrae, tmp_path_factory):
    """The lumbar sample, with results where there was nothing."""
    out = tmp_path_factory.mktemp("lumbar") / "new" / "results"
    return measure(out, ct, "--labels", vertebrae, run=osteon)


@pytest.fixture(scope="session")
def chest(samples, tmp_path_factory):
    """The chest and abdomen sample with its organs, as `make demo` measures it."""
    files = samples / "chest_abdomen_ct"
    out = tmp_path_factory.mktemp("chest") / "results"
    beside = ("--labels", files / "vertebrae.nii.gz", "--organs", files / "organs.nii.gz")
    return measure(out, files / "ct.nii.gz", *beside, "--subject", "demo", run=osteon)
