"""The line of the facts tells its error in patients whom it has not seen."""

import numpy as np
import pytest

from osteon.learn.spine_data import SpineData
from osteon.learn.spine_line import fit_line


def test_vertebrae_of_one_patient_are_left_out_together():
    patients, places = 20, 4
    rng = np.random.default_rng(0)
    # facts that tell who a patient is and nothing of density: of use only where another vertebra
    # of the same patient was seen
    facts = np.repeat(rng.normal(0, 1, (patients, 1, 40)), places, axis=1).astype(np.float32)
    density = 1.0 + 0.1 * rng.normal(0, 1, patients)
    shape = (patients, places, 6, 6, 6)
    data = SpineData(
        hu=np.zeros(shape, np.int16),
        parts=np.zeros(shape, np.uint8),
        present=np.ones((patients, places), np.bool_),
        factor=np.ones(patients, np.float32),
        facts=facts,
        device=np.zeros(patients, np.int64),
        devices=("hologic",),
        bmd=density,
        vertebra_bmd=np.repeat(density[:, None], places, axis=1),
        diagnosis=np.zeros(patients, np.int64),
        limits=np.tile([0.9, 0.8], (patients, 1)),
    )
    line = fit_line(data)
    assert line.scale == pytest.approx(density.std(), rel=0.25)
