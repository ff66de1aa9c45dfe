"""`osteon measure`: from a CT to a report."""

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import Beside, Margins, Naming, Reading

if TYPE_CHECKING:
    from ..core import Grid
    from ..pipelines import Companions, SpineResult


def measure(
    scan: Path,
    *,
    out: Path,
    beside: Beside = Beside(),
    reading: Reading = Reading(),
    margins: Margins = Margins(),
    naming: Naming = Naming(),
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
    """
    from ..core import BadSetting
    from ..pipelines import MeasureSettings
    from .outputs import check_out
    from .progress import ProgressBar

    began = time.monotonic()
    if beside.labels is None:
        raise BadSetting(
            "measuring needs --labels FILE with the vertebrae of this CT, for example made by "
            "TotalSegmentator; Osteon does not find vertebrae by itself yet."
        )
    settings = MeasureSettings(**asdict(margins), kvp=reading.kvp, contrast=reading.contrast_given)
    check_out(out, (scan, *beside.images.values()))
    with ProgressBar() as progress:
        progress("reading the scan", 0, 40)
        from ..io import read_ct, read_labels
        from ..pipelines import manifest, measure_spine
        from .inputs import digests

        image = read_ct(scan, series=reading.series, allow_gaps=reading.allow_gaps)
        vertebrae, label_flags = read_labels(beside.labels, onto=image.volume.grid)
        result = measure_spine(
            image,
            vertebrae,
            beside=_companions(beside, image.volume.grid),
            settings=settings,
            label_flags=label_flags,
            progress=lambda what, done, steps: progress(what, done + steps // 8, 2 * steps),
        )
        progress("writing the report", 3, 4)
        choices = {**asdict(result.settings), "allow_gaps": reading.allow_gaps}
        files = {"scan": scan, **beside.images}
        made = manifest(choices, digests(files, beside.tables), time.monotonic() - began)
        data = _write(result, out, naming, made, (*files.values(), *beside.tables.values()))
    _tell_flags(result)
    print(json.dumps(data) if naming.json else f"Report: {out / 'report.html'}")


def _companions(beside: Beside, grid: "Grid") -> "Companions":
    from ..io import read_labels
    from ..pipelines import Companions
    from .inputs import one_file, read_level_map, read_rods

    one_file(beside.organs, "--organs")
    one_file(beside.subregions, "--subregions")
    return Companions(
        numbering=beside.numbering,
        level_map=read_level_map(beside.level_map) if beside.level_map else None,
        organs=read_labels(beside.organs, onto=grid)[0] if beside.organs else None,
        subregions=read_labels(beside.subregions, onto=grid)[0] if beside.subregions else None,
        rods=read_rods(beside.rods) if beside.rods else (),
    )


def _write(
    result: "SpineResult",
    out: Path,
    naming: Naming,
    made: dict[str, Any],
    inputs: Iterable[Path | None],
) -> dict[str, Any]:
    """Write everything at once, so that no result is ever half there."""
    from ..core import Mask
    from ..io import write_labels
    from ..pipelines import to_dict
    from ..regions import REGIONS
    from ..report import write_report
    from .outputs import results_folder, write_json, write_table

    subject = naming.subject or f"sub-{made['input_sha256']['scan'][:8]}"
    data = to_dict(result, subject=subject, manifest=made, keep_identifiers=naming.keep_identifiers)
    regions = {name: result.region(name) for name in REGIONS}
    masks = {name: Mask(region.values > 0, region.grid) for name, region in regions.items()}
    with results_folder(out, inputs) as folder:
        for name, region in regions.items():
            write_labels(folder / f"{name}.nii.gz", region)
        # a report is passed on, so that identifiers stay in results.json
        passed_on = {**data, "identifiers": {}}
        write_report(passed_on, result.scan.volume, result.vertebrae, masks, folder)
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
