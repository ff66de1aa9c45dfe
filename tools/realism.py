"""Compare simulated images with the real ones of the project's data collection.

Both are measured by the same code.

Run as ``python tools/realism.py`` (about six minutes on two cores); it writes
``docs/data/realism.json``, the pictures ``docs/images/realism_*.png`` and the table of
``docs/concepts/realism.md``. ``--patients N`` draws another number of patients and writes nothing
but what it prints.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import realism_page
import realism_pictures
import realism_regions as regions
from realism_regions import Scan
from scipy import ndimage

from osteon.core import Volume
from osteon.simulate.bone.specimens import specimen_tile, specimens
from osteon.simulate.bone.tiles import Tile
from osteon.simulate.cohort.images import objects_in
from osteon.simulate.ct import CTView, Scanner, scan_ct, scanner_named
from osteon.simulate.knee import build_knee, draw_knee
from osteon.simulate.mr import MRView, Sequence, scan_mr, sequence_named
from osteon.simulate.spine import SpineModel, SpineSettings, build_spine, draw_spine

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "data"
NUMBERS = ROOT / "docs" / "data" / "realism.json"
PATIENTS = 12
SEED = 20
COMMAND = "python tools/realism.py"

KNEES = ("STS_010", "STS_017", "STS_028", "STS_035", "STS_042")
"""Patients with CT and MR of a knee."""

DOSE_SPREAD = 0.35
"""SD of the logarithm of dose (CT) and signal to noise (MR): as protocols and sizes differ."""

KERNEL_SPREAD = 0.12
"""SD of the logarithm of the kernel's frequencies (CT) and of the voxel (MR)."""

Numbers = dict[str, float]
Found = dict[str, list[Numbers]]
Pictures = dict[str, Scan]


def loaded(name: str) -> tuple[Any, tuple[float, float, float]]:
    """Values of a real image as (to the left, to the back, to the head), and its spacing."""
    image: Any = nibabel.as_closest_canonical(nibabel.load(REAL / name))
    i, j, k = (float(v) for v in image.header.get_zooms())
    return np.ascontiguousarray(np.asarray(image.dataobj)[::-1, ::-1]), (i, j, k)


def real_spines() -> dict[str, Scan]:
    """Real CT with vertebrae."""
    image, spacing = loaded("spine_ct/chest_abdomen_ct.nii.gz")
    labels, _ = loaded("spine_ct/chest_abdomen_ct_vertebrae.nii.gz")
    organs, _ = loaded("spine_ct/chest_abdomen_ct_other_organs.nii.gz")
    part = slice(0, int(np.flatnonzero((labels == 32).any(axis=(0, 1)))[-1]) + 3)
    chest = Scan(
        image[..., part].astype(float),
        spacing,
        [labels[..., part] == n for n in (30, 31, 32)],
        organs[..., part] == 52,
    )
    image, spacing = loaded("spine_ct/tptbox_lumbar_ct.nii.gz")
    labels, _ = loaded("spine_ct/tptbox_lumbar_ct_vert.nii.gz")
    lumbar = Scan(image.astype(float), spacing, [labels == 22])
    image, spacing = loaded("spine_ct/thoracic_aorta_ct.nii.gz")
    labels, _ = loaded("spine_ct/thoracic_aorta_ct_T12.nii.gz")
    where = np.flatnonzero(labels.any(axis=(0, 1)))
    part = slice(max(int(where[0]) - 4, 0), int(where[-1]) + 5)
    thoracic = Scan(image[..., part].astype(float), spacing, [labels[..., part] > 0])
    return {"spine ct": chest, "spine ct, sharp": lumbar, "spine ct, thoracic": thoracic}


def real_knees(kind: str) -> dict[str, Scan]:
    """Real CT (``"ct"``) or T1-weighted MR (``"mr_t1"``) of knees; tumours are left out."""
    found = {}
    for name in KNEES:
        image, spacing = loaded(f"paired_ct_mr/{name}_{kind}.nii.gz")
        tumour, _ = loaded(f"paired_ct_mr/{name}_{kind}_gtv.nii.gz")
        found[name] = Scan(image.astype(float), spacing, exclude=tumour > 0)
    return found


def real_dess() -> Scan:
    """Real DESS of a knee, sagittal: rows to the back, columns to the feet."""
    image: Any = nibabel.load(REAL / "knee_mr/knee_dess_echo1.nii.gz")
    i, j, k = (float(v) for v in image.header.get_zooms())
    return Scan(np.asarray(image.dataobj).astype(float), (i, j, k))


