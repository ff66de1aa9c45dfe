"""Loops, pieces and cavities are those that can be counted on paper."""

from itertools import chain, combinations, product

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import euler_number

from osteon.core import EmptyRegion, Grid, Mask
from osteon.features import FEATURES, METHODS
from osteon.features.structure.amounts.configurations import configurations
from osteon.features.structure.amounts.topology import topology
from osteon.features.structure.phases.purify import purify

MOVES = ([0, 0, 0], [3, -2, 1], [-0.4, 0.3, 0.2])


def mask(values, spacing=(0.1, 0.1, 0.1)):
    return Mask(np.asarray(values, bool), Grid(np.shape(values), [0, 0, 0], np.eye(3), spacing))


def places(size, move):
    axis = np.arange(size) - (size - 1) / 2
    return np.meshgrid(*(axis - m for m in move), indexing="ij")


def ball(size, radius, move=(0, 0, 0)):
    x, y, z = places(size, move)
    return x**2 + y**2 + z**2 <= radius**2


def torus(size, ring, tube, move=(0, 0, 0), axes=(0, 1, 2)):
    x, y, z = (places(size, move)[axis] for axis in axes)
    return (np.hypot(x, y) - ring) ** 2 + z**2 <= tube**2


def holed_plate(holes):
    plate = np.zeros((10, 8 * holes + 8, 8 * holes + 8), bool)
    plate[3:7, 4:-4, 4:-4] = True
    for j, k in product(range(holes), repeat=2):
        plate[:, 6 + 8 * j : 10 + 8 * j, 6 + 8 * k : 10 + 8 * k] = False
    return plate


def lattice(cells, pitch, width, start):
    """Struts along all three axes, cut somewhere; `cells` times `pitch` voxels a side."""
    near = (np.arange(cells * pitch) + start) % pitch < width
    i, j, k = np.meshgrid(near, near, near, indexing="ij")
    return i & j | j & k | i & k


def cells_of(solid):
    """Corners, edges, faces and voxels of a solid of closed voxels, by the axes they span."""
    wide = np.pad(solid, 1)
    for shared in chain.from_iterable(combinations(range(3), n) for n in range(4)):
        cells = wide
        for axis in shared:
            cells = cells | np.roll(cells, 1, axis)
        index = [slice(1, None if axis in shared else -1) for axis in range(3)]
        yield shared, cells[tuple(index)]


def odgaard_gundersen(solid):
    """ΔX of a cuboid: half the Euler number in its faces and so on is taken off."""
    total = 0.0
    for shared, cells in cells_of(solid):
        outer = np.zeros(cells.shape, int)  # in how many pairs of faces of the cuboid a cell lies
        for axis in shared:
            ends = np.moveaxis(outer, axis, 0)
            ends[[0, -1]] += 1
        in_faces, in_edges, in_corners = (cells[outer >= n].sum() for n in (1, 2, 3))
        sign = (-1) ** (3 - len(shared))
        total += sign * (cells.sum() - in_faces / 2 - in_edges / 4 - in_corners / 8)
    return total


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize(
    ("solid", "expected"),
    [
        (lambda m: ball(31, 9, m), (1, 1, 0)),
        (lambda m: ball(31, 10, m) & ~ball(31, 6, m), (2, 1, 1)),
        (lambda m: torus(31, 8, 3, m), (0, 1, 0)),
        (lambda m: torus(31, 8, 3.5, m) & ~torus(31, 8, 1.6, m), (0, 1, 1)),
    ],
    ids=["ball", "hollow ball", "torus", "hollow torus"],
)
def test_solids_have_the_pieces_loops_and_cavities_of_their_kind(solid, expected, move):
    found = topology(mask(solid(move)))
    assert (found.euler, found.components, found.cavities) == expected
    # none of them reaches the border, where a part would be left out
    assert found.contribution == found.euler


def test_linked_rings_are_two_pieces_with_a_loop_each():
    rings = torus(33, 7, 2, (-3.5, 0, 0)) | torus(33, 7, 2, (3.5, 0, 0), axes=(0, 2, 1))
    found = topology(mask(rings))
    assert (found.euler, found.components) == (0, 2)
    # a bar through both meets each twice: three more struts between four places
    rings[6:27, 16, 16] = True
    joined = topology(mask(rings))
    assert joined.components == 1
    assert joined.named()["Conn"] == 2 + 2


@pytest.mark.parametrize("holes", [1, 2, 4])
def test_a_plate_has_as_many_loops_as_holes(holes):
    found = topology(mask(holed_plate(holes)))
    assert found.named()["Conn"] == holes**2
    assert found.euler == 1 - holes**2


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
def test_the_euler_number_of_noise_is_that_of_scikit_image(share):
    noise = np.random.default_rng(5).random((13, 12, 17)) < share
    assert topology(mask(noise)).euler == euler_number(noise, connectivity=3)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
def test_the_correction_for_a_cuboid_is_that_of_odgaard_and_gundersen(share):
    noise = np.random.default_rng(6).random((7, 8, 9)) < share
    assert topology(mask(noise)).contribution == odgaard_gundersen(noise)


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("start", [1, 4])  # through nodes, through struts
def test_a_lattice_has_two_loops_a_cell_wherever_it_is_cut(start, width):
    # a cell has one node and three struts: each adds 1 − 3 to the Euler number
    bone = mask(lattice(3, 7, width, start), (0.1, 0.2, 0.3))
    found = topology(bone).named()
    assert found["Euler (edge-corrected)"] == -2 * 27
    volume = 21**3 * 0.1 * 0.2 * 0.3
    assert found["Conn.D"] == pytest.approx((1 + 2 * 27) / volume)


