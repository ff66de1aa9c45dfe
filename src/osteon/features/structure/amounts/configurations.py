"""How often each of the 256 patterns of 2×2×2 voxels occurs: area, volume and topology in one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Grid, Mask
from ....core.compiled import compiled, parallel, prange

PATTERNS = 256
"""Patterns of eight voxels; bit i + 2 j + 4 k of a pattern is its voxel (i, j, k)."""

CUT = 8
"""Column of the table that counts patterns of the bone cut out along the region's border."""

BITS: NDArray[np.bool_] = (np.arange(PATTERNS)[:, None] >> np.arange(8) & 1).astype(np.bool_)
"""Whether voxel o of pattern p is bone, (256, 8)."""


KINDS = 8
"""Kinds of cells; bit n of a kind is set where the voxels around such a cell differ along axis n.

0 is a voxel, 1, 2 and 4 are its faces, 3, 5 and 6 its edges, 7 is a corner."""


def cell_shares() -> NDArray[np.int64]:
    """Share of each voxel of a pattern in the cells of its block, in eighths, (8, 256, 8).

    A block stands for the corner in its middle, half of six edges, a quarter of twelve faces and
    an eighth of eight voxels. A cell is there if one of the voxels around it is bone; it is dealt
    out evenly to these voxels: a corner to eight, half an edge to four, a quarter of a face to
    two. All come to an eighth, so that entries are 0 or 1.
    """
    shares = np.zeros((KINDS, PATTERNS, 8), np.int64)
    patterns = np.arange(PATTERNS)
    for kind in range(KINDS):
        for voxel in range(8):
            shares[kind, :, voxel] = (patterns & sum(1 << o for o in around(kind, voxel))) != 0
    return shares


def around(kind: int, voxel: int) -> list[int]:
    """Voxels of a block around that cell of a kind which belongs to one of them."""
    return [o for o in range(8) if (o ^ voxel) & ~kind & 7 == 0]


@dataclass(frozen=True, eq=False)
class Configurations:
    """Counts of the patterns of 2×2×2 voxels in a region.

    A quantity that is a sum over such blocks is the sum of `counts` times a table of its
    contribution; counts of regions that do not overlap add up to those of their union.

    Attributes
    ----------
    counts : (256, 9) int64 array
        Row p, column o below 8: blocks of pattern p whose voxel o lies in the region. Patterns
        are those of the whole bone, continued straight on beyond the image. Column 8: blocks of
        pattern p of the bone cut out along the region's border, with nothing around it.
    grid : Grid
        Where the voxels lie.
    """

    counts: NDArray[np.int64]
    grid: Grid

    @property
    def voxels(self) -> int:
        """Voxels in the region; each lies in eight blocks."""
        return int(self.counts[:, :CUT].sum()) // 8

    @property
    def bone_voxels(self) -> int:
        """Bone voxels in the region."""
        return int(self.counts[:, :CUT][BITS].sum()) // 8

    @property
    def blocks(self) -> NDArray[np.int64]:
        """Blocks by pattern, in eighths, each counted as far as it lies in the region, (256,)."""
        return np.asarray(self.counts[:, :CUT].sum(axis=1))


def configurations(
    bone: Mask, *, region: Mask | None = None, block: int | None = None
) -> Configurations:
    """Counts of the 256 patterns of 2×2×2 voxels.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        True in bone.
    region : Mask of shape (i, j, k) or None
        Where to count; None is the whole image.
    block : int or None
        Slices along i that are read at once, 1 and more; it changes memory, not the result.

    Returns
    -------
    Configurations
        Whole numbers.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    GridMismatch
        If the region lies on another grid.
    BadSetting
        If `block` is below 1.
    """
    slices = bone.grid.shape[0]
    within = checked(bone, region)
    counts = np.zeros((PATTERNS, CUT + 1), np.int64)
    # layer n of blocks lies between slices n − 1 and n; the first and the last are half outside
    for first, last in spans(slices + 1, block):
        low, high = max(first - 1, 0), min(last, slices)
        slab = bytes_of(bone.values[low:high])
        inside = bytes_of(within[low:high]) if within is not None else np.empty((0, 0, 0), np.uint8)
        counts += _count(slab, inside, first, last - first, slices).sum(axis=0)
    return Configurations(counts, bone.grid)


def checked(bone: Mask, region: Mask | None) -> NDArray[np.bool_] | None:
    """Values of a region that lies on the grid of `bone` and is not empty."""
    if region is None:
        return None
    region.on(bone.grid, name="the region")
    if not region.values.any():
        raise EmptyRegion("the region has no voxel; its structure cannot be measured.")
    return region.values


