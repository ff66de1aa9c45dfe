"""A block of spongy bone as a micro-CT would show it, with what is true of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core import BadSetting, Volume
from ..bone.block import FIELD, BlockSettings, grow
from ..bone.specimens import specimens
from .plan import CohortSettings, Place
from .subject import Image, Subject

SIDE_MM = {"small": 6.0, "full": 10.0}
"""Side of a block by preset, in mm."""

VOXEL_MM = {"small": 0.06, "full": 0.05}
"""Voxel by preset, in mm."""

RANGES = {"bvtv": (0.06, 0.35), "tb_sp": (0.5, 1.1), "stretch": (1.0, 2.0), "character": (0.0, 1.0)}
"""What blocks are drawn from, evenly, where nothing is asked for: the range of human vertebrae,
hips and knees (assumed)."""

ASKED = (*RANGES, "source", "voxel", "side", "direction")
"""What may be asked for."""

COLUMNS: Mapping[str, dict[str, Any]] = {
    "participant_id": {"Description": "Block"},
    "split": {"Description": "internal: cross-validation"},
    "fold": {"Description": "Fold of cross-validation"},
    "source": {"Description": "Random field, or the donor whose bone is shown"},
    "voxel": {"Description": "Side of a voxel", "Units": "mm"},
}
"""Data dictionary of ``participants.tsv``."""


def block_settings(settings: CohortSettings, place: Place) -> BlockSettings:
    """What a block shall be like: as asked for, the rest drawn.

    Raises
    ------
    BadSetting
        If something is asked for that no block has, or that cannot be met.
    """
    asked = dict(settings.requested)
    if odd := sorted(set(asked) - set(ASKED)):
        raise BadSetting(f"a block has no {odd[0]}; it has {', '.join(ASKED)}.")
    rng = place.rng(settings.seed, "block")
    drawn = {name: float(rng.uniform(*span)) for name, span in RANGES.items()}
    drawn["bvtv"] = float(np.exp(rng.uniform(*np.log(RANGES["bvtv"]))))
    side = float(asked.pop("side", SIDE_MM[settings.preset]))
    asked.setdefault("voxel", VOXEL_MM[settings.preset])
    source = str(asked.pop("source", FIELD))
    if source != FIELD:  # a donor's bone keeps its own fabric and spacing
        names = specimens()
        source = names[int(rng.integers(len(names)))] if source == "specimen" else source
        drawn = {"bvtv": drawn["bvtv"]}
    asked["direction"] = tuple(asked.get("direction", (0.0, 0.0, 1.0)))
    seed = int(rng.integers(2**31))
    return BlockSettings((side, side, side), source=(source,), seed=seed, **(drawn | asked))


def make_bone(settings: CohortSettings, place: Place) -> Subject:
    """One block of bone.

    Parameters
    ----------
    settings : CohortSettings
        The cohort.
    place : Place
        The block's place in it.

    Returns
    -------
    Subject
        A binary image of bone, row, truth.
    """
    wanted = block_settings(settings, place)
    block = grow(wanted)
    image = Volume(block.bone.values.astype(np.uint8), block.bone.grid, "1")
    sidecar = {
        "Modality": "micro-CT",
        "Description": "1 is bone, 0 is marrow",
        "PixelSpacing": [wanted.voxel, wanted.voxel],
        "SliceThickness": wanted.voxel,
    }
    row = {
        "participant_id": place.subject,
        "split": place.split,
        "fold": place.fold,
        "source": wanted.source[0],
        "voxel": wanted.voxel,
    }
    numbers = {key: float(v) for key, v in block.truth.items() if isinstance(v, float)}
    return Subject(
        row,
        [Image("microct", "", image, sidecar)],
        truth={"block": block.truth},
        regions=[{"region": "block", **numbers}],
    )
