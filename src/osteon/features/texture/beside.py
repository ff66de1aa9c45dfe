"""What the features beside IBSI are: names, units, and those that a region should have."""

import re
from collections.abc import Mapping

from .catalogue import Entry
from .fractal import BOX_METHOD, RELIEF_METHOD
from .lacunarity import LACUNARITY_METHOD, SIDES
from .minkowski.anisotropic import ANISOTROPIC_METHOD
from .minkowski.cells import PLANE, SOLID
from .minkowski.isotropic import MINKOWSKI_METHOD
from .minkowski.tensors import TENSOR_METHOD
from .variogram import VARIOGRAM_METHOD

STEPS = 9
"""Deciles of the sweep over thresholds, and steps of the angle to the main direction."""

ANISOTROPY_STEPS = 20
DIRECTIONS = 13

Row = tuple[str, str, str, str]
"""Pattern of a name, what it is, unit, key of the method."""

_ALONG = "minkowski_directional_volume"
ROWS: tuple[Row, ...] = (
    (r"minkowski_3d_volume_(\d)", "Volume ÷ that of the region", "1", MINKOWSKI_METHOD.key),
    (r"minkowski_3d_surface_(\d)", "Surface ÷ volume of the region", "/mm", MINKOWSKI_METHOD.key),
    (r"minkowski_3d_breadth_(\d)", "Breadth ÷ volume of the region", "/mm2", MINKOWSKI_METHOD.key),
    (r"minkowski_3d_euler_(\d)", "Euler number ÷ volume", "/mm3", MINKOWSKI_METHOD.key),
    (r"minkowski_2d_area_(\d)", "Area ÷ that of the slices", "1", MINKOWSKI_METHOD.key),
    (r"minkowski_2d_perimeter_(\d)", "Perimeter ÷ area of slices", "/mm", MINKOWSKI_METHOD.key),
    (r"minkowski_2d_euler_(\d)", "Euler number ÷ area of slices", "/mm2", MINKOWSKI_METHOD.key),
    (rf"{_ALONG}_fractional_anisotropy", "Fractional anisotropy", "1", ANISOTROPIC_METHOD.key),
    (rf"{_ALONG}_local_anisotropy_mean", "Mean local anisotropy", "1", ANISOTROPIC_METHOD.key),
    (rf"{_ALONG}_local_anisotropy_sd", "SD of local anisotropy", "1", ANISOTROPIC_METHOD.key),
    (rf"{_ALONG}_anisotropy_(\d+)", "Share of voxels by anisotropy", "1", ANISOTROPIC_METHOD.key),
    (rf"{_ALONG}_direction_(\d+)", "Share of voxels by direction", "1", ANISOTROPIC_METHOD.key),
    (rf"{_ALONG}_angle_(\d+)", "Share of voxels by angle", "1", ANISOTROPIC_METHOD.key),
    (r"minkowski_w1_02_trace", "Trace of the surface tensor", "mm2", TENSOR_METHOD.key),
    (r"minkowski_w0_20_trace", "Trace of the volume tensor", "mm5", TENSOR_METHOD.key),
    (r"minkowski_w._.._eigenvalue_ratio", "Smallest ÷ largest eigenvalue", "1", TENSOR_METHOD.key),
    (r"minkowski_w._.._fractional_anisotropy", "Fractional anisotropy", "1", TENSOR_METHOD.key),
    (r"fractal_box_dimension", "Box-counting dimension", "1", BOX_METHOD.key),
    (r"fractal_box_misfit", "Misfit of box counting", "1", BOX_METHOD.key),
    (r"fractal_relief_dimension", "Dimension of the relief", "1", RELIEF_METHOD.key),
    (r"fractal_relief_misfit", "Misfit of the relief", "1", RELIEF_METHOD.key),
    (r"lacunarity_([\d.]+)mm", "Lacunarity, side of the box in mm", "1", LACUNARITY_METHOD.key),
    (r"variogram_slope", "Slope of the variogram", "1", VARIOGRAM_METHOD.key),
    (r"variogram_sill", "Sill of the variogram", "{image}2", VARIOGRAM_METHOD.key),
    (r"variogram_range", "Range of the variogram", "mm", VARIOGRAM_METHOD.key),
)
"""Every feature of `spatial_features`."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "sweep": tuple(
        f"minkowski_{room}_{name}_{step}"
        for room, names in (("3d", SOLID), ("2d", PLANE))
        for name in names
        for step in range(1, STEPS + 1)
    ),
    "directions": (
        *(f"{_ALONG}_{name}" for name in ("fractional_anisotropy",)),
        *(f"{_ALONG}_local_anisotropy_{name}" for name in ("mean", "sd")),
        *(f"{_ALONG}_anisotropy_{step}" for step in range(1, ANISOTROPY_STEPS + 1)),
        *(f"{_ALONG}_direction_{step}" for step in range(1, DIRECTIONS + 1)),
        *(f"{_ALONG}_angle_{step}" for step in range(1, STEPS + 1)),
    ),
    **{
        f"{kind} tensor": tuple(
            f"minkowski_{tensor}_{name}"
            for name in ("trace", "eigenvalue_ratio", "fractional_anisotropy")
        )
        for kind, tensor in (("surface", "w1_02"), ("volume", "w0_20"))
    },
    "box": ("fractal_box_dimension", "fractal_box_misfit"),
    "relief": ("fractal_relief_dimension", "fractal_relief_misfit"),
    "variogram": ("variogram_slope", "variogram_sill", "variogram_range"),
}
"""Names that each part gives, but for lacunarity, whose boxes depend on the voxels."""


def beside_names(part: str, longest_side: float) -> tuple[str, ...]:
    """Names of the features of a part, whether a region has them or not.

    Parameters
    ----------
    part : str
        A key of `PARTS`, or ``"lacunarity"``.
    longest_side : float
        Longest side of a voxel in mm.
    """
    if part == "lacunarity":
        return tuple(f"lacunarity_{side * longest_side:g}mm" for side in SIDES)
    return PARTS[part]


def beside_entry(name: str) -> tuple[Entry, str] | None:
    """What a feature beside IBSI is, and the key of its method; None for any other name."""
    for pattern, words, unit, method in ROWS:
        if found := re.fullmatch(pattern, name):
            family = name.partition("_")[0]
            of = f" {found[1]}" if found.groups() else ""
            return Entry(name, words + of, "", family, unit), method
    return None
