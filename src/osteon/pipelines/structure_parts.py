"""What `osteon structure` measures, part by part: who computes it, and which numbers come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..core import EmptyRegion, Flag, Mask, UnsuitableScan, Volume
from ..features.structure import (
    PureValues,
    Segmentation,
    Tissue,
    Topology,
    amount,
    apparent_parameters,
    configurations,
    cortical,
    ellipsoid_factor,
    estimate_pure_values,
    fabric,
    gradient_fabric,
    grey_fraction,
    plate_model,
    plates_and_rods,
    purify,
    srrd_parameters,
    star,
    stiffness,
    structure_model_index,
    subvoxel_trabecular,
    topology,
    trabecular,
    trabecular_bone_score,
)
from .structure_settings import StructureSettings

SEED = 0
"""Of the random points from which the star volumes are seen; the same in every run."""


class Named(Protocol):
    """What every part gives: numbers by the names of their features, and flags."""

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What a reader must know before using the numbers."""
        ...

    def named(self) -> Mapping[str, float | None]:
        """Values in the units of their features."""
        ...


@dataclass(frozen=True, eq=False)
class Ground:
    """What the parts measure, and what those before them found.

    Attributes
    ----------
    image : Volume
        Grey values, or a mask as numbers.
    bone : Segmentation
        Bone in them.
    region : Mask or None
        Where to measure.
    settings : StructureSettings
        Choices.
    found : dict of str to object
        Results of the parts done, by their key.
    """

    image: Volume
    bone: Segmentation
    region: Mask | None
    settings: StructureSettings
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> dict[str, Any]:
        """Region and block, as most functions take them."""
        return {"region": self.region, "block": self.settings.block}

    @property
    def box(self) -> Mask:
        """Bone in the smallest box around the region, or in the image without an empty rim."""
        bone = self.bone.mask
        if self.region is not None:
            around = self.region.values
        elif not reaches_border(bone):
            around = bone.values
        else:
            return bone
        inside = [
            np.flatnonzero(around.any(axis=tuple(other for other in range(3) if other != axis)))
            for axis in range(3)
        ]
        i, j, k = (slice(int(one[0]), int(one[-1]) + 1) for one in inside)
        return bone.part((i, j, k))


def reaches_border(bone: Mask) -> bool:
    """Whether a voxel of bone lies in one of the six faces of the image."""
    values = bone.values
    return any(values.take((0, -1), axis).any() for axis in range(3))