def measured_real() -> dict[str, dict[str, Numbers]]:
    """Numbers of every real image, by comparison and image."""
    spines = real_spines()
    names = {
        "spine ct": "LIDC-IDRI",
        "spine ct, sharp": "TPTBox",
        "spine ct, thoracic": "TotalSegmentator",
    }
    found = {key: {names[key]: regions.spine(scan)} for key, scan in spines.items()}
    found["knee ct"] = {n: regions.knee_ct(s) for n, s in real_knees("ct").items()}
    found["knee t1"] = {n: regions.knee_t1(s) for n, s in real_knees("mr_t1").items()}
    found["knee dess"] = {"GE MR750": regions.knee_dess(real_dess())}
    return found


def varied(scanner: Scanner, rng: np.random.Generator) -> Scanner:
    """The scanner at another dose and with a somewhat other kernel, as sites choose them."""
    blur, factor = scanner.blur, float(np.exp(rng.normal(0, KERNEL_SPREAD)))
    return replace(
        scanner,
        dose=scanner.dose * float(np.exp(rng.normal(0, DOSE_SPREAD))),
        kernel=replace(blur, half=blur.half * factor, tenth=blur.tenth * factor),
    )


def varied_sequence(name: str, rng: np.random.Generator) -> Sequence:
    """The sequence with somewhat other voxels and noise, as sites choose them."""
    sequence = sequence_named(name)
    factor = float(np.exp(rng.normal(0, KERNEL_SPREAD)))
    row, column, across = sequence.voxel
    snr = sequence.snr * float(np.exp(rng.normal(0, DOSE_SPREAD)))
    bias = 1.2 if name == "t1-se-axial" else sequence.bias  # the real ones are N4 corrected
    return replace(sequence, voxel=(row * factor, column * factor, across), snr=snr, bias=bias)


def coarser(scan: Scan, spacing: float) -> Scan:
    """A scan on cubic voxels, by cubic splines, as datasets are resampled for segmentation."""
    factor = tuple(s / spacing for s in scan.spacing)
    shape = tuple(max(1, round(n * f)) for n, f in zip(scan.image.shape, factor, strict=True))
    place = np.stack(
        np.meshgrid(*(np.arange(n) / f for n, f in zip(shape, factor, strict=True)), indexing="ij")
    )

    def onto(values: Any, order: int) -> Any:
        return ndimage.map_coordinates(values, place, order=order, mode="nearest")

    return Scan(
        onto(scan.image, 3),
        (spacing,) * 3,
        [onto(v.astype(np.uint8), 0) > 0 for v in scan.vertebrae],
        None if scan.aorta is None else onto(scan.aorta.astype(np.uint8), 0) > 0,
    )


def _tiles(rng: np.random.Generator) -> list[Tile]:
    names = specimens()
    return [specimen_tile(names[n]) for n in rng.choice(len(names), 2, replace=False)]


PEOPLE = SpineSettings(ages=(50.0, 90.0), contrast=0.75)
"""As old as people of whom such CT is taken, most with contrast agent as the real ones."""

SPINES = {
    "spine ct": ("chest-abdomen", ("T12", "L1", "L2"), 0.0),
    "spine ct, sharp": ("lumbar-sharp", ("L3",), 1.5),
    "spine ct, thoracic": ("thoracic-contrast", ("T12",), 1.5),
}
"""Comparisons of spines: profile, vertebrae, side of the voxels resampled to (0: as scanned)."""


def spine_scan(
    model: SpineModel, key: str, rng: np.random.Generator, *, wide: float = 130.0
) -> Scan:
    """A simulated CT of some vertebrae with their back muscles and the skin behind."""
    profile, names, cubic = SPINES[key]
    middles = np.array([model.vertebrae[name].centroid for name in names])
    skin = model.scene.named("skin")
    back = float(skin.grid.to_world(np.array(skin.grid.shape) - 1)[1])
    x, y = float(middles[:, 0].mean()), float(middles[:, 1].mean())
    wide = max(wide, back - y + 45)
    view = CTView((x, y - 45 + wide / 2), wide, middles[:, 2].min() - 20, middles[:, 2].max() + 20)
    volume = scan_ct(model.scene, varied(scanner_named(profile), rng), view, rng).volume
    labels = objects_in(model.scene, volume.grid)
    number = {name: n for n, name in labels.names.items()}
    scan = Scan(
        volume.values.astype(float),
        _spacing(volume),
        [labels.values == number[name] for name in names],
        labels.values == number["aorta"],
    )
    return coarser(scan, cubic) if cubic else scan


def _spacing(volume: Volume) -> tuple[float, float, float]:
    i, j, k = (float(v) for v in volume.grid.spacing)
    return i, j, k


def simulated_spine(number: int, found: Found, kept: Pictures) -> None:
    """Scan one person's spine on every profile; the numbers are added to `found`."""
    rng = np.random.default_rng([SEED, number, 1])
    patient = draw_spine(rng, PEOPLE)
    model = build_spine(patient, tuple(enumerate(_tiles(rng))), rng)
    for key in SPINES:
        scan = spine_scan(model, key, rng)
        found.setdefault(key, []).append(regions.spine(scan))
        kept.setdefault(f"{key} {number}", scan)


