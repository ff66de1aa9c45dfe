"""Tensors of balls, boxes and fields known on paper."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from osteon.core import BadSetting, EmptyRegion, GridMismatch, UnsuitableScan
from osteon.features.texture.minkowski.tensors import surface_tensor, volume_tensor
from stretched_fields import degrees_between, mask_of, stretched_field, unit, volume_of


def places(shape, spacing):
    return (np.indices(shape).T - (np.array(shape) - 1) / 2 + 0.1) * spacing


def ball(radius, shape=(52, 52, 26), spacing=(0.5, 0.5, 1.0)):
    """Grey values that fall through 0.5 at the surface, as partial volume makes them."""
    away = np.linalg.norm(places(shape, spacing), axis=-1).T
    return volume_of(np.clip(0.5 + (radius - away), 0, 1), spacing)


def turned_box(sides, turn, shape=(52, 52, 52), spacing=(0.5, 0.5, 0.5)):
    inside = (np.abs(places(shape, spacing) @ turn) < np.array(sides) / 2).all(axis=-1).T
    return mask_of(inside, spacing)


def test_a_ball_faces_everywhere_alike():
    exact = 4 * np.pi * 64 / 9
    grey = ball(8.0)
    for image, off in ((grey, 0.01), (mask_of(grey.values > 0.5, (0.5, 0.5, 1.0)), 0.04)):
        found = surface_tensor(image)
        assert np.allclose(found.tensor, np.diag([exact] * 3), atol=off * exact)
    assert surface_tensor(ball(8.0)).ratio > 0.98
    assert surface_tensor(ball(8.0)).anisotropy < 0.01


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_turned_box_faces_its_six_ways(seed):
    generator = np.random.default_rng(seed)
    turn = np.eye(3) if seed is None else Rotation.random(rng=generator).as_matrix()
    a, b, c = sides = (14.0, 10.0, 4.0)
    exact = turn @ np.diag([2 * b * c, 2 * a * c, 2 * a * b]) @ turn.T / 3
    found = surface_tensor(turned_box(sides, turn))
    assert np.linalg.norm(found.tensor - exact) < 0.08 * np.linalg.norm(exact)
    assert found.ratio == pytest.approx(40 / 140, abs=0.03)
    assert degrees_between(found.directions[2], turn[:, 2]) < 2


@pytest.mark.parametrize("sides", [(3, 4, 5), (1, 1, 1)])
def test_the_volume_of_a_box_spreads_as_its_sides_do(sides):
    body, spacing = np.zeros((9, 9, 9), bool), np.array([0.5, 0.7, 1.1])
    body[tuple(slice(2, 2 + n) for n in sides)] = True
    lengths = sides * spacing
    exact = np.diag(lengths**2) / 12 * lengths.prod()
    assert np.allclose(volume_tensor(mask_of(body, spacing)).tensor, exact)
    assert np.allclose(volume_tensor(volume_of(body, spacing), threshold=1).tensor, exact)


@pytest.mark.parametrize("way", [unit(1, 2, 3), unit(3, -1, 1)], ids=str)
def test_surfaces_of_a_stretched_field_face_across_its_direction(way):
    """Ratio of ∫ n ⊗ n for gradients that are normal, weaker along the direction by the stretch."""
    generator = np.random.default_rng(0)
    before = 1.0
    for stretch in (1.5, 2.5):
        field = volume_of(stretched_field((64,) * 3, (0.4,) * 3, way, stretch, 1), (0.4,) * 3)
        found = surface_tensor(field, threshold=0.5)
        slopes = generator.standard_normal((200_000, 3)) / [1, 1, stretch]
        normals = slopes / np.linalg.norm(slopes, axis=1)[:, None]
        exact = np.linalg.eigvalsh(slopes.T @ normals)
        assert found.ratio == pytest.approx(exact[0] / exact[2], rel=0.15)
        assert degrees_between(found.directions[0], way) < 5
        assert found.ratio < before - 0.1
        before = found.ratio


def test_tensors_are_those_of_the_patient():
    turn = Rotation.from_euler("xyz", [20, 35, 50], degrees=True).as_matrix()
    box = turned_box((14.0, 10.0, 4.0), np.eye(3))
    turned = mask_of(box.values, box.grid.spacing, turn)
    assert degrees_between(surface_tensor(turned).directions[2], turn[:, 2]) < 1
    assert degrees_between(volume_tensor(turned).directions[2], turn[:, 0]) < 1


def test_the_surface_of_parts_adds_up_to_that_of_the_whole():
    image = ball(8.0)
    first = np.zeros(image.values.shape, bool)
    first[:20] = True
    parts = [
        surface_tensor(image, region=mask_of(r, (0.5, 0.5, 1.0))).tensor for r in (first, ~first)
    ]
    assert np.allclose(sum(parts), surface_tensor(image).tensor, rtol=1e-4)
    assert np.trace(parts[0]) > 0.1 * np.trace(parts[1])


def test_without_a_surface_there_is_no_direction():
    for image in (volume_of(np.full((6, 6, 6), 3.0)), mask_of(np.zeros((6, 6, 6)))):
        found = surface_tensor(image)
        assert (found.anisotropy, found.ratio) == (0, None)
        assert found.named("W102")["W102_trace"] == 0


def test_bad_input_is_told_in_one_line():
    image = ball(8.0)
    with pytest.raises(EmptyRegion, match="no voxel"):
        surface_tensor(image, region=mask_of(np.zeros((52, 52, 26)), (0.5, 0.5, 1.0)))
    with pytest.raises(EmptyRegion, match="Lower the threshold"):
        volume_tensor(image, threshold=9)
    with pytest.raises(GridMismatch):
        surface_tensor(image, region=mask_of(np.ones((3, 3, 3))))
    with pytest.raises(BadSetting, match="threshold"):
        surface_tensor(image, threshold=np.nan)
    region = np.zeros((52, 52, 26))
    region[10:40, 10:40, 5:20] = 1
    image.values[9, 20, 10] = np.nan
    with pytest.raises(UnsuitableScan, match="1 voxels in or beside"):
        surface_tensor(image, region=mask_of(region, (0.5, 0.5, 1.0)))
    image.values[9, 20, 10], image.values[3, 3, 3] = 0, np.nan
    assert surface_tensor(image, region=mask_of(region, (0.5, 0.5, 1.0))).ratio > 0.5
