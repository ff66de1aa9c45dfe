"""A made-up piece of trabecular bone, and results as the pipeline makes them."""

from typing import Any

import numpy as np
from scipy import ndimage

from osteon.core import Grid, Mask, Volume
from osteon.report import StructurePictures

UNITS = {
    **dict.fromkeys(
        ("Tb.N", "Tb.N (derived)", "Tb.N (plate)", "app.Tb.N", "BS/BV", "BS/TV"), "/mm"
    ),
    **dict.fromkeys(("BV", "TV", "star volume"), "mm3"),
    **dict.fromkeys(("BS",), "mm2"),
    **dict.fromkeys(("Conn.D",), "/mm3"),
    **dict.fromkeys(("E.x", "E.y", "E.z", "E.max"), "GPa"),
    **dict.fromkeys(("Tb.Th", "Tb.Th.SD", "Tb.Th.max", "Tb.Sp", "Tb.Sp.SD", "Tb.Sp.max"), "mm"),
    **dict.fromkeys(("MIL.1", "MIL.2", "MIL.3", "star length", "Tb.Th (sub-voxel)"), "mm"),
    **dict.fromkeys(("Tb.Th (plate)", "Tb.Sp (plate)", "app.Tb.Th", "app.Tb.Sp"), "mm"),
}
VALUES = {
    "BV/TV": 0.12494,
    "BV": 126.81,
    "TV": 1015.08,
    "BS": 1823.4,
    "BS/BV": 14.379,
    "BS/TV": 1.7963,
    "purified bone": 1214,
    "purified marrow": 3,
    "Tb.N": 1.2384,
    "Tb.N (derived)": 0.75268,
    "Tb.Th (sub-voxel)": 0.15812,
    "Euler": -2817,
    "Conn": 2818,
    "Conn.D": 2.6351,
    "bone components": 1,
    "cavities": 0,
    "DA": 1.4183,
    "DA (0-1)": 0.50288,
    "MIL.1": 1.1021,
    "MIL.2": 0.84216,
    "MIL.3": 0.77706,
    "star volume": 2.1034,
    "star length": 0.91277,
    "SMI": 1.9821,
    "EF": 0.031254,
    "plate fraction": 0.42218,
    "Tb.Th (plate)": 0.13909,
    "Tb.N (plate)": 0.89815,
    "Tb.Sp (plate)": 0.97431,
    "app.BV/TV": None,
    "E.x": 0.10221,
    "E.y": 0.13894,
    "E.z": 0.46108,
    "E.max": 0.46932,
}
FLAGS = {
    "SMI": [
        {
            "code": "concave-surface",
            "text": "41 % of the surface is concave, which lowers SMI without the bone being "
            "plate-like.",
        }
    ],
    "app.BV/TV": [
        {
            "code": "not-available",
            "text": "Not available: the image has no reference for marrow and cortex.",
        }
    ],
}
METHODS = [
    {
        "key": "local-thickness",
        "does": "Diameter of the largest sphere that holds a voxel and fits into its phase.",
        "doi": "doi:10.1046/j.1365-2818.1997.1340694.x",
        "citation": "Hildebrand T, Rüegsegger P. A new method for the model-independent assessment "
        "of thickness in three-dimensional images. J Microsc 1997;185:67-75.",
    },
    {
        "key": "bone-amount",
        "does": "Counts voxels.",
        "doi": "",
        "citation": "",
    },
]
FABRIC = {
    "vectors": [[0.0523, -0.1219, 0.9912], [0.9962, 0.0756, -0.0433], [-0.0697, 0.9897, 0.1254]],
    "lengths_mm": [1.1021, 0.84216, 0.77706],
}
BONE = {
    "method": "threshold-otsu",
    "threshold": 63.0,
    "unit": "1",
    "purified": True,
    "removed_bone_voxels": 1214,
    "filled_marrow_voxels": 1,
}
COARSE = {
    "code": "coarse-voxel",
    "text": "Trabeculae are 3.3 voxels thick on average; below 4 voxels Tb.Th is read "
    "up to 30 % wrong by the voxel definition.",
}


def local_thickness(phase: Mask) -> Volume:
    """Diameter of the largest sphere that holds a voxel, in steps of half a voxel."""
    side = float(phase.grid.spacing[0])
    inside = ndimage.distance_transform_edt(phase.values)
    thickness = np.zeros(phase.values.shape, np.float32)
    for radius in np.unique(np.round(2 * inside[inside > 0]) / 2):
        reached = ndimage.distance_transform_edt(inside < radius) < radius
        thickness[reached & phase.values] = 2 * radius - 0.5
    return Volume(thickness * side, phase.grid, "mm")


