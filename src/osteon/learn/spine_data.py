"""Patients as the networks of the spine take them: arrays with a place for each vertebra."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..core import UnusableTable

UNKNOWN = -1
"""Number of a densitometer that is not known."""

NORMAL, OSTEOPENIA, OSTEOPOROSIS = 0, 1, 2
"""Numbers of the classes."""


@dataclass(frozen=True, eq=False)
class SpineData:
    """p patients with s places for vertebrae, L1 first.

    Attributes
    ----------
    hu : (p, s, i, j, k) int16 array
        Crops in HU; may lie on disk. Anything where no vertebra is present.
    parts : (p, s, i, j, k) uint8 array
        0 outside, 1 the rest of the vertebra, 2 its body.
    present : (p, s) bool array
        Whether there is a vertebra.
    factor : (p,) float32 array
        What takes HU of bone to those at 120 kVp.
    facts : (p, s, f) float32 array
        Measured numbers of each vertebra; 0 where none is present.
    device : (p,) int64 array
        Number of the densitometer among `devices`, or `UNKNOWN`.
    devices : tuple of str
        Densitometers, in the order of their numbers.
    bmd : (p,) float64 array
        Standardised areal density of L1–L4 as read, in g/cm²; NaN where it was not read.
    vertebra_bmd : (p, s) float64 array
        The same of each vertebra; NaN where it was not read or left out.
    diagnosis : (p,) int64 array
        `NORMAL`, `OSTEOPENIA`, `OSTEOPOROSIS`, or -1 where it is not known.
    limits : (p, 2) float64 array
        Standardised density in g/cm² at T = -1 and at T = -2.5 by the patient's densitometer and
        sex; NaN where one is not known.
    """

    hu: NDArray[np.int16]
    parts: NDArray[np.uint8]
    present: NDArray[np.bool_]
    factor: NDArray[np.float32]
    facts: NDArray[np.float32]
    device: NDArray[np.int64]
    devices: tuple[str, ...]
    bmd: NDArray[np.float64]
    vertebra_bmd: NDArray[np.float64]
    diagnosis: NDArray[np.int64]
    limits: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse arrays that are not of the same patients."""
        many = {one.name: len(getattr(self, one.name)) for one in fields(self)}
        del many["devices"]
        if len(set(many.values())) != 1:
            raise UnusableTable(f"arrays of different numbers of patients: {many}.")
        if not self.present.any(axis=1).all():
            raise UnusableTable("a patient needs one vertebra at least; leave the others out.")

    def __len__(self) -> int:
        """Patients."""
        return len(self.present)

    def of(self, chosen: NDArray[np.int64]) -> "SpineData":
        """Some of the patients, by number."""
        parts = {one.name: getattr(self, one.name) for one in fields(self)}
        return SpineData(
            **{name: held if name == "devices" else held[chosen] for name, held in parts.items()}
        )