@dataclass(frozen=True)
class Part:
    """One thing that is measured.

    Attributes
    ----------
    key : str
        What later parts and the report call it.
    says : str
        What is being done, for the progress bar.
    names : tuple of str
        Features that come of it, in the order of the table.
    measure : callable
        Does it.
    uncertainty : mapping of str to str
        Attribute of what comes of it that holds the standard uncertainty of a feature.
    """

    key: str
    says: str
    names: tuple[str, ...]
    measure: Callable[[Ground], Named]
    uncertainty: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Connections:
    """Topology of the purified bone, with pieces and cavities of the bone as it was found."""

    found: Topology
    pure: Topology

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What bears on the numbers of the purified bone."""
        return self.pure.flags

    def named(self) -> dict[str, float | None]:
        """Values by the names of their features."""
        counts = self.found.named()
        kept = {name: counts[name] for name in ("bone components", "cavities")}
        return {**self.pure.named(), **kept}


def _amount(ground: Ground) -> Named:
    ground.found["patterns"] = configurations(ground.bone.mask, **ground.where)
    return amount(ground.bone.mask, **ground.where, counted=ground.found["patterns"])


def _connections(ground: Ground) -> Named:
    pure = ground.found["purify"].mask
    found = topology(ground.bone.mask, **ground.where, counted=ground.found["patterns"])
    return Connections(found, topology(pure, **ground.where))


def _trabecular(ground: Ground) -> Named:
    return trabecular(ground.bone.mask, **ground.where, convention=ground.settings.convention)


def _cortical(ground: Ground) -> Named:
    return cortical(ground.bone.mask, **ground.where, convention=ground.settings.convention)


def _between_voxels(ground: Ground) -> Named:
    """Thickness from grey values; where bone is dark, from the image turned over."""
    image, threshold = ground.image, ground.bone.threshold
    if threshold is None or ground.bone.method in ("threshold-adaptive", "threshold-ipl"):
        raise UnsuitableScan(
            "thickness between voxels needs grey values and one threshold in them; "
            f"this image was cut by '{ground.bone.method}'."
        )
    if not ground.bone.bright:
        image, threshold = Volume(-image.values, image.grid, image.unit), -threshold
    return subvoxel_trabecular(image, threshold, region=ground.region)


def _plate_model(ground: Ground) -> Named:
    told = ground.found["amount"]
    return plate_model(bone_volume=told.bone, total_volume=told.total, bone_surface=told.surface)


def _grey(ground: Ground) -> Named:
    references = ground.settings.references
    if references is not None:
        pure = PureValues(*references)
    else:
        pure = estimate_pure_values(
            ground.image, region=ground.region, bone_is_bright=ground.bone.bright
        )
    return grey_fraction(ground.image, region=ground.region, pure=pure)


def _knee(ground: Ground) -> Named:
    region = ground.region or Mask(np.ones(ground.image.grid.shape, np.bool_), ground.image.grid)
    return srrd_parameters(ground.image, region=region)


def _stiffness(ground: Ground) -> Named:
    settings, box = ground.settings, ground.box
    times = max(1, round(settings.element_mm / float(box.grid.spacing.min())))
    if not box.values.any():
        raise EmptyRegion("the box around the region holds no bone to press.")
    return stiffness(box, tissue=Tissue(settings.modulus_gpa, settings.poisson), coarsen=times)


AMOUNT = Part(
    "amount",
    "measuring volume and surface",
    ("BV/TV", "BV", "TV", "BV (mesh)", "BV/TV (mesh)", "BS", "BS (raw)", "BS/BV", "BS/TV"),
    _amount,
)
PURIFY = Part(
    "purify",
    "keeping the largest piece",
    ("purified bone", "purified marrow"),
    lambda ground: purify(ground.bone.mask),
)
PLATE_MODEL = Part(
    "plate model",
    "applying the plate model",
    ("Tb.Th (plate)", "Tb.N (plate)", "Tb.Sp (plate)"),
    _plate_model,
)
GRADIENT = Part(
    "gradient",
    "measuring orientation from gradients",
    ("DA (gradient)",),
    lambda ground: gradient_fabric(ground.image, **ground.where),
)
GREY = Part(
    "grey", "measuring partial volume", ("BV/TV (grey)",), _grey, {"BV/TV (grey)": "uncertainty"}
)

RESOLVED = (
    AMOUNT,
    Part(
        "trabecular",
        "measuring thickness and spacing",
        (
            *("Tb.Th", "Tb.Th.SD", "Tb.Th.max", "Tb.Sp", "Tb.Sp.SD", "Tb.Sp.max"),
            *("Tb.N", "Tb.N (derived)"),
        ),
        _trabecular,
    ),
    PURIFY,
    Part(
        "topology",
        "counting connections",
        ("Conn.D", "Conn", "Euler", "Euler (edge-corrected)", "bone components", "cavities"),
        _connections,
    ),
    Part(
        "fabric",
        "measuring mean intercept length",
        ("DA", "DA (0-1)", "MIL.1", "MIL.2", "MIL.3"),
        lambda ground: fabric(ground.bone.mask, **ground.where),
        {"DA": "uncertainty"},
    ),
    Part(
        "star",
        "looking around in bone",
        ("star volume", "star length"),
        lambda ground: star(ground.bone.mask, region=ground.region, seed=SEED),
        {"star volume": "volume_uncertainty"},
    ),
    Part(
        "marrow star",
        "looking around in marrow",
        ("marrow star volume",),
        lambda ground: star(ground.bone.mask, region=ground.region, phase="marrow", seed=SEED),
        {"marrow star volume": "volume_uncertainty"},
    ),
    Part(
        "smi",
        "measuring the bend of the surface",
        ("SMI",),
        lambda ground: structure_model_index(ground.bone.mask, **ground.where),
    ),
    Part(
        "ellipsoid",
        "fitting ellipsoids",
        ("EF", "EF.SD"),
        lambda ground: ellipsoid_factor(ground.bone.mask, region=ground.region),
    ),
    Part(
        "plates and rods",
        "telling plates from rods",
        ("pBV/TV", "rBV/TV", "plate fraction"),
        lambda ground: plates_and_rods(ground.found["purify"].mask, region=ground.region),
    ),
    PLATE_MODEL,
)
"""Where trabeculae are resolved, of a mask or of grey values."""

RESOLVED_GREY = (
    Part(
        "sub-voxel",
        "measuring thickness between voxels",
        (
            *("Tb.Th (sub-voxel)", "Tb.Th.SD (sub-voxel)"),
            *("Tb.Sp (sub-voxel)", "Tb.Sp.SD (sub-voxel)"),
        ),
        _between_voxels,
    ),
    GRADIENT,
    GREY,
)
"""The same, of grey values alone."""

COARSE = (
    AMOUNT,
    Part(
        "apparent",
        "drawing test lines",
        ("app.BV/TV", "app.Tb.Th", "app.Tb.N", "app.Tb.Sp"),
        lambda ground: apparent_parameters(ground.bone.mask, region=ground.region),
    ),
    PLATE_MODEL,
    Part(
        "tbs",
        "projecting",
        ("TBS",),
        lambda ground: trabecular_bone_score(
            ground.image, axis=_front_to_back(ground.image), region=ground.region
        ),
    ),
)
"""Where a voxel is larger than a trabecula."""

COARSE_GREY = (GRADIENT, GREY)
"""The same, of grey values alone."""

KNEE = (
    Part(
        "srrd",
        "following the knee recipe",
        ("srrd.BV/TV", "srrd.Tb.Th", "srrd.Tb.N", "srrd.Tb.Sp"),
        _knee,
    ),
)
"""The published knee recipe."""

SHELL = (
    AMOUNT,
    Part(
        "cortical",
        "measuring the shell",
        ("Ct.Th", "Ct.Th.SD", "Ct.Th.max"),
        _cortical,
    ),
)
"""A cortical shell."""

STRENGTH = Part(
    "stiffness",
    "pressing the cube",
    ("E.x", "E.y", "E.z", "E.max", "stiffness anisotropy"),
    _stiffness,
)
"""Finite elements."""


def parts_of(mode: str, *, grey: bool, strength: bool) -> tuple[Part, ...]:
    """Parts of a mode, in the order in which they are measured.

    Parameters
    ----------
    mode : str
        ``standard``, ``apparent``, ``srrd`` or ``cortical``.
    grey : bool
        Whether the image has grey values; a mask has none.
    strength : bool
        Whether finite elements are asked for.
    """
    plain, more = {
        "standard": (RESOLVED, RESOLVED_GREY),
        "apparent": (COARSE, COARSE_GREY),
        "srrd": (KNEE, ()),
        "cortical": (SHELL, ()),
    }[mode]
    return (*plain, *(more if grey else ()), *((STRENGTH,) if strength else ()))


def _front_to_back(image: Volume) -> int:
    """Image axis nearest to the patient's front-to-back axis, along which DXA looks."""
    return int(np.abs(image.grid.direction[1]).argmax())
