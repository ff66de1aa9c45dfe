"""Test students on real specimens of donors that they never saw.

Run as ``python tools/srrd_specimens.py CUBES OUT [--table TABLE]``. CUBES is a folder of binary
micro-CTs named SITE_DONOR_PART.nii.gz, OUT a folder for the patches, which are made once. Writes
results/srrd_specimens.json and docs/images/srrd_specimens.png.
"""

import argparse
import csv
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from osteon.evaluate.agreement import clustered_agreement
from osteon.evaluate.agreement.sums import figures, pair_sums
from osteon.learn.regressors import CT_SCALE, MR_SCALE, PatchImages
from osteon.learn.students import StudentSettings, train_regressor
from osteon.learn.trees import grow_trees
from osteon.pipelines.cohorts.store import PART, write_json
from osteon.pipelines.knee.specimens.patches import donor_folds, make_specimen_patches
from osteon.pipelines.knee.specimens.specimens import PARAMETERS, packaged_specimens, read_specimens
from osteon.pipelines.knee.specimens.views import SpecimenSettings

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "results" / "srrd_specimens.json"
PICTURE = ROOT / "docs" / "images" / "srrd_specimens.png"

DRAWS = 2000
"""Resamples of donors."""

UNITS = ("", " (mm)", " (mm)", " (1/mm)")
METHODS = (
    "mean HU, a line",
    "texture of CT, boosted trees",
    "student, not distilled",
    "student, distilled",
    "teacher (MR)",
)
STUDENTS = METHODS[2:4]

Arrays = dict[str, NDArray[Any]]
Numbers = NDArray[np.float64]
Learner = Callable[[NDArray[np.bool_], NDArray[np.bool_], int], dict[str, Numbers]]


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    cubes: Path | None
    table: Path | None
    out: Path
    epochs: int
    seeds: int


def arrays_of(asked: Asked) -> Arrays:
    """PatchImages of the specimens, made where they are not there."""
    found = packaged_specimens() if asked.cubes is None else read_specimens(asked.cubes)
    if asked.table is not None:
        with asked.table.open(encoding="utf-8", newline="") as rows:
            inner = {
                row["file"].removesuffix(".nii.gz")
                for row in csv.DictReader(rows)
                if row["interior_trabecular"].strip() == "1"
            }
        found = tuple(one for one in found if one.name in inner)
    asked.out.mkdir(parents=True, exist_ok=True)
    path = make_specimen_patches(found, asked.out, progress=told)
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def told(what: str, done: int, steps: int) -> None:
    """Progress on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {what} ({done} of {steps})", file=sys.stderr, flush=True)


def mean_hu(data: Arrays) -> Numbers:
    """Mean of each patch's box, (n, 1)."""
    return np.array(
        [
            [ct[inside].mean(dtype=np.float64)]
            for ct, inside in zip(data["ct"], data["mask"], strict=True)
        ]
    )


def texture(data: Arrays) -> Numbers:
    """Mean, spread, percentiles and differences at five distances of each patch's box."""
    rows = []
    for ct, inside in zip(data["ct"], data["mask"], strict=True):
        values, grey = ct[inside].astype(np.float64), ct.astype(np.float64)
        row = [values.mean(), values.std(), *np.percentile(values, (5, 25, 50, 75, 95))]
        for apart in (1, 2, 3, 4, 6):
            for axis in range(3):
                first, second = (
                    np.take(grey, np.arange(at, 32 - apart + at), axis) for at in (0, apart)
                )
                both = np.take(inside, np.arange(32 - apart), axis) & np.take(
                    inside, np.arange(apart, 32), axis
                )
                row.append(np.sqrt(np.square(first - second)[both].mean()))
        rows.append(row)
    return np.array(rows)


