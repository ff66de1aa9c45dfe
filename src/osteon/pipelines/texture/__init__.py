"""Texture of one region: settings, measuring, results."""

from .choices import FAMILIES, PRESETS, TextureChoices, Windows, chosen_preset
from .measuring import TextureResult, measure_region_texture
from .results import processing_dict, texture_dict
from .settings_file import read_choices
from .settings_text import settings_text

__all__ = [
    "FAMILIES",
    "PRESETS",
    "TextureChoices",
    "TextureResult",
    "Windows",
    "chosen_preset",
    "measure_region_texture",
    "processing_dict",
    "read_choices",
    "settings_text",
    "texture_dict",
]
