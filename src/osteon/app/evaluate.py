"""`osteon evaluate`: how good a number is, from a table to a report."""

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from .options import whole

if TYPE_CHECKING:
    from ..pipelines.evaluation import Intervals

Count = Annotated[int, Parameter(converter=whole)]
Names = Annotated[tuple[str, ...], Parameter(negative="", consume_multiple=True)]

DRAWN = {"figures": ("svg", "pdf"), "tables": ("csv", "md", "tex")}
"""Folders of the results that hold files for each figure and table, and how these end."""

RECORDS = ("results.json", "manifest.json", "report.html")
"""Files of every evaluation; other commands write some of these names too."""

evaluate = App(
    name="evaluate",
    help=(
        "Tell how good a number is: agreement, discrimination, usefulness, with intervals and "
        "tests, in a report with figures and tables for a paper."
    ),
)


@Parameter(name="*")
@dataclass(frozen=True)
class Told:
    """How intervals are made and where the results go."""

    out: Path
    """Folder for the results; made if it is not there."""

    patient: str | None = None
    """Column that says whose row it is, where a patient has several rows."""

    missing: Literal["refuse", "drop"] = "refuse"
    """refuse: a missing value is an error; drop: its row is left out and counted."""

    level: float = 0.95
    """Confidence of the intervals."""

    resamples: Count = 2000
    """Draws of bootstrap and permutation."""

    seed: Count = 1
    """Seed of these draws."""

    json: Annotated[bool, Parameter(negative="")] = False
    """Print results.json to stdout instead of one line saying where the report is."""


@Parameter(name="*")
@dataclass(frozen=True)
class Paired:
    """What the columns hold."""

    repeated: Annotated[bool, Parameter(negative="")] = False
    """The rows of a patient are repeated measurements of one thing, not of several places."""

    repeats: Annotated[bool, Parameter(negative="")] = False
    """The columns are repeated scans by one method: tell precision and least significant change."""

    categories: Names = ()
    """The columns hold grades; name them in ascending order."""

    raters: Literal["random", "fixed"] = "random"
    """Whom the interval of the ICC is about: readers at large, of whom these are a sample, or these
    very methods, as when two methods are compared."""

    interval: Literal["satterthwaite", "generalized"] = "satterthwaite"
    """Interval of the ICC for readers at large: as other packages give it, or one that holds for
    few readers too, and is as wide as so few make it."""

    unit: str = "1"
    """UCUM unit of the numbers, such as mm or mg/cm3."""


@Parameter(name="*")
@dataclass(frozen=True)
class Diseased:
    """Who is diseased."""

    positive: str | None = None
    """Value of the truth that means disease; 1, true and yes where not given."""

    probabilities: Annotated[bool, Parameter(negative="")] = False
    """Predictions are probabilities, 0–1: tell calibration and usefulness too."""

    clip: float = 0.0
    """Probabilities nearer to 0 or 1 than this are moved there before calibration is judged."""

    split: str | None = None
    """Column that parts training rows from those that are evaluated."""

    train: str = "train"
    """Value of that column in training rows."""


@Parameter(name="*")
@dataclass(frozen=True)
class Called:
    """Several classes, sites, and how a threshold is chosen."""

    lower: Names = ()
    """Those of --scores whose lower values mean disease, such as a BMD."""

    classes: Names = ()
    """Three or more values of the label, in the order of --scores, their probabilities."""

    site: str | None = None
    """Column of sites: tell figures of each and how far they differ."""

    rule: Literal["youden", "sensitivity", "specificity", "prevalence"] = "youden"
    """How the threshold is chosen on the training rows."""

    target: float | None = None
    """Sensitivity or specificity that the threshold must reach there."""


@Parameter(name="*")
@dataclass(frozen=True)
class Predicted:
    """What the tables of the models hold."""

    reference: str
    """Model that the others are tested against."""

    truth: str
    """Column of the truth."""

    prediction: str
    """Column of the prediction."""

    row: str
    """Column that names the rows; those of the models are matched by it."""

    kind: Literal["diagnosis", "quantity"] = "diagnosis"
    """What is predicted: a diagnosis, or a quantity with a unit."""

    unit: str = "1"
    """UCUM unit of a quantity."""