def spans(number: int, block: int | None) -> list[tuple[int, int]]:
    """First and last-but-one of `number` things taken `block` at a time, or all at once."""
    if block is not None and block < 1:
        raise BadSetting(f"block is {block} slices; at least 1 must be read at once.")
    step = number if block is None else block
    return [(first, min(first + step, number)) for first in range(0, number, step)]


def bytes_of(values: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """0 or 1 a voxel, with k running fastest; no copy where it does already."""
    return np.ascontiguousarray(values).view(np.uint8)


@parallel
def _count(
    bone: NDArray[np.uint8], region: NDArray[np.uint8], first: int, layers: int, slices: int
) -> NDArray[np.int64]:
    """Tables (turns, 256, 9) of layers of blocks, from `first` on, a few layers a turn."""
    turns = (layers + 7) // 8
    tables = np.zeros((turns, 256, 9), np.int64)
    for turn in prange(turns):
        whole = np.zeros((4, 256), np.int64)
        buffers = np.empty((6, (bone.shape[2] + 17) // 8), np.uint64)
        for layer in range(first + 8 * turn, first + min(8 * turn + 8, layers)):
            place = (layer, slices, max(first - 1, 0))
            _layer(bone, region, place, buffers, whole, tables[turn])
        for pattern in range(256):
            tables[turn, pattern] += whole[:, pattern].sum()
    return tables


@compiled
def _layer(
    bone: NDArray[np.uint8],
    region: NDArray[np.uint8],
    place: tuple[int, int, int],
    buffers: NDArray[np.uint64],
    whole: NDArray[np.int64],
    table: NDArray[np.int64],
) -> None:
    """Count a layer of blocks; `place`: its number, that of all slices, the first in `bone`."""
    layer, slices, base = place
    rows, columns = bone.shape[1], bone.shape[2]
    a, b = max(layer - 1, 0) - base, min(layer, slices - 1) - base
    there = (1 if layer > 0 else 0) | (2 if layer < slices else 0)
    buffers[:] = 0
    code, seen = buffers[0], buffers[1]
    _pair(bone[a, 0], bone[b, 0], 3, True, buffers[3])
    for row in range(rows + 1):
        at = min(row, rows - 1)
        old, new = buffers[3 - row % 2], buffers[2 + row % 2]
        seen_old, seen_new = buffers[5 - row % 2], buffers[4 + row % 2]
        _pair(bone[a, at], bone[b, at], 3, True, new)
        if row == rows:
            seen_new[:] = 0
        elif region.size:
            _pair(region[a, at], region[b, at], there, False, seen_new)
        else:
            seen_new.view(np.uint8)[1 : columns + 1] = there
        _join(old, new, code)
        _join(seen_old, seen_new, seen)
        _add(code, seen, whole, table)


@compiled
def _pair(
    low: NDArray[np.uint8],
    high: NDArray[np.uint8],
    kept: int,
    goes_on: bool,
    out: NDArray[np.uint64],
) -> None:
    """Two rows of voxels as bits 0 and 1 of bytes from the second on; the ends repeat or are 0."""
    columns = low.size
    cells = out.view(np.uint8)
    for k in range(columns):
        cells[k + 1] = (low[k] | high[k] << 1) & kept
    cells[0] = cells[1] if goes_on else 0
    cells[columns + 1] = cells[columns] if goes_on else 0


@compiled
def _join(old: NDArray[np.uint64], new: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    """Patterns of eight voxels, eight of them a word; bytes never carry into their neighbours."""
    two, four, eight, rest = np.uint64(2), np.uint64(4), np.uint64(8), np.uint64(56)
    quad = old[0] | new[0] << two
    for word in range(out.size - 1):
        following = old[word + 1] | new[word + 1] << two
        out[word] = quad | (quad >> eight | following << rest) << four
        quad = following


@compiled
def _add(
    code: NDArray[np.uint64],
    seen: NDArray[np.uint64],
    whole: NDArray[np.int64],
    table: NDArray[np.int64],
) -> None:
    """Count a row of blocks: in `whole` those that lie in the region, in `table` the others."""
    every, byte, eight = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0xFF), np.uint64(8)
    empty = solid = 0
    for word in range(code.size - 1):
        patterns, inside = code[word], seen[word]
        if inside == every:
            if patterns == 0:
                empty += 8
            elif patterns == every:
                solid += 8
            else:
                # four tables in turn: adding to the same place twice in a row would wait
                for k in range(8):
                    whole[k & 3, patterns & byte] += 1
                    patterns >>= eight
        elif inside != 0:
            for _ in range(8):
                pattern, part = np.int64(patterns & byte), np.int64(inside & byte)
                for octant in range(8):
                    table[pattern, octant] += part >> octant & 1
                table[pattern & part, 8] += part != 0
                patterns >>= eight
                inside >>= eight
    whole[0, 0] += empty
    whole[0, 255] += solid
