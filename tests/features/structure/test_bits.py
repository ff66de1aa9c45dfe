"""Masks as bits, against Python's own whole numbers."""

import numpy as np
import pytest

from osteon.features.structure.orientation.bits import ends, pack, population, shifted, words_along

FULL = 2**64 - 1


@pytest.mark.parametrize("length", [1, 63, 64, 65, 130])
def test_every_voxel_is_the_bit_of_its_place(length):
    rng = np.random.default_rng(1)
    mask = rng.random((2, 3, length)) < 0.5
    words = pack(mask)
    assert words.shape == (2, words_along(length), 3)
    for i, j in np.ndindex(2, 3):
        row = sum(int(word) << (64 * w) for w, word in enumerate(words[i, :, j]))
        assert row == int("".join("01"[int(bit)] for bit in mask[i, j, ::-1]), 2)


def test_masks_stored_the_other_way_round_are_packed_alike():
    rng = np.random.default_rng(2)
    mask = rng.random((4, 5, 70)) < 0.5
    assert (pack(np.asfortranarray(mask)) == pack(mask)).all()


@pytest.mark.parametrize("word", [0, 1, FULL, 1 << 63, 0x123456789ABCDEF0])
def test_the_population_is_the_number_of_ones(word):
    assert int(population(np.uint64(word))) == word.bit_count()


@pytest.mark.parametrize("shift", [0, 1, 2, 63])
def test_a_shift_takes_bits_from_the_next_word(shift):
    word, above = 0x8000000000000005, 0xFEDCBA9876543213
    expected = (((above << 64) | word) >> shift) & FULL
    assert int(shifted(np.uint64(word), np.uint64(above), np.uint64(shift))) == expected


@pytest.mark.parametrize(("length", "shift"), [(5, 0), (5, 2), (70, 1), (64, 2), (2, 3)])
def test_only_voxels_with_a_partner_in_the_row_are_left(length, shift):
    row = sum(int(word) << (64 * w) for w, word in enumerate(ends(length, shift)))
    assert row == 2 ** max(length - shift, 0) - 1
