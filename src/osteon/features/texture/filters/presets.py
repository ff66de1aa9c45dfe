"""Filters of the IBSI's reference response maps and of its reference feature values."""

import math

from .boundary import Boundary
from .filter import Dimensions, Filter
from .gabor import Gabor
from .laws import Laws
from .log import LaplacianOfGaussian
from .mean import Mean, Unfiltered
from .nonseparable import NonSeparableWavelet
from .riesz import Riesz
from .wavelets import SeparableWavelet

RESPONSES: dict[str, tuple[str, Filter]] = {
    "1.a.1": ("checkerboard", Mean(15, boundary="zero")),
    "1.a.2": ("checkerboard", Mean(15, boundary="nearest")),
    "1.a.3": ("checkerboard", Mean(15, boundary="periodic")),
    "1.a.4": ("checkerboard", Mean(15, boundary="mirror")),
    "1.b.1": ("impulse", Mean(15, dimensions=2, boundary="zero")),
    "2.a": ("impulse", LaplacianOfGaussian(3.0, boundary="zero")),
    "2.b": ("checkerboard", LaplacianOfGaussian(5.0)),
    "2.c": ("checkerboard", LaplacianOfGaussian(5.0, dimensions=2)),
    "3.a.1": ("impulse", Laws("E5L5S5", boundary="zero")),
    "3.a.2": ("impulse", Laws("E5L5S5", pooling="max", boundary="zero")),
    "3.a.3": ("impulse", Laws("E5L5S5", pooling="max", energy=7, boundary="zero")),
    "3.b.1": ("checkerboard", Laws("E3W5R5")),
    "3.b.2": ("checkerboard", Laws("E3W5R5", pooling="max")),
    "3.b.3": ("checkerboard", Laws("E3W5R5", pooling="max", energy=7)),
    "3.c.1": ("checkerboard", Laws("L5S5")),
    "3.c.2": ("checkerboard", Laws("L5S5", pooling="max")),
    "3.c.3": ("checkerboard", Laws("L5S5", pooling="max", energy=7)),
    "4.a.1": ("impulse", Gabor(10.0, 4.0, 0.5, math.pi / 3, boundary="zero")),
    "4.a.2": ("impulse", Gabor(10.0, 4.0, 0.5, step=math.pi / 4, dimensions=3, boundary="zero")),
    "4.b.1": ("sphere", Gabor(20.0, 8.0, 2.5, 5 * math.pi / 4)),
    "4.b.2": ("sphere", Gabor(20.0, 8.0, 2.5, step=math.pi / 8, dimensions=3)),
    "5.a.1": ("impulse", SeparableWavelet("db2", "LHL", boundary="zero")),
    "5.a.2": ("impulse", SeparableWavelet("db2", "LHL", pooling="mean", boundary="zero")),
    "6.a.1": ("sphere", SeparableWavelet("coif1", "HHL", boundary="periodic")),
    "6.a.2": ("sphere", SeparableWavelet("coif1", "HHL", pooling="mean", boundary="periodic")),
    "7.a.1": ("checkerboard", SeparableWavelet("haar", "LLL", level=2, pooling="mean")),
    "7.a.2": ("checkerboard", SeparableWavelet("haar", "HHH", level=2, pooling="mean")),
    "8.a.1": ("checkerboard", NonSeparableWavelet(level=1)),
    "8.a.2": ("checkerboard", NonSeparableWavelet(level=2)),
    "8.a.3": ("checkerboard", NonSeparableWavelet(level=3)),
    "9.a": ("impulse", Riesz(LaplacianOfGaussian(3.0, boundary="zero"), (1, 0, 0))),
    "9.b.1": ("sphere", Riesz(LaplacianOfGaussian(3.0, boundary="zero"), (0, 2, 0))),
    "10.b.1": ("pattern_1", Riesz(NonSeparableWavelet(boundary="nearest"), (0, 2, 0))),
}
"""Phantom and filter of each reference response map that was agreed upon."""


def _feature_filters(dimensions: Dimensions, letter: str) -> dict[str, Filter]:
    """Filters of the nine configurations in slices (A) or in space (B)."""
    spatial = dimensions == 3
    edges: Boundary = "mirror"
    step = math.pi / 8
    kinds: list[Filter] = [
        Unfiltered(dimensions),
        Mean(5, dimensions, edges),
        LaplacianOfGaussian(1.5, 4.0, dimensions, edges),
        Laws("L5E5E5" if spatial else "L5E5", "max", 7, edges),
        Gabor(5.0, 2.0, 1.5, step=step, pooling="mean", dimensions=dimensions, boundary=edges),
        SeparableWavelet("db3", "LLH" if spatial else "LH", 1, "mean", edges),
        SeparableWavelet("db3", "HHH" if spatial else "HH", 2, "mean", edges),
        NonSeparableWavelet("simoncelli", 1, dimensions, "periodic"),
        NonSeparableWavelet("simoncelli", 2, dimensions, "periodic"),
    ]
    return {f"{number}.{letter}": kind for number, kind in enumerate(kinds, start=1)}


FILTER_PRESETS: dict[str, Filter] = {
    **{f"ibsi-2-response-{key}": kind for key, (_, kind) in RESPONSES.items()},
    **{f"ibsi-2-{key}": kind for key, kind in _feature_filters(2, "A").items()},
    **{f"ibsi-2-{key}": kind for key, kind in _feature_filters(3, "B").items()},
}
"""By name. Configurations A (without interpolation) and B (1 mm voxels) are for the CT phantom.

References
----------
Whybra P et al. The Image Biomarker Standardization Initiative: standardized convolutional filters
for reproducible radiomics and enhanced clinical insights. Radiology 2024;310:e231319.
doi:10.1148/radiol.231319.
"""
