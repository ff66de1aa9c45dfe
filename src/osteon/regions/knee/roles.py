"""Which part is which bone of the knee."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .parts import Bools, Lattice, Numbers, cuts, grown, pieces_at

LARGE = 0.08
"""Femur and tibia are each at least this share of all bone in view."""

ABOVE_MM = 20.0
"""The middle of the femur lies at least this much above that of the tibia."""

BESIDE_MM = 60.0
"""They lie no further beside each other."""

WIDE_MM = 35.0
"""What is left of either at the cut is at least this wide; a fibula is not."""

PATELLA_CM3 = 0.3
FIBULA_CM3 = 0.8
"""Smallest patella and fibula, in view; less is an osteophyte."""

CORE = 0.1
"""Share of a bone's volume that its core has where it comes off, at least."""

IN_FRONT_MM = 15.0
"""The middle of the patella lies this much in front of that of the femur's lower part."""

CUT_WITHIN_MM = 6.0
"""The fibula reaches as far down as the tibia to within this."""


@dataclass(frozen=True)
class Piece:
    """Size and place of a part of the bone.

    Attributes
    ----------
    number : int
        Which.
    cm3 : float
        Volume.
    middle, low, high : (3,) array
        Mean, lowest and highest world LPS, mm.
    """

    number: int
    cm3: float
    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def described(lattice: Lattice, numbers: Numbers) -> list[Piece]:
    """Every part with its size and place, the largest first."""
    found = []
    for number, box in enumerate(ndimage.find_objects(numbers), start=1):
        if box is None:
            continue
        own = numbers[box] == number
        world = [np.broadcast_to(p, numbers.shape)[box][own] for p in lattice.place]
        at = np.stack(world).astype(np.float64)
        size = at.shape[1] * lattice.voxel_mm3 / 1000.0
        found.append(Piece(number, size, at.mean(1), at.min(1), at.max(1)))
    return sorted(found, key=lambda piece: -piece.cm3)


def femur_and_tibia(pieces: list[Piece]) -> tuple[Piece, Piece] | None:
    """The largest two parts of which one stands on the other, the upper first."""
    least = LARGE * sum(piece.cm3 for piece in pieces)
    wide = [piece for piece in pieces if piece.high[0] - piece.low[0] >= WIDE_MM]
    large = [piece for piece in wide if piece.cm3 >= least]
    pairs = []
    for upper in large:
        for lower in large:
            apart = upper.middle - lower.middle
            if apart[2] >= ABOVE_MM and np.hypot(*apart[:2]) <= BESIDE_MM:
                pairs.append((upper.cm3 + lower.cm3, upper, lower))
    if not pairs:
        return None
    _, upper, lower = max(pairs, key=lambda pair: pair[0])
    return upper, lower


def part_joint(lattice: Lattice) -> tuple[Numbers, Piece, Piece] | None:
    """All parts at the shallowest cut that parts the femur from the tibia.

    Returns
    -------
    tuple of numbers, femur, tibia, or None
        None where there are no two bones one above the other.
    """
    for depth, pieces in cuts(lattice, lattice.solid):
        if pieces.max() < 2:
            continue
        pair = femur_and_tibia(described(lattice, pieces))
        if pair is None:
            continue
        numbers = grown(lattice, lattice.solid, pieces, depth)
        missed = pieces_at(lattice, lattice.solid & (numbers == 0), 0.0)
        numbers = np.where(missed > 0, missed + numbers.max(), numbers).astype(np.int16)
        named = {piece.number: piece for piece in described(lattice, numbers)}
        return numbers, named[pair[0].number], named[pair[1].number]
    return None


def split_off(lattice: Lattice, bone: Bools, wanted: "Wanted") -> Bools | None:
    """A smaller bone that touches `bone` and is a part of its own at some depth.

    Parameters
    ----------
    lattice : Lattice
        All bone.
    bone : (i, j, k) bool array
        The bone with what sticks to it.
    wanted : Wanted
        What the smaller bone looks like.

    Returns
    -------
    (i, j, k) bool array or None
        The smaller bone; None if nothing comes off.
    """
    for depth, pieces in cuts(lattice, bone):
        if pieces.max() < 2 or wanted.among(described(lattice, pieces), CORE) is None:
            continue
        numbers = grown(lattice, bone, pieces, depth)
        found = wanted.among(described(lattice, numbers))
        if found is not None:
            mine: Bools = numbers == found.number
            return mine
    return None


@dataclass(frozen=True)
class Wanted:
    """What the smaller bone beside a large one looks like.

    Attributes
    ----------
    name : str
        ``"patella"`` or ``"fibula"``.
    beside : Piece
        The large bone.
    """

    name: str
    beside: Piece

    def among(self, pieces: list[Piece], share: float = 1.0) -> Piece | None:
        """The largest of `pieces` that can be it, or a core that is a `share` of it."""
        fit = [piece for piece in pieces if self._fits(piece, share)]
        return fit[0] if fit else None

    def _fits(self, piece: Piece, share: float) -> bool:
        own = self.beside
        if piece.cm3 > 0.4 * own.cm3:
            return False
        if self.name == "patella":
            front = own.middle[1] - piece.middle[1]
            return (
                piece.cm3 >= share * PATELLA_CM3
                and front >= IN_FRONT_MM
                and piece.low[2] > own.low[2] - 30.0
            )
        return (
            piece.cm3 >= share * FIBULA_CM3
            and piece.low[2] <= own.low[2] + CUT_WITHIN_MM
            and piece.middle[2] < own.high[2] - 8.0
        )