@evaluate.command
def agreement(table: Path, *, columns: Names, told: Told, paired: Paired = Paired()) -> None:
    """Tell how well methods, readers or scans agree.

    Intraclass correlation, concordance, Bland–Altman limits, Deming and Passing–Bablok lines,
    precision error, weighted kappa; with intervals that know which rows are one patient's.

    Example: `osteon evaluate agreement bmd.csv --columns qct dxa --unit mg/cm3 --out agreement`

    Parameters
    ----------
    table
        CSV or TSV with a row of names; one row a thing measured.
    columns
        Two or more columns that should agree; the first is the reference.
    """
    _check(told.out, (table,))
    from ..io import read_table
    from ..pipelines.evaluation import AgreementSettings, evaluate_agreement

    settings = AgreementSettings(
        columns, patient=told.patient, intervals=_intervals(told), **asdict(paired)
    )
    with _Run(told, settings, {"table": table}) as run:
        run.found = evaluate_agreement(read_table(table), settings)


@evaluate.command
def discrimination(
    table: Path,
    *,
    label: str,
    scores: Names,
    told: Told,
    diseased: Diseased = Diseased(),
    called: Called = Called(),
) -> None:
    """Tell how well scores tell the diseased from the others.

    AUC with DeLong's interval and test (Obuchowski's where patients have several rows), average
    precision, operating points chosen on training rows only, calibration, decision curves, sites.

    Example: `osteon evaluate discrimination t.csv --label osteoporosis --scores hu --lower hu
    --out roc`

    Parameters
    ----------
    table
        CSV or TSV with a row of names; one row a patient, or several with --patient.
    label
        Column of the truth.
    scores
        Columns of scores, higher where disease is likelier (but see --lower); the first is the
        reference.
    """
    _check(told.out, (table,))
    from ..io import read_table
    from ..pipelines.evaluation import DiscriminationSettings, evaluate_discrimination

    settings = DiscriminationSettings(
        label,
        scores,
        patient=told.patient,
        intervals=_intervals(told),
        **asdict(diseased),
        **asdict(called),
    )
    with _Run(told, settings, {"table": table}) as run:
        run.found = evaluate_discrimination(read_table(table), settings)


@evaluate.command
def compare(
    predictions: Path, *, predicted: Predicted, told: Told, diseased: Diseased = Diseased()
) -> None:
    """Compare models: every metric with its interval, tested against a reference, corrected.

    Example: `osteon evaluate compare predictions --reference hu --truth oa --prediction p
    --row participant_id --out models`

    Parameters
    ----------
    predictions
        Folder of tables (CSV, TSV), one a model, which is called as its file.
    """
    files = _predictions(predictions)
    _check(told.out, (predictions, *files.values()))
    from ..io import read_table
    from ..pipelines.evaluation import CompareSettings, evaluate_models

    settings = CompareSettings(
        **asdict(predicted), **asdict(diseased), patient=told.patient, intervals=_intervals(told)
    )
    with _Run(told, settings, files) as run:
        tables = {name: read_table(file) for name, file in files.items()}
        run.found = evaluate_models(tables, settings)


