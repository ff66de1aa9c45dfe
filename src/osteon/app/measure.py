"""`osteon measure`: from a CT to a report."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from ..core import Scan
    from ..pipelines import Companions, SpineResult


def measure(  # noqa: PLR0913 - one parameter an option
    scan: Path,
    *,
    out: Path,
    labels: Path | None = None,
    organs: Path | None = None,
    subregions: Path | None = None,
    numbering: str | None = None,
    level_map: Path | None = None,
    rods: Path | None = None,
    series: str | None = None,
    allow_gaps: Annotated[bool, Parameter(negative="")] = False,
    kvp: float | None = None,
    contrast: Literal["yes", "no"] | None = None,
    shell_mm: float = 4.0,
    endplate_mm: float = 5.0,
    oval_height_mm: float = 5.0,
    subject: str | None = None,
    keep_identifiers: Annotated[bool, Parameter(negative="")] = False,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Measure the vertebrae of a CT and write a report.

    Needs a CT and labels of its vertebrae; finds trabecular regions in each vertebral body,
    measures their HU and density, and writes report.html, results.json, measurements.csv,
    manifest.json and the regions as NIfTI.

    Example: `osteon measure ct/ --labels vertebrae.nii.gz --out results`

    Parameters
    ----------
    scan
        CT: DICOM folder, zip or file, NIfTI, NRRD or MetaImage.
    out
        Folder for the results; made if it is not there.
    labels
        Vertebra labels on the grid of the CT (NIfTI, NRRD, MetaImage), as TotalSegmentator,
        VerSe or TPTBox number them.
    organs
        Labels of TotalSegmentator's task "total": aorta for contrast, muscle for calibration.
    subregions
        Sub-region labels of TPTBox or SPINEPS, where the vertebral body is known.
    numbering
        Numbering of the labels, TotalSegmentator or VerSe, where it is not recognised.
    level_map
        JSON file with the level of each label number, such as {"1": "L1"}.
    rods
        TOML file with the rods of a density phantom and their mean HU.
    series
        Number or UID of the DICOM series, where there are several.
    allow_gaps
        Resample slices that are missing or unequal, instead of refusing them.
    kvp
        Tube voltage in kV, where the file does not say it.
    contrast
        Whether contrast agent was given, where the file does not say it.
    shell_mm
        Taken off the surface of a vertebral body, in mm.
    endplate_mm
        Taken off at the endplates, in mm.
    oval_height_mm
        Height of the mid-body oval, in mm.
    subject
        What the subject is called in the tables; a code made from the file otherwise.
    keep_identifiers
        Write name, number and dates of the patient into results.json.
    json_
        Print results.json to stdout instead of one line saying where the results are.
    """
    from ..core import BadSetting
    from ..pipelines import MeasureSettings
    from .progress import ProgressBar

    began = time.monotonic()
    if labels is None:
        raise BadSetting(
            "measuring needs --labels FILE with the vertebrae of this CT, for example made by "
            "TotalSegmentator; Osteon does not find vertebrae by itself yet."
        )
    settings = MeasureSettings(
        shell_mm=shell_mm,
        endplate_mm=endplate_mm,
        oval_height_mm=oval_height_mm,
        kvp=kvp,
        contrast=None if contrast is None else contrast == "yes",
    )
    files = {"scan": scan, "labels": labels, "organs": organs, "subregions": subregions}
    with ProgressBar() as progress:
        progress("reading the scan", 0, 40)
        from ..io import read_ct, read_labels
        from ..pipelines import measure_spine

        image = read_ct(scan, series=series, allow_gaps=allow_gaps)
        vertebrae, label_flags = read_labels(labels, onto=image.volume.grid)
        beside = _companions(image, numbering, level_map, organs, subregions, rods)
        result = measure_spine(
            image,
            vertebrae,
            beside=beside,
            settings=settings,
            label_flags=label_flags,
            progress=lambda what, done, steps: progress(what, done + steps // 8, 2 * steps),
        )
        progress("writing the report", 3, 4)
        inputs = {role: path for role, path in {**files, "rods": rods}.items() if path}
        data = _write(result, out, inputs, subject, keep_identifiers, began)
    print(json.dumps(data, ensure_ascii=False) if json_ else f"Report: {out / 'report.html'}")
    _tell_flags(result)


def _companions(
    image: "Scan",
    numbering: str | None,
    level_map: Path | None,
    organs: Path | None,
    subregions: Path | None,
    rods: Path | None,
) -> "Companions":
    from ..io import read_labels
    from ..pipelines import Companions
    from .inputs import read_level_map, read_rods

    grid = image.volume.grid
    return Companions(
        numbering=numbering,
        level_map=read_level_map(level_map) if level_map else None,
        organs=read_labels(organs, onto=grid)[0] if organs else None,
        subregions=read_labels(subregions, onto=grid)[0] if subregions else None,
        rods=read_rods(rods) if rods else (),
    )


def _write(
    result: "SpineResult",
    out: Path,
    inputs: dict[str, Path],
    subject: str | None,
    keep_identifiers: bool,
    began: float,
) -> dict[str, Any]:
    from dataclasses import asdict

    from ..core import Mask
    from ..io import fingerprint, write_labels
    from ..pipelines import manifest, to_dict
    from ..regions import REGIONS
    from ..report import write_report
    from .outputs import results_folder, write_json, write_table

    hashes = {role: fingerprint(path) for role, path in inputs.items()}
    subject = subject or f"sub-{hashes['scan'][:8]}"
    made = manifest(asdict(result.settings), hashes, time.monotonic() - began)
    data = to_dict(result, subject=subject, manifest=made, keep_identifiers=keep_identifiers)
    regions = {name: result.region(name) for name in REGIONS}
    with results_folder(out) as folder:
        for name, region in regions.items():
            write_labels(folder / f"{name}.nii.gz", region)
        masks = {name: Mask(region.values > 0, region.grid) for name, region in regions.items()}
        write_report(data, result.scan.volume, result.vertebrae, masks, folder)
        write_table(folder / "measurements.csv", subject, result.measurements)
        write_json(folder / "results.json", data)
        write_json(folder / "manifest.json", made)
    return data


def _tell_flags(result: "SpineResult") -> None:
    """What bears on the whole scan, one line each on stderr."""
    for flag in dict.fromkeys((*result.scan_flags, *result.label_flags)):
        print(f"osteon: note: {flag.text}", file=sys.stderr)
    for level in result.levels:
        if level.reason:
            print(f"osteon: note: {level.name} was not measured: {level.reason}", file=sys.stderr)