def test_without_the_correction_cut_struts_count_as_free_ends():
    bone = lattice(3, 7, 2, 4)
    found = topology(mask(bone))
    assert found.euler == 27 - (27 * 3 - 27)
    assert found.euler != found.contribution


def test_sub_cubes_add_up_to_the_cube():
    noise = ndimage.gaussian_filter(np.random.default_rng(7).standard_normal((24,) * 3), 1.2)
    bone = mask(noise > 0.05)
    parts = []
    for corner in product((0, 9), repeat=3):
        part = np.zeros(noise.shape, bool)
        part[tuple(slice(c, 9 if c == 0 else None) for c in corner)] = True
        parts.append(topology(bone, region=mask(part)).contribution)
    assert sum(parts) == topology(bone).contribution


def test_regions_of_any_form_add_up_to_the_whole():
    noise = np.random.default_rng(8).random((15, 14, 13))
    bone, halves = mask(noise < 0.35), ball(15, 5)[:, :14, :13]
    parts = [topology(bone, region=mask(r)).contribution for r in (halves, ~halves)]
    assert sum(parts) == topology(bone).contribution


def test_a_region_that_bone_ends_in_needs_no_correction():
    bone, around = mask(torus(25, 6, 2)), mask(ball(25, 11))
    found = topology(bone, region=around)
    assert found.contribution == found.euler == 0


def test_the_euler_number_in_a_region_is_that_of_the_bone_cut_out():
    noise, region = np.random.default_rng(9).random((12, 12, 12)) < 0.4, ball(12, 5)
    found = topology(mask(noise), region=mask(region))
    assert found.euler == euler_number(noise & region, connectivity=3)


def test_pieces_and_cavities_are_those_with_a_voxel_in_the_region():
    bone = np.zeros((20, 20, 40), bool)
    bone[2:9, 2:9, 2:9] = True
    bone[5, 5, 5] = False
    bone[2:9, 2:9, 20:27] = True
    near = np.zeros(bone.shape, bool)
    near[:, :, 8:] = True
    assert (topology(mask(bone)).components, topology(mask(bone)).cavities) == (2, 1)
    found = topology(mask(bone), region=mask(near))
    assert (found.components, found.cavities) == (2, 0)


def test_bone_is_connected_by_corners_and_marrow_by_faces():
    bone = np.zeros((6, 6, 6), bool)
    bone[2, 2, 2] = bone[3, 3, 3] = True
    assert topology(mask(bone)).components == 1
    for other in ((3, 3, 3), (2, 3, 3)):
        solid = np.ones((6, 6, 6), bool)
        solid[2, 2, 2] = solid[other] = False
        assert topology(mask(solid)).cavities == 2


@pytest.mark.parametrize("axes", [(0, 2, 1), (2, 1, 0), (1, 2, 0)])
def test_turning_the_bone_changes_nothing(axes):
    noise = np.random.default_rng(10).random((9, 8, 7)) < 0.4
    found, turned = topology(mask(noise)), topology(mask(noise.transpose(axes)))
    assert found.named() == pytest.approx(turned.named())


@pytest.mark.parametrize("block", [1, 4, 50])
def test_blocks_change_nothing(block):
    noise = mask(np.random.default_rng(11).random((17, 9, 11)) < 0.4)
    assert topology(noise, block=block).named() == topology(noise).named()


def test_patterns_that_are_counted_already_give_the_same():
    noise = mask(np.random.default_rng(12).random((9, 9, 11)) < 0.4)
    assert topology(noise, counted=configurations(noise)).named() == topology(noise).named()


def test_connectivity_of_bone_in_pieces_or_of_none_is_flagged():
    assert topology(mask(ball(15, 4))).flags == ()
    assert [f.code for f in topology(mask(ball(15, 6) & ~ball(15, 3))).flags] == ["not-purified"]
    nothing = topology(mask(np.zeros((5, 5, 5))))
    assert [flag.code for flag in nothing.flags] == ["no-bone"]
    assert nothing.named()["Conn.D"] is None


def test_an_empty_region_is_refused():
    with pytest.raises(EmptyRegion, match="no voxel"):
        topology(mask(ball(8, 3)), region=mask(np.zeros((8, 8, 8))))


def test_each_number_is_in_the_list_with_its_method():
    for name in topology(mask(ball(8, 3))).named():
        assert METHODS[FEATURES[name].method].doi == FEATURES[name].source


def test_bone_in_memory_that_cannot_be_written_is_counted_as_any(tmp_path):
    bone = holed_plate(2)
    mapped = np.memmap(tmp_path / "bone", bool, "w+", shape=bone.shape)
    mapped[:] = bone
    mapped.flush()
    read = np.memmap(tmp_path / "bone", bool, "r", shape=bone.shape)
    grid = mask(bone).grid
    assert topology(Mask(read, grid)).named() == topology(mask(bone)).named()
    assert (purify(Mask(read, grid)).mask.values == bone).all()