def statistics(name: str, thickness: Volume, inside: np.ndarray) -> dict[str, float]:
    """Mean, SD and largest of a local thickness."""
    values = thickness.values[inside & (thickness.values > 0)]
    return {
        name: float(values.mean()),
        f"{name}.SD": float(values.std()),
        f"{name}.max": float(values.max()),
    }


def histogram(thickness: Volume, inside: np.ndarray) -> dict[str, Any]:
    """Shares of the voxels of a phase by local thickness."""
    values = thickness.values[inside & (thickness.values > 0)]
    width = float(thickness.grid.spacing[0]) / 2
    edges = width * np.arange(int(values.max() / width) + 3)
    counts, _ = np.histogram(values, edges)
    return {
        "unit": "mm",
        "edges": edges.tolist(),
        "share": (counts / max(counts.sum(), 1)).tolist(),
    }


def measurement(name: str, value: float | None) -> dict[str, Any]:
    return {
        "level": "",
        "region": "all",
        "name": name,
        "value": value,
        "unit": UNITS.get(name, "1"),
        "method": "local-thickness" if "Tb." in name else "bone-amount",
        "uncertainty": None,
        "flags": FLAGS.get(name, []),
    }


def _scan(grid: Grid) -> dict[str, Any]:
    return {
        "format": "NIfTI",
        "modality": None,
        "shape": list(grid.shape),
        "spacing_mm": [round(float(side), 6) for side in grid.spacing],
        "orientation": grid.orientation,
        "unit": "1",
        "flags": [],
    }


def _feature(name: str) -> dict[str, str]:
    return {
        "definition": f"The definition of {name} that was used.",
        "does_not": f"What {name} does not do.",
        "range": "0 to 1" if UNITS.get(name, "1") == "1" else "0 and above",
        "source": "doi:10.1002/jbmr.141",
        "unit": UNITS.get(name, "1"),
        "method": "local-thickness",
    }


def results_of(pictures: StructurePictures, subject: str = "demo") -> dict[str, Any]:
    """Results whose thickness is that of the pictures; all else is made up."""
    grid = pictures.bone.grid
    inside = np.ones(grid.shape, bool) if pictures.region is None else pictures.region.values
    values = {**VALUES, **statistics("Tb.Th", pictures.thickness, inside)}
    histograms = {"Tb.Th": histogram(pictures.thickness, inside)}
    if pictures.spacing is not None:
        values |= statistics("Tb.Sp", pictures.spacing, inside)
        histograms["Tb.Sp"] = histogram(pictures.spacing, inside)
    voxels = int(inside.sum())
    stiff = np.diag([0.148, 0.171, 0.521, 0.112, 0.098, 0.067]) + 0.0004
    stiff[:3, :3] += 0.061 * (1 - np.eye(3))
    return {
        "schema": "osteon-structure-1",
        "osteon": "0.1.0",
        "created": "2026-11-21T10:00:00Z",
        "subject": subject,
        "notice": "Research use. No diagnosis is made from these numbers.",
        "scan": _scan(grid),
        "bone": dict(BONE),
        "region": {
            "name": "all" if pictures.region is None else "mask",
            "voxels": voxels,
            "volume_mm3": voxels * grid.voxel_volume,
        },
        "measurements": [measurement(name, value) for name, value in values.items()],
        "features": {name: _feature(name) for name in values},
        "histograms": histograms,
        "fabric": FABRIC,
        "stiffness": {
            "tensor_GPa": stiff.tolist(),
            "axes": "LPS",
            "order": ["xx", "yy", "zz", "yz", "xz", "xy"],
        },
        "flags": [COARSE],
        "methods": METHODS,
        "settings": {"threshold": "otsu", "purify": True, "smooth": {"sd_voxels": 0.0}},
        "manifest": {"osteon": "0.1.0", "python": "3.11.7", "seconds": 12.3, "seed": None},
    }


def grid_of(shape: tuple[int, int, int], side: float = 0.1) -> Grid:
    """Voxels that run to the left, back and head, centred on 0."""
    start = -(np.array(shape) - 1) / 2 * side
    return Grid(shape, start, np.eye(3), np.full(3, side))


def pictures_of(bone: Mask, **more: Any) -> StructurePictures:
    """Bone with its maps."""
    marrow = Mask(~bone.values, bone.grid)
    return StructurePictures(bone, local_thickness(bone), local_thickness(marrow), **more)


def lattice(side: int = 32, **more: Any) -> StructurePictures:
    """Rods along the three axes of a cube."""
    at = np.indices((side,) * 3) % 12 < 3
    bone = Mask((at[0] & at[1]) | (at[1] & at[2]) | (at[0] & at[2]), grid_of((side,) * 3))
    return pictures_of(bone, **more)
