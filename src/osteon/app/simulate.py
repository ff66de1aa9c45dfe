"""`osteon simulate`: virtual cohorts of known truth, and real bone as scanners would see it."""

import json
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from .options import Whole, whole

FAILED = 2
"""Exit status where a patient could not be made."""

if TYPE_CHECKING:
    from ..pipelines.cohorts.run import CohortRun
    from ..simulate.cohort.plan import CohortSettings, Kind

Count = Annotated[int, Parameter(converter=whole)]

simulate = App(
    name="simulate",
    help=(
        "Make virtual cohorts whose truth is known, or scan a real specimen virtually.\n\n"
        "Virtual patients are for developing and testing methods; they prove nothing about "
        "patients."
    ),
)


@Parameter(name="*")
@dataclass(frozen=True)
class Cohort:
    """What the cohort is like."""

    subjects: Count = 20
    """Patients with labels."""

    seed: Count = 1
    """Seed of every random choice: the same seed gives the same images, byte by byte."""

    preset: str = "small"
    """small: images cropped to the bone, made in seconds; full: as a scanner makes them."""

    missing: float = 0.0
    """Share of the patients, 0–1, who lack something, such as the MR or the DXA."""

    jobs: Whole = None
    """Patients made at once, a process each; as many as there are cores where not given."""

    json: Annotated[bool, Parameter(negative="")] = False
    """Print what was made as JSON."""


@Parameter(name="*")
@dataclass(frozen=True)
class Where:
    """Where the patients are scanned."""

    sites: Path | None = None
    """TOML file of sites: scanner, devices, share, external. Where not given, three internal sites
    and an external one."""

    unlabelled: Count = 0
    """Further patients of the internal sites without labels."""


@Parameter(name="*")
@dataclass(frozen=True)
class Blocks:
    """What the blocks of bone are like; what is not given is drawn."""

    bvtv: float | None = None
    """BV/TV, 0–1."""

    tb_sp: float | None = None
    """Tb.Sp in mm."""

    stretch: float | None = None
    """How much longer the structure is along its main direction than across, from 1."""

    character: float | None = None
    """0 plates … 1 rods."""

    source: str | None = None
    """field: random; specimen: real micro-CT of any donor; or the name of a donor."""

    voxel: float | None = None
    """Side of a voxel in mm."""

    side: float | None = None
    """Side of a block in mm."""


@Parameter(name="*")
@dataclass(frozen=True)
class Machines:
    """What the specimen is scanned with."""

    scanner: tuple[str, ...] = ("knee-a", "spine-a")
    """CT profiles; may be given several times."""

    sequence: tuple[str, ...] = ("bffe", "t1-se")
    """MR sequences; may be given several times."""

    threshold: float | None = None
    """Value from which a voxel is bone; Otsu's where not given."""

    seed: Count = 1
    """Seed of coil, field and noise."""

    spacing: tuple[float, float, float] | None = None
    """Voxel sides in mm, where the file does not say them."""


@simulate.command
def knee(out: Path, *, cohort: Cohort = Cohort(), where: Where = Where()) -> int:
    """Make a cohort of knees: CT, MR in another pose, osteoarthritis, truth.

    Example: `osteon simulate knee knees --subjects 80 --seed 1`

    Parameters
    ----------
    out
        Folder of the cohort: new, empty, or the same cohort, which is gone on with.
    """
    return _make("knee", out, cohort, where, {})


@simulate.command
def spine(out: Path, *, cohort: Cohort = Cohort(), where: Where = Where()) -> int:
    """Make a cohort of spines: CT, DXA of three makers, osteoporosis, truth.

    Example: `osteon simulate spine spines --subjects 200 --unlabelled 600`

    Parameters
    ----------
    out
        Folder of the cohort: new, empty, or the same cohort, which is gone on with.
    """
    return _make("spine", out, cohort, where, {})


@simulate.command
def bone(out: Path, *, cohort: Cohort = Cohort(), blocks: Blocks = Blocks()) -> int:
    """Make blocks of spongy bone of stated structure, as micro-CT.

    Example: `osteon simulate bone blocks --subjects 5 --bvtv 0.15 --tb-sp 0.8`

    Parameters
    ----------
    out
        Folder of the cohort: new, empty, or the same cohort, which is gone on with.
    """
    asked = {name: value for name, value in vars(blocks).items() if value is not None}
    return _make("bone", out, cohort, Where(), asked)


