"""Every reference value and response map of the IBSI's chapter 2, and what Osteon finds.

    python tools/texture_filters_conformance.py [FOLDER] [--maps FOLDER]

FOLDER holds the phantoms and `ibsi_2_reference_values.csv`; response maps are taken from it too
(`ibsi2_response_1_a_1.nii.gz`), or from the folder of the published reference data
(`1_a_1-ValidCRM.nii`).
"""

import csv
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from osteon.core import Mask, Volume
from osteon.features.texture.filters.filter import filtered
from osteon.features.texture.filters.presets import FILTER_PRESETS, RESPONSES
from osteon.features.texture.filters.response import response_statistics
from osteon.features.texture.prepare import resampled
from osteon.features.texture.settings import Interpolation, Resegmentation, TextureSettings
from osteon.io import read_mask, read_scan

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "ibsi"

SETTINGS = TextureSettings(resegmentation=Resegmentation(-1000.0, 400.0))
"""Limits of all configurations."""

SPATIAL = Interpolation((1.0, 1.0, 1.0), image="cubic")
"""Interpolation of those in space (B); those in slices (A) have none."""

MAP_TOLERANCE = 0.01
"""Part of the range of a reference map by which each voxel may differ."""


@dataclass(frozen=True)
class Row:
    """One reference value beside ours; without consensus, reference and tolerance are None.

    Attributes
    ----------
    test : str
        Configuration, as "3.B", or response map, as "3.b.1".
    tag : str
        Feature, or "largest difference".
    ours : float
        What Osteon finds.
    reference : float or None
        What was agreed upon.
    tolerance : float or None
        How far the two may differ.
    """

    test: str
    tag: str
    ours: float
    reference: float | None
    tolerance: float | None

    @property
    def met(self) -> bool:
        """Whether ours is within the tolerance; so is what has no reference."""
        if self.reference is None or self.tolerance is None:
            return True
        # tolerances are printed in decimal: a last binary digit is no difference
        return abs(self.ours - self.reference) <= self.tolerance * (1 + 1e-9)


def ibsi2_rows(folder: Path = FOLDER, only: tuple[str, ...] = ()) -> Iterator[Row]:
    """Reference feature values of configurations 1.A to 9.B, beside ours.

    Parameters
    ----------
    folder : Path
        Where the CT phantom and the reference values lie.
    only : tuple of str
        Configurations wanted; none given is all.

    Yields
    ------
    Row
        Values in the order of the reference.
    """
    phantom = cache(lambda letter: ct_phantom(folder, SPATIAL if letter == "B" else None))
    with (folder / "ibsi_2_reference_values.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    for test in dict.fromkeys(row["filter_id"] for row in rows):
        if only and test not in only:
            continue
        ours = response_statistics(*phantom(test[-1]), SETTINGS, FILTER_PRESETS[f"ibsi-2-{test}"])
        for row in rows:
            if row["filter_id"] == test:
                reference, tolerance = row["consensus_value"], row["tolerance"]
                yield Row(
                    test,
                    row["feature_tag"],
                    ours[row["feature_tag"]],
                    float(reference) if reference else None,
                    float(tolerance) if tolerance else None,
                )


def ct_phantom(folder: Path, settings: Interpolation | None) -> tuple[Volume, Mask]:
    """CT phantom and its region, as they are or interpolated once for all filters."""
    volume = read_scan(folder / "ibsi1_ct_phantom_image.nii.gz").volume
    mask, _ = read_mask(folder / "ibsi1_ct_phantom_mask.nii.gz", onto=volume.grid)
    if settings is None:
        return volume, mask
    values, inside, grid = resampled(volume, mask, settings)
    return Volume(values, grid, volume.unit), Mask(inside, grid)


def ibsi2_response_rows(folder: Path = FOLDER, maps: Path | None = None) -> Iterator[Row]:
    """Largest difference from each reference response map that is there.

    Parameters
    ----------
    folder : Path
        Where the phantoms lie.
    maps : Path, optional
        Where the reference maps lie; None is the same folder.

    Yields
    ------
    Row
        The largest absolute difference of a voxel; its tolerance is 1 % of the map's range.
    """
    for test, (phantom, kind) in RESPONSES.items():
        names = (f"ibsi2_response_{test}", f"{test}-ValidCRM")
        found = [
            path
            for name in names
            for path in (maps or folder).glob(name.replace(".", "_") + ".nii*")
        ]
        if not found:
            continue
        volume = read_scan(folder / f"ibsi2_{phantom}.nii.gz").volume
        reference: NDArray[np.float64] = np.asarray(read_scan(found[0]).volume.values, np.float64)
        ours = filtered(volume.values, kind, spacing=volume.grid.spacing)
        away = float(np.abs(ours - reference).max())
        yield Row(test, "largest difference", away, 0.0, MAP_TOLERANCE * float(np.ptp(reference)))


def main() -> int:
    """Print every row; exit status 1 if one is not met."""
    arguments = sys.argv[1:]
    maps = None
    if "--maps" in arguments:
        at = arguments.index("--maps")
        maps = Path(arguments[at + 1])
        del arguments[at : at + 2]
    folder = Path(arguments[0]) if arguments else FOLDER
    start = time.perf_counter()
    wrong = count = 0
    for rows in (ibsi2_response_rows(folder, maps), ibsi2_rows(folder)):
        for row in rows:
            count += row.reference is not None
            wrong += not row.met
            wanted = "none" if row.reference is None else f"{row.reference:g} ± {row.tolerance:g}"
            mark = "" if row.met else "  OUTSIDE"
            print(f"{row.test:7} {row.tag:20} {row.ours:14.6g}  {wanted}{mark}")
    print(f"{count - wrong} of {count} within tolerance, {time.perf_counter() - start:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
