"""Tissues of a knee, by place in the scene."""

from enum import IntEnum

from ..materials import Material, Tissue, pure
from .patient import KneePatient

PORES = 0.06
"""Share of vessels in compact bone (assumed)."""


SINEW = 0.15
"""Share of connective tissue in muscle: tuned, so that muscle has the HU of real CT."""


class Place(IntEnum):
    """Place of each tissue in ``Scene.tissues``."""

    AIR = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    TENDON = 4
    CARTILAGE = 5
    MENISCUS = 6
    FLUID = 7
    BLOOD = 8
    COMPACT = 9
    TRABECULA = 10
    YELLOW = 11
    MIXED = 12
    RED = 13
    LESION = 14


def tissues(patient: KneePatient) -> tuple[Tissue, ...]:
    """The tissues of one person, in the order of `Place`.

    Parameters
    ----------
    patient : KneePatient
        Fat within muscle grows with age and body mass (sizes assumed); red marrow.

    Returns
    -------
    tuple of Tissue
        One for each `Place`.
    """
    fatty = min(0.20, max(0.01, 0.03 + 0.0015 * (patient.age - 50) + 0.003 * (patient.bmi - 25)))
    red = patient.red_marrow
    return (
        pure(Material.AIR),
        pure(Material.SKIN),
        Tissue("subcutaneous fat", {Material.FAT: 1.0}),
        Tissue(
            "muscle",
            {
                Material.MUSCLE: 1 - fatty - SINEW,
                Material.TENDON: SINEW,
                Material.FAT: fatty,
            },
        ),
        pure(Material.TENDON),
        pure(Material.CARTILAGE),
        Tissue("meniscus", {Material.FIBROCARTILAGE: 1.0}),
        Tissue("joint fluid", {Material.WATER: 1.0}),
        pure(Material.BLOOD),
        Tissue("compact bone", {Material.BONE: 1 - PORES, Material.BLOOD: PORES}),
        Tissue("trabecula", {Material.BONE: 1.0}),
        pure(Material.YELLOW_MARROW),
        Tissue("mixed marrow", {Material.YELLOW_MARROW: 1 - red / 2, Material.RED_MARROW: red / 2}),
        Tissue(
            "marrow with red remnants",
            {Material.YELLOW_MARROW: 1 - min(1, 1.6 * red), Material.RED_MARROW: min(1, 1.6 * red)},
        ),
        Tissue("marrow lesion", {Material.YELLOW_MARROW: 0.55, Material.WATER: 0.45}),
    )
