"""`osteon calibrate`: what a CT number of a scan means in mg/cm³."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from ..calibration import Calibration, Unavailable


def calibrate(  # noqa: PLR0913 - one parameter an option
    scan: Path,
    *,
    out: Path,
    organs: Path | None = None,
    rods: Path | None = None,
    method: str | None = None,
    series: str | None = None,
    allow_gaps: Annotated[bool, Parameter(negative="")] = False,
    kvp: float | None = None,
    contrast: Literal["yes", "no"] | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
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
    series
        Number or UID of the DICOM series, where there are several.
    allow_gaps
        Resample slices that are missing or unequal, instead of refusing them.
    kvp
        Tube voltage in kV, where the file does not say it.
    contrast
        Whether contrast agent was given, where the file does not say it.
    json_
        Print calibration.json to stdout instead of one line saying where it is.
    """
    from ..io import fingerprint, read_ct, read_labels, write_volume
    from ..pipelines import MeasureSettings, calibrate_scan, manifest
    from .inputs import read_rods
    from .outputs import results_folder, write_json
    from .progress import ProgressBar

    began = time.monotonic()
    settings = MeasureSettings(kvp=kvp, contrast=None if contrast is None else contrast == "yes")
    with ProgressBar() as progress:
        progress("reading the scan", 0, 3)
        image = read_ct(scan, series=series, allow_gaps=allow_gaps)
        made_by = image.acquisition
        progress("calibrating", 1, 3)
        found = calibrate_scan(
            image.volume,
            read_labels(organs, onto=image.volume.grid)[0] if organs else None,
            kvp=made_by.kvp if kvp is None else kvp,
            contrast=made_by.contrast if settings.contrast is None else settings.contrast,
            rods=read_rods(rods) if rods else None,
        )
        chosen = _chosen(found, method)
        inputs = {"scan": scan, "organs": organs, "rods": rods}
        hashes = {role: fingerprint(path) for role, path in inputs.items() if path}
        data: dict[str, Any] = {
            "calibrations": [_plain(one) for one in found],
            "manifest": manifest({"kvp": kvp, "contrast": contrast}, hashes, 0.0),
        }
        data["manifest"]["seconds"] = round(time.monotonic() - began, 2)
        progress("writing", 2, 3)
        with results_folder(out) as folder:
            write_json(folder / "calibration.json", data)
            if chosen is not None:
                write_volume(folder / "density.nii.gz", chosen.apply(image.volume))
    where = out / ("density.nii.gz" if chosen else "calibration.json")
    print(json.dumps(data, ensure_ascii=False) if json_ else f"Calibration: {where}")


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
