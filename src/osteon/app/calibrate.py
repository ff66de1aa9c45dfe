"""`osteon calibrate`: what a CT number of a scan means in mg/cm³."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import Reading

if TYPE_CHECKING:
    from ..calibration import Calibration, Unavailable


def calibrate(
    scan: Path,
    *,
    out: Path,
    organs: Path | None = None,
    rods: Path | None = None,
    method: str | None = None,
    reading: Reading = Reading(),
) -> None:
    """Turn the HU of a CT into mg/cm³ by every method that the scan allows.

    Writes calibration.json with each method, what was fitted, its mineral equivalent, and the
    reason where it cannot be had; with --method also the density map.

    Example: `osteon calibrate ct/ --rods rods.toml --method phantom-solid --out calibrated`

    Parameters
    ----------
    scan
        CT: DICOM folder, zip or file, NIfTI, NRRD or MetaImage.
    out
        Folder for the results; made if it is not there.
    organs
        Labels of TotalSegmentator's task "total": blood, muscle and bone for calibration.
    rods
        TOML file with the rods of a density phantom and their mean HU.
    method
        Method whose density map is written; the keys stand in calibration.json.
    """
    from ..io import read_ct, read_labels, write_volume
    from ..pipelines import MeasureSettings, calibrate_scan, manifest
    from .inputs import digests, one_file, read_rods
    from .outputs import check_out, results_folder, write_json
    from .progress import ProgressBar

    began = time.monotonic()
    stated = MeasureSettings(kvp=reading.kvp, contrast=reading.contrast_given)
    check_out(out, (scan, organs))
    with ProgressBar() as progress:
        progress("reading the scan", 0, 3)
        image = read_ct(scan, series=reading.series, allow_gaps=reading.allow_gaps)
        made_by = image.acquisition
        progress("calibrating", 1, 3)
        one_file(organs, "--organs")
        found = calibrate_scan(
            image.volume,
            read_labels(organs, onto=image.volume.grid)[0] if organs else None,
            kvp=made_by.kvp if stated.kvp is None else stated.kvp,
            contrast=made_by.contrast if stated.contrast is None else stated.contrast,
            rods=read_rods(rods) if rods else None,
        )
        chosen = _chosen(found, method)
        hashes = digests({"scan": scan, "organs": organs}, {"rods": rods})
        choices = {"kvp": stated.kvp, "contrast": stated.contrast, "allow_gaps": reading.allow_gaps}
        data: dict[str, Any] = {
            "calibrations": [_plain(one) for one in found],
            "manifest": manifest(choices, hashes, 0.0),
        }
        data["manifest"]["seconds"] = round(time.monotonic() - began, 2)
        progress("writing", 2, 3)
        with results_folder(out, (scan, organs, rods)) as folder:
            write_json(folder / "calibration.json", data)
            if chosen is not None:
                write_volume(folder / "density.nii.gz", chosen.apply(image.volume))
    where = out / ("density.nii.gz" if chosen else "calibration.json")
    print(f"Calibration: {where}")


def _chosen(found: "list[Calibration | Unavailable]", method: str | None) -> "Calibration | None":
    """The calibration that was asked for; an error says why it cannot be had."""
    from ..calibration import Unavailable
    from ..core import UnknownName, UnsuitableScan

    if method is None:
        return None
    keys = {one.method.key: one for one in found}
    if method not in keys:
        raise UnknownName(f"no calibration is called '{method}'; there are {sorted(keys)}.")
    one = keys[method]
    if isinstance(one, Unavailable):
        raise UnsuitableScan(f"calibration '{method}' cannot be had here: {one.reason}")
    return one


def _plain(one: "Calibration | Unavailable") -> dict[str, Any]:
    from ..pipelines import calibration_dict

    return {**calibration_dict(one), **asdict(one.method)}
