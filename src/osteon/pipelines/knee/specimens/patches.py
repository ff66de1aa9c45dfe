"""Patches of real specimens as CT and MR show them, with direct morphometry: one file of arrays."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, OsteonError, UnusableTable
from ....evaluate.design import patient_splits
from ...cohorts.store import PART
from .specimens import PARAMETERS, Specimen, Spheres, spheres_of
from .views import Box, Patch, Pose, SpecimenSettings, cut, scan, settings_of, show

OWN = Pose()
"""As the specimen is: what the test shows."""

Row = Mapping[str, Any]


def make_specimen_patches(
    specimens: Sequence[Specimen],
    out: Path,
    settings: SpecimenSettings | None = None,
    *,
    progress: Callable[[str, int, int], None] = lambda what, done, steps: None,
) -> Path:
    """Show specimens to CT and MR, cut boxes, and measure the micro-CT in each.

    Each specimen is shown as it is to every scanner (``test``: the largest box that fits, no turn,
    no magnification), and turned, magnified and cut at random places (``test`` false; for
    training). Both kinds are made of all donors; which donors train is decided by `donor_folds`.

    Parameters
    ----------
    specimens : sequence of Specimen
        Binary micro-CTs of at least two donors.
    out : Path
        Folder. What an interrupted run has finished there is kept.
    settings : SpecimenSettings, optional
        How specimens are shown.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    Path
        ``specimens.npz``: ``ct`` (n, 32, 32, 32) float16 in HU, ``mr`` the same with marrow at
        1000, ``mask`` bool, ``targets`` (n, 4) float32, ``names`` of these, and ``donor``,
        ``specimen``, ``scanner``, ``test`` and ``magnify``, one a row.

    Raises
    ------
    UnusableTable
        If there are fewer than two donors, or a specimen twice.
    BadSetting
        If the folder cannot be written to.
    UnknownName
        If a scanner or the sequence is none of ours.
    """
    settings = settings or SpecimenSettings()
    _check(specimens)
    names = [one.name for one in specimens]
    parts = [_part(out, one, settings) for one in specimens]
    try:
        for done, (specimen, part) in enumerate(zip(specimens, parts, strict=True)):
            progress(f"specimen {specimen.name}", done, len(names))
            if not zipfile.is_zipfile(part):
                part.parent.mkdir(parents=True, exist_ok=True)
                _save(part, _arrays(list(_rows(specimen, spheres_of(specimen), settings))))
        progress("specimens together", len(names), len(names))
        stored = [_loaded(part) for part in parts]
        together = {key: np.concatenate([one[key] for one in stored]) for key in stored[0]}
        return _save(out / "specimens.npz", together | {"names": np.array(PARAMETERS)})
    except OSError as fault:
        raise BadSetting(f"{out} cannot be written: {fault.strerror}.") from None


def donor_folds(
    donors: Sequence[str], *, folds: int = 5, seed: int = 1
) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Which rows train and which test: whole donors, decided before any training.

    Parameters
    ----------
    donors : sequence of str
        Donor of each row.
    folds : int
        Folds, at least 2 and at most one a donor.
    seed : int
        Seed of the draw; the order of rows does not matter.

    Returns
    -------
    list of (train, test)
        Masks over the rows; no donor is in both of one fold.

    Raises
    ------
    BadSetting
        If there are too few donors for the folds.
    """
    splits = patient_splits(np.asarray(donors), folds=folds, seed=seed)
    fold = np.asarray(splits.fold)
    return [(fold != n, fold == n) for n in range(folds)]


def _check(specimens: Sequence[Specimen]) -> None:
    """Refuse what cannot be split by donor."""
    names = [one.name for one in specimens]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnusableTable(f"specimen {twice[0]} is there twice; each is shown once.")
    donors = len({one.donor for one in specimens})
    if donors < 2:
        raise UnusableTable(
            f"specimens of {donors} donors were given; at least 2 are needed to test on donors "
            "never seen."
        )


def _part(out: Path, specimen: Specimen, settings: SpecimenSettings) -> Path:
    """File of a specimen's rows; another setting or another bone gives it another name."""
    told = json.dumps([settings_of(settings), specimen.donor], sort_keys=True).encode()
    bone = np.packbits(specimen.bone.values).tobytes() + specimen.bone.grid.spacing.tobytes()
    digest = hashlib.sha256(told + bone).hexdigest()[:12]
    return out / "parts" / f"{specimen.name}-{digest}.npz"


def _rows(specimen: Specimen, spheres: Spheres, settings: SpecimenSettings) -> Iterator[Row]:
    """Rows of a specimen: as it is first, then as it may train."""
    sequence = settings.sequence
    fat = float(_rng(specimen.donor, settings, "marrow").uniform(*settings.fat))
    own = show(specimen, spheres, OWN, fat=fat)
    box = Box.largest(own.bone.grid)
    for name in (*settings.scanners, *settings.unseen):
        scan(own, name, sequence, _rng(specimen.name, settings, f"own {name}"))
        yield _row(specimen, cut(own, box, name, sequence), name, test=True)
    for view in range(settings.views):
        rng = _rng(specimen.name, settings, f"view {view}")
        pose = Pose.drawn(rng, settings.magnify)
        shown = show(specimen, spheres, pose, fat=float(rng.uniform(*settings.fat)))
        name = str(rng.choice(settings.scanners))
        scan(shown, name, sequence, rng)
        for _ in range(settings.boxes):
            drawn = Box.drawn(rng, shown.bone.grid, settings.least_mm)
            patch = cut(shown, drawn, name, sequence)
            yield _row(specimen, patch, name, test=False, magnify=shown.pose.magnify)


def _row(
    specimen: Specimen, patch: Patch, scanner: str, *, test: bool, magnify: float = 1.0
) -> Row:
    """What is stored of a patch."""
    told = {"donor": specimen.donor, "specimen": specimen.name, "scanner": scanner}
    return {**patch._asdict(), **told, "test": test, "magnify": magnify}


def _arrays(rows: Sequence[Row]) -> dict[str, NDArray[Any]]:
    """Rows as arrays."""
    arrays = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    if not all(np.isfinite(arrays[key]).all() for key in ("ct", "mr", "targets")):
        raise OsteonError(f"{rows[0]['specimen']} gave numbers that are not finite.")
    return arrays | {"targets": arrays["targets"].astype(np.float32)}


def _rng(name: str, settings: SpecimenSettings, what: str) -> np.random.Generator:
    """Random numbers of one scan, whatever else is made."""
    key = zlib.crc32(f"{name} {what}".encode())
    return np.random.default_rng(np.random.SeedSequence([settings.seed, key]))


def _save(path: Path, arrays: Mapping[str, NDArray[Any]]) -> Path:
    """Write arrays, whole or not at all."""
    part = path.with_name(f"{PART}{path.name}")
    try:
        np.savez_compressed(part, **arrays)  # type: ignore[arg-type]
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _loaded(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays of a file."""
    with np.load(path) as stored:
        return {key: stored[key] for key in stored.files}
