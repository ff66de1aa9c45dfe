"""`osteon spine predict`: one CT of the spine as a densitometer would have read the person."""

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from .options import Naming, Reading

if TYPE_CHECKING:
    from ..pipelines.spine.prediction.predicted import SpinePrediction


@Parameter(name="*")
@dataclass(frozen=True)
class Densitometry:
    """In whose words the density is told."""

    device: str | None = None
    """Densitometer whose units and reference are wanted: hologic, lunar or norland. One that the
    model has not learned from is taken as not known, which is flagged. Without it the
    standardised density alone is given."""

    sex: Literal["F", "M"] | None = None
    """Sex, for the T-score; none is given without it."""

    coverage: float = 0.9
    """Share of patients like those of the training whose interval and set are to hold the truth."""


@Parameter(name="*")
@dataclass(frozen=True)
class Numbered:
    """What the numbers of the labels mean."""

    numbering: str | None = None
    """Numbering of the labels, TotalSegmentator or VerSe, where it is not recognised."""

    level_map: Path | None = None
    """JSON file with the level of each label number, such as {"1": "L1"}."""


@Parameter(name="*")
@dataclass(frozen=True)
class Told:
    """What is known besides the image, and how results are told."""

    numbered: Numbered = field(default_factory=Numbered)
    whose: Densitometry = field(default_factory=Densitometry)
    reading: Reading = field(default_factory=Reading)
    naming: Naming = field(default_factory=Naming)


def predict(
    scan: Path,
    *,
    labels: Path,
    model: Annotated[Path, Parameter(name="--model")],
    out: Path,
    told: Told = Told(),
) -> None:
    """Predict areal bone density and osteoporosis from a CT of the spine, and write a report.

    Cuts L1 to L4 out of the scan, leaves out those with metal, cement or a suspected fracture or
    cut by the field of view, and lets the networks of the model say what densitometry would have
    read. Writes report.html, results.json, measurements.csv and manifest.json.

    Example: `osteon spine predict ct.nii.gz --labels vertebrae.nii.gz --model model --out results`

    Parameters
    ----------
    scan
        CT: DICOM folder, zip or file, NIfTI, NRRD or MetaImage.
    labels
        Vertebra labels on the grid of the CT, as TotalSegmentator, VerSe or TPTBox number them;
        or a folder of masks such as vertebrae_L1.nii.gz.
    model
        Model folder, as osteon spine train writes it.
    out
        Folder for the results; made if it is not there.
    """
    from .inputs import digests
    from .outputs import check_out
    from .progress import ProgressBar

    began = time.monotonic()
    check_out(out, (scan, labels, told.numbered.level_map, model))
    with ProgressBar() as progress:
        progress("reading the model", 0, 8)
        from ..learn.spine_folder import read_spine_model

        trained = read_spine_model(model)
        progress("reading the scan", 1, 8)
        found = _predict(
            (scan, labels),
            trained,
            told,
            lambda what, done, steps: progress(what, 2 * steps + 4 * done, 8 * steps),
        )
        progress("writing the report", 7, 8)
        tables = {"level_map": told.numbered.level_map}
        read = digests({"scan": scan, "labels": labels}, tables)
        made = _manifest(found, told.reading, read, time.monotonic() - began)
        files = (scan, labels, told.numbered.level_map, model)
        data = _write(found, out, told.naming, made, files)
    for text in dict.fromkeys(flag.text for flag in found.flags):
        print(f"osteon: note: {text}", file=sys.stderr)
    for one in found.vertebrae:
        if one.reason:
            print(f"osteon: note: {one.level} was left out: {one.reason}", file=sys.stderr)
    print(json.dumps(data) if told.naming.json else f"Report: {out / 'report.html'}")


def _predict(
    images: tuple[Path, Path], trained: Any, told: Told, progress: Any
) -> "SpinePrediction":
    """Read scan and labels, and run the model on them."""
    from dataclasses import replace

    from ..core import Labels
    from ..io import read_ct, read_labels
    from ..pipelines.spine.prediction.predicting import Asked, predict_spine
    from ..regions import name_levels
    from .inputs import read_level_map

    reading = told.reading
    scan = read_ct(images[0], series=reading.series, allow_gaps=reading.allow_gaps)
    said = scan.acquisition
    kvp = said.kvp if reading.kvp is None else reading.kvp
    contrast = said.contrast if reading.contrast is None else reading.contrast_given
    scan = replace(scan, acquisition=replace(said, kvp=kvp, contrast=contrast))
    given, odd = read_labels(images[1], onto=scan.volume.grid)
    mapping = read_level_map(told.numbered.level_map) if told.numbered.level_map else None
    named = name_levels(given, numbering=told.numbered.numbering, mapping=mapping)
    names = {number: level for level, number in named.levels.items()}
    vertebrae = Labels(given.values, given.grid, names)
    asked = Asked(**asdict(told.whose))
    return predict_spine(scan, vertebrae, trained, asked, label_flags=odd, progress=progress)


def _manifest(
    found: "SpinePrediction", reading: Reading, inputs: dict[str, str], seconds: float
) -> dict[str, Any]:
    """Manifest of the run, with the model's digest."""
    from ..pipelines import manifest

    choices = {
        "device": found.device,
        "sex": found.sex,
        "coverage": found.coverage,
        "kvp": reading.kvp,
        "contrast": reading.contrast,
        "allow_gaps": reading.allow_gaps,
    }
    return manifest(choices, inputs | {"model": found.model_sha256}, seconds)


def _write(
    found: "SpinePrediction",
    out: Path,
    naming: Naming,
    made: dict[str, Any],
    inputs: tuple[Path | None, ...],
) -> dict[str, Any]:
    """Write everything at once, so that no result is ever half there."""
    from ..pipelines.spine.prediction.predicted import spine_dict
    from ..report import SpinePictures, write_spine_report
    from .outputs import results_folder, write_json, write_table

    subject = naming.subject or f"sub-{made['input_sha256']['scan'][:8]}"
    data = spine_dict(
        found, subject=subject, manifest=made, keep_identifiers=naming.keep_identifiers
    )
    crops = [one.crop for one in found.vertebrae if one.crop is not None]
    side = found.card.lattice.spacing_mm
    pictures = SpinePictures({one.level: (one.hu, one.parts) for one in crops}, side)
    with results_folder(out, inputs) as folder:
        # a report is passed on, so that identifiers stay in results.json
        write_spine_report({**data, "identifiers": {}}, pictures, folder)
        write_table(folder / "measurements.csv", subject, found.measurements)
        write_json(folder / "results.json", data)
        write_json(folder / "manifest.json", made)
    return data
