"""The vertebral body is found where it is, however the vertebra and the image are turned."""

from dataclasses import replace

import numpy as np
import pytest

import shapes
from osteon.core import HU, EmptyRegion, Mask, Volume
from osteon.regions import find_body, measure_shape
from phantom import UP, grid_around, mirrored, see

R = shapes.rotation
CASES = {
    "clinical voxels, bent forwards": ((0.7, 0.7, 2.5), None, R(20, (1, 0, 0)), (3.3, -2.2, 1.1)),
    "clinical voxels, oblique image": ((0.7, 0.7, 2.5), R(30, (3, -1, 1)), R(15, (1, 1, 0)), None),
    "cubic voxels, straight": ((1, 1, 1), None, np.eye(3), None),
    "cubic voxels, bent by 25°": ((1, 1, 1), None, R(25, (1, 0.3, 0)), (3.3, -2.2, 1.1)),
    "cubic voxels, scoliosis off-centre": ((1, 1, 1), None, R(15, (0, 1, 0)), (30, 4, 1)),
    "cubic voxels, oblique image": ((1, 1, 1), R(25, (1, 2, 3)), np.eye(3), (5, 0, 0)),
    "fine voxels, twisted": ((0.5, 0.5, 1.25), None, R(10, (0, 0, 1)) @ R(-15, (1, 0, 0)), None),
}


@pytest.fixture(scope="module", params=CASES)
def found(request):
    spacing, image, turn, place = CASES[request.param]
    vertebra = shapes.Vertebra(place=place or (0.3, 0.4, 0.2), turn=turn)
    seen = see(vertebra, grid_around(vertebra.place, spacing, image))
    body = seen.body()
    return seen, body, seen.regions(body)


def degrees_between(one, other):
    return np.degrees(np.arccos(np.clip(one @ other, -1, 1)))


def test_its_axes_point_as_the_vertebra_is_turned(found):
    seen, body, _ = found
    left, back, up = seen.truth.turn.T
    for name, truth in (("left", left), ("anterior", -back), ("superior", up)):
        assert degrees_between(body.axes[name], truth) < 1.5, name


def test_its_centre_is_the_middle_of_the_cylinder(found):
    seen, body, _ = found
    assert np.abs(seen.truth.own(body.centre)).max() < 0.4


def test_its_canal_is_seen_behind_it(found):
    _, body, _ = found
    # the canal's middle lies 8 mm behind the back wall
    assert body.canal == pytest.approx([0, 16 + 8], abs=1.5)


def test_its_volume_is_that_of_the_cylinder_with_rounded_rims(found):
    _, body, _ = found
    # A ball of half the 13 mm that fit leaves (1 − π/4) r² of a rim; 1.5 % come back as the
    # roots of the pedicles, which no ball can tell from the body. Slices of 2.5 mm take
    # 3 % more off the rims.
    rim = 2 * np.pi * np.sqrt((19**2 + 13**2) / 2)
    rounded = 2 * (1 - np.pi / 4) * 6.5**2 * rim
    expected = (np.pi * 22 * 16 * 26 - rounded) * 1.015
    assert (body.surface.values < 0).sum() == pytest.approx(expected, rel=0.04)


def test_it_leaves_arch_and_canal_out(found):
    seen, body, _ = found
    own = seen.truth.own(body.surface.grid.to_world(np.argwhere(body.surface.values < 0)))
    x, y, _ = own.T
    assert seen.truth.in_arch(own).mean() < 0.03
    # Nothing reaches further than a root of a pedicle, 3.5 mm beyond the wall, nor the canal.
    assert ((x / 25.5) ** 2 + (y / 19.5) ** 2).max() < 1
    assert y.max() < 16.7


def test_its_size_is_that_on_paper(found):
    seen, body, _ = found
    shape = measure_shape(body)
    assert list(shape.heights) == ["anterior", "middle", "posterior"]
    rims = 1.0 if max(seen.grid.spacing) < 2 else 2.0  # steps of coarse slices round the rims
    assert shape.heights == pytest.approx(dict.fromkeys(shape.heights, 26.0), abs=rims)
    assert shape.heights["middle"] == pytest.approx(26, abs=0.4)
    assert shape.depth == pytest.approx(32, abs=0.7)
    assert shape.width == pytest.approx(44, abs=1.2)


def test_its_core_has_the_volume_on_paper(found):
    regions = found[2]
    # Steiner's formula for the ellipse 4 mm inside, 16 mm high. The wedge of the vein begins
    # 12.8 mm from the back wall, is 12 mm wide and 8 mm high at the wall, and ends 4 mm before.
    vein = 8 * 12 / 12.8 * (12.8 - 4) ** 2 / 2
    expected = shapes.ellipse_inside(44, 32, 4) * 16 - vein
    assert regions.volumes["core"] == pytest.approx(expected, rel=0.03)
    assert regions.masks["core"].volume_mm3 == pytest.approx(expected, rel=0.05)


def test_its_core_keeps_its_margins(found):
    seen, _, regions = found
    own = seen.own(regions.masks["core"])
    half_voxel = np.linalg.norm(seen.grid.spacing) / 2
    assert 13 - np.abs(own[:, 2]).max() > 5 - half_voxel
    # beside the pedicles; where they begin there is no wall to keep away from
    wall = own[(np.abs(own[:, 0]) < 7) | (own[:, 1] < 0)]
    assert seen.truth.wall_distance(wall).min() > 4 - half_voxel
    assert seen.truth.in_body(own, 0.3).all()


