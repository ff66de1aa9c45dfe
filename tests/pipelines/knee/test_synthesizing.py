"""Synthetic CTs of a cohort of two spheres a knee, one bone each, of which two were scanned."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from osteon.core import HU, Grid, Labels, UnusableTable, Volume
from osteon.io import read_scan, write_labels, write_volume
from osteon.learn.synthesis_settings import SynthesisSettings
from osteon.pipelines.knee.alignment.laid import bones_of, bones_on_mr, ct_on_mr, transforms_of
from osteon.pipelines.knee.cohort import KneeCohort, Patient, read_cohort, run_folder
from osteon.pipelines.knee.synthesis import comparing
from osteon.pipelines.knee.synthesis.comparing import synthesis_rows, synthesis_section
from osteon.pipelines.knee.synthesis.errors import matched, slice_jitter, synthesis_errors
from osteon.pipelines.knee.synthesis.synthesizing import (
    halves_of,
    synthesize_cohort,
    synthetic_ct_path,
)
from osteon.registration import Rigid

SHIFT = {"femur": (2.0, 0.0, 1.0), "tibia": (2.0, 0.0, -1.0)}
"""From CT to MR, in mm."""

TINY = SynthesisSettings(pixel_mm=2.0, crop=16, width=4, blocks=1, batch=4, steps=4, rate=5e-3)


def grid(shape: tuple[int, int, int], spacing: float) -> Grid:
    """About the middle of the world."""
    origin = -(np.array(shape) - 1) / 2 * spacing
    return Grid(shape, origin, np.eye(3), np.full(3, spacing))


def spheres(where: Grid, shift: bool) -> np.ndarray:
    """0 air, 1 and 2 bones, 3 flesh."""
    points = where.to_world(np.stack(np.indices(where.shape), -1))
    out = np.where(np.linalg.norm(points[..., :2], axis=-1) < 15, 3, 0)
    for number, (name, z) in enumerate({"femur": 9.0, "tibia": -9.0}.items(), start=1):
        centre = np.array([0, 0, z]) + (np.array(SHIFT[name]) if shift else 0)
        out[np.linalg.norm(points - centre, axis=-1) < 8] = number
    return out


def write_knee(root: Path, name: str, seed: int) -> None:
    """Images, bones and registration of one."""
    rng = np.random.default_rng(seed)
    at, beside = grid((16, 18, 20), 2.0), grid((18, 16, 18), 2.0)
    for kind in ("ct", "mr"):
        (root / name / kind).mkdir(parents=True)
    ct_is, mr_is = spheres(at, False), spheres(beside, True)
    hu = np.array([-1000, 400, 400, 40])[ct_is] + rng.normal(0, 5, at.shape)
    mr = np.array([5, 500, 500, 200])[mr_is] + rng.normal(0, 5, beside.shape)
    write_volume(root / name / "ct" / f"{name}_ct.nii.gz", Volume(hu.astype(np.int16), at, HU))
    write_volume(root / name / "mr" / f"{name}_mr.nii.gz", Volume(np.abs(mr), beside, "1"))
    run = run_folder(KneeCohort(root, ()))
    for part in ("bones", "registration"):
        (run / part).mkdir(parents=True, exist_ok=True)
    labels = np.where(ct_is == 3, 0, ct_is).astype(np.uint8)
    write_labels(run / "bones" / f"{name}_bones.nii.gz", Labels(labels, at))
    named = {"Labels": {"1": "femur", "2": "tibia"}}
    (run / "bones" / f"{name}_bones.json").write_text(json.dumps(named))
    found = {
        bone: {"matrix": Rigid.about((0, 0, 0), shift_mm=by).matrix.tolist(), "failed": None}
        for bone, by in SHIFT.items()
    }
    (run / "registration" / f"{name}.json").write_text(json.dumps({"bones": found}))


@pytest.fixture
def cohort(tmp_path: Path) -> KneeCohort:
    """Four knees in four folds, and one from outside."""
    rows = [f"sub-{n}\tinternal\t{n}" for n in range(4)] + ["sub-4\texternal\tn/a"]
    (tmp_path / "participants.tsv").write_text(
        "\n".join(["participant_id\tsplit\tfold", *rows]) + "\n"
    )
    for n in range(5):
        write_knee(tmp_path, f"sub-{n}", n)
    return read_cohort(tmp_path)


def people(*folds: int | None, split: str = "internal") -> list[Patient]:
    """Patients of these folds."""
    return [
        Patient(f"s{n:02d}", None, None, {}, split=split, fold=fold) for n, fold in enumerate(folds)
    ]


def test_nobody_is_synthesised_by_what_learnt_from_them_and_everybody_by_one() -> None:
    """With folds, the middle one learnt from by none; without, by turns; with people outside."""
    outside = [Patient("x", None, None, {}, split="external")]
    both = [Patient(n, None, None, {"patient": n[:2]}) for n in ("p1l", "p1r", "p2l", "p2r")]
    for patients in (
        people(0, 1, 2, 3, 4, 4, 0) + outside,
        people(None, None, None),
        people(0, 0, 0),
        both,
    ):
        a, b = halves_of(patients)
        names = sorted(one.name for half in (a, b) for one in half.applied)
        assert names == sorted(one.name for one in patients)
        for half in (a, b):
            seen = {one.person for one in half.trained}
            assert seen
            assert not seen & {one.person for one in half.applied}
    a, b = halves_of(people(0, 1, 2, 3, 4) + outside)
    assert [one.fold for one in a.trained] == [0, 1]
    assert [one.fold for one in b.trained] == [3, 4]
    assert "x" in {one.name for one in a.applied}


def test_the_ct_lies_on_the_mr_with_each_bone_where_the_mr_has_it(cohort: KneeCohort) -> None:
    """Bones went different ways."""
    patient = cohort.patients[0]
    assert patient.ct is not None
    assert patient.mr is not None
    ct, mr = read_scan(patient.ct).volume, read_scan(patient.mr).volume
    transforms = transforms_of(cohort, "sub-0")
    there = bones_on_mr(transforms, bones_of(cohort, "sub-0", ct.grid), onto=mr.grid)
    laid = ct_on_mr(ct, transforms, there, onto=mr.grid).values
    assert np.nanmean(laid[mr.values > 450]) > 345
    assert abs(np.nanmedian(laid[(mr.values > 150) & (mr.values < 250)]) - 40) < 10
    assert np.isnan(laid).any()


@pytest.mark.parametrize("variant", ["supervised", "cyclegan"])
def test_every_knee_gets_a_synthetic_ct_and_what_is_there_is_not_made_again(
    cohort: KneeCohort, variant: str
) -> None:
    """On the grid of the MR, in HU; with other settings all are made anew."""
    settings = replace(TINY, variant=variant)
    run = synthesize_cohort(cohort, settings=settings, jobs=1)
    assert (len(run.made), run.failed, run.left_out) == (5, {}, {})
    path = synthetic_ct_path(cohort, "sub-4")
    made = read_scan(path).volume
    mr = read_scan(cohort.patients[4].mr or "").volume
    assert made.unit == HU
    made.on(mr.grid, name="synthetic CT")
    told = json.loads((run.folder / variant / "A.json").read_text())
    assert told["trained_on"] == ["sub-0", "sub-1"]
    assert told["losses"]
    assert not list(run.folder.rglob("*.training.pt"))
    before = path.stat().st_mtime_ns
    steps: list[str] = []
    synthesize_cohort(
        cohort, settings=settings, jobs=1, progress=lambda what, done, of: steps.append(what)
    )
    assert not [what for what in steps if "training" in what or "reading" in what]
    assert steps
    assert path.stat().st_mtime_ns == before
    synthesize_cohort(cohort, settings=replace(settings, seed=1), jobs=1)
    assert path.stat().st_mtime_ns > before


def test_who_is_not_registered_is_left_out_of_learning_but_gets_a_ct(cohort: KneeCohort) -> None:
    """One not registered at all, one damaged, of one no bone was found."""
    registered = run_folder(cohort) / "registration"
    (registered / "sub-0.json").unlink()
    (registered / "sub-2.json").write_text("{}")
    run = synthesize_cohort(cohort, settings=TINY, jobs=1)
    assert len(run.made) == 5
    assert sorted(run.left_out) == ["sub-0", "sub-2"]
    assert "not registered" in run.left_out["sub-0"]
    data = json.loads((registered / "sub-1.json").read_text())
    for bone in data["bones"].values():
        bone["failed"] = "it was not found"
    (registered / "sub-1.json").write_text(json.dumps(data))
    with pytest.raises(UnusableTable, match="nobody to learn from: sub-0"):
        synthesize_cohort(cohort, settings=TINY, jobs=1)


def test_a_knee_without_mr_is_told_and_ends_nothing(cohort: KneeCohort) -> None:
    """The third."""
    (cohort.patients[3].mr or Path()).unlink()
    run = synthesize_cohort(read_cohort(cohort.root), settings=TINY, jobs=1)
    assert len(run.made) == 4
    assert "no MR" in run.failed["sub-3"]
    assert "sub-3" in run.left_out


def test_an_interrupted_synthesis_goes_on_to_the_same_ct(cohort: KneeCohort) -> None:
    """Ended once while it made the second CT."""

    def end(what: str, done: int, of: int) -> None:
        if what == "making synthetic CT by A" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize_cohort(cohort, settings=TINY, jobs=1, progress=end)
    first = read_scan(synthetic_ct_path(cohort, "sub-2")).volume.values
    assert not synthetic_ct_path(cohort, "sub-4").is_file()
    synthesize_cohort(cohort, settings=TINY, jobs=1)
    paths = [synthetic_ct_path(cohort, f"sub-{n}") for n in range(5)]
    went_on = [read_scan(path).volume.values for path in paths]
    assert np.array_equal(went_on[2], first)
    for path in paths:
        path.unlink()
    synthesize_cohort(cohort, settings=TINY, jobs=1)
    again = [read_scan(path).volume.values for path in paths]
    assert all(np.array_equal(one, other) for one, other in zip(went_on, again, strict=True))


def test_errors_fall_as_it_learns_and_stand_beside_intensity_matching(cohort: KneeCohort) -> None:
    """A CT that is the truth with 10 HU added has an error of 10 HU, everywhere."""
    run = synthesize_cohort(cohort, settings=TINY, jobs=1)
    patient = cohort.patients[0]
    ct = read_scan(patient.ct or "").volume
    mr = read_scan(patient.mr or "").volume
    bones = bones_of(cohort, "sub-0", ct.grid)
    transforms = transforms_of(cohort, "sub-0")
    there = bones_on_mr(transforms, bones, onto=mr.grid)
    laid = ct_on_mr(ct, transforms, there, onto=mr.grid)
    values = np.nan_to_num(laid.values, nan=-1000.0) + 10
    write_volume(synthetic_ct_path(cohort, "sub-0"), Volume(values, mr.grid, HU))
    rows = synthesis_errors(cohort, detailed=True)
    assert len(rows) == len(run.made)
    row = rows[0]
    assert row["laid_by"] == "registration"
    for what in ("MAE body", "MAE bone", "MAE soft", "ME body"):
        assert row[what] == pytest.approx(10, abs=0.01)
    assert row["RMSE"] == pytest.approx(10, abs=0.01)
    assert row["factor"] == pytest.approx(row["matched MAE body"] / 10, rel=1e-3)
    assert row["jitter"] == pytest.approx(row["CT jitter"], abs=0.01)
    assert [r["participant_id"] for r in synthesis_errors(cohort, only=["sub-4", "sub-0"])] == [
        "sub-0",
        "sub-4",
    ]


def test_syntheses_stand_side_by_side_and_only_the_last_makes_everyone(
    cohort: KneeCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = (replace(TINY, structure=False), TINY)
    found = synthesis_section(cohort, both, compared=2, jobs=1)
    assert list(found["each"]) == ["supervised-no-structure", "supervised"]
    assert [row["participant_id"] for row in found["each"]["supervised"]] == ["sub-0", "sub-4"]
    made = [one.name for one in cohort.patients if synthetic_ct_path(cohort, one.name).is_file()]
    assert made == [one.name for one in cohort.patients]
    plain = [row["mae_body"]["value"] for row in found["rows"]]
    assert plain[0] != plain[1]
    # a second time nothing is trained, made or compared anew
    monkeypatch.setattr(comparing, "synthesis_errors", None)
    assert synthesis_section(cohort, both, compared=2, jobs=1) == found


def test_everyone_is_made_by_the_last_synthesis_though_another_came_between(
    cohort: KneeCohort,
) -> None:
    synthesis_section(cohort, [TINY], compared=2, jobs=1)
    synthesis_section(cohort, (replace(TINY, structure=False), TINY), compared=2, jobs=1)
    for patient in cohort.patients:
        beside = synthetic_ct_path(cohort, patient.name).with_name(
            f"{patient.name}_synthetic-ct.json"
        )
        assert json.loads(beside.read_text(encoding="utf-8"))["Settings"]["structure"] is True


def test_errors_of_a_synthesis_are_means_over_patients_by_split(cohort: KneeCohort) -> None:
    def row(name: str, body: float, matched: float) -> dict[str, object]:
        made = {f"MAE {part}": body for part in ("body", "bone", "soft")}
        beside = {f"matched MAE {part}": matched for part in ("body", "bone", "soft")}
        return {"participant_id": name, **made, **beside}

    split = [replace(one, split="internal") for one in cohort.patients]
    split[2] = replace(split[2], split="external")
    people = KneeCohort(cohort.root, tuple(split))
    rows = [row("sub-0", 60.0, 150.0), row("sub-1", 80.0, 200.0), row("sub-2", 100.0, 150.0)]
    lost = {"participant_id": "sub-3", "reason": "no image"}
    own, other = synthesis_rows(people, "supervised", [*rows, lost])
    assert (own["name"], own["patients"]) == ("supervised", 2)
    assert (other["name"], other["patients"]) == ("supervised, external", 1)
    assert (own["mae_body"]["value"], other["mae_body"]["value"]) == (70.0, 100.0)
    # 1.96 standard errors of two values 20 apart
    assert own["mae_bone"]["high"] == pytest.approx(70.0 + 1.96 * 10.0)
    assert own["note"].startswith("2.50 times better")
    (bad,) = synthesis_rows(people, "cyclegan", [row("sub-0", 300.0, 150.0)])
    assert bad["note"].startswith("2.00 times worse")
    beside = synthesis_rows(people, "intensity matching", rows, "matched ")
    assert beside[0]["mae_soft"]["value"] == 175.0
    assert "note" not in beside[0]
    with pytest.raises(UnusableTable, match="no image"):
        synthesis_rows(people, "supervised", [lost])


def test_matching_knows_ranks_alone_and_takes_either_direction() -> None:
    """A brighter MR is denser, or less dense."""
    levels = np.linspace(-100, 900, 256).astype(np.float32)
    mr = np.random.default_rng(0).permutation(1000).astype(np.float32)
    straight, inverse = matched(mr, levels)
    assert np.allclose(straight, -100 + mr / 999 * 1000, atol=1)
    assert np.allclose(inverse, 900 - mr / 999 * 1000, atol=1)


def test_jitter_is_the_step_between_slices_and_not_the_noise_in_them() -> None:
    """Every second slice is 6 HU brighter."""
    values = np.random.default_rng(0).normal(0, 1, (8, 40, 40)).astype(np.float32)
    inside = np.ones(values.shape, bool)
    assert slice_jitter(values, inside, 0) < 0.2
    values[::2] += 6
    assert slice_jitter(values, inside, 0) == pytest.approx(6, abs=0.2)
    assert slice_jitter(values, inside, 1) < 0.2
