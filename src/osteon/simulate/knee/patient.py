"""Who has the knee: person, disease, and the bone that goes with both, before any anatomy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Literal, NamedTuple

import numpy as np

from ...core import BadSetting
from .tables import table

SIDES = ("medial", "lateral")
"""Compartments of the knee."""

PLACES = ("medial tibia", "lateral tibia", "medial femur", "lateral femur")
"""Where bone is described: compartment and bone."""

BANDS = ((0.0, 3.0), (3.0, 6.0), (6.0, 12.0))
"""Depths below the subchondral plate over which bone is described, mm."""

GRADES = 5
"""Number of Kellgren–Lawrence grades."""
CANDIDATES = 500
"""People looked through for one who is read as the grade wanted; one in five or more is."""
SIZES = (0.5, 2.0)
"""Smallest and largest scale of the mean knee that can be built."""


@dataclass(frozen=True)
class KneeSettings:
    """Whom to draw.

    Attributes
    ----------
    prevalence : sequence of 5 float
        Share of each Kellgren–Lawrence grade, 0 to 4; default half with osteoarthritis (2–4).
    women : float
        Share of women, 0–1.
    both_legs : bool
        Whether both legs lie in the scanner, which matters for what X-rays pass through.

    Raises
    ------
    BadSetting
        If the shares are no shares.
    """

    prevalence: Sequence[float] = (0.28, 0.22, 0.22, 0.18, 0.10)
    women: float = 0.58
    both_legs: bool = True

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        shares = tuple(self.prevalence)
        if len(shares) != GRADES or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
            raise BadSetting(
                "prevalence needs five shares, one for each of the grades 0 to 4, that add up to "
                f"1; got {len(shares)} that add up to {sum(shares):g}."
            )
        if not 0 <= self.women <= 1:
            raise BadSetting(f"the share of women lies in 0–1; got {self.women:g}.")


@dataclass(frozen=True)
class KneePatient:
    """A person's knee in numbers; lengths in mm, "compartment" is ``"medial"`` or ``"lateral"``.

    Attributes
    ----------
    age, bmi, stature : float
        Years, kg/m², cm.
    sex : "F" or "M"
    side : "left" or "right"
    kl : int
        Kellgren–Lawrence grade 0–4 as read, from joint space and osteophytes with error.
    severity : mapping of compartment to float
        True, continuous severity of the disease, 0–4.6.
    joint_space : mapping of compartment to float
        Least distance from bone to bone in the middle of the compartment.
    osteophyte : mapping of compartment to float
        Size of the marginal lips, 0 for none.
    attrition : mapping of compartment to float
        Depth by which the tibial plateau is worn away.
    alignment : float
        Angle of the leg in degrees, positive for varus.
    size : tuple of 3 float
        Scale of the mean knee across, front to back, and along.
    bvtv : mapping of place to 3 float
        BV/TV of the spongy bone by `PLACES` and `BANDS`, 0–1.
    plate : mapping of place to float
        Thickness of the subchondral plate.
    magnify : mapping of place to float
        Scale of the trabecular structure; Tb.N goes with its inverse.
    cortex : float
        Thickness of the cortex of the epiphysis.
    red_marrow : float
        Share of red marrow in its remnants, 0–1.
    both_legs : bool
        Whether the other leg lies beside this one.

    Raises
    ------
    BadSetting
        If a grade, size or amount is impossible.
    """

    age: float
    sex: Literal["F", "M"]
    bmi: float
    stature: float
    side: Literal["left", "right"]
    kl: int
    severity: Mapping[str, float]
    joint_space: Mapping[str, float]
    osteophyte: Mapping[str, float]
    attrition: Mapping[str, float]
    alignment: float
    size: tuple[float, float, float]
    bvtv: Mapping[str, tuple[float, ...]]
    plate: Mapping[str, float]
    magnify: Mapping[str, float]
    cortex: float
    red_marrow: float
    both_legs: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        if self.kl not in range(GRADES):
            raise BadSetting(f"the Kellgren–Lawrence grade is 0, 1, 2, 3 or 4; got {self.kl}.")
        if self.side not in ("left", "right") or self.sex not in ("F", "M"):
            raise BadSetting(
                f"side is 'left' or 'right', sex 'F' or 'M'; got {self.side!r} and {self.sex!r}."
            )
        low, high = SIZES
        if not all(low <= s <= high for s in self.size):
            raise BadSetting(
                f"a knee is {low:g} to {high:g} times the mean knee; got size {self.size}."
            )
        least = table("disease")["joint_space"]["least"]
        if not all(least <= self.joint_space[c] <= 10 for c in SIDES):
            raise BadSetting(
                f"joint space lies between {least:g} and 10 mm; got {dict(self.joint_space)}."
            )
        amounts = [a for place in PLACES for a in self.bvtv[place]]
        if not all(0 < a < 1 for a in amounts):
            raise BadSetting(
                f"BV/TV lies above 0 and below 1; got {min(amounts):g} to {max(amounts):g}."
            )

    @property
    def dominant(self) -> str:
        """The compartment with the worse disease."""
        return max(SIDES, key=lambda c: self.severity[c])


class _Joint(NamedTuple):
    """Disease of a joint, by compartment."""

    severity: dict[str, float]
    joint_space: dict[str, float]
    osteophyte: dict[str, float]
    attrition: dict[str, float]


class _Bony(NamedTuple):
    """Bone of a knee."""

    bvtv: dict[str, tuple[float, ...]]
    plate: dict[str, float]
    magnify: dict[str, float]
    cortex: float


def draw_knee(rng: np.random.Generator, settings: KneeSettings | None = None) -> KneePatient:
    """A person with a knee, healthy or diseased.

    Severity is drawn first and is continuous; joint space and osteophytes follow it with their own
    scatter, the grade is read from these two with the reader's error, and the bone follows the
    severity of its own compartment with yet another scatter, besides age, sex and body mass.
    People are drawn until the grade is the one whose turn it is, so that grades come with the
    prevalence asked for.

    Parameters
    ----------
    rng : Generator
        Source of every choice.
    settings : KneeSettings, optional
        Whom to draw.

    Returns
    -------
    KneePatient
        The knee in numbers; effects and sources stand in data/disease.toml.
    """
    settings = settings or KneeSettings()
    sex: Literal["F", "M"] = "F" if rng.random() < settings.women else "M"
    width = _normal(rng, *table("disease")["person"]["width"][sex])
    grade = int(rng.choice(GRADES, p=np.array(settings.prevalence) / sum(settings.prevalence)))
    knee = _graded(rng, grade, sex)
    worst = max(knee.severity.values())
    age, bmi, stature = _person(rng, sex, worst)
    aspect = table("disease")["person"]["aspect_sd"]
    scale = width / table("disease")["person"]["template_width"]
    size = (scale, scale * exp(_normal(rng, 0, aspect)), scale * exp(_normal(rng, 0, aspect)))
    person = table("disease")["bone_person"]
    shift = person["age"] * (age - 60) + person["male"] * (sex == "M") + person["bmi"] * (bmi - 27)
    marrow = table("disease")["marrow"]
    red = marrow["red"] + marrow["red_age"] * (age - 60) + marrow["red_female"] * (sex == "F")
    difference = knee.severity["medial"] - knee.severity["lateral"]
    align = table("disease")["disease"]["alignment"]
    bone = _bone(rng, knee.severity, shift, (age, sex))
    return KneePatient(
        age=age,
        sex=sex,
        bmi=bmi,
        stature=stature,
        side="left" if rng.random() < 0.5 else "right",
        kl=grade,
        severity=knee.severity,
        joint_space=knee.joint_space,
        osteophyte=knee.osteophyte,
        attrition=knee.attrition,
        alignment=_normal(rng, align["mean"], align["sd"]) + align["by_difference"] * difference,
        size=size,
        bvtv=bone.bvtv,
        plate=bone.plate,
        magnify=bone.magnify,
        cortex=bone.cortex,
        red_marrow=float(np.clip(red + _normal(rng, 0, 0.08), 0.02, 0.6)),
        both_legs=settings.both_legs,
    )


def _normal(rng: np.random.Generator, mean: float, sd: float) -> float:
    """A normally distributed number."""
    return float(mean + sd * rng.standard_normal())


def _person(rng: np.random.Generator, sex: str, severity: float) -> tuple[float, float, float]:
    """Age, body mass index and stature of somebody with a knee of that severity."""
    person = table("disease")["person"]
    drawn = []
    for name in ("age", "bmi"):
        row = person[name]
        value = _normal(rng, row["mean"] + row["by_severity"] * severity, row["sd"])
        drawn.append(round(float(np.clip(value, row["low"], row["high"])), 1))
    return drawn[0], drawn[1], round(_normal(rng, *person["stature"][sex]), 1)


def _graded(rng: np.random.Generator, grade: int, sex: str) -> _Joint:
    """Severity, joint space, osteophytes and attrition of a knee that is read as that grade."""
    rows = table("disease")
    space, spurs, course = rows["joint_space"], rows["osteophytes"], rows["disease"]
    weigh, n = rows["reading"], CANDIDATES
    worse = np.clip(rng.normal(grade, 0.8, n), 0, 4.6)
    other = np.clip(course["other"] * worse + rng.normal(0, course["other_sd"], n), 0, worse)
    lateral = rng.random(n) < course["lateral"]
    severity = {
        "medial": np.where(lateral, other, worse),
        "lateral": np.where(lateral, worse, other),
    }
    mean, sd = space["healthy"][sex]
    healthy = rng.normal(0, sd, n)
    grown, left, score = {}, {}, np.zeros(n)
    for name in SIDES:
        normal = mean + space["lateral_extra"] * (name == "lateral")
        lost = np.interp(severity[name], range(GRADES), space["lost"])
        lost = lost + rng.normal(0, space["lost_sd"], n)
        left[name] = np.clip(normal + healthy - lost, space["least"], 9)
        spur = spurs["growth"] * (severity[name] - spurs["start"]) + rng.normal(0, spurs["sd"], n)
        grown[name] = np.clip(spur, 0, spurs["largest"])
        narrowed = np.interp(normal - left[name], space["lost"], range(GRADES))
        lipped = spurs["start"] * np.minimum(1, grown[name]) + grown[name] / spurs["growth"]
        seen = weigh["joint_space"] * narrowed + weigh["osteophytes"] * lipped
        score = np.maximum(score, seen)
    read = np.clip(np.round(score + rng.normal(0, weigh["sd"], n)), 0, GRADES - 1)
    match = np.flatnonzero(read == grade)
    first = int(match[0]) if len(match) else int(np.abs(score - grade).argmin())
    worn = rows["attrition"]
    return _Joint(
        {c: float(severity[c][first]) for c in SIDES},
        {c: float(left[c][first]) for c in SIDES},
        {c: float(grown[c][first]) for c in SIDES},
        {c: float(worn["growth"] * max(0.0, severity[c][first] - worn["start"])) for c in SIDES},
    )


def _bone(
    rng: np.random.Generator, severity: Mapping[str, float], shift: float, who: tuple[float, str]
) -> _Bony:
    """Amount, plate, structure and cortex of somebody's bone; `shift` of log BV/TV goes to all."""
    rows = table("disease")
    spread, plates, scales = rows["bone_spread"], rows["plate"], rows["magnification"]
    shift += _normal(rng, 0, spread["person"])
    thick = _normal(rng, 0, plates["spread"]["person"])
    coarse = _normal(rng, 0, scales["spread"]["person"]) + scales["age"] * (who[0] - 60)
    coarse += scales["female"] * (who[1] == "F")
    bvtv, plate, magnify = {}, {}, {}
    for place in PLACES:
        side, bone = place.split()
        across = SIDES[1 - SIDES.index(side)]
        ill = max(0.0, severity[side] + _normal(rng, 0, spread["severity"]))
        unloaded = max(0.0, severity[across] - severity[side])
        own = shift + _normal(rng, 0, spread["compartment"])
        bvtv[place] = tuple(
            float(
                np.clip(
                    exp(log(base) + own + a * ill + b * unloaded + _normal(rng, 0, spread["band"])),
                    0.03,
                    0.7,
                )
            )
            for base, a, b in zip(
                rows["bone"][place],
                rows["bone_effect"][bone],
                rows["bone_effect"]["unloaded"],
                strict=True,
            )
        )
        grown = thick + plates["effect"][bone] * ill
        grown += _normal(rng, 0, plates["spread"]["compartment"])
        plate[place] = float(
            np.clip(plates[place] * exp(grown), plates["thinnest"], plates["thickest"])
        )
        own = coarse + scales["effect"] * ill + _normal(rng, 0, scales["spread"]["compartment"])
        magnify[place] = float(np.clip(scales["knee"] * exp(own), *scales["within"]))
    cortex = plates["cortex"]
    thickness = cortex[who[1]] * exp(
        cortex["age"] * (who[0] - 60) + _normal(rng, 0, cortex["sd"]) + 0.3 * shift
    )
    return _Bony(bvtv, plate, magnify, float(thickness))