def simple(data: Arrays, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> dict[str, Numbers]:
    """What needs no network: a line from the mean, and trees on texture."""
    targets = data["targets"].astype(np.float64)
    line = np.hstack([mean_hu(data), np.ones((len(targets), 1))])
    slope = np.linalg.lstsq(line[train], targets[train], rcond=None)[0]
    table = texture(data)
    trees = grow_trees(table[train], targets[train], seed=1)
    return {METHODS[0]: line[test] @ slope, METHODS[1]: trees.predict(table[test])}


def patches(data: Arrays, kind: str, rows: NDArray[np.bool_]) -> PatchImages:
    """PatchImages of one modality."""
    return PatchImages(data[kind][rows], data["mask"][rows], CT_SCALE if kind == "ct" else MR_SCALE)


def networks(
    data: Arrays, train: NDArray[np.bool_], test: NDArray[np.bool_], asked: Asked
) -> list[dict[str, Numbers]]:
    """Teacher and both students of each seed."""
    targets = data["targets"][train].astype(np.float64)
    said = []
    for seed in range(asked.seeds):
        plain = StudentSettings()
        plain = replace(plain, fit=replace(plain.fit, epochs=asked.epochs, seed=seed))
        mr, ct = patches(data, "mr", train), patches(data, "ct", train)
        teacher = train_regressor(mr, targets, plain)
        alone = train_regressor(ct, targets, plain)
        distilled = train_regressor(
            ct, targets, replace(plain, distillation="features"), teacher=(teacher, mr)
        )
        unseen = patches(data, "ct", test)
        said.append(
            {
                METHODS[2]: alone.predict(unseen).mean,
                METHODS[3]: distilled.predict(unseen).mean,
                METHODS[4]: teacher.predict(patches(data, "mr", test)).mean,
            }
        )
    return said


def out_of_fold(data: Arrays, asked: Asked) -> tuple[list[dict[str, Numbers]], list[list[str]]]:
    """What each method says of the test rows of donors it never saw, by seed; donors by fold."""
    seen = set(data["scanner"][~data["test"]].tolist())
    may_train = np.array([name in seen for name in data["scanner"].tolist()])
    shape = (int(np.count_nonzero(data["test"])), len(PARAMETERS))
    said = [{name: np.full(shape, np.nan) for name in METHODS} for _ in range(asked.seeds)]
    held = []
    for fold, (others, these) in enumerate(donor_folds(data["donor"].tolist())):
        told(f"fold {fold + 1}", fold, 5)
        held.append(sorted(set(data["donor"][these].tolist())))
        test = these & data["test"]
        at = test[data["test"]]
        for seed, found in enumerate(one_fold(data, others & may_train, test, asked)):
            for name in METHODS:
                said[seed][name][at] = found[name]
    return said, held


def one_fold(
    data: Arrays, train: NDArray[np.bool_], test: NDArray[np.bool_], asked: Asked
) -> list[dict[str, Numbers]]:
    """What each method says of the test rows, by seed; kept, so that a stopped run goes on."""
    held = (train.tobytes(), test.tobytes(), data["ct"][test].tobytes())
    key = zlib.crc32(b"".join(held)) ^ zlib.crc32(data["targets"].tobytes())
    path = asked.out / f"fold-{key:08x}-{asked.epochs}-{asked.seeds}.npz"
    if not zipfile.is_zipfile(path):
        ready = simple(data, train, test)
        learnt = [ready | one for one in networks(data, train, test, asked)]
        flat = {f"{seed} {name}": v for seed, one in enumerate(learnt) for name, v in one.items()}
        part = path.with_name(f"{PART}{path.name}")
        np.savez(part, **flat)  # type: ignore[arg-type]
        part.replace(path)
    with np.load(path) as kept:
        return [{name: kept[f"{seed} {name}"] for name in METHODS} for seed in range(asked.seeds)]


def resampled(
    one: Numbers, truth: Numbers, donors: NDArray[Any], other: Numbers | None = None
) -> Numbers:
    """ICC(2,1) of resamples of donors, or its difference to another method's."""
    codes = np.unique(donors, return_inverse=True)[1].astype(np.intp)
    rng = np.random.default_rng(1)
    many = int(codes.max()) + 1
    counts = np.stack(
        [np.bincount(rng.integers(0, many, many), minlength=many) for _ in range(DRAWS)]
    ).astype(float)
    drawn = figures(counts @ pair_sums(one, truth, codes))["ICC(2,1)"]
    if other is not None:
        drawn = drawn - figures(counts @ pair_sums(other, truth, codes))["ICC(2,1)"]
    return np.asarray(drawn[np.isfinite(drawn)])


def ends(drawn: Numbers) -> list[float]:
    """95 % percentile interval."""
    return [round(float(end), 4) for end in np.percentile(drawn, (2.5, 97.5))]


def agreement(said: list[Numbers], truth: Numbers, donors: NDArray[Any]) -> dict[str, Any]:
    """Agreement of one parameter: the mean over seeds, and the interval of the first seed."""
    each = [clustered_agreement(one, truth, donors, rng=np.random.default_rng(1)) for one in said]
    first = each[0]
    return {
        "ICC(2,1)": round(float(np.mean([one["ICC(2,1)"].value for one in each])), 4),
        "by seed": [round(one["ICC(2,1)"].value, 4) for one in each],
        "donor bootstrap 95 %": ends(resampled(said[0], truth, donors)),
        "donor jackknife 95 %": [
            round(float(end), 4)
            for end in (first["ICC(2,1)"].low, first["ICC(2,1)"].high)
            if end is not None
        ],
        "Pearson r": round(float(np.mean([one["Pearson r"].value for one in each])), 4),
        "bias": round(float(np.mean([one["bias"].value for one in each])), 5),
        "rows": len(truth),
    }


def spread_of(truth: Numbers, donors: NDArray[Any]) -> dict[str, float]:
    """How much donors differ, and how much places of one donor."""
    codes = np.unique(donors, return_inverse=True)[1]
    means = np.bincount(codes, truth) / np.bincount(codes)
    return {
        "mean": round(float(truth.mean()), 4),
        "SD of donors": round(float(means.std(ddof=1)), 4),
        "SD within donors": round(float(np.sqrt(np.mean((truth - means[codes]) ** 2))), 4),
    }


def tables(data: Arrays, said: list[dict[str, Numbers]]) -> dict[str, Any]:
    """Agreement by group of scanners, parameter and method."""
    rows = {key: data[key][data["test"]] for key in ("scanner", "donor", "targets")}
    trained = sorted(set(data["scanner"][~data["test"]].tolist()))
    groups = {"scanners of the training": np.isin(rows["scanner"], trained)}
    groups["a scanner never seen"] = ~groups["scanners of the training"]
    once = rows["scanner"] == trained[0]
    found: dict[str, Any] = {"spread": {}, "agreement": {}, "distilled minus not distilled": {}}
    for n, parameter in enumerate(PARAMETERS):
        truth = rows["targets"][:, n].astype(np.float64)
        found["spread"][parameter] = spread_of(truth[once], rows["donor"][once])
        for group, inside in groups.items():
            for name in METHODS:
                # the MR of a specimen is the same beside every CT: it counts once
                here = once if name == METHODS[4] else inside
                if name == METHODS[4] and group != "scanners of the training":
                    continue
                values = [one[name][here, n] for one in said]
                told_of = found["agreement"].setdefault(group, {}).setdefault(name, {})
                told_of[parameter] = agreement(values, truth[here], rows["donor"][here])
        here = groups["scanners of the training"]
        both = [np.mean([one[name][here, n] for one in said], axis=0) for name in STUDENTS]
        drawn = resampled(both[1], truth[here], rows["donor"][here], both[0])
        plain, helped = (
            found["agreement"]["scanners of the training"][name][parameter]["ICC(2,1)"]
            for name in STUDENTS
        )
        found["distilled minus not distilled"][parameter] = {
            "difference": round(helped - plain, 4),
            "donor bootstrap 95 %": ends(drawn),
        }
    return found


def picture(data: Arrays, said: dict[str, Numbers]) -> None:
    """Distilled student against micro-CT, a colour a donor."""
    mpl.use("Agg")
    trained = sorted(set(data["scanner"][~data["test"]].tolist()))
    here = np.isin(data["scanner"][data["test"]], trained)
    donors = data["donor"][data["test"]][here]
    truth = data["targets"][data["test"]][here]
    figure, axes = plt.subplots(2, 2, figsize=(8, 8), layout="constrained")
    for n, axis in enumerate(axes.ravel()):
        found = said[STUDENTS[1]][here, n]
        for k, donor in enumerate(sorted(set(donors.tolist()))):
            of = donors == donor
            axis.plot(
                truth[of, n], found[of], "o", ms=4, alpha=0.7, color=plt.cm.tab20(k), label=donor
            )
        low, high = min(truth[:, n].min(), found.min()), max(truth[:, n].max(), found.max())
        axis.plot([low, high], [low, high], color="0.6", lw=1)
        axis.set(xlabel=f"{PARAMETERS[n]}{UNITS[n]}, micro-CT", ylabel="from CT alone")
    axes[0, 0].legend(fontsize=6, title="donor, never trained on", title_fontsize=6)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=110)
    plt.close(figure)


