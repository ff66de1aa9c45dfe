"""Ask frozen texture encoders for the stiffness of real L1 cubes that no line was fitted on.

Run as ``python tools/spine_stiffness.py CUBES TABLE RUN KEPT``. CUBES is a folder of binary
micro-CTs named SITE_DONOR_PART.nii.gz, TABLE a CSV with their finite-element stiffness, RUN a run
of a spine cohort with pre-trained encoders (RUN/pretrain/KIND-SEED), KEPT a folder for scans, which
are made once. Writes results/spine_stiffness.json, docs/images/spine_stiffness.png and the tables
of docs/concepts/spine-stiffness.md.
"""

import argparse
import sys
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt
from numpy.typing import NDArray
from stiffness_images import ALIKE, DRAWS, FAT, SEEN, UNSEEN, Cube, Windows, cubes_of, scans_of
from stiffness_models import Describe, Numbers, histogram, left_out, mean_hu, rows_of, texture
from stiffness_networks import EPOCHS, frozen, scratch, size_of, untrained, weights_of
from stiffness_page import write_page

from osteon.evaluate.compare_errors import compare_errors
from osteon.evaluate.discrimination import holm
from osteon.evaluate.estimate import Estimate
from osteon.evaluate.regression import regression
from osteon.learn.networks.vertebra import EncoderSettings
from osteon.pipelines.cohorts.store import PART, write_json

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "results" / "spine_stiffness.json"
PICTURE = ROOT / "docs" / "images" / "spine_stiffness.png"

MEAN, GREY, TEXTURE = "mean HU", "mean, square and spread of HU", "stable texture features"
UNTRAINED, SCRATCH, SHARE = "untrained encoder", "network from scratch", "BV/TV of the micro-CT"
OURS = "tp-swav"
ENCODER = "encoder.pt"
"""File of an encoder in its folder."""

Said = dict[str, list[Numbers]]
"""What each method says of every row, a list over seeds."""


@dataclass(frozen=True)
class Question:
    """One way to ask.

    Attributes
    ----------
    name : str
        For the table.
    marrow : bool
        Whether the marrow differs between vertebrae.
    cortex : bool
        Whether cubes with cortex are in.
    cubes : bool
        Whether single cubes are left out, not whole vertebrae.
    """

    name: str
    marrow: bool = True
    cortex: bool = False
    cubes: bool = False


QUESTIONS = (
    Question("a vertebra left out"),
    Question("a cube left out", cubes=True),
    Question("marrow of all alike", marrow=False),
    Question("with the cubes that hold cortex", cortex=True),
)


@dataclass(frozen=True, eq=False)
class Study:
    """Everything that questions are asked of.

    Attributes
    ----------
    cubes : tuple of Cube
    scans : list of Windows
        Of all of them.
    tables : mapping of str to list of list of arrays
        Numbers of each method, seed and scan, (cubes, numbers).
    """

    cubes: tuple[Cube, ...]
    scans: list[Windows]
    tables: Mapping[str, list[list[Numbers]]]


def main() -> int:
    """Scan, describe, ask and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("cubes", "table", "run", "kept"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seeds", type=int, default=3, help="of what has no encoders on disk")
    parser.add_argument("--note", default="", help="what a reader must know of this run")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found, cubes = cubes_of(asked.cubes, asked.table)
    scans = scans_of(found, asked.kept)
    encoders = encoders_of(asked.run)
    size = size_of(encoders[OURS][0])
    methods: dict[str, list[Describe]] = {
        name: [frozen(path) for path in paths] for name, paths in encoders.items()
    }
    methods[UNTRAINED] = [untrained(size, seed) for seed in range(asked.seeds)]
    methods |= {MEAN: [mean_hu], GREY: [histogram], TEXTURE: [kept_texture(asked.kept)]}
    methods[SHARE] = [lambda scan: np.array([[one.share] for one in cubes])]
    tables = {}
    for name, each in methods.items():
        told(f"numbers of {name}")
        tables[name] = [[describe(scan) for scan in scans] for describe in each]
    study = Study(cubes, scans, tables)
    results: dict[str, Any] = {}
    for question in QUESTIONS:
        told(question.name)
        said = answers(study, question)
        if question == QUESTIONS[0]:
            said[SCRATCH] = [
                from_scratch(study, size, seed, asked.kept) for seed in range(asked.seeds)
            ]
            first = said
        results[question.name] = figures(study, question, said)
    everything = facts(study, asked.seeds) | {"note": asked.note, "questions": results}
    write_json(RESULT, everything)
    picture(study, first)
    write_page(everything, OURS)
    return 0


def told(what: str) -> None:
    """Progress on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def encoders_of(run: Path) -> dict[str, list[Path]]:
    """Encoders of a run by kind, seeds in order."""
    found: dict[str, list[Path]] = {}
    for path in sorted((run / "pretrain").glob(f"*/{ENCODER}")):
        kind, _, seed = path.parent.name.rpartition("-")
        if kind and seed.isdigit():
            found.setdefault(kind, []).append(path)
    if OURS not in found:
        sys.exit(f"{run.name}/pretrain holds no {OURS}-SEED/{ENCODER}; osteon spine pretrain first")
    return found