@evaluate.command
def checklist(
    guideline: str,
    manifest: Path,
    *,
    out: Path,
    results: Path | None = None,
    study: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Fill a reporting checklist as far as a run knows; the rest is marked for the author.

    Example: `osteon evaluate checklist claim-2024 results/manifest.json --out claim`

    Parameters
    ----------
    guideline
        claim-2024, tripod-ai or stard-ai.
    manifest
        manifest.json of a run.
    out
        Folder for the results; made if it is not there.
    results
        results.json of `osteon evaluate`, for the items on performance.
    study
        development, evaluation or both, where the guideline asks otherwise of the two.
    json
        Print results.json to stdout instead of one line saying where the report is.
    """
    _check(out, (manifest, results))
    from ..pipelines.evaluation import evaluate_checklist

    told = Told(out, json=json)
    inputs = {"manifest": manifest, **({"results": results} if results else {})}
    with _Run(told, None, inputs) as run:
        run.found = evaluate_checklist(
            guideline,
            _read_json(manifest),
            None if results is None else _read_json(results),
            study,
        )


class _Run:
    """Times an evaluation, then writes everything at once and says where it is."""

    def __init__(self, told: Told, settings: object, inputs: Mapping[str, Path]) -> None:
        self.told, self.settings, self.inputs = told, settings, inputs
        self.found: dict[str, Any] = {}

    def __enter__(self) -> "_Run":
        from .progress import ProgressBar

        self.began = time.monotonic()
        self.bar = ProgressBar()
        self.bar.__enter__()
        self.bar("working out the figures", 1, 3)
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> None:
        try:
            if kind is None:
                self._write()
        finally:
            self.bar.__exit__(None, None, None)
        if kind is None:
            self._tell()

    def _write(self) -> None:
        from ..pipelines import manifest
        from ..report import write_evaluation_report
        from .inputs import digests
        from .outputs import results_folder, write_json

        self.bar("drawing the report", 2, 3)
        settings = {} if self.settings is None else asdict(self.settings)  # type: ignore[call-overload]
        made = manifest(settings, digests({}, self.inputs), time.monotonic() - self.began)
        made["seed"] = self.told.seed
        self.found |= {"settings": settings, "manifest": made}
        inputs = tuple(self.inputs.values())
        with results_folder(self.told.out, inputs, _earlier(self.told.out)) as folder:
            write_evaluation_report(self.found, folder)
            self.results = {**self.found, "figures": _titles(self.found)}
            write_json(folder / "results.json", self.results)
            write_json(folder / "manifest.json", made)

    def _tell(self) -> None:
        report = self.told.out / "report.html"
        print(json.dumps(self.results) if self.told.json else f"Report: {report}")


def _check(out: Path, inputs: Iterable[Path | None]) -> None:
    """Refuse, before anything is computed, a folder that results cannot be written to."""
    from .outputs import check_out

    check_out(out, inputs, RECORDS)
    _earlier(out)


def _earlier(out: Path) -> list[str]:
    """Figures and tables that an earlier evaluation left in the folder.

    Raises
    ------
    BadSetting
        If the folder holds the record of another command, which is not to be lost.
    """
    from ..core import BadSetting

    if not any((out / name).exists() for name in RECORDS):
        return []
    try:
        made = json.loads((out / "results.json").read_text(encoding="utf-8"))
        if not made["schema"].startswith("osteon-evaluation-"):
            raise ValueError
        keys = {place: [str(one["key"]) for one in made[place]] for place in DRAWN}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise BadSetting(
            f"--out {out.name or out} holds the results of another command; name another folder."
        ) from None
    return [
        f"{place}/{key}.{end}"
        for place, ends in DRAWN.items()
        for key in keys[place]
        if re.fullmatch(r"[\w-]+", key)  # no path out of the folder
        for end in ends
    ]


def _titles(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Figures without the points they are drawn from; who was called what is kept."""
    kept = ("key", "kind", "title", "caption")
    return [
        {key: one[key] for key in (*kept, *(("data",) if one["kind"] == "confusion" else ()))}
        for one in found.get("figures", ())
    ]


def _intervals(told: Told) -> "Intervals":
    """Settings of intervals from options."""
    from ..pipelines.evaluation import Intervals

    return Intervals(told.level, told.resamples, told.seed, told.missing)


def _predictions(folder: Path) -> dict[str, Path]:
    """Tables of a folder by their name without suffix."""
    from ..core import BadSetting

    if not folder.is_dir():
        raise BadSetting(f"{folder.name} is no folder; give one with a table for each model.")
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        left_behind = file.name.startswith((".", "~$"))  # by a computer, beside the tables
        if left_behind or file.suffix.lower() not in (".csv", ".tsv"):
            continue
        if file.stem in found:
            raise BadSetting(f"two tables are named '{file.stem}'; a model has one.")
        found[file.stem] = file
    return found


def _read_json(path: Path) -> dict[str, Any]:
    """A JSON file with an object, or one line saying why not."""
    from ..core import BadSetting

    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        raise BadSetting(f"{path.name} cannot be read: {fault.strerror}.") from None
    except (ValueError, RecursionError):
        raise BadSetting(f"{path.name} is no JSON; give the manifest.json of a run.") from None
    if not isinstance(found, dict):
        raise BadSetting(f"{path.name} is no manifest; give the manifest.json of a run.")
    return found
