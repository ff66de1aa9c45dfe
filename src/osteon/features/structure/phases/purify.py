"""Bone in one piece, marrow in one piece: what specks and cavities are taken out first."""

from dataclasses import dataclass

import numpy as np

from ....core import EmptyRegion, Flag, Mask, Method
from ...feature import METHODS, Feature, enter
from .components import bone_pieces, marrow_pieces

PURIFY_METHOD = Method(
    "purify",
    "Keeps the largest piece of bone (26 neighbours) and fills every piece of marrow "
    "(6 neighbours) but the largest and those that reach the border of the image, which may be "
    "connected beyond it.",
    "doi:10.1016/8756-3282(93)90245-6",
    "Odgaard A, Gundersen HJG. Quantification of connectivity in cancellous bone, with special "
    "emphasis on 3-D reconstructions. Bone 1993;14:173–182.",
)
METHODS[PURIFY_METHOD.key] = PURIFY_METHOD

enter(
    *(
        Feature(
            name,
            "1",
            PURIFY_METHOD.key,
            definition,
            PURIFY_METHOD.doi,
            "0 and more; above 5 % of the bone it is flagged",
            "Does not tell noise from bone that is connected outside the image.",
        )
        for name, definition in (
            (
                "purified bone",
                "Number of bone voxels taken away because they are not in the largest piece.",
            ),
            (
                "purified marrow",
                "Number of marrow voxels filled because bone shuts them in.",
            ),
        )
    )
)

MUCH = 0.05
"""Share of the bone above which what was purified is flagged."""


@dataclass(frozen=True, eq=False)
class Purified:
    """Bone in one piece without cavities.

    Attributes
    ----------
    mask : Mask of shape (i, j, k)
        The bone that is left.
    removed : int
        Bone voxels taken away, 0 and more.
    filled : int
        Marrow voxels turned into bone, 0 and more.
    flags : tuple of Flag
        What a reader must know.
    """

    mask: Mask
    removed: int
    filled: int
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Value of each feature, by its name."""
        return {"purified bone": float(self.removed), "purified marrow": float(self.filled)}


def purify(bone: Mask) -> Purified:
    """The largest piece of bone, with its cavities filled.

    First all bone but the largest piece (26 neighbours) becomes marrow. Then the pieces of
    marrow (6 neighbours) are looked at: those that reach the border of the image are taken as
    connected beyond it and stay, whatever their size; the largest piece of all stays, even if
    bone shuts it in; every other one becomes bone. BoneJ's Purify does the same, but keeps all
    pieces of bone where several are the largest; here the first of them is kept.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        True in bone. Purify the whole image, not a region cut out of it.

    Returns
    -------
    Purified
        On the grid of `bone`.

    Raises
    ------
    EmptyRegion
        If there is no bone.

    Notes
    -----
    Bone that is connected outside the image only is taken away.
    """
    pieces = bone_pieces(bone)
    if pieces.number == 0:
        raise EmptyRegion("there is no bone to purify: no voxel is set; lower the threshold.")
    voxels = bone.voxels
    removed = 0
    kept = bone
    if pieces.number > 1:
        sizes = pieces.sizes()
        sizes[0] = 0
        largest = np.arange(pieces.number + 1) == sizes.argmax()
        removed = voxels - int(sizes.max())
        kept = Mask(pieces.among(largest), bone.grid)
    del pieces
    filled, kept = _without_cavities(kept)
    return Purified(kept, removed, filled, _flags(voxels, removed, filled))


def _without_cavities(bone: Mask) -> tuple[int, Mask]:
    pieces = marrow_pieces(bone)
    if pieces.number <= 1:
        return 0, bone
    sizes = pieces.sizes()
    shut = ~pieces.at_border()
    shut[sizes[1:].argmax() + 1] = False
    # label 0 is bone and stays bone
    filled = int(sizes[1:][shut[1:]].sum())
    return (filled, Mask(pieces.among(shut), bone.grid)) if filled else (0, bone)


def _flags(voxels: int, removed: int, filled: int) -> tuple[Flag, ...]:
    if removed + filled <= MUCH * voxels:
        return ()
    text = (
        f"Purification took {removed} of {voxels} bone voxels away and filled {filled} marrow "
        "voxels: the threshold may be wrong, or the bone is connected outside the image only."
    )
    return (Flag("purified-much", text),)
