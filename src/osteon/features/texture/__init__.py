"""Texture: IBSI 1 and 2, Minkowski functionals, fractals, variogram, maps and pools."""

from .beside import beside_entry, beside_names
from .catalogue import Entry, entry, unit_in
from .filters.filter import Filter, filtered
from .filters.gabor import Gabor
from .filters.laws import Laws
from .filters.log import LaplacianOfGaussian
from .filters.mean import Mean, Unfiltered
from .filters.nonseparable import NonSeparableWavelet
from .filters.presets import FILTER_PRESETS
from .filters.response import response_region, response_statistics
from .filters.riesz import Riesz
from .filters.wavelets import SeparableWavelet
from .maps.measure import measure_maps
from .maps.pool import TexturePool, texture_pool
from .maps.settings import POOLED, MapSettings
from .maps.window import Window
from .measure import FAMILIES, measure_texture, region_features
from .methods import TEXTURE_METHODS
from .prepare import prepare
from .region import TextureRegion
from .settings import (
    PRESETS,
    Discretisation,
    Interpolation,
    Resegmentation,
    TextureSettings,
    preset,
)
from .spatial import spatial_features
from .stability import STUDIED, Stability, stability, stable_tags
from .tags import expected_tags, family_of, mapped_tag

__all__ = [
    "FAMILIES",
    "FILTER_PRESETS",
    "POOLED",
    "PRESETS",
    "STUDIED",
    "TEXTURE_METHODS",
    "Discretisation",
    "Entry",
    "Filter",
    "Gabor",
    "Interpolation",
    "LaplacianOfGaussian",
    "Laws",
    "MapSettings",
    "Mean",
    "NonSeparableWavelet",
    "Resegmentation",
    "Riesz",
    "SeparableWavelet",
    "Stability",
    "TexturePool",
    "TextureRegion",
    "TextureSettings",
    "Unfiltered",
    "Window",
    "beside_entry",
    "beside_names",
    "entry",
    "expected_tags",
    "family_of",
    "filtered",
    "mapped_tag",
    "measure_maps",
    "measure_texture",
    "prepare",
    "preset",
    "region_features",
    "response_region",
    "response_statistics",
    "spatial_features",
    "stability",
    "stable_tags",
    "texture_pool",
    "unit_in",
]