def test_its_core_is_pure_trabecular_bone(found):
    seen, _, regions = found
    for name in ("core", "oval", "anterior"):
        assert set(seen.values(regions, name)) == {shapes.CORE}, name


def test_the_vein_is_left_out(found):
    seen, _, regions = found
    x, y, z = seen.own(regions.masks["core"]).T
    half_voxel = np.linalg.norm(seen.grid.spacing) / 2
    wide = 6 * (y - 3.2) / 12.8 - half_voxel
    assert not ((np.abs(x) < wide) & (np.abs(z) < 4 - half_voxel)).any()


def test_the_anterior_half_is_what_lies_in_front_of_the_middle(found):
    seen, _, regions = found
    core, anterior = regions.masks["core"], regions.masks["anterior"]
    assert not (anterior.values & ~core.values).any()
    assert seen.own(anterior)[:, 1].max() < np.linalg.norm(seen.grid.spacing) / 2
    # half of the core without the vein, which lies wholly behind the middle
    assert regions.volumes["anterior"] == pytest.approx(
        shapes.ellipse_inside(44, 32, 4) * 8, rel=0.04
    )


def test_the_oval_lies_at_mid_height_in_the_front_two_thirds(found):
    seen, _, regions = found
    oval = regions.masks["oval"]
    assert not (oval.values & ~regions.masks["core"].values).any()
    _, y, z = seen.own(oval).T
    half_voxel = np.linalg.norm(seen.grid.spacing) / 2
    assert np.abs(z).max() < 2.5 + half_voxel
    assert y.max() < -16 + 32 * 2 / 3 + half_voxel
    # Between y = −12 and 5.33 mm, with its front end on the core's front: an ellipse there bends
    # no less than the core's rim (18²/12 = 27 mm) where its width is at most √(27 · 8.67) mm.
    deep = (12 + 16 / 3) / 2
    wide = np.sqrt(27 * deep)
    assert regions.volumes["oval"] == pytest.approx(5 * np.pi * deep * wide, rel=0.1)


STRAIGHT = shapes.Vertebra(place=(0.3, 0.4, 0.2))


@pytest.fixture(scope="module")
def straight():
    return see(STRAIGHT)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirror_image_has_mirrored_numbers(straight, axis):
    grid = mirrored(straight.grid, axis)
    other = replace(
        straight,
        scan=Volume(straight.scan.values, grid, HU),
        label=Mask(straight.label.values, grid),
    )
    flip = np.where(np.arange(3) == axis, -1, 1)
    body, usual = other.body(), straight.body()
    assert body.centre == pytest.approx(usual.centre * flip, abs=0.1)
    volumes = other.regions(body).volumes
    for name, volume in straight.regions(usual).volumes.items():
        assert volumes[name] == pytest.approx(volume, rel=0.01), name


def test_a_body_behind_its_canal_is_found_there(straight):
    mirror = mirrored(straight.grid, 1)
    body = find_body(Mask(straight.label.values, mirror), UP)
    assert body.axes["anterior"][1] > 0.99
    assert body.centre == pytest.approx([0.3, -0.4, 0.2], abs=0.4)


def test_a_body_that_is_given_is_used_as_it_is(straight):
    index = np.moveaxis(np.indices(straight.grid.shape), 0, -1)
    inside = STRAIGHT.in_body(STRAIGHT.own(straight.grid.to_world(index)))
    body = straight.body(given=Mask(inside, straight.grid))
    # nothing is opened: rims are whole but for smoothing, and there are no roots of pedicles
    assert (body.surface.values < 0).sum() == pytest.approx(np.pi * 22 * 16 * 26, rel=0.03)
    own = STRAIGHT.own(body.surface.grid.to_world(np.argwhere(body.surface.values < 0)))
    assert STRAIGHT.in_arch(own).mean() < 0.003
    regions = straight.regions(body)
    vein = 8 * 12 / 12.8 * (12.8 - 4) ** 2 / 2
    assert regions.volumes["core"] == pytest.approx(
        shapes.ellipse_inside(44, 32, 4) * 16 - vein, rel=0.03
    )
    assert STRAIGHT.wall_distance(straight.own(regions.masks["core"])).min() > 4 - 0.9


def test_a_vertebra_without_a_canal_still_has_a_body_and_says_so(straight):
    index = np.moveaxis(np.indices(straight.grid.shape), 0, -1)
    inside = STRAIGHT.in_body(STRAIGHT.own(straight.grid.to_world(index)))
    body = find_body(Mask(inside, straight.grid), UP)
    assert body.canal is None
    assert body.centre == pytest.approx(STRAIGHT.place, abs=0.4)


def test_a_spinous_process_alone_is_no_body(straight):
    index = np.moveaxis(np.indices(straight.grid.shape), 0, -1)
    own = STRAIGHT.own(straight.grid.to_world(index))
    process = STRAIGHT.in_arch(own) & (own[..., 1] > 36)
    with pytest.raises(EmptyRegion, match=r"sphere of \d\.\d mm radius; at least 5\.0 mm"):
        find_body(Mask(process, straight.grid), UP)