def main() -> int:
    """Make, train, test and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cubes", type=Path, help="folder of micro-CTs, or 'packaged'")
    parser.add_argument("out", type=Path)
    parser.add_argument("--table", type=Path, help="CSV that says which cubes are interior bone")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    cubes = None if str(given.cubes) == "packaged" else given.cubes
    asked = Asked(cubes, given.table, given.out, given.epochs, given.seeds)
    torch.set_num_threads(1)
    data = arrays_of(asked)
    said, held = out_of_fold(data, asked)
    chosen = SpecimenSettings()
    source = "packaged" if cubes is None else "CUBES"
    table = "" if asked.table is None else " --table TABLE"
    command = f"python tools/srrd_specimens.py {source} OUT{table} --epochs {asked.epochs}"
    RESULT.parent.mkdir(exist_ok=True)
    write_json(
        RESULT,
        {
            "command": command + f" --seeds {asked.seeds}",
            "specimens": len(set(data["specimen"].tolist())),
            "donors": len(set(data["donor"].tolist())),
            "patches for training": int(np.count_nonzero(~data["test"])),
            "patches for test": int(np.count_nonzero(data["test"])),
            "donors held out by fold": held,
            "scanners": {"trained": list(chosen.scanners), "never seen": list(chosen.unseen)},
            "sequence": chosen.sequence,
            **tables(data, said),
        },
    )
    picture(data, said[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
