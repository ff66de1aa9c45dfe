"""What teachers and students say of patients that they were not trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....core import UnusableTable
from ..patches.store import PatchSet, read_patches, read_told
from .training import patches_of, read_group

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Said:
    """Predictions of one kind, a layer a seed.

    Attributes
    ----------
    mean, sd : (seeds, n, p) array
        Parameters of each patch, and the SD that the network gives them.
    """

    mean: Numbers
    sd: Numbers

    @property
    def together(self) -> Numbers:
        """Mean over the seeds, as a model folder gives it: (n, p)."""
        return np.asarray(self.mean.mean(axis=0))

    @property
    def spread(self) -> Numbers:
        """SD with the differences between seeds: (n, p)."""
        return np.asarray(np.sqrt((self.sd**2).mean(axis=0) + self.mean.var(axis=0)))


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Patches of patients, with what was said of them by those that never saw them.

    Attributes
    ----------
    patches : PatchSet
        All patches, in the order of the rows.
    folds : (n,) int array
        Fold of each patch's patient.
    said : mapping of str to Said
        By kind.
    """

    patches: PatchSet
    folds: NDArray[np.int64]
    said: Mapping[str, Said]

    @property
    def patients(self) -> list[str]:
        """Patient of each patch."""
        return [str(row["participant_id"]) for row in self.patches.rows]

    @property
    def regions(self) -> list[str]:
        """Region of each patch."""
        return [str(row["region"]) for row in self.patches.rows]

    @property
    def centres(self) -> Numbers:
        """Centre of each patch in LPS mm: (n, 3)."""
        return np.array([row["centre_mm"] for row in self.patches.rows], np.float64)


def gather(
    run: Path,
    folder: Path,
    groups: Sequence[Sequence[str]],
    kinds: Sequence[str],
    *,
    patches: PatchSet | None = None,
) -> LeftOut:
    """Put together what groups said of their test patients.

    Parameters
    ----------
    run, folder : Path
        Folders of the run and of its trainings.
    groups : sequence of sequence of str
        For each seed, names of the groups whose test patients together are all patients.
    kinds : sequence of str
        Kinds to gather.
    patches : PatchSet, optional
        Patches of those patients, where they were read already.

    Returns
    -------
    LeftOut

    Raises
    ------
    UnusableTable
        If a patient is tested by two groups of a seed, seeds have other patients, or patches were
        cut anew since.
    """
    order: list[str] = []
    layers: list[dict[str, dict[str, tuple[Numbers, Numbers]]]] = []
    fold_of: dict[str, int] = {}
    for names in groups:
        told, layer = _of_seed(run, folder, names, kinds)
        if order and sorted(order) != sorted(told):
            raise UnusableTable("the seeds of this study tested different patients; train again.")
        order, fold_of = order or list(told), fold_of or told
        layers.append(layer)
    everyone = read_patches(run, order) if patches is None else patches
    who = list(dict.fromkeys(str(row["participant_id"]) for row in everyone.rows))
    said = {
        kind: Said(
            *(
                np.stack([np.concatenate([layer[n][kind][at] for n in who]) for layer in layers])
                for at in (0, 1)
            )
        )
        for kind in kinds
    }
    folds = np.array([fold_of[str(row["participant_id"])] for row in everyone.rows])
    return LeftOut(everyone, folds, said)


def _of_seed(
    run: Path, folder: Path, names: Sequence[str], kinds: Sequence[str]
) -> tuple[dict[str, int], dict[str, dict[str, tuple[Numbers, Numbers]]]]:
    """Fold of each patient, and by patient and kind what was said of the patches."""
    fold_of: dict[str, int] = {}
    found: dict[str, dict[str, tuple[Numbers, Numbers]]] = {}
    for number, name in enumerate(names):
        told, arrays = read_group(folder, name)
        if told["patches"] != patches_of(run, told):
            raise UnusableTable(
                f"patches were cut anew after {name} was trained; osteon knee train trains it "
                "again."
            )
        begin = 0
        for patient in told["group"]["test"]:
            if patient in fold_of:
                raise UnusableTable(f"{patient} is tested twice with one seed; train again.")
            end = begin + _count(run, patient)
            fold_of[patient] = number
            found[patient] = {
                kind: (arrays[f"{kind}.mean"][begin:end], arrays[f"{kind}.sd"][begin:end])
                for kind in kinds
            }
            begin = end
    return fold_of, found


def _count(run: Path, patient: str) -> int:
    """Patches of a patient, without reading the images."""
    told = read_told(run, patient)
    if told is None:
        raise UnusableTable(f"the patches of {patient} are gone; osteon knee reference makes them.")
    return len(told["rows"])
