"""Which voxels to measure."""

from .body import Body, find_body
from .compartments import REGIONS, Compartments, Margins, find_compartments
from .field import field_of_view
from .knee import KneeBones, Subchondral, find_knee_bones, find_subchondral, knee_side
from .numbering import LEVELS, NUMBERINGS, NamedLevels, name_levels
from .quality import body_flags, contrast_flags, metal_flags, side_flags
from .shape import Shape, measure_shape, suspect_fractures
from .spine import Spine, follow_spine
from .tissues import AORTA, find_tissues

__all__ = [
    "AORTA",
    "LEVELS",
    "NUMBERINGS",
    "REGIONS",
    "Body",
    "Compartments",
    "KneeBones",
    "Margins",
    "NamedLevels",
    "Shape",
    "Spine",
    "Subchondral",
    "body_flags",
    "contrast_flags",
    "field_of_view",
    "find_body",
    "find_compartments",
    "find_knee_bones",
    "find_subchondral",
    "find_tissues",
    "follow_spine",
    "knee_side",
    "measure_shape",
    "metal_flags",
    "name_levels",
    "side_flags",
    "suspect_fractures",
]
