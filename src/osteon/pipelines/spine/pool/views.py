"""Views of vertebrae for pre-training: cut once, with descriptors of their texture, on disk."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .... import __version__
from ....core import BadSetting, UnusableTable
from ...cohorts.store import PART, write_json
from ...voltage import to_120_kvp
from ..crops.store import read_crops
from ..crops.store import read_told as told_of_crops
from .basis import fit_basis
from .choosing import Chosen, ViewSettings, choose
from .measuring import PoolSettings
from .store import FOLDER, digest_of, digest_of_crops, read_pool, read_told

Progress = Callable[[str, int, int], None]

VIEWS = "views"
"""Folder of the views in that of the pool."""

ARRAYS = ("hu", "parts", "factor", "group", "patient", "descriptor", "radiomics")
"""Arrays of the views, first axis the view."""

MAPPED = ARRAYS[:2]
"""Those that stay on disk."""


@dataclass(frozen=True, eq=False)
class CutViews:
    """Views as they lie on disk.

    Attributes
    ----------
    hu : (n, s, s, s) int16 array
        HU as scanned, mapped from disk.
    parts : (n, s, s, s) uint8 array
        Parts as in crops, mapped from disk.
    factor : (n,) float32 array
        What takes HU of bone to those at 120 kVp.
    group : (n,) int64 array
        Number of the vertebra, over all patients.
    patient : (n,) int64 array
        Number of the patient among `names`.
    descriptor : (n, d) float32 array
        Whitened components of the texture in the view.
    radiomics : (n, r) float32 array
        Its standardised features; NaN where there is none.
    names : tuple of str
        Patients.
    features : tuple of str
        Names of the features.
    """

    hu: NDArray[np.int16]
    parts: NDArray[np.uint8]
    factor: NDArray[np.float32]
    group: NDArray[np.int64]
    patient: NDArray[np.int64]
    descriptor: NDArray[np.float32]
    radiomics: NDArray[np.float32]
    names: tuple[str, ...]
    features: tuple[str, ...]

    def __len__(self) -> int:
        """Views."""
        return len(self.group)


@dataclass(frozen=True, eq=False)
class _Vertebra:
    """Views of one vertebra, and whose they are."""

    patient: int
    crop: int
    factor: float
    chosen: Chosen


def make_views(
    run: Path,
    names: Sequence[str],
    settings: ViewSettings | None = None,
    *,
    progress: Progress = lambda what, done, steps: None,
) -> CutViews:
    """Choose, describe and cut the views of patients with a pool; or open those that are there.

    Parameters
    ----------
    run : Path
        Folder of the run, with crops and pools.
    names : sequence of str
        Patients, as of `osteon.pipelines.spine.pool.making.patients_with_pool`.
    settings : ViewSettings, optional
        Which views.
    progress : function
        Told what is done, the patients done, and how many there are.

    Returns
    -------
    CutViews

    Raises
    ------
    BadSetting
        If there are no patients, they were measured by different settings, or no view fits.
    """
    wanted = settings or ViewSettings()
    if not names:
        raise BadSetting(
            "the pool is empty: no unlabelled patient has texture to learn from. osteon spine pool "
            "makes it; pool.tsv says who has none, and why."
        )
    identity = {
        "osteon": __version__,
        "settings": asdict(wanted),
        "pool": digest_of(run, names),
        "names": list(names),
    }
    held = read_views_told(run)
    if held is None or any(held.get(key) != value for key, value in identity.items()):
        _make(run, names, wanted, identity, progress)
    return open_views(run)


def open_views(run: Path) -> CutViews:
    """Views that were cut before.

    Raises
    ------
    BadSetting
        If there are none.
    UnusableTable
        If they are damaged.
    """
    told = read_views_told(run)
    if told is None:
        raise BadSetting("no views were cut; osteon spine pool makes them.")
    try:
        arrays = {
            name: np.load(_place(run, name), mmap_mode="r" if name in MAPPED else None)
            for name in ARRAYS
        }
    except (ValueError, EOFError):
        place = _place(run, "hu").parent
        raise UnusableTable(f"{place} is damaged; remove it, and views are cut anew.") from None
    return CutViews(**arrays, names=tuple(told["names"]), features=tuple(told["basis"]["names"]))


def read_views_told(run: Path) -> dict[str, Any] | None:
    """What stands beside the views, with ``basis`` and ``views``; None where they are not there."""
    path = _place(run, "views").with_suffix(".json")
    if not (path.is_file() and all(_place(run, name).is_file() for name in ARRAYS)):
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return told if isinstance(told, dict) and "basis" in told else None


def _make(
    run: Path,
    names: Sequence[str],
    settings: ViewSettings,
    identity: dict[str, Any],
    progress: Progress,
) -> None:
    """Choose, describe and cut; the words, which make the views count, last."""
    progress("choosing views", 0, 2 * len(names))
    vertebrae, features = _chosen(run, names, settings, progress)
    if not vertebrae:
        raise BadSetting(
            f"no vertebra of {len(names)} patients has room for a view of {settings.side} voxels; "
            "take smaller views or a smaller least_share."
        )
    values = np.concatenate([one.chosen.values for one in vertebrae])
    basis = fit_basis(values, features, variance=settings.variance, most=settings.components)
    standardised = basis.standardised(values, features)
    many = [len(one.chosen.first) for one in vertebrae]
    small: dict[str, NDArray[Any]] = {
        "factor": np.repeat([one.factor for one in vertebrae], many).astype(np.float32),
        "group": np.repeat(np.arange(len(vertebrae)), many),
        "patient": np.repeat([one.patient for one in vertebrae], many),
        "descriptor": basis.described(standardised),
        "radiomics": standardised,
    }
    folder = _place(run, "views").parent
    folder.mkdir(parents=True, exist_ok=True)
    _place(run, "views").with_suffix(".json").unlink(missing_ok=True)
    _cut(run, names, vertebrae, settings.side, progress)
    for name, array in small.items():
        part = _part(run, name)
        np.save(part, array)
        part.replace(_place(run, name))
    told = identity | {"views": len(values), "vertebrae": len(many), "basis": basis.plain()}
    write_json(_place(run, "views").with_suffix(".json"), told)


def _chosen(
    run: Path, names: Sequence[str], settings: ViewSettings, progress: Progress
) -> tuple[list[_Vertebra], tuple[str, ...]]:
    """Views of every vertebra that has room for one, and the names of their features."""
    found: list[_Vertebra] = []
    measured = None
    features: tuple[str, ...] = ()
    for number, name in enumerate(names):
        told, crops = read_told(run, name), told_of_crops(run, name)
        if told is None or crops is None:
            raise BadSetting(f"{name} has no pool or no crops; run both stages again.")
        if told["crops"] != digest_of_crops(run, name):
            raise BadSetting(
                f"{name} was cut anew since its texture was measured; run osteon spine pool again."
            )
        if measured not in (None, (told["settings"], crops["settings"])):
            raise BadSetting(
                f"{name} and {names[0]} were cut or measured by different settings; run osteon "
                "spine crops and pool again."
            )
        measured = (told["settings"], crops["settings"])
        reach = PoolSettings(**told["settings"]).reach(crops["settings"]["spacing_mm"])
        pool = read_pool(run, name)
        features = pool.names
        for row in told["rows"]:
            crop = int(row["vertebra"])
            shape = tuple(crops["settings"]["shape"])
            chosen = choose(pool, crop, shape, reach, settings)
            if len(chosen.first):
                found.append(_Vertebra(number, crop, to_120_kvp(told["kvp"]), chosen))
        progress(f"views of {name} chosen", number + 1, 2 * len(names))
    return found, features


def _cut(
    run: Path, names: Sequence[str], vertebrae: Sequence[_Vertebra], side: int, progress: Progress
) -> None:
    """Cut the views into two files, a patient in memory at a time."""
    shape = (sum(len(one.chosen.first) for one in vertebrae), side, side, side)
    kinds = {"hu": np.int16, "parts": np.uint8}
    whole = {
        what: np.lib.format.open_memmap(_part(run, what), mode="w+", dtype=kind, shape=shape)
        for what, kind in kinds.items()
    }
    row = 0
    for number, own in _by_patient(vertebrae):
        crops = read_crops(run, names[number])
        for one in own:
            for first in one.chosen.first:
                box = tuple(slice(int(at), int(at) + side) for at in first)
                for what, array in whole.items():
                    array[row] = crops[what][one.crop][box]
                row += 1
        progress(f"views of {names[number]} cut", len(names) + number + 1, 2 * len(names))
    for what, array in whole.items():
        array.flush()
        _part(run, what).replace(_place(run, what))


def _by_patient(
    vertebrae: Sequence[_Vertebra],
) -> Iterator[tuple[int, Iterator[_Vertebra]]]:
    """Vertebrae of each patient, who follow each other."""
    return itertools.groupby(vertebrae, key=lambda one: one.patient)


def _place(run: Path, name: str) -> Path:
    """Where an array of the views lies."""
    return run / FOLDER / VIEWS / f"{name}.npy"


def _part(run: Path, name: str) -> Path:
    path = _place(run, name)
    return path.with_name(f"{PART}{path.name}")
