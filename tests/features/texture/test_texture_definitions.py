"""Texture features held to their definitions, counted the slow way on small random regions."""

from itertools import product

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist, squareform

from osteon.core import Grid
from osteon.features.texture.discretise import Levels
from osteon.features.texture.families import local_intensity
from osteon.features.texture.families.autocorrelation import autocorrelation_features
from osteon.features.texture.families.glcm import glcm_features
from osteon.features.texture.families.glrlm import glrlm_features
from osteon.features.texture.families.hull import convex_hull, smallest_box, smallest_ellipsoid
from osteon.features.texture.families.local_intensity import local_intensity_features
from osteon.features.texture.families.morphology import morphology_features
from osteon.features.texture.families.neighbourhoods import neighbourhoods
from osteon.features.texture.families.zones import zones
from osteon.features.texture.region import TextureRegion

SHAPE = (7, 9, 8)
SPACING = np.array([1.0, 1.5, 2.0])
RADIUS = 10 * (3 / (4 * np.pi)) ** (1 / 3)
STEPS = np.array([step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)])


def region(values, inside, spacing=SPACING):
    grid = Grid(values.shape, np.zeros(3), np.eye(3), spacing)
    return TextureRegion(values, inside, inside, np.asarray(spacing, float), grid)


@pytest.fixture
def random():
    rng = np.random.default_rng(5)
    return rng.normal(10, 4, SHAPE), rng.random(SHAPE) < 0.6


@pytest.fixture
def levels():
    rng = np.random.default_rng(3)
    drawn = rng.random(SHAPE) < 0.9
    found = np.where(drawn & (rng.random(SHAPE) < 0.9), rng.integers(1, 5, SHAPE), 0)
    return Levels(found.astype(np.int32), 5, drawn)


def at(levels, place):
    inside = all(0 <= p < n for p, n in zip(place, levels.shape, strict=True))
    return levels[tuple(place)] if inside else 0


def test_moran_and_geary_are_sums_over_all_pairs(random):
    values, inside = random
    x = values[inside]
    away = squareform(pdist(np.argwhere(inside) * SPACING))
    weight = 1 / np.where(away == 0, np.inf, away)
    d, n = x - x.mean(), x.size
    found = autocorrelation_features(region(values, inside))
    moran = n / weight.sum() * (d @ weight @ d) / (d @ d)
    geary = (n - 1) / (2 * weight.sum()) * (weight * (x[:, None] - x) ** 2).sum() / (d @ d)
    assert found["morph_moran_i"] == pytest.approx(moran, rel=1e-9)
    assert found["morph_geary_c"] == pytest.approx(geary, rel=1e-9)


def test_values_outside_the_region_do_not_change_its_autocorrelation(random):
    values, inside = random
    other = np.where(inside, values, np.nan)
    one, two = (autocorrelation_features(region(v, inside)) for v in (values, other))
    assert one == two


@pytest.mark.parametrize("spacing", [(1.0, 1.5, 2.0), (3.0, 0.9, 1.1), (20.0, 20.0, 20.0)])
@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("rows", [10_000, 0])
def test_local_intensity_is_the_mean_over_a_ball_of_one_millilitre(
    random, spacing, gap, rows, monkeypatch
):
    monkeypatch.setattr(local_intensity, "MOST_ROWS", rows)
    values, inside = random
    if gap:
        values = np.where(~inside & (np.indices(SHAPE).sum(axis=0) % 3 == 0), np.nan, values)
    places = np.indices(SHAPE).reshape(3, -1).T * spacing
    means = []
    for place in np.argwhere(inside) * spacing:
        near = ((places - place) ** 2).sum(axis=1) <= RADIUS**2
        means.append(np.nanmean(values.reshape(-1)[near]))
    found = local_intensity_features(region(values, inside, np.array(spacing)))
    assert found["loc_peak_glob"] == pytest.approx(max(means), rel=1e-12)
    assert found["loc_peak_loc"] == pytest.approx(means[values[inside].argmax()], rel=1e-12)


def test_contrast_is_the_mean_squared_difference_of_neighbours(levels):
    squares = [[], []]
    for place in np.argwhere(levels.levels):
        for step in STEPS:
            other = at(levels.levels, place + step)
            if other:
                gap = int(levels.levels[tuple(place)]) - int(other)
                squares[0].append(gap**2)
                squares[1] += [gap**2] if step[2] == 0 else []
    found = glcm_features(levels)
    assert found["cm_contrast_3D_comb"] == pytest.approx(np.mean(squares[0]))
    assert found["cm_contrast_2_5D_comb"] == pytest.approx(np.mean(squares[1]))


def test_runs_are_voxels_of_one_level_in_a_row(levels):
    lengths = []
    for place, step in product(np.argwhere(levels.levels), STEPS):
        level = levels.levels[tuple(place)]
        if at(levels.levels, place - step) != level:
            length = 1
            while at(levels.levels, place + length * step) == level:
                length += 1
            lengths.append(length)
    found = glrlm_features(levels, ("3D",))
    assert found["rlm_lre_3D_comb"] == pytest.approx(np.mean(np.square(lengths)))
    assert found["rlm_rl_var_3D_comb"] == pytest.approx(np.var(lengths))
    assert found["rlm_r_perc_3D_comb"] == len(lengths) / (13 * np.count_nonzero(levels.levels))


