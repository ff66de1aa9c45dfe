"""What the tissues of a trunk are made of, with and without contrast agent."""

from ..materials import Material, Tissue
from .patient import Phase

IODINE_DENSITY = 4.93
"""Density of iodine in g/cm³: 1 mg/ml takes 1/4930 of the volume."""

CONTRAST: dict[Phase, dict[str, float]] = {
    "none": {},
    "arterial": {
        "arterial blood": 14.0, "venous blood": 2.0, "liver": 0.8, "kidney": 5.0, "bowel": 1.5,
        "muscle": 0.3, "marrow": 0.6,
    },
    "portal venous": {
        "arterial blood": 5.5, "venous blood": 5.0, "liver": 2.2, "kidney": 6.0, "bowel": 1.8,
        "muscle": 0.5, "marrow": 0.8,
    },
}  # fmt: skip
"""Iodine in mg/ml by phase (assumed: aorta about 400 and 160 HU at 25–27 HU a mg/ml). Marrow: so
that HU of L1 rise by 13.5 in the arterial and 18 in the portal venous phase, as in 99 patients
without malignancy (Pompe 2015, doi:10.1007/s00330-014-3408-2, abstract)."""

CORTICAL_PORES = 0.07
"""Share of pores in compact bone (assumed)."""

MARROW_STEP = 0.12
"""How much more or less fat the fattier and the redder marrow has, as a share."""

NAMES = (
    "air", "table", "skin", "fat", "muscle", "streaked muscle", "liver", "kidney", "bowel", "gas",
    "arterial blood", "venous blood", "vessel wall", "plaque", "water", "annulus", "nucleus",
    "compact bone", "spongy bone", "iliac spongiosa", "redder marrow", "marrow", "fattier marrow",
)  # fmt: skip
"""Tissues of a spine scene, in order."""

PLACE = {name: n for n, name in enumerate(NAMES)}
"""Place of each tissue in the scene's list."""


def with_iodine(name: str, parts: dict[Material, float], mg_ml: float) -> Tissue:
    """Tissue with iodine dissolved in it."""
    iodine = mg_ml / (1000 * IODINE_DENSITY)
    mixed = {material: share * (1 - iodine) for material, share in parts.items()}
    if iodine > 0:
        mixed[Material.IODINE] = iodine
    return Tissue(name, mixed)


def tissues_of(fat: float, phase: Phase) -> tuple[Tissue, ...]:
    """Tissues of a patient's trunk, in the order of `NAMES`.

    Parameters
    ----------
    fat : float
        Share of fat in the marrow, 0–1.
    phase : str
        Contrast agent: "none", "arterial" or "portal venous".
    """
    m = Material
    plain: dict[str, dict[Material, float]] = {
        "air": {m.AIR: 1.0},
        "table": {m.TABLE: 1.0},
        "skin": {m.SKIN: 1.0},
        "fat": {m.FAT: 1.0},
        "muscle": {m.MUSCLE: 0.80, m.TENDON: 0.15, m.FAT: 0.05},
        "streaked muscle": {m.MUSCLE: 0.45, m.TENDON: 0.10, m.FAT: 0.45},
        "liver": {m.ORGAN: 1.0},
        "kidney": {m.ORGAN: 0.75, m.WATER: 0.25},
        "bowel": {m.ORGAN: 0.7, m.WATER: 0.3},
        "gas": {m.AIR: 1.0},
        "arterial blood": {m.BLOOD: 1.0},
        "venous blood": {m.BLOOD: 1.0},
        "vessel wall": {m.MUSCLE: 1.0},
        "plaque": {m.CALCIUM: 0.14, m.MUSCLE: 0.86},
        "water": {m.WATER: 1.0},
        "annulus": {m.FIBROCARTILAGE: 1.0},
        "nucleus": {m.NUCLEUS: 1.0},
        "compact bone": {m.BONE: 1 - CORTICAL_PORES, m.WATER: CORTICAL_PORES},
        "spongy bone": {m.BONE: 1.0},
    }
    for name, shift in (("redder marrow", -1), ("marrow", 0), ("fattier marrow", 1)):
        share = min(max(fat + shift * MARROW_STEP, 0.05), 0.95)
        plain[name] = {m.YELLOW_MARROW: share, m.RED_MARROW: 1 - share}
    inner = {material: 0.86 * share for material, share in plain["marrow"].items()}
    plain["iliac spongiosa"] = {m.BONE: 0.14, **inner}
    iodine = CONTRAST[phase]
    reached = {**iodine, **{kind: iodine.get("marrow", 0.0) for kind in NAMES if "marrow" in kind}}
    return tuple(with_iodine(name, plain[name], reached.get(name, 0.0)) for name in NAMES)
