"""What a body is made of: basic materials, and tissues as mixtures of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..core import BadSetting

SUM_WITHIN = 1e-6
"""Largest departure of the volume fractions of a tissue from 1."""


class Material(StrEnum):
    """Basic materials, each with a density, an elemental composition and MR constants."""

    AIR = "air"
    ADIPOSE = "adipose"
    FAT = "fat"  # adipose tissue of the well-fed, nearly all of it fat cells
    MUSCLE = "muscle"
    WATER = "water"
    BLOOD = "blood"
    IODINE = "iodine"  # contrast agent: iodine dissolved in blood, at its own density
    CARTILAGE = "cartilage"
    FIBROCARTILAGE = "fibrocartilage"  # menisci, rings of the discs
    NUCLEUS = "nucleus"  # inner part of a disc
    TENDON = "tendon"
    SKIN = "skin"
    ORGAN = "organ"  # liver, kidney, bowel wall
    LUNG = "lung"
    RED_MARROW = "red marrow"
    YELLOW_MARROW = "yellow marrow"
    BONE = "bone"  # mineralised bone tissue, without pores
    CALCIUM = "calcium"  # hydroxyapatite, as in calcified vessels
    TABLE = "table"  # carbon fibre and foam of the table
    METAL = "metal"  # titanium


MINERAL: Mapping[Material, float] = {Material.BONE: 1.15, Material.CALCIUM: 3.16}
"""Mineral in g hydroxyapatite per cm³ of a material; others have none.

Bone tissue: assumed, as fully mineralised adult bone (ash about 60 % of 1.9–2.0 g/cm³); pure
hydroxyapatite 3.16 g/cm³.
"""


@dataclass(frozen=True)
class Tissue:
    """A mixture of materials.

    Attributes
    ----------
    name : str
        Name, such as ``"muscle"`` or ``"marrow of L1"``.
    parts : mapping of Material to float
        Share of each material in the volume; they add up to 1.

    Raises
    ------
    BadSetting
        If a share is negative or they do not add up to 1.
    """

    name: str
    parts: Mapping[Material, float]

    def __post_init__(self) -> None:
        """Refuse shares that are no mixture."""
        total = sum(self.parts.values())
        if min(self.parts.values(), default=-1.0) < 0 or abs(total - 1) > SUM_WITHIN:
            raise BadSetting(
                f"the shares of {self.name} must be at least 0 and add up to 1; got "
                f"{', '.join(f'{m} {v:g}' for m, v in self.parts.items()) or 'none'} ({total:g})."
            )


def pure(material: Material) -> Tissue:
    """Tissue of one material."""
    return Tissue(material.value, {material: 1.0})
