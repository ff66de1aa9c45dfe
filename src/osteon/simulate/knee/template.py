"""The mean knee: distances of every part of one real right knee."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from .fields import CLIP, Field, ramp

CARTILAGES = {
    "femoral cartilage": "femur",
    "medial tibial cartilage": "tibia",
    "lateral tibial cartilage": "tibia",
    "patellar cartilage": "patella",
}
"""Cartilages, and the bone that each covers."""


@dataclass(frozen=True, eq=False)
class Part:
    """Signed distance of one part of the mean knee.

    Attributes
    ----------
    field : (i, j, k) array of float32
        Distance to the surface in mm, positive inside, cut off at ±7.9.
    corner : (3,) array of float64
        Position of the first value, in LPS mm of a right knee.
    spacing : float
        Distance of the values in mm.
    """

    field: Field
    corner: NDArray[np.float64]
    spacing: float

    @property
    def top(self) -> NDArray[np.float64]:
        """Position of the last value."""
        return self.corner + self.spacing * (np.array(self.field.shape) - 1)

    def at(self, points: tuple[Field, Field, Field]) -> Field:
        """Distance at positions in mm; shafts go on above and below as they end."""
        index = [(p - c) / self.spacing for p, c in zip(points, self.corner, strict=True)]
        last = self.field.shape[2] - 1
        index[2] = np.clip(index[2], 0, last)
        stacked = np.stack(np.broadcast_arrays(*index)).astype(np.float32)
        values = map_coordinates(self.field, stacked, order=1, mode="constant", cval=-CLIP)
        return np.asarray(values, np.float32)


@cache
def parts() -> dict[str, Part]:
    """The parts of the mean knee by name."""
    with (files(__package__) / "data" / "knee.npz").open("rb") as file, np.load(file) as kept:
        spacing, step = float(kept["spacing"]), float(kept["step"])
        names = [name for name in kept.files if name + " corner" in kept.files]
        fields = {name: kept[name].astype(np.float32) * step for name in names}
        corners = {name: kept[name + " corner"] for name in names}
    for name in ("femur", "tibia", "fibula"):
        fields[name] = _evened(fields[name], corners[name][2], spacing)
    return {name: Part(fields[name], corners[name], spacing) for name in names}


def _evened(field: Field, lowest: float, spacing: float) -> Field:
    """A bone whose shaft is smoothed: there the label map is ragged."""
    height = lowest + spacing * np.arange(field.shape[2], dtype=np.float32)
    shaft = ramp(np.abs(height), 16, 32)
    smooth = gaussian_filter(field, 3.2, mode="nearest")
    return np.asarray(field + shaft * (smooth - field), np.float32)
