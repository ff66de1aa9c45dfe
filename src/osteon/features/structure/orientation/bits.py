"""Masks as bits: 64 voxels a machine word, so that one instruction compares 64 pairs of voxels."""

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange

WORD = 64
"""Voxels in a machine word."""


def words_along(length: int) -> int:
    """Words that hold a row of `length` voxels, and one empty word to shift bits in from."""
    return -(-length // WORD) + 1


def pack(mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """A mask as bits.

    Parameters
    ----------
    mask : (a, b, c) bool array
        True where the bit is to be set.

    Returns
    -------
    (a, w, b) uint64 array
        Bit `n` of word ``[i, w, j]`` is voxel ``[i, j, 64 w + n]``; bits behind the end of a row
        are 0, and so is the last word of every row. Words of neighbouring rows lie side by side,
        so that a loop over rows fills the widest registers of the processor.
    """
    values = np.ascontiguousarray(mask).view(np.uint8)
    slices, rows, length = values.shape
    words = np.zeros((slices, words_along(length), rows), np.uint64)
    _pack(values, words)
    return words


@compiled
def _word(voxels: NDArray[np.uint8]) -> np.uint64:
    word = np.uint64(0)
    for n in range(voxels.size):
        word |= np.uint64(voxels[n]) << np.uint64(n)
    return word


@compiled
def _full_word(voxels: NDArray[np.uint8]) -> np.uint64:
    """As `_word`; a loop of known length becomes straight vector code."""
    word = np.uint64(0)
    for n in range(64):
        word |= np.uint64(voxels[n]) << np.uint64(n)
    return word


@parallel
def _pack(values: NDArray[np.uint8], words: NDArray[np.uint64]) -> None:
    slices, rows, length = values.shape
    full = length // 64
    for i in prange(slices):
        for j in range(rows):
            row = values[i, j]
            for w in range(full):
                words[i, w, j] = _full_word(row[64 * w : 64 * w + 64])
            words[i, full, j] = _word(row[64 * full :])


def ends(length: int, shift: int) -> NDArray[np.uint64]:
    """Words of a row in which voxel `k` is set where voxel ``k + shift`` is still in the row.

    Parameters
    ----------
    length : int
        Voxels in the row.
    shift : int
        Voxels to the partner, 0 or more.

    Returns
    -------
    (w,) uint64 array
        The bits, with the empty word at the end.
    """
    row = np.zeros((1, 1, length), np.bool_)
    row[..., : max(length - shift, 0)] = True
    return np.ascontiguousarray(pack(row)[0, :, 0])


@compiled
def shifted(word: np.uint64, above: np.uint64, shift: np.uint64) -> np.uint64:
    """The 64 voxels that lie `shift` (0 to 63) further on; `above` is the next word of the row."""
    return (word >> shift) | ((above << np.uint64(1)) << (np.uint64(63) - shift))


@compiled
def population(word: np.uint64) -> np.uint64:
    """Number of bits set, in the form that compilers turn into the processor's own count."""
    one, two, four = np.uint64(1), np.uint64(2), np.uint64(4)
    pairs = word - ((word >> one) & np.uint64(0x5555555555555555))
    fours = (pairs & np.uint64(0x3333333333333333)) + (
        (pairs >> two) & np.uint64(0x3333333333333333)
    )
    eights = (fours + (fours >> four)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (eights * np.uint64(0x0101010101010101)) >> np.uint64(56)