@pytest.mark.parametrize(("dimension", "rank"), [("3D", 3), ("2.5D", 2)])
def test_zones_are_components_and_depth_is_counted_over_faces(levels, dimension, rank):
    sizes, depths = [], []
    structure, faces = np.ones((3, 3, 3)), ndimage.generate_binary_structure(3, 1)
    if rank == 2:
        structure[:, :, [0, 2]], faces[:, :, [0, 2]] = 0, 0
    deep, left = np.zeros(SHAPE, int), levels.morphological
    while left.any():
        deep += left
        left = ndimage.binary_erosion(left, faces)
    for level in range(1, 6):
        parts, many = ndimage.label(levels.levels == level, structure)
        for part in range(1, many + 1):
            sizes.append(np.count_nonzero(parts == part))
            depths.append(deep[parts == part].min())
    found = zones(levels)[dimension]
    own = sorted(zip(found.sizes.tolist(), found.depths.tolist(), strict=True))
    assert own == sorted(zip(sizes, depths, strict=True))


@pytest.mark.parametrize(("dimension", "flat"), [("3D", False), ("2.5D", True)])
def test_neighbours_are_counted_one_voxel_after_the_other(levels, dimension, flat):
    equal = np.zeros((6, 9 if flat else 27), int)
    counts, away = np.zeros(6, int), np.zeros(6)
    for place in np.argwhere(levels.levels):
        level = levels.levels[tuple(place)]
        steps = [step for step in (*STEPS, *-STEPS) if not (flat and step[2])]
        near = [n for n in (at(levels.levels, place + step) for step in steps) if n]
        equal[level, near.count(level)] += 1
        if near:
            counts[level] += 1
            away[level] += abs(level - np.mean(near))
    found = neighbourhoods(levels)[dimension]
    assert found.equal[0].tolist() == equal.tolist()
    assert found.counts[0].tolist() == counts.tolist()
    assert found.differences[0] == pytest.approx(away)


@pytest.mark.parametrize("axis", [0, 1])
def test_slices_may_lie_across_any_axis(levels, axis):
    turned = Levels(
        np.moveaxis(levels.levels, 2, axis), 5, np.moveaxis(levels.morphological, 2, axis), axis
    )
    assert glcm_features(turned) == pytest.approx(glcm_features(levels), rel=1e-12)


def test_the_hull_is_that_of_the_points_halfway_to_the_outside():
    rng = np.random.default_rng(1)
    inside = ndimage.binary_opening(rng.random((12, 10, 9)) < 0.8)
    padded = np.pad(inside, 1)
    points = []
    for place in np.argwhere(inside):
        for step in (*np.eye(3, dtype=int), *-np.eye(3, dtype=int)):
            if not padded[tuple(place + step + 1)]:
                points.append((place + step / 2) * SPACING)
    whole, found = ConvexHull(np.array(points)), convex_hull(inside, SPACING)
    assert found.volume == pytest.approx(whole.volume)
    assert found.area == pytest.approx(whole.area)
    assert found.diameter == pytest.approx(pdist(np.array(points)).max())


def turned_box(sides):
    """Voxels of 0.5 mm of a box that is turned about two axes."""
    a, b = np.deg2rad([33, 21])
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    places = np.stack(np.meshgrid(*[np.arange(-16, 16.5, 0.5)] * 3, indexing="ij"), axis=-1)
    return (np.abs(places @ (turn @ tilt)) <= np.array(sides) / 2).all(axis=-1)


def test_the_smallest_box_of_a_turned_box_is_that_box():
    hull = convex_hull(turned_box((24.0, 14.0, 8.0)), np.full(3, 0.5))
    # voxels put half a voxel and more around the box
    assert np.sort(smallest_box(hull)) == pytest.approx([8.3, 14.3, 24.3], abs=0.35)


def test_the_smallest_ellipsoid_of_an_ellipsoid_is_that_ellipsoid():
    places = np.indices((41, 33, 25)) - np.array([20, 16, 12])[:, None, None, None]
    inside = (places**2 / np.array([18, 12, 8])[:, None, None, None] ** 2).sum(axis=0) <= 1
    semi = smallest_ellipsoid(convex_hull(inside, np.ones(3)))
    # the surface lies half a voxel outside the centres
    assert semi == pytest.approx([18.5, 12.5, 8.5], rel=0.02)


def test_shape_scales_with_the_voxels():
    rng = np.random.default_rng(2)
    inside = ndimage.binary_closing(rng.random((10, 9, 8)) < 0.5)
    values = rng.normal(0, 1, inside.shape)
    once, twice = (
        morphology_features(region(values, inside, spacing)) for spacing in (SPACING, 2 * SPACING)
    )
    for tag, power in (("volume", 3), ("area_mesh", 2), ("diam", 1), ("pca_least_axis", 1)):
        assert twice[f"morph_{tag}"] == pytest.approx(once[f"morph_{tag}"] * 2**power)
    for tag in ("sphericity", "vol_dens_aee", "area_dens_ombb", "vol_dens_mvee", "pca_flatness"):
        assert twice[f"morph_{tag}"] == pytest.approx(once[f"morph_{tag}"], rel=1e-6)
