"""Surface distances against closed forms, brute force and SimpleITK."""

from itertools import product

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask
from osteon.evaluate.images import surface_dice, surface_distances
from osteon.evaluate.images.surfaces import _surface

SPACINGS = [(1.0, 1.0, 1.0), (0.3, 0.3, 1.5), (2.0, 0.5, 0.7)]


def masked(values, spacing=(1.0, 1.0, 1.0), *, direction=None, origin=(0, 0, 0)):
    axes = np.eye(3) if direction is None else direction
    return Mask(values, Grid(values.shape, np.array(origin), axes, np.array(spacing)))


def box(start, stop, shape=(24, 20, 16)):
    values = np.zeros(shape, bool)
    values[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return values


def ball(radius, shape, spacing, centre=None):
    middle = np.array(shape) / 2 if centre is None else np.array(centre)
    at = np.indices(shape).transpose(1, 2, 3, 0) + 0.5
    return (((at - middle) * spacing) ** 2).sum(axis=-1) <= radius**2


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plate_moved_along_an_axis_is_that_far_away_in_mm(spacing, axis):
    # as wide as the image: both faces move by two voxels, sides slide within themselves
    start, stop = [0, 0, 0], [24, 20, 16]
    start[axis], stop[axis] = 4, 8
    a = box(start, stop)
    found = surface_distances(masked(a, spacing), masked(np.roll(a, 2, axis), spacing))
    assert found.maximum == pytest.approx(2 * spacing[axis])
    assert found.first_to_second.maximum == pytest.approx(2 * spacing[axis])
    assert 0 < found.mean <= 2 * spacing[axis]


def test_equal_masks_have_no_distance_and_full_surface_dice():
    a = masked(ball(5, (16, 16, 16), np.ones(3)))
    found = surface_distances(a, a)
    assert (found.mean, found.percentile_95, found.maximum) == (0, 0, 0)
    assert surface_dice(a, a, 0) == 1


@pytest.mark.parametrize("voxel", [1.0, 0.5, 0.33])
def test_the_distance_of_balls_in_balls_is_the_truer_the_smaller_the_voxels(voxel):
    shape, spacing = (
        (round(26 / voxel),) * 2 + (round(17.5 / voxel),),
        voxel * np.array([1, 1, 1.5]),
    )
    small, large = (masked(ball(r, shape, spacing), spacing) for r in (7.0, 11.0))
    found = surface_distances(small, large)
    for one in (found.first_to_second, found.second_to_first):
        assert one.mean == pytest.approx(4, abs=0.8 * voxel)  # first order: steps of a voxel
        assert one.percentile_95 == pytest.approx(4, abs=1.5 * voxel)
    assert surface_dice(small, large, 4 + 1.5 * voxel) == 1
    assert surface_dice(small, large, 4 - 2 * voxel) == 0


@pytest.mark.parametrize(("spacing", "over"), [*zip(SPACINGS, (0.07, 0.2, 0.16), strict=True)])
def test_the_area_of_a_ball_is_nearer_to_the_sphere_than_that_of_its_faces(spacing, over):
    radius = 14.0
    shape = tuple(int(np.ceil(2 * radius / s)) + 4 for s in spacing)
    area = _surface(masked(ball(radius, shape, np.array(spacing)), spacing)).area.sum()
    true = 4 * np.pi * radius**2
    assert true < area < true * (1 + over)  # the voxels' faces have 1.5 times the area


@pytest.mark.parametrize(
    ("slope", "over"), [((1, 0, 0), 0.01), ((1, 1, 0), 0.01), ((1, 1, 1), 0.01), ((1, 2, 0), 0.07)]
)
def test_the_area_of_a_plane_is_right_along_and_diagonal_to_the_axes(slope, over):
    normal = np.array(slope) / np.linalg.norm(slope)
    at = np.indices((60, 60, 60)).transpose(1, 2, 3, 0) + 0.5 - 30
    found = _surface(masked(at @ normal < 0.01))
    points = found.points - 30
    off = points @ normal
    disc = np.linalg.norm(points - np.outer(off, normal), axis=1) < 20
    area = found.area[disc & (np.abs(off) < 2.5)].sum() / (np.pi * 20**2)
    assert 0.985 < area < 1.015 + over  # 1.5 %: which points the rim of the disc takes in


def brute(a, b, spacing):
    """Corner points whose eight voxels differ, each with the length of its summed quarter faces."""
    spacing = np.array(spacing)

    def surface(values):
        solid = np.pad(values, 1).astype(int)
        points, areas = [], []
        for at in product(*[range(n - 1) for n in solid.shape]):
            eight = solid[tuple(slice(n, n + 2) for n in at)]
            if 0 < eight.sum() < 8:
                total = [np.diff(eight, axis=axis).sum() for axis in range(3)]
                faces = spacing.prod() / spacing / 4
                points.append(np.array(at) * spacing)
                areas.append(np.sqrt(((np.array(total) * faces) ** 2).sum()))
        return np.array(points), np.array(areas)

    (p, v), (q, w) = surface(a), surface(b)
    apart = np.sqrt(((p[:, None] - q[None]) ** 2).sum(axis=-1))
    return apart.min(axis=1), v, apart.min(axis=0), w


@pytest.mark.parametrize("seed", range(6))
def test_ragged_masks_that_touch_the_border_as_counted_by_brute_force(seed):
    rng = np.random.default_rng(seed)
    spacing = rng.uniform(0.2, 2, 3)
    a, b = (rng.random((5, 6, 4)) < share for share in (0.5, 0.3))
    there, v, here, w = brute(a, b, spacing)
    found = surface_distances(masked(a, spacing), masked(b, spacing))
    assert found.first_to_second.mean == pytest.approx((there * v).sum() / v.sum())
    assert found.second_to_first.mean == pytest.approx((here * w).sum() / w.sum())
    both = (there * v).sum() + (here * w).sum()
    assert found.mean == pytest.approx(both / (v.sum() + w.sum()))
    assert found.maximum == pytest.approx(max(there.max(), here.max()))
    within = min(d for d in there if v[there <= d + 1e-9].sum() >= 0.95 * v.sum() - 1e-9)
    assert found.first_to_second.percentile_95 == pytest.approx(within)
    near = v[there <= 0.5].sum() + w[here <= 0.5].sum()
    share = surface_dice(masked(a, spacing), masked(b, spacing), 0.5)
    assert share == pytest.approx(near / (v.sum() + w.sum()))


@pytest.mark.parametrize("spacing", SPACINGS)
def test_within_a_voxel_of_simpleitk(spacing):
    sitk = pytest.importorskip("SimpleITK")
    shape = (44, 40, 36)
    a = ball(8.0, shape, np.array(spacing))
    b = ball(9.5, shape, np.array(spacing), centre=np.array(shape) / 2 + 2 / np.array(spacing))
    images = []
    for values in (a, b):
        image = sitk.GetImageFromArray(values.transpose(2, 1, 0).astype(np.uint8))
        image.SetSpacing(spacing)
        images.append(image)
    theirs = sitk.HausdorffDistanceImageFilter()
    theirs.Execute(*images)
    found = surface_distances(masked(a, spacing), masked(b, spacing))
    voxel = np.linalg.norm(spacing)
    assert found.maximum == pytest.approx(theirs.GetHausdorffDistance(), abs=voxel)
    contours = [sitk.LabelContour(image) for image in images]
    away = [
        np.abs(
            sitk.GetArrayFromImage(
                sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
            )
        )[sitk.GetArrayFromImage(contour) > 0]
        for image, contour in ((images[1], contours[0]), (images[0], contours[1]))
    ]
    assert found.mean == pytest.approx(np.concatenate(away).mean(), abs=0.5 * voxel)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_turned_mirrored_moved_and_swapped_masks_are_as_far_apart(spacing):
    a, b = box((3, 4, 5), (12, 11, 9)), box((4, 2, 5), (14, 9, 12))
    found = surface_distances(masked(a, spacing), masked(b, spacing))
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, -1.0]])
    place = {"direction": turn, "origin": (50, -20, 7)}
    assert surface_distances(masked(a, spacing, **place), masked(b, spacing, **place)) == found
    swapped = surface_distances(masked(b, spacing), masked(a, spacing))
    assert swapped.first_to_second == found.second_to_first
    assert swapped.mean == pytest.approx(found.mean)
    order = (2, 0, 1)
    other = surface_distances(
        *(masked(m.transpose(order), tuple(spacing[n] for n in order)) for m in (a, b))
    )
    assert (other.mean, other.maximum) == pytest.approx((found.mean, found.maximum))