def simulated_knee(number: int, found: Found, kept: Pictures) -> None:
    """Scan one person's knee by CT and MR; the numbers are added to `found`."""
    rng = np.random.default_rng([SEED, number, 2])
    patient = draw_knee(rng)
    scene = build_knee(patient, _tiles(rng), rng).scene
    skin = scene.named("skin")
    low, high = (
        skin.pose[:3, 3] + skin.grid.to_world((0, 0, 0)),
        skin.grid.to_world(np.array(skin.grid.shape) - 1),
    )
    x, y, _ = (float(v) for v in 0.5 * (low + high))
    wide = float((high - low)[:2].max()) + 8
    scanner = varied(scanner_named("petct"), rng)
    ct = scan_ct(scene, scanner, CTView((x, y), wide, -66, 66), rng).volume
    t1 = scan_mr(
        scene, varied_sequence("t1-se-axial", rng), MRView((x, y, 0), (wide, wide, 132)), rng
    ).volume
    side = 20.0 if number % 2 else -20.0
    dess = scan_mr(
        scene, varied_sequence("dess", rng), MRView((side, y, 0), (30, 120, 112)), rng
    ).volume
    scans = {"knee ct": ct, "knee t1": t1, "knee dess": dess}
    for key, volume in scans.items():
        scan = Scan(volume.values.astype(float), _spacing(volume))
        found.setdefault(key, []).append(MEASURES[key](scan))
        kept.setdefault(f"{key} {number}", scan)


MEASURES: Mapping[str, Callable[[Scan], Numbers]] = {
    "spine ct": regions.spine,
    "spine ct, sharp": regions.spine,
    "spine ct, thoracic": regions.spine,
    "knee ct": regions.knee_ct,
    "knee t1": regions.knee_t1,
    "knee dess": regions.knee_dess,
}
"""What is measured, by comparison."""


def compared(
    real: Mapping[str, Mapping[str, Numbers]], found: Found
) -> dict[str, list[dict[str, Any]]]:
    """One row a statistic: range over the cohort, each real value, inside or not."""
    return {
        key: [row for name in _names(images) if (row := _row(key, name, images, found[key]))]
        for key, images in real.items()
        if key in found
    }


def _names(images: Mapping[str, Numbers]) -> Iterable[str]:
    return dict.fromkeys(name for numbers in images.values() for name in numbers)


def _row(
    key: str, name: str, images: Mapping[str, Numbers], cohort: list[Numbers]
) -> dict[str, Any] | None:
    values = [numbers[name] for numbers in cohort if name in numbers]
    if not values:
        return None
    low, high = min(values), max(values)
    real = {image: numbers[name] for image, numbers in images.items() if name in numbers}
    inside = {image: bool(low <= value <= high) for image, value in real.items()}
    gap = {} if all(inside.values()) else {"gap": realism_page.gap_of(key, name)}
    return {
        "statistic": name,
        "low": _round(low),
        "median": _round(float(np.median(values))),
        "high": _round(high),
        "patients": len(values),
        "real": {image: _round(value) for image, value in real.items()},
        "inside": inside,
        **gap,
    }


def _round(value: float) -> float:
    return float(f"{value:.4g}")


def main(arguments: list[str] | None = None) -> int:
    """Scan the cohort, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--only", default="", choices=("", "spine", "knee"))
    given = parser.parse_args(arguments)
    start = time.process_time()
    found: Found = {}
    kept: Pictures = {}
    for number in range(given.patients):
        if given.only in ("", "spine"):
            simulated_spine(number, found, kept)
        if given.only in ("", "knee"):
            simulated_knee(number, found, kept)
    table = compared(measured_real(), found)
    _say(table)
    print(f"{time.process_time() - start:.0f} CPU-s")
    if given.patients == PATIENTS and not given.only:
        write(table, kept)
    return 0


def _say(table: Mapping[str, list[dict[str, Any]]]) -> None:
    for key, rows in table.items():
        inside = [one for row in rows for one in row["inside"].values()]
        print(f"{key}: {sum(inside)} of {len(inside)} inside")
        for row in rows:
            mark = "  " if all(row["inside"].values()) else "! "
            values = " ".join(f"{v:g}" for v in row["real"].values())
            print(
                f"  {mark}{row['statistic']}: {row['low']:g} {row['median']:g} {row['high']:g}"
                f" | {values}"
            )


def write(table: Mapping[str, list[dict[str, Any]]], kept: Pictures) -> None:
    """Write numbers, pictures and the table of the page."""
    told = {"made_by": COMMAND, "seed": SEED, "patients": PATIENTS, "comparisons": table}
    NUMBERS.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    realism_page.main()
    realism_pictures.main(kept, real_spines(), real_knees("ct"), real_knees("mr_t1"))


if __name__ == "__main__":
    sys.exit(main())
