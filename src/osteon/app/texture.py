"""`osteon texture`: the texture of a region, from an image to a report."""

import json
import sys
import time
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from .options import Naming, Whole

if TYPE_CHECKING:
    from ..pipelines.texture import TextureChoices, TextureResult

MAPS, RESPONSE, POOL = "maps", "response.nii.gz", "pool.parquet"
"""Files that a run may write; those of an earlier run are none of this one."""

ALWAYS = ("report.html", "results.json", "measurements.csv", "manifest.json", "settings.toml")

Several = Annotated[tuple[str, ...] | None, Parameter(negative="", consume_multiple=True)]


@Parameter(name="*")
@dataclass(frozen=True)
class Pictured:
    """How image and mask are read."""

    label: Whole = None
    """Number of the region in the mask; every voxel that is not 0 without it."""

    series: str | None = None
    """Number or UID of the DICOM series, where there are several."""

    spacing: Annotated[tuple[float, float, float] | None, Parameter(negative="")] = None
    """Distance of voxels along the three axes in mm, for a TIFF stack."""


@Parameter(name="*")
@dataclass(frozen=True)
class Chosen:
    """What is measured."""

    settings: Path | None = None
    """Settings file (TOML): image processing, levels, filter, families, windows. The file
    settings.toml that every run writes is one."""

    preset: str | None = None
    """Settings with a name: default, bone-ct, ibsi-1-digital, ibsi-1-a to ibsi-1-e, ibsi-2-1.A to
    ibsi-2-9.B."""

    families: Several = None
    """Families to measure, such as glcm glrlm statistics minkowski; all of the settings without."""

    stable: float | None = None
    """Keep only features whose ICC stayed at this or above when voxels, slices, noise and bins
    changed, such as 0.75."""

    maps: Several = None
    """Features to map in a sliding window, such as cm_contrast stat_mean minkowski_3d_surface_5."""

    pool: Annotated[bool, Parameter(negative="")] = False
    """Write every feature of every window as a table (Parquet)."""

    window: float | None = None
    """Side of the window in mm."""

    step: float | None = None
    """Distance of windows in mm; every voxel for maps, half a window for the pool without it."""


def texture(
    image: Path,
    mask: Path,
    *,
    out: Path,
    chosen: Chosen = Chosen(),
    pictured: Pictured = Pictured(),
    naming: Naming = Naming(),
) -> None:
    """Measure the texture of a region and write a report.

    Features of the IBSI (chapters 1 and 2), Minkowski functionals and tensors, fractal dimension,
    lacunarity and variogram. Writes report.html, results.json, measurements.csv, manifest.json and
    settings.toml; maps, the response of a filter and the pool where they are asked for.

    Example: `osteon texture ct.nii.gz vertebra.nii.gz --preset bone-ct --out results`

    Parameters
    ----------
    image
        Image: NIfTI, NRRD, MetaImage, ISQ, TIFF stack, DICOM.
    mask
        Region, drawn on the voxels of the image: NIfTI, NRRD, MetaImage.
    out
        Folder for the results; made if it is not there.
    """
    from .outputs import check_out
    from .progress import ProgressBar

    began = time.monotonic()
    choices = _choices(chosen)
    _check(image, mask, out)
    _check_arrow(choices)
    inputs = (image, mask, chosen.settings)
    check_out(out, inputs, (*ALWAYS, RESPONSE, POOL))
    with ProgressBar() as progress:
        progress("reading the image", 0, 8)
        from ..core.compiled import threads
        from ..io import read_mask, read_scan
        from ..pipelines import manifest
        from ..pipelines.texture import measure_region_texture, processing_dict
        from .inputs import digests

        scan = read_scan(image, series=pictured.series, spacing=pictured.spacing)
        region, odd = read_mask(mask, onto=scan.volume.grid, label=pictured.label)
        result = measure_region_texture(
            scan, region, choices=choices, mask_flags=odd, progress=progress
        )
        progress("writing the report", 7, 8)
        told = {
            **processing_dict(choices),
            "preset": chosen.preset,
            "label": pictured.label,
            "spacing": pictured.spacing,
        }
        files = digests({"image": image, "mask": mask}, {"settings": chosen.settings})
        made = manifest(told, files, time.monotonic() - began)
        made |= {"threads": threads()}
        data = _write(result, out, naming, made, inputs)
    for flag in dict.fromkeys((*scan.flags, *result.flags)):
        print(f"osteon: note: {flag.text}", file=sys.stderr)
    print(json.dumps(data) if naming.json else f"Report: {out / 'report.html'}")


