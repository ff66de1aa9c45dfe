"""`osteon knee`: a knee from CT alone, and the stages that teach it on a cohort."""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from .knee_stages import add_stages
from .options import Naming, Reading

if TYPE_CHECKING:
    from ..pipelines.knee.prediction.predicted import KneePrediction

REGIONS_FILE, BONES_FILE = "regions.nii.gz", "bones.nii.gz"

knee = App(
    name="knee",
    help=(
        "Read the subchondral bone of a knee from CT alone, as networks learned it from MR.\n\n"
        "`predict` is for one scan and a model. The others are the stages that make a model of a "
        "cohort folder, in this order: register, reference, train, evaluate; synthesize makes a CT "
        "of each MR beside. Each goes on where it was interrupted.\n\n"
        "Research only: the weights at hand are trained on virtual cohorts."
    ),
)


@Parameter(name="*")
@dataclass(frozen=True)
class Knee:
    """Which knee."""

    side: Literal["left", "right"] | None = None
    """Which knee it is; told by the fibula where not given."""

    bones: Path | None = None
    """Labels of the bones on the grid of the CT: 1 femur, 2 tibia, 3 patella, 4 fibula. Bones are
    found where not given."""


@knee.command(sort_key=0)
def predict(
    ct: Path,
    *,
    model: Annotated[Path, Parameter(name="--model")],
    out: Path,
    which: Knee = Knee(),
    reading: Reading = Reading(),
    naming: Naming = Naming(),
) -> None:
    """Predict the subchondral bone of one knee from its CT, and write a report.

    Finds the bones and the regions beneath the joint, cuts patches, and lets the networks of the
    model say what MR would have measured there. Writes report.html, results.json,
    measurements.csv, manifest.json, a map of each parameter, the regions and the bones as NIfTI.

    Example: `osteon knee predict ct.nii.gz --model model --out results`

    Parameters
    ----------
    ct
        CT of one knee: DICOM folder, zip or file, NIfTI, NRRD or MetaImage.
    model
        Model folder, as osteon knee train writes it.
    out
        Folder for the results; made if it is not there.
    """
    from .inputs import digests
    from .outputs import check_out
    from .progress import ProgressBar

    began = time.monotonic()
    check_out(out, (ct, model, which.bones), (REGIONS_FILE, BONES_FILE))
    with ProgressBar() as progress:
        progress("reading the model", 0, 8)
        from ..learn.model_folder import read_model

        trained = read_model(model)
        progress("reading the scan", 1, 8)
        found = _predict(
            ct,
            trained,
            which,
            reading,
            lambda what, done, steps: progress(what, steps + 5 * done, 6 * steps + 2),
        )
        progress("writing the report", 7, 8)
        files = {"scan": ct, "bones": which.bones}
        made = _manifest(found, reading, digests(files, {}), time.monotonic() - began)
        data = _write(found, out, naming, made, (*files.values(), model))
    for text in dict.fromkeys(flag.text for flag in found.flags):
        print(f"osteon: note: {text}", file=sys.stderr)
    print(json.dumps(data) if naming.json else f"Report: {out / 'report.html'}")


def _predict(ct: Path, trained: Any, which: Knee, reading: Reading, progress: Any) -> Any:
    """Read the scan and run the model on it."""
    from dataclasses import replace

    from ..io import read_ct, read_labels
    from ..pipelines.knee.prediction.predicting import predict_knee
    from ..regions.knee import KneeBones

    scan = read_ct(ct, series=reading.series, allow_gaps=reading.allow_gaps)
    if reading.kvp is not None:
        scan = replace(scan, acquisition=replace(scan.acquisition, kvp=reading.kvp))
    bones = None
    if which.bones is not None:
        labels, odd = read_labels(which.bones, onto=scan.volume.grid)
        bones = replace(KneeBones.from_labels(labels), flags=odd)
    return predict_knee(scan, trained, side=which.side, bones=bones, progress=progress)


def _manifest(
    found: "KneePrediction", reading: Reading, inputs: dict[str, str], seconds: float
) -> dict[str, Any]:
    """Manifest of the run, with the model's digest."""
    from ..pipelines import manifest

    choices = {"side": found.side, "kvp": reading.kvp, "allow_gaps": reading.allow_gaps}
    return manifest(choices, inputs | {"model": found.model_sha256}, seconds)


def _write(
    found: "KneePrediction",
    out: Path,
    naming: Naming,
    made: dict[str, Any],
    inputs: tuple[Path | None, ...],
) -> dict[str, Any]:
    """Write everything at once, so that no result is ever half there."""
    from ..io import write_labels, write_volume
    from ..pipelines.knee.prediction.predicted import knee_dict, map_file
    from ..report import KneePictures, write_knee_report
    from .outputs import results_folder, write_json, write_table

    subject = naming.subject or f"sub-{made['input_sha256']['scan'][:8]}"
    data = knee_dict(
        found, subject=subject, manifest=made, keep_identifiers=naming.keep_identifiers
    )
    regions = found.region_labels()
    earlier = [path.name for path in out.glob("map-*.nii.gz")] if out.is_dir() else []
    earlier = earlier if (out / "results.json").is_file() else []
    with results_folder(out, inputs, earlier) as folder:
        for name, volume in found.maps.items():
            write_volume(folder / map_file(name), volume)
        write_labels(folder / REGIONS_FILE, regions)
        write_labels(folder / BONES_FILE, found.bones)
        pictures = KneePictures(found.scan.volume, regions, found.maps)
        # a report is passed on, so that identifiers stay in results.json
        write_knee_report({**data, "identifiers": {}}, pictures, folder)
        write_table(folder / "measurements.csv", subject, found.measurements)
        write_json(folder / "results.json", data)
        write_json(folder / "manifest.json", made)
    return data


add_stages(knee)
