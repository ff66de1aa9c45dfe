"""A cohort of spines without images, and methods that say of it what a test wants."""

import json
import math

from osteon.pipelines.spine.cohort import read_cohort
from osteon.pipelines.spine.predictions import PatientSaid, Predictions
from osteon.pipelines.spine.readings import part_of, standard_bmd

HEAD = "participant_id\tpatient\tsite\tsplit\tfold\tsex\tdxa_device\tabmd\tt_score\tdiagnosis"
DEVICES = {"A": "hologic", "B": "lunar", "D": "norland"}
INSIDE, OUTSIDE = 40, 12


def diagnosis_at(abmd):
    return "osteoporosis" if abmd < 0.8 else "osteopenia" if abmd < 1.0 else "normal"


def rows(inside=INSIDE, outside=OUTSIDE):
    """Rows of the table: two internal sites, five folds, densities spread over all of them."""
    made = []
    for i in range(inside + outside):
        external = i >= inside
        site = "D" if external else "AB"[(i // 5) % 2]
        many, at = (outside, i - inside) if external else (inside, i)
        abmd = 0.6 + 0.6 * ((7 * at) % many) / (many - 1)
        fold = "n/a" if external else str(i % 5)
        split = "external" if external else "internal"
        who = [f"s-{i:02d}", f"p-{i:02d}", site, split, fold, "F"]
        made.append([*who, DEVICES[site], f"{abmd:.4f}", "0", diagnosis_at(abmd)])
    return made


def cohort_of(tmp_path, made=None):
    lines = [HEAD, *("\t".join(row) for row in (rows() if made is None else made))]
    (tmp_path / "participants.tsv").write_text("\n".join(lines) + "\n")
    return read_cohort(tmp_path)


def with_truth(cohort, true_t, off=0.0):
    """Writes what is true: a density off by so much, and a T-score of the patient's."""
    for patient in cohort.patients:
        place = cohort.root / "truth" / patient.name
        place.mkdir(parents=True)
        dxa = {"standard_abmd": standard_bmd(patient) + off, "true_t_score": true_t(patient)}
        (place / "subject.json").write_text(json.dumps({"truth": {"dxa": dxa}}))


def said_by(cohort, name, seed, score, *, bmd=None, chance=None, experts=(), vertebrae=(), **notes):
    """Predictions for everybody: functions of the patient for the score and what else is said."""
    patients = []
    for one in cohort.patients:
        patients.append(
            PatientSaid(
                one.name,
                part_of(one, seed),
                score(one),
                math.nan if bmd is None else bmd(one),
                math.nan,
                osteoporosis=math.nan if chance is None else chance(one),
                experts=experts(one) if callable(experts) else experts,
            )
        )
    return Predictions(name, seed, tuple(patients), tuple(vertebrae), notes)
