"""Reference tissues are taken where they are, and missing where they are not."""

import numpy as np

from osteon.core import HU, Grid, Labels, Volume
from osteon.regions import find_tissues

GRID = Grid((30, 30, 10), [0, 0, 0], np.eye(3), [2, 2, 2])


def person():
    """A block of muscle in fat in air, with a lung inside, an aorta and a piece of femur."""
    values = np.full(GRID.shape, -1000.0)
    values[4:26, 4:26] = -100
    values[8:22, 8:22] = 55
    values[10:13, 10:13] = -950
    values[15:18, 10:13] = 45
    values[15:18, 15:18] = 1300
    organs = np.zeros(GRID.shape, np.uint8)
    organs[8:22, 8:22] = 86
    organs[15:18, 10:13] = 52
    organs[15:19, 15:18] = 75
    return Volume(values, GRID, HU), Labels(organs, GRID)


def test_each_tissue_lies_where_it_was_put():
    scan, organs = person()
    found = find_tissues(scan, organs)
    assert set(found) == {"air", "adipose", "muscle", "blood", "bone"}
    for name, hu in (("air", -1000), ("adipose", -100), ("blood", 45), ("bone", 1300)):
        assert set(scan.values[found[name].values]) == {hu}, name
    # all air around the patient, none in the lung
    assert found["air"].voxels == (30 * 30 - 22 * 22) * 10


def test_without_organ_labels_only_air_and_fat_are_found():
    scan, _ = person()
    assert set(find_tissues(scan, None)) == {"air", "adipose"}


def test_what_is_not_in_view_is_missing():
    scan, organs = person()
    inner = (slice(9, 21), slice(9, 21), slice(0, 10))
    found = find_tissues(scan.part(inner), organs.part(inner))
    assert set(found) == {"muscle", "blood", "bone"}