def _choices(chosen: Chosen) -> "TextureChoices":
    """Settings of the file or preset, and what the command line says beside them."""
    from ..core import BadSetting
    from ..pipelines.texture import chosen_preset, read_choices

    if chosen.settings is not None and chosen.preset is not None:
        raise BadSetting(
            f"--settings {chosen.settings.name} and --preset {chosen.preset} are two settings; "
            f'give one, or write preset = "{chosen.preset}" into the file.'
        )
    if chosen.settings is not None:
        choices = read_choices(chosen.settings)
    else:
        choices = chosen_preset(chosen.preset or "default")
    said = {"size": chosen.window, "step": chosen.step, "maps": chosen.maps}
    windows = {name: value for name, value in said.items() if value is not None}
    if chosen.pool:
        windows["pool"] = True
    own: dict[str, Any] = {"families": chosen.families, "stable": chosen.stable}
    own = {name: value for name, value in own.items() if value is not None}
    if windows:
        own["windows"] = replace(choices.windows, **windows)  # type: ignore[arg-type]
    return replace(choices, **own)


def _check(image: Path, mask: Path, out: Path) -> None:
    """Refuse the image itself as its mask, and maps over what is read."""
    from ..core import BadSetting

    if mask.resolve() == image.resolve():
        raise BadSetting(
            f"{mask.name} is given as image and as mask; the mask holds the region to measure."
        )
    if {path.resolve().parent for path in (image, mask)} & {(out / MAPS).resolve()}:
        raise BadSetting(
            f"--out {out.name} would write its maps to the folder that is read; name another one."
        )


def _check_arrow(choices: "TextureChoices") -> None:
    """Refuse a pool, before anything is measured, where it could not be written."""
    from ..core import BadSetting
    from ..io.parquet import INSTALL

    if choices.windows.pool and find_spec("pyarrow") is None:
        raise BadSetting(INSTALL)


def _write(
    result: "TextureResult",
    out: Path,
    naming: Naming,
    made: dict[str, Any],
    inputs: tuple[Path | None, ...],
) -> dict[str, Any]:
    """Write everything at once, so that no result is ever half there."""
    from ..io import write_volume
    from ..pipelines.texture import texture_dict
    from ..report import TexturePictures, write_texture_report
    from .outputs import results_folder, write_json, write_table

    subject = naming.subject or f"sub-{made['input_sha256']['image'][:8]}"
    data = texture_dict(
        result, subject=subject, manifest=made, keep_identifiers=naming.keep_identifiers
    )
    pictures = TexturePictures(
        result.scan.volume, result.mask, result.windows.maps, result.response
    )
    with results_folder(out, inputs, _earlier(out)) as folder:
        if result.windows.maps:
            (folder / MAPS).mkdir()
        for tag, volume in result.windows.maps.items():
            write_volume(folder / MAPS / f"{tag}.nii.gz", volume)
        if result.response is not None:
            write_volume(folder / RESPONSE, result.response)
        if (pool := result.windows.pool) is not None:
            from ..io.parquet import write_parquet

            notes = {**pool.notes(), "processing": data["processing"]}
            write_parquet(folder / POOL, pool.columns(), pool.units(), notes)
        # a report is passed on, so that identifiers stay in results.json
        write_texture_report({**data, "identifiers": {}}, pictures, folder)
        write_table(folder / "measurements.csv", subject, result.measurements)
        (folder / "settings.toml").write_text(data["settings"], encoding="utf-8")
        write_json(folder / "results.json", data)
        write_json(folder / "manifest.json", made)
    return data


def _earlier(out: Path) -> tuple[str, ...]:
    """Files of an earlier run of this command that this run may not write again."""
    try:
        told = json.loads((out / "results.json").read_text(encoding="utf-8"))
        if not str(told["schema"]).startswith("osteon-texture-"):
            return ()
        return (RESPONSE, POOL, *(f"{MAPS}/{tag}.nii.gz" for tag in told["maps"]))
    except (OSError, ValueError, LookupError, TypeError):
        return ()
