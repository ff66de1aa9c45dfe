"""Who lies in the scanner: age, sex, size, density, wear and fractures of the spine, drawn."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...core import BadSetting, UnknownName
from .fracture import NO_FRACTURE, Fracture, draw_fractures
from .levels import LEVELS
from .reference import VBMD_SD, Sex, bone_share, cortex_left, mean_fat, mean_vbmd

Phase = Literal["none", "arterial", "portal venous"]

PHASES: tuple[Phase, ...] = ("none", "arterial", "portal venous")

STATURE = {"F": (1640.0, 65.0), "M": (1770.0, 70.0)}
"""Mean and spread of stature in mm (assumed, as in northern America and Europe)."""

BMI = (26.5, 4.5)
"""Mean and spread of the body mass index in kg/m² (assumed; skewed upwards)."""

SIZE = {"F": 0.94, "M": 1.06}
"""Vertebrae of women and men against the mean of both; men have 35–42 % more bone area when
young (Riggs 2004, all sites; about 25 % at the spine, assumed)."""

CORTEX_SD = 0.13
"""Spread of the thickness of compact bone between persons, as a share: tuned, so that areal density
spreads by 0.12–0.14 g/cm² within an age (NHANES: 0.13–0.17) and goes with trabecular density by
about 0.7."""

LEVEL_DENSITY = {
    "T11": 1.08, "T12": 1.05, "L1": 1.02, "L2": 1.00, "L3": 0.97, "L4": 0.98, "L5": 1.02,
}  # fmt: skip
"""Trabecular density by level against the mean of L1–L4: L1 densest (HU of the young: L1 236, L3
227, Hendrickson 2018, PMC6047377, not verified), thoracic denser (assumed)."""

AGE_RANGE = (20.0, 90.0)


@dataclass(frozen=True)
class SpineSettings:
    """What patients are drawn from.

    Attributes
    ----------
    ages : tuple of 2 float
        Youngest and oldest, in years, within 20–90; drawn evenly between.
    women : float
        Share of women, 0–1.
    contrast : float
        Share of patients with contrast agent in their vessels, 0–1.
    fractures : float
        Factor on the risk of fractures; 0 for none.

    Raises
    ------
    BadSetting
        If one lies outside its range.
    """

    ages: tuple[float, float] = (45.0, 85.0)
    women: float = 0.6
    contrast: float = 0.5
    fractures: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what no cohort can be drawn from."""
        low, high = self.ages
        if not AGE_RANGE[0] <= low <= high <= AGE_RANGE[1]:
            raise BadSetting(f"ages lie within 20–90 years, youngest first; got {low:g}–{high:g}.")
        for name in ("women", "contrast"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadSetting(f"{name} is a share, 0–1; got {getattr(self, name):g}.")
        if not self.fractures >= 0:
            raise BadSetting(f"the factor on fractures is at least 0; got {self.fractures:g}.")


@dataclass(frozen=True)
class Vertebra:
    """What sets one vertebra apart.

    Attributes
    ----------
    share : float
        BV/TV of the middle of its body.
    size : float
        Its dimensions against those expected of the person.
    disc : float
        Height of the disc below, against that of the young.
    osteophytes : float
        How far spurs reach beyond the rims, in mm.
    facets : float
        Wear of its facet joints, 0–1.
    sclerosis : float
        Hardening below the endplates, 0–1.
    nodes : int
        Schmorl nodes: 0–2.
    fracture : Fracture
        Its fracture; of grade 0 where there is none.
    """

    share: float
    size: float = 1.0
    disc: float = 1.0
    osteophytes: float = 0.0
    facets: float = 0.0
    sclerosis: float = 0.0
    nodes: int = 0
    fracture: Fracture = NO_FRACTURE


@dataclass(frozen=True)
class SpinePatient:
    """One person, before any image.

    Attributes
    ----------
    age : float
        In years, 20–90.
    sex : str
        "F" or "M".
    stature, weight : float
        In mm and kg.
    vbmd : float
        Trabecular density that QCT would read, mean of L1–L4, mg/cm³ K2HPO4.
    share : float
        Mean BV/TV of the middle of the bodies of L1–L4.
    magnify : float
        Scale of the spongy structure against its tiles; above 1 has fewer, thicker trabeculae.
    cortex : float
        Thickness of compact bone against that of an average young adult.
    fat : float
        Share of fat in the marrow, 0–1.
    size : float
        Dimensions of the vertebrae against the mean of both sexes.
    lordosis, scoliosis : float
        Factor on the angles of the discs; Cobb angle in degrees.
    wear : float
        Degeneration of discs and joints, 0–1.
    calcification : float
        Calcified share of the wall of the aorta, 0–1.
    phase : str
        Contrast agent: "none", "arterial" or "portal venous".
    vertebrae : mapping of str to Vertebra
        By level, all of `LEVELS`.

    Raises
    ------
    BadSetting, UnknownName
        If a number is impossible or a sex or phase unknown.
    """

    age: float
    sex: Sex
    stature: float
    weight: float
    vbmd: float
    share: float
    magnify: float
    cortex: float
    fat: float
    size: float
    lordosis: float
    scoliosis: float
    wear: float
    calcification: float
    phase: Phase
    vertebrae: dict[str, Vertebra]

    def __post_init__(self) -> None:
        """Refuse persons that cannot be."""
        if not AGE_RANGE[0] <= self.age <= AGE_RANGE[1]:
            raise BadSetting(f"the age lies within 20–90 years; got {self.age:g}.")
        if self.sex not in VALID_SEX:
            raise UnknownName(f"the sex is F or M; got '{self.sex}'.")
        if self.phase not in PHASES:
            raise UnknownName(f"the phase is one of {', '.join(PHASES)}; got '{self.phase}'.")
        if not (self.weight > 0 and self.stature > 0):
            raise BadSetting(
                f"weight and stature are above 0; got {self.weight:g} kg, {self.stature:g} mm."
            )
        if not 0 < self.share < 0.6:
            raise BadSetting(f"the mean BV/TV lies between 0 and 0.6; got {self.share:g}.")

    @property
    def bmi(self) -> float:
        """Body mass index in kg/m²."""
        return self.weight / (self.stature / 1000) ** 2


VALID_SEX: tuple[Sex, ...] = ("F", "M")


def draw_spine(rng: np.random.Generator, settings: SpineSettings) -> SpinePatient:
    """Draw a person.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every choice.
    settings : SpineSettings
        What to draw from.

    Returns
    -------
    SpinePatient
        Density follows age and sex as published (`reference`), with a spread between persons,
        more in the heavy; structure size varies independently of BV/TV; wear rises with age;
        fractures follow from density, age and chance.
    """
    age = float(rng.uniform(*settings.ages))
    sex: Sex = "F" if rng.random() < settings.women else "M"
    stature = float(rng.normal(*STATURE[sex]) - 0.6 * max(age - 50, 0))
    bmi = float(np.clip(BMI[0] * np.exp(rng.normal(0, BMI[1] / BMI[0])), 17, 45))
    heavy = (bmi - BMI[0]) / BMI[1]
    dense = float(rng.normal())
    vbmd = float(np.clip(mean_vbmd(age, sex) + VBMD_SD * (dense + 0.1 * heavy), 25, 260))
    fat = float(np.clip(mean_fat(age, sex) + rng.normal(0, 0.07) - 0.02 * dense, 0.15, 0.85))
    share = float(np.clip(bone_share(vbmd, fat), 0.03, 0.4))
    cortex = cortex_left(age, sex) * (1 + 0.05 * dense + 0.03 * heavy) * rng.normal(1, CORTEX_SD)
    magnify = float(np.clip(np.exp(rng.normal(0.003 * (age - 50), 0.08)), 0.75, 1.35))
    size = SIZE[sex] * (stature / STATURE[sex][0]) ** 0.8 * rng.normal(1, 0.035)
    size *= 1 + 0.0008 * (age - 50)  # bodies widen over life (Riggs 2004: area +15 %, part of it)
    wear = float(np.clip(rng.normal(0.013 * (age - 28), 0.18), 0, 1))
    hard = float(np.clip(rng.normal(0.012 * (age - 50), 0.2), 0, 1))
    phase = PHASES[0] if rng.random() >= settings.contrast else PHASES[1 + int(rng.random() < 0.75)]
    return SpinePatient(
        age, sex, stature, bmi * (stature / 1000) ** 2, vbmd, share, magnify,
        float(np.clip(cortex, 0.5, 1.6)), fat, float(size), float(rng.normal(1, 0.15)),
        float(rng.normal(0, 2) + wear * rng.normal(0, 6)), wear, hard, phase,
        _vertebrae(rng, age, share, wear, vbmd, settings.fractures),
    )  # fmt: skip


def _vertebrae(
    rng: np.random.Generator, age: float, share: float, wear: float, vbmd: float, factor: float
) -> dict[str, Vertebra]:
    """What sets each vertebra of a person apart."""
    broken = draw_fractures(rng, age, vbmd, factor)
    out = {}
    for level in LEVELS:
        low = level in ("L3", "L4", "L5")
        local = float(np.clip(rng.normal(wear * (1.0 if low else 0.8), 0.18), 0, 1))
        out[level] = Vertebra(
            share=float(np.clip(share * LEVEL_DENSITY[level] * rng.normal(1, 0.05), 0.02, 0.45)),
            size=float(rng.normal(1, 0.015)),
            disc=float(np.clip(1 - 0.5 * local * rng.random(), 0.4, 1.05)),
            osteophytes=float(6.0 * local**1.5 * rng.random()),
            facets=float(np.clip(rng.normal(local, 0.15), 0, 1)),
            sclerosis=float(local**2 * rng.random()),
            nodes=int(rng.random() < 0.12) + int(rng.random() < 0.05),
            fracture=broken.get(level, NO_FRACTURE),
        )
    return out