@simulate.command
def degrade(
    micro_ct: Path,
    *,
    out: Path,
    machines: Machines = Machines(),
) -> None:
    """Scan a real specimen virtually: its CT and its MR in a cylinder of water.

    Example: `osteon simulate degrade samples/micro_ct_L1/L1_04216_roi001.nii.gz --out degraded`

    Parameters
    ----------
    micro_ct
        Micro-CT, or mask of bone: NIfTI, NRRD, MetaImage, ISQ, TIFF stack.
    out
        Folder for the results; made if it is not there.
    """
    from ..pipelines.cohorts.degrade import degrade_specimen
    from .inputs import digests
    from .outputs import check_out
    from .progress import ProgressBar

    began = time.monotonic()
    check_out(out, (micro_ct,))
    with ProgressBar() as progress:
        progress("reading the specimen", 0, 1)
        from ..io import read_scan
        from ..pipelines import manifest

        image = read_scan(micro_ct, spacing=machines.spacing)
        result = degrade_specimen(
            image.volume,
            threshold=machines.threshold,
            scanners=machines.scanner,
            sequences=machines.sequence,
            seed=machines.seed,
            progress=progress,
        )
    made = manifest(result.settings, digests({"image": micro_ct}, {}), time.monotonic() - began)
    _write_degraded(out, micro_ct, result, made | {"seed": machines.seed})
    print(f"Images: {out}")


def _write_degraded(out: Path, micro_ct: Path, result: Any, made: dict[str, Any]) -> None:
    """Write images, sidecars and the true bone at once."""
    from ..io import write_mask, write_volume
    from .outputs import results_folder, write_json

    with results_folder(out, (micro_ct,)) as folder:
        for name, image in result.images.items():
            write_volume(folder / f"{name}.nii.gz", image.volume)
            write_json(folder / f"{name}.json", dict(image.sidecar))
        write_mask(folder / "bone.nii.gz", result.bone)
        write_json(folder / "manifest.json", made)


def _make(kind: "Kind", out: Path, cohort: Cohort, where: Where, requested: dict[str, Any]) -> int:
    """Make a cohort and its data card; the exit status."""
    from ..core import BadSetting
    from ..pipelines.cohorts.run import simulate_cohort
    from .progress import ProgressBar

    if cohort.jobs is not None and cohort.jobs < 1:
        raise BadSetting(f"--jobs must be at least 1; got {cohort.jobs}.")
    settings = _settings(kind, cohort, where, requested)
    with ProgressBar() as progress:
        run = simulate_cohort(out, settings, jobs=cohort.jobs, progress=progress)
        progress("drawing the data card", 1, 1)
        card = _draw(run, settings, f"osteon simulate {kind} {_options(cohort, where, requested)}")
    _tell(run, card, as_json=cohort.json)
    if not run.failed:
        return 0
    name, reason = next(iter(run.failed.items()))
    print(
        f"osteon: {len(run.failed)} of {len(run.participants)} could not be made, {name}: {reason} "
        "participants.tsv tells each reason; the same command tries again.",
        file=sys.stderr,
    )
    return FAILED


def _tell(run: "CohortRun", card: Path, *, as_json: bool) -> None:
    """Print what was made."""
    if as_json:
        told = {"card": str(card), "patients": len(run.participants), "made": run.made}
        print(json.dumps({**told, "failed": run.failed, "ceilings": run.ceilings}))
        return
    for found in run.ceilings["ceilings"]:
        if found["auc"] is not None:
            print(
                f"osteon: {found['role']}: AUC {found['auc']:.3f} "
                f"({found['low']:.3f}–{found['high']:.3f}), {found['what']}",
                file=sys.stderr,
            )
    print(f"Data card: {card}")


def _settings(
    kind: "Kind", cohort: Cohort, where: Where, requested: dict[str, Any]
) -> "CohortSettings":
    """Settings of the cohort from options."""
    from ..simulate.cohort.plan import CohortSettings
    from ..simulate.cohort.sites import default_sites, sites_of

    sites = default_sites(kind)
    if where.sites is not None:
        sites = sites_of(kind, _read_toml(where.sites))
    return CohortSettings(
        kind,
        sites,
        subjects=cohort.subjects,
        unlabelled=where.unlabelled,
        seed=cohort.seed,
        preset=cohort.preset,
        missing=cohort.missing,
        requested=requested,
    )


def _read_toml(path: Path) -> dict[str, Any]:
    """A TOML file, or one line saying why not."""
    from ..core import BadSetting

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BadSetting(f"--sites {path.name} cannot be read: {fault.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadSetting(f"--sites {path.name} is no TOML: {fault}.") from None


def _options(cohort: Cohort, where: Where, requested: dict[str, Any]) -> str:
    """The options that change a byte, as typed; no path of this machine."""
    told = {"subjects": cohort.subjects, "seed": cohort.seed, "preset": cohort.preset}
    told |= {"missing": cohort.missing} if cohort.missing else {}
    told |= {"unlabelled": where.unlabelled} if where.unlabelled else {}
    told |= {"sites": "FILE"} if where.sites else {}
    told |= requested
    return "OUT " + " ".join(f"--{key.replace('_', '-')} {value}" for key, value in told.items())


def _draw(run: "CohortRun", settings: "CohortSettings", command: str) -> Path:
    """Write the data card."""
    from ..pipelines.cohorts.card import card_of, gallery_of
    from ..report import CardPicture, write_cohort_card

    pictures = [CardPicture(**vars(shot)) for shot in gallery_of(run)]
    return write_cohort_card(card_of(run, settings, command), pictures, run.out)