def kept_texture(folder: Path) -> Describe:
    """Texture features, measured once for each scan."""

    def describe(scan: Windows) -> Numbers:
        path = folder / f"texture-{zlib.crc32(scan.hu.tobytes()):08x}.npy"
        if not path.is_file():
            whole(path, texture(scan))
        return np.asarray(np.load(path))

    return describe


def whole(path: Path, numbers: Numbers) -> None:
    """Keep an array, whole or not at all."""
    part = path.with_name(f"{PART}{path.name}")
    np.save(part, numbers)
    part.replace(path)


def chosen(study: Study, question: Question) -> tuple[NDArray[np.bool_], list[int]]:
    """Cubes of a question, and numbers of its scans."""
    cubes = np.array([question.cortex or one.interior for one in study.cubes])
    scans = [n for n, scan in enumerate(study.scans) if (scan.draw > 0) == question.marrow]
    return cubes, scans


def answers(study: Study, question: Question) -> Said:
    """What each method says of every row, scan by scan."""
    cubes, scans = chosen(study, question)
    stiffness = np.array([one.stiffness for one in study.cubes])[cubes]
    vertebrae = np.array([one.vertebra for one in study.cubes])[cubes]
    names = np.array([one.name for one in study.cubes])[cubes] if question.cubes else vertebrae
    said: Said = {}
    for name, seeds in study.tables.items():
        said[name] = []
        for tables in seeds:
            numbers = {study.scans[n]: tables[n][cubes] for n in scans}
            rows = rows_of(list(numbers), numbers.__getitem__, stiffness, names, vertebrae)
            said[name].append(left_out(rows)[0])
    return said


def from_scratch(study: Study, size: EncoderSettings, seed: int, kept: Path) -> Numbers:
    """What a network says of the vertebrae it did not learn from; each training is kept."""
    cubes, scans = chosen(study, QUESTIONS[0])
    vertebra = np.array([one.vertebra for one in study.cubes])
    stiffness = np.array([one.stiffness for one in study.cubes])
    every = [study.scans[n] for n in scans]
    said = np.full((len(every), len(vertebra)), np.nan)
    for name in np.unique(vertebra[cubes]):
        told(f"{SCRATCH}, seed {seed}, without {name}")
        fitted, out = cubes & (vertebra != name), cubes & (vertebra == name)
        known = [replace(scan, hu=scan.hu[fitted]) for scan in every if scan.scanner in SEEN]
        asked = [replace(scan, hu=scan.hu[out]) for scan in every]
        of = f"{name} {seed} {size} {weights_of(size)} {EPOCHS} {fitted} {stiffness}".encode()
        key = zlib.crc32(b"".join(scan.hu.tobytes() for scan in (*known, *asked)) + of)
        path = kept / f"scratch-{key:08x}.npy"
        if not path.is_file():
            whole(path, scratch(known, stiffness[fitted], asked, size, seed))
        said[:, out] = np.load(path).reshape(len(every), -1)
    return said[:, cubes].ravel()


def figures(study: Study, question: Question, said: Said) -> dict[str, Any]:
    """Figures of every method and tests of ours against the others, by group of rows."""
    cubes, scans = chosen(study, question)
    own = [one for one, inside in zip(study.cubes, cubes, strict=True) if inside]
    truth = np.tile([one.stiffness for one in own], len(scans))
    vertebra = np.tile([one.vertebra for one in own], len(scans))
    seen = np.repeat([study.scans[n].scanner in SEEN for n in scans], len(own))
    apart = np.tile([not one.shipped for one in own], len(scans))
    groups = {"scanners of the fit": seen, "a scanner never seen": ~seen}
    if question == QUESTIONS[0]:
        groups["cubes that no virtual spine is built of"] = seen & apart
    return {
        group: compared({name: [one[rows] for one in each] for name, each in said.items()},
                        truth[rows], vertebra[rows])
        for group, rows in groups.items()
    }  # fmt: skip