def test_the_border_of_the_image_is_a_surface():
    whole = np.ones((6, 6, 6), bool)
    cut = whole.copy()
    cut[3:] = False
    assert surface_distances(masked(whole), masked(cut)).maximum == pytest.approx(3)


def test_a_tolerance_of_whole_voxels_takes_them_in():
    a = box((0, 0, 4), (24, 20, 8))
    pair = [masked(m, (0.1, 0.1, 0.1)) for m in (a, np.roll(a, 3, 2))]
    assert surface_dice(*pair, 0.3) == 1
    assert surface_dice(*pair, 0.29) < 1


def test_one_odd_voxel_far_away_moves_the_maximum_and_not_the_95th_percentile():
    a = ball(9, (60, 30, 30), np.ones(3), centre=(15, 15, 15))
    b = a.copy()
    b[55, 15, 15] = True
    found = surface_distances(masked(a), masked(b))
    assert found.maximum > 30
    assert found.percentile_95 == 0


def test_an_empty_mask_is_refused():
    a = masked(box((0, 0, 0), (2, 2, 2)))
    none = masked(np.zeros((24, 20, 16), bool))
    with pytest.raises(EmptyRegion, match="second mask is empty"):
        surface_distances(a, none)
    with pytest.raises(EmptyRegion, match="first mask is empty"):
        surface_dice(none, a, 1)


def test_masks_of_other_voxels_are_refused():
    a = box((0, 0, 0), (2, 2, 2))
    with pytest.raises(GridMismatch, match="second mask"):
        surface_distances(masked(a), masked(a, (1, 1, 2)))


@pytest.mark.parametrize("tolerance", [-1, np.nan, np.inf])
def test_a_tolerance_that_is_none_is_refused(tolerance):
    a = masked(box((0, 0, 0), (2, 2, 2)))
    with pytest.raises(BadSetting, match="0 mm or more"):
        surface_dice(a, a, tolerance)
