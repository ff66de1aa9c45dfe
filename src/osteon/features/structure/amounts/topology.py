"""Connectivity of trabecular bone: how many struts could be cut before it falls apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import Flag, Mask, Method
from ...feature import METHODS, Feature, enter
from ..phases.components import Pieces, bone_pieces, marrow_pieces
from .configurations import CUT, KINDS, Configurations, cell_shares, configurations

TOPOLOGY_METHOD = Method(
    "euler-number",
    "Corners − edges + faces − voxels of the bone as a solid of closed voxels (26 neighbours); "
    "for Conn.D each of them counts by the share of the voxels around it that lie in the region, "
    "which for a cuboid is the edge correction of Odgaard and Gundersen.",
    "doi:10.1016/8756-3282(93)90245-6",
    "Odgaard A, Gundersen HJG. Quantification of connectivity in cancellous bone, with special "
    "emphasis on 3-D reconstructions. Bone 1993;14:173–182.",
)
METHODS[TOPOLOGY_METHOD.key] = TOPOLOGY_METHOD

PURIFY_FIRST = (
    "Takes bone for one piece without cavities: each loose piece lowers it by one, each cavity "
    "too. Purify first."
)

enter(
    *(
        Feature(
            name,
            unit,
            TOPOLOGY_METHOD.key,
            definition,
            TOPOLOGY_METHOD.doi,
            usual,
            does_not,
        )
        for name, unit, definition, usual, does_not in (
            (
                "Euler",
                "1",
                "Euler number of the bone cut out along the region's border: pieces − loops + "
                "cavities, bone with 26 neighbours.",
                "any whole number; mostly below 0 in trabecular bone",
                "Bone cut by the border counts as if it ended there.",
            ),
            (
                "Euler (edge-corrected)",
                "1",
                "Contribution ΔX of the region to the Euler number of the bone it was cut from.",
                "multiples of 1/8; mostly below 0 in trabecular bone",
                "Says nothing of bone beyond the image; there it is taken to go on straight.",
            ),
            (
                "Conn",
                "1",
                "Connectivity 1 − ΔX: loops of the bone.",
                "mostly above 0; below 0 where bone lies in many pieces",
                PURIFY_FIRST,
            ),
            (
                "Conn.D",
                "/mm3",
                "Connectivity density (1 − ΔX) / TV.",
                "human trabecular bone 0.5 to 15; below 0 where bone lies in many pieces",
                PURIFY_FIRST,
            ),
            (
                "bone components",
                "1",
                "Pieces of the whole bone (26 neighbours) that have a voxel in the region.",
                "0 and more; 1 after purification",
                "Pieces that are connected outside the image count as many.",
            ),
            (
                "cavities",
                "1",
                "Pieces of marrow (6 neighbours) that do not reach the border of the image and "
                "have a voxel in the region.",
                "0 and more; mostly 0 after purification",
                "Marrow that the image cuts is not counted, shut in or not.",
            ),
        )
    )
)


@dataclass(frozen=True, eq=False)
class Topology:
    """How the bone of a region hangs together.

    Attributes
    ----------
    euler : int
        Euler number of the bone cut out along the region's border.
    contribution : float
        Edge-corrected Euler number ΔX, a multiple of 1/8.
    volume : float
        Volume of the region in mm³.
    components, cavities : int
        Pieces of bone, and of marrow shut in by bone, in the region.
    flags : tuple of Flag
        What a reader must know.
    """

    euler: int
    contribution: float
    volume: float
    components: int
    cavities: int
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Value of each feature, by its name; Conn and Conn.D are None without bone."""
        loops = 1 - self.contribution if self.components else None
        return {
            "Euler": float(self.euler),
            "Euler (edge-corrected)": self.contribution,
            "Conn": loops,
            "Conn.D": None if loops is None else loops / self.volume,
            "bone components": float(self.components),
            "cavities": float(self.cavities),
        }


def topology(
    bone: Mask,
    *,
    region: Mask | None = None,
    block: int | None = None,
    counted: Configurations | None = None,
) -> Topology:
    """Euler number, connectivity, pieces and cavities of the bone in a region.

    A corner, edge, face or voxel of the solid belongs to the bone if one of the voxels around
    it is bone, in the region or beside it. For ΔX it counts by the share of those voxels that
    lie in the region, so that the ΔX of regions that fill a volume add up to that of the volume.
    In a whole image, beyond which bone goes on straight, those in its faces count half, in its
    edges a quarter, in its corners an eighth: the correction of Odgaard and Gundersen 1993.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        True in bone; purified, if Conn is to be the number of loops.
    region : Mask of shape (i, j, k) or None
        Where to count; None is the whole image.
    block : int or None
        Slices along i that are counted at once, 1 and more; it changes memory, not the result.
    counted : Configurations or None
        Patterns of this bone in this region, where they have been counted already.

    Returns
    -------
    Topology
        Whole numbers, ΔX in eighths.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    GridMismatch
        If the region lies on another grid.
    BadSetting
        If `block` is below 1.
    """
    counted = counted or configurations(bone, region=region, block=block)
    shares = euler_shares()
    euler = int(counted.counts[:, CUT] @ shares.sum(axis=1)) // 8
    contribution = int((counted.counts[:, :CUT] * shares).sum()) / 8
    components = _present(bone_pieces(bone), region)
    cavities = _cavities(bone, region)
    return Topology(
        euler=euler,
        contribution=contribution,
        volume=counted.voxels * bone.grid.voxel_volume,
        components=components,
        cavities=cavities,
        flags=_flags(components, cavities),
    )


def euler_shares() -> NDArray[np.int64]:
    """Share of each voxel of each pattern in the Euler number of its block, in eighths, (256, 8).

    Corners and faces add, edges and voxels take away, each dealt out as `cell_shares` says.
    """
    signs = np.array([(-1) ** (3 - kind.bit_count()) for kind in range(KINDS)])
    return np.asarray(np.tensordot(signs, cell_shares(), 1))


def _present(pieces: Pieces, region: Mask | None) -> int:
    return pieces.number if region is None else int(pieces.within(region).sum())


def _cavities(bone: Mask, region: Mask | None) -> int:
    pieces = marrow_pieces(bone)
    shut = ~pieces.at_border()
    shut[0] = False
    if region is not None:
        shut &= pieces.within(region)
    return int(shut.sum())


def _flags(components: int, cavities: int) -> tuple[Flag, ...]:
    if components == 0:
        text = "The region holds no bone: Conn and Conn.D cannot be given."
        return (Flag("no-bone", text),)
    if components == 1 and cavities == 0:
        return ()
    text = (
        f"The bone lies in {components} piece(s) with {cavities} cavities: Conn and Conn.D are "
        "not its number of loops; purify it first."
    )
    return (Flag("not-purified", text),)
