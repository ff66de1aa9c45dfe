"""How stable texture features are on CT of real specimens, when one setting of the image changes.

Run as ``python tools/texture_robustness.py [CUBES --table TABLE] [--kept FOLDER] [--ship]``. CUBES
is a folder of binary micro-CTs named SITE_DONOR_PART.nii.gz, TABLE names its interior ones; without
them the specimens that come with Osteon are taken, which takes two minutes. Writes robustness.json
and stability.csv into FOLDER; with --ship also results/texture_robustness.json, the table of the
package, its figure and its page.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from robustness_images import AGAIN, COMPARED, PROTOCOLS, USUAL_NAME, images_of, region_of, told
from robustness_page import family_of, ship

from osteon.core import Mask, Volume
from osteon.evaluate.agreement import icc_many
from osteon.evaluate.agreement.jackknife import jackknife_ends
from osteon.features.texture.measure import BINNED, measure_texture
from osteon.features.texture.prepare import prepare
from osteon.features.texture.settings import Discretisation, TextureSettings
from osteon.features.texture.stability import CHANGES, COLUMNS, STUDIED, stability
from osteon.pipelines.knee.specimens.specimens import Specimen, packaged_specimens, read_specimens
from osteon.pipelines.texture.beside import PARTS, beside_rows

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "robustness"
LEVEL = 0.95
BINS = (12.5, 25.0, 50.0)
"""Widths of bins, HU."""
VOXELS = {"resampled": STUDIED, "scanned": replace(STUDIED, interpolation=None)}
"""Settings by what becomes of the voxels."""
SAME = 1e-9
"""Part of its size by which a feature must differ between specimens."""
NEARLY = 1e-12

Numbers = NDArray[np.float64]
Found = dict[str, dict[str, float]]
"""Features of a specimen, by scan or bin width."""


@dataclass(frozen=True)
class Study:
    """What the specimens gave.

    Attributes
    ----------
    names, donors : list of str
        Of the specimens, in order.
    rows : list of dict
        A row a feature and kind of voxels; ICC, low and high of each change.
    left_out : dict of list of str
        Features without a row by kind of voxels: these regions do not differ in them, or a scan
        lacks them.
    """

    names: list[str]
    donors: list[str]
    rows: list[dict[str, Any]]
    left_out: dict[str, list[str]]


def main() -> int:
    """Measure, write, and tell."""
    asked = arguments()
    specimens = chosen(asked.cubes, asked.table)
    found = [measured(one, asked.kept) for one in shown(specimens)]
    study = studied(specimens, found)
    results = {
        "command": "python tools/texture_robustness.py",
        "specimens": study.names,
        "donors": len(set(study.donors)),
        "scans": told(),
        "bins_hu": BINS,
        "interval": f"{LEVEL:.0%}, jackknife over donors of Fisher's z, t",
        "without a row": study.left_out,
        "rows": study.rows,
    }
    asked.kept.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, ensure_ascii=False)
    (asked.kept / "robustness.json").write_text(text + "\n", encoding="utf-8")
    write_table(study.rows, asked.kept / "stability.csv")
    if asked.ship:
        ship(results, asked.kept / "stability.csv")
    else:
        print(beside_shipped(study.rows))
    return 0


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cubes", nargs="?", type=Path)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--kept", type=Path, default=KEPT)
    parser.add_argument("--ship", action="store_true")
    return parser.parse_args()


def chosen(cubes: Path | None, table: Path | None) -> Sequence[Specimen]:
    """Specimens; with a table those that it calls interior."""
    found = packaged_specimens() if cubes is None else read_specimens(cubes)
    if table is None:
        return found
    with table.open(encoding="utf-8", newline="") as rows:
        inner = {row["file"] for row in csv.DictReader(rows) if row["interior_trabecular"] == "1"}
    return [one for one in found if f"{one.name}.nii.gz" in inner]


def shown(specimens: Sequence[Specimen]) -> Iterator[Specimen]:
    """The same, told on standard error."""
    for done, one in enumerate(specimens):
        print(
            f"{time.strftime('%H:%M:%S')} {one.name} ({done} of {len(specimens)})", file=sys.stderr
        )
        yield one


def measured(specimen: Specimen, kept: Path) -> dict[str, Found]:
    """Features of a specimen by kind of voxels."""
    images = images_of(specimen, kept)
    return {kind: features(images, settings) for kind, settings in VOXELS.items()}


def features(images: dict[str, Volume], settings: TextureSettings) -> Found:
    """Features of every scan, and of the usual one in other bins."""
    found = {
        name: measure_texture(image, region_of(image.grid), settings) | beside(image, settings)
        for name, image in images.items()
    }
    usual = images[USUAL_NAME]
    for size in BINS:
        binned = replace(settings, discretisation=Discretisation("bin-size", size=size))
        found[f"bin {size:g}"] = measure_texture(usual, region_of(usual.grid), binned, BINNED)
    return found


def beside(image: Volume, settings: TextureSettings) -> dict[str, float]:
    """Features beside IBSI that the region has."""
    region = prepare(image, region_of(image.grid), settings)
    grey = Volume(region.values, region.grid, image.unit)
    inside = Mask(region.intensity, region.grid)
    rows = [row for family in PARTS for row in beside_rows(family, grey, inside, None)]
    return {row.name: row.value for row in rows if row.value is not None}


def studied(specimens: Sequence[Specimen], found: Sequence[dict[str, Found]]) -> Study:
    """Agreement of every feature."""
    donors = [one.donor for one in specimens]
    rows: list[dict[str, Any]] = []
    left_out: dict[str, list[str]] = {}
    for kind in VOXELS:
        own = [one[kind] for one in found]
        tags = [tag for tag in own[0][USUAL_NAME] if differs(tag, own)]
        left_out[kind] = [tag for tag in own[0][USUAL_NAME] if tag not in set(tags)]
        icc = {name: agreement(tags, own, scans, donors) for name, scans in COMPARED.items()}
        bins = [f"bin {size:g}" for size in BINS]
        binned = [tag for tag in tags if family_of(tag) in BINNED]
        icc["bin_width"] = agreement(binned, own, bins, donors, standardised=True)
        icc["bin_width_values"] = agreement(binned, own, bins, donors)
        for tag in tags:
            iccs = {name: icc[name].get(tag) for name in (*COLUMNS, AGAIN)}
            rows.append({"voxels": kind, "tag": tag, "with_mean": with_mean(tag, own)} | iccs)
    return Study([one.name for one in specimens], donors, rows, left_out)


def differs(tag: str, found: Sequence[Found]) -> bool:
    """Whether every specimen has a feature in every scan, and it differs between them."""
    bins = [f"bin {size:g}" for size in BINS] if family_of(tag) in BINNED else []
    if any(tag not in one[name] for one in found for name in (*PROTOCOLS, *bins)):
        return False
    values = np.array([one[USUAL_NAME][tag] for one in found])
    return bool(np.ptp(values) > SAME * np.abs(values).max())


def with_mean(tag: str, found: Sequence[Found]) -> float:
    """Correlation of a feature with the mean HU of the specimens."""
    both = [(one[USUAL_NAME][tag], one[USUAL_NAME]["stat_mean"]) for one in found]
    return round(float(np.corrcoef(np.array(both).T)[0, 1]), 3)


def agreement(
    tags: Sequence[str],
    found: Sequence[Found],
    scans: Sequence[str],
    donors: Sequence[str],
    *,
    standardised: bool = False,
) -> dict[str, list[float]]:
    """ICC(2,1) of each feature with the ends of its interval; the donors are left out in turn.

    Parameters
    ----------
    tags, scans : sequence of str
        Features, and what they are compared over.
    found : sequence of dict
        Features of each specimen.
    donors : sequence of str
        Of the specimens.
    standardised : bool
        Whether each scan's values are first taken less their mean, by their standard deviation.
    """
    stack = np.array([[[one[scan][tag] for scan in scans] for one in found] for tag in tags])
    # features of any size: sums of squares of huge ones would lose digits
    stack /= np.abs(stack).max(axis=(1, 2), keepdims=True)
    who, raters = np.array(donors), len(scans)
    parts = [stack, *(stack[:, who != donor] for donor in sorted(set(donors)))]
    if standardised:
        parts = [(part - part.mean(axis=1, keepdims=True)) / spread(part) for part in parts]
    every = [icc_many(part)[:, 0] for part in parts]
    shares = np.clip(np.array(every), NEARLY - 1 / (raters - 1), 1 - NEARLY)
    z = 0.5 * np.log((1 + (raters - 1) * shares) / (1 - shares))
    told = {}
    for tag, value, own in zip(tags, shares[0], z.T, strict=True):
        ends = np.exp(2 * np.array(jackknife_ends(float(own[0]), own[1:], LEVEL)))
        low, high = (ends - 1) / (ends + raters - 1)
        told[tag] = [round(float(one), 3) for one in (value, low, high)]
    return told


def spread(stack: Numbers) -> Numbers:
    """Standard deviation over specimens, (features, 1, scans); 1 where they do not differ."""
    found = stack.std(axis=1, keepdims=True)
    return np.asarray(np.where(found > SAME, found, 1.0))


def write_table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """The table of the package."""
    ends = ("icc", "low", "high")
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["voxels", "tag", *(f"{name}_{end}" for name in COLUMNS for end in ends)])
        for row in rows:
            found = [row[name] or ("", "", "") for name in COLUMNS]
            lines.writerow([row["voxels"], row["tag"], *(one for ends in found for one in ends)])


def beside_shipped(rows: Sequence[dict[str, Any]]) -> str:
    """How the ICCs of these specimens lie beside those that Osteon ships."""
    lines = []
    for kind in VOXELS:
        pairs = []
        for row in (one for one in rows if one["voxels"] == kind):
            known = stability(row["tag"], resampled=kind == "resampled")
            if known is not None:
                least = min(row[name][0] for name in CHANGES if row[name] is not None)
                pairs.append((least, known.least))
        if not pairs:
            continue
        ours, shipped = np.array(pairs).T
        same = float(np.mean((ours >= 0.75) == (shipped >= 0.75)))
        lines.append(
            f"{kind}: {len(pairs)} features; least ICC at or above 0.75 in {np.sum(ours >= 0.75)} "
            f"here, {np.sum(shipped >= 0.75)} in the table; the same verdict of {same:.0%}; median "
            f"distance {np.median(np.abs(ours - shipped)):.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
