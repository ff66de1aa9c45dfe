"""`osteon structure`: the structure of trabecular bone, from an image to a report."""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import Bone, Drawn, Naming, Strength

if TYPE_CHECKING:
    from ..core import Flag, Mask
    from ..pipelines import StructureResult

MAP_FILES = ("Tb.Th.nii.gz", "Tb.Sp.nii.gz", "Ct.Th.nii.gz")
"""Maps that a run may write; those of an earlier run are no maps of this one."""


def structure(
    image: Path,
    *,
    out: Path,
    drawn: Drawn = Drawn(),
    bone: Bone = Bone(),
    strength: Strength = Strength(),
    naming: Naming = Naming(),
) -> None:
    """Measure the structure of trabecular bone and write a report.

    Takes a micro-CT, HR-pQCT, MR or clinical CT, or a mask of bone; finds the bone, and measures
    its amount, thickness, spacing, connectivity, orientation and shape with the definitions of
    the ASBMR. Writes report.html, results.json, measurements.csv, manifest.json, the bone and the
    maps asked for as NIfTI.

    Example: `osteon structure cube.nii.gz --threshold otsu --map Tb.Th --out results`

    Parameters
    ----------
    image
        Image, or mask of bone: NIfTI, NRRD, MetaImage, ISQ, TIFF stack, DICOM.
    out
        Folder for the results; made if it is not there.
    """
    from ..pipelines import StructureSettings
    from .outputs import check_out
    from .progress import ProgressBar

    began = time.monotonic()
    settings = StructureSettings(**asdict(bone), **asdict(strength))
    _check_mask(image, drawn)
    check_out(out, (image, drawn.mask), ("bone.nii.gz", *MAP_FILES))
    with ProgressBar() as progress:
        progress("reading the image", 0, 20)
        from ..core.compiled import threads
        from ..io import read_mask, read_scan
        from ..pipelines import SEED, manifest, measure_structure
        from .inputs import digests

        scan = read_scan(image, series=drawn.series, spacing=drawn.spacing)
        region: Mask | None = None
        odd: tuple[Flag, ...] = ()
        if drawn.mask is not None:
            region, odd = read_mask(drawn.mask, onto=scan.volume.grid, label=drawn.label)
        result = measure_structure(
            scan, region, settings=settings, region_flags=odd, progress=progress
        )
        progress("writing the report", 19, 20)
        files = {"image": image, "mask": drawn.mask}
        choices = {**asdict(settings), "label": drawn.label, "spacing": drawn.spacing}
        made = manifest(choices, digests(files, {}), time.monotonic() - began)
        made |= {"seed": SEED if result.mode == "standard" else None, "threads": threads()}
        data = _write(result, out, naming, made, tuple(files.values()))
    for flag in result.flags:
        print(f"osteon: note: {flag.text}", file=sys.stderr)
    print(json.dumps(data) if naming.json else f"Report: {out / 'report.html'}")


def _check_mask(image: Path, drawn: Drawn) -> None:
    """Refuse a label of no mask, and the image itself as its mask."""
    from ..core import BadSetting

    if drawn.mask is None:
        if drawn.label is not None:
            raise BadSetting(f"--label {drawn.label} needs --mask FILE, in which it is the region.")
    elif drawn.mask.resolve() == image.resolve():
        raise BadSetting(
            f"--mask {drawn.mask.name} is the image itself; give the region to measure in it, or "
            "leave --mask out to measure all of it."
        )


def _write(
    result: "StructureResult",
    out: Path,
    naming: Naming,
    made: dict[str, Any],
    inputs: tuple[Path | None, ...],
) -> dict[str, Any]:
    """Write everything at once, so that no result is ever half there."""
    from ..io import write_mask, write_volume
    from ..pipelines import structure_dict
    from ..report import StructurePictures, write_structure_report
    from .outputs import results_folder, write_json, write_table

    subject = naming.subject or f"sub-{made['input_sha256']['image'][:8]}"
    data = structure_dict(
        result, subject=subject, manifest=made, keep_identifiers=naming.keep_identifiers
    )
    maps = result.maps
    grey = None if result.bone.threshold is None else result.scan.volume
    pictures = StructurePictures(
        bone=result.bone.mask,
        thickness=maps.get("Tb.Th", maps.get("Ct.Th")),
        spacing=maps.get("Tb.Sp"),
        grey=grey,
        region=result.region,
    )
    earlier = MAP_FILES if (out / "results.json").is_file() else ()
    with results_folder(out, inputs, earlier) as folder:
        write_mask(folder / "bone.nii.gz", result.bone.mask)
        for name in result.settings.map:
            write_volume(folder / f"{name}.nii.gz", maps[name])
        # a report is passed on, so that identifiers stay in results.json
        write_structure_report({**data, "identifiers": {}}, pictures, folder)
        write_table(folder / "measurements.csv", subject, result.measurements)
        write_json(folder / "results.json", data)
        write_json(folder / "manifest.json", made)
    return data