def compared(said: Said, truth: Numbers, vertebra: NDArray[np.str_]) -> dict[str, Any]:
    """Figures and tests; seeds of a method are rows of their own, nested in vertebrae."""
    most = max(len(each) for each in said.values())
    reference, where = np.tile(truth, most), np.tile(vertebra, most)
    stacked = {
        name: np.concatenate([each[seed % len(each)] for seed in range(most)])
        for name, each in said.items()
    }
    table: dict[str, dict[str, Any]] = {}
    for name, values in stacked.items():
        rng = np.random.default_rng(1)
        told_of = regression(reference, values, unit="1", clusters=where, rng=rng)
        table[name] = {figure: brief(told_of[figure]) for figure in ("Pearson r", "R2", "RMSE")}
        table[name]["r by seed"] = [
            round(float(np.corrcoef(one, truth)[0, 1]), 3) for one in said[name]
        ]
    others = [name for name in stacked if name not in (OURS, SHARE)]
    tests = holm(
        compare_errors(reference, stacked[OURS], stacked[name], metric="RMSE", clusters=where)
        for name in others
    )
    against = {}
    for name, test in zip(others, tests, strict=True):
        if test.difference is not None:
            against[name] = brief(test.difference) | {
                "p": round(test.p, 5),
                "p, Holm": round(float(test.adjusted or 0.0), 5),
            }
    return {"rows": len(truth), "figures": table, f"RMSE of {OURS} less that of": against}


def brief(estimate: Estimate) -> dict[str, Any]:
    """Value and interval."""
    return {
        "value": round(estimate.value, 4),
        "95 %": [round(float(end), 4) for end in (estimate.low, estimate.high) if end is not None],
    }


def facts(study: Study, seeds: int) -> dict[str, Any]:
    """What the study was of."""
    return {
        "command": f"python tools/spine_stiffness.py CUBES TABLE RUN KEPT --seeds {seeds}",
        "cubes": len(study.cubes),
        "interior": sum(one.interior for one in study.cubes),
        "shipped with the package": sum(one.shipped for one in study.cubes),
        "vertebrae": len({one.vertebra for one in study.cubes}),
        "scanners of the fit": list(SEEN),
        "scanner never seen": UNSEEN,
        "draws of marrow and noise": DRAWS,
        "fat in the marrow": {"differs": list(FAT), "alike": ALIKE},
        "seeds": {name: len(each) for name, each in study.tables.items()},
        "epochs of the network from scratch": EPOCHS,
        "interval": "BCa bootstrap of vertebrae; of differences jackknife over vertebrae, t",
        "list": [asdict(one) for one in study.cubes],
    }


def picture(study: Study, said: Said) -> None:
    """What mean HU and our encoder say against the finite elements, a colour a vertebra."""
    mpl.use("Agg")
    cubes, scans = chosen(study, QUESTIONS[0])
    own = [one for one, inside in zip(study.cubes, cubes, strict=True) if inside]
    seen = [n for n, scan in enumerate(scans) if study.scans[scan].scanner in SEEN]
    truth = np.array([one.stiffness for one in own])
    drawn = (MEAN, TEXTURE, UNTRAINED, OURS)
    figure, axes = plt.subplots(1, len(drawn), figsize=(13, 3.8), sharey=True, layout="constrained")
    for name, axis in zip(drawn, axes, strict=True):
        mean = np.mean([one.reshape(len(scans), -1)[seen] for one in said[name]], axis=(0, 1))
        for number, vertebra in enumerate(sorted({one.vertebra for one in own})):
            of = np.array([one.vertebra == vertebra for one in own])
            axis.plot(truth[of], mean[of], "o", ms=5, color=plt.cm.tab20(number), label=vertebra)
        axis.plot([0, truth.max()], [0, truth.max()], color="0.6", lw=1)
        axis.set(title=name, xlabel="finite elements, micro-CT (index)")
    axes[0].set_ylabel("said of CT, vertebra left out")
    axes[0].legend(fontsize=6, title="vertebra", title_fontsize=6)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
