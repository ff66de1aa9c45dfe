"""Where the field of view ends inside a body it is said at which side, and nothing is made up."""

import numpy as np
import pytest

import shapes
from osteon.core import HU, EmptyRegion, Grid, Mask, Volume
from osteon.regions import body_flags, field_of_view, measure_shape
from phantom import Seen, grid_around, see

STRAIGHT = shapes.Vertebra(place=(0.3, 0.4, 0.2))
PADDING = -1024.0


@pytest.fixture(scope="module")
def straight():
    return see(STRAIGHT)


@pytest.fixture(scope="module")
def whole(straight):
    """Places of the voxels of the whole core."""
    core = straight.regions().masks["core"]
    return core.grid.to_world(np.argwhere(core.values))


def cropped(seen, low, high):
    """The part of a scan between two corners in mm."""
    start = np.maximum(np.round(seen.grid.to_index(low)), 0).astype(int)
    stop = np.minimum(np.round(seen.grid.to_index(high)), seen.grid.shape).astype(int)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    return Seen(seen.truth, seen.scan.part(box), seen.label.part(box))


FAR = 200.0
CUTS = {
    "top": ((-FAR, -FAR, -FAR), (FAR, FAR, 7.0)),
    "bottom": ((-FAR, -FAR, -6.0), (FAR, FAR, FAR)),
    "side": ((-FAR, -FAR, -FAR), (14.0, FAR, FAR)),
}


@pytest.mark.parametrize("side", CUTS)
def test_the_side_at_which_the_image_ends_is_named(straight, side):
    seen = cropped(straight, *CUTS[side])
    body = seen.body()
    regions = seen.regions(body)
    assert body.cut == side
    assert measure_shape(body).heights == {}
    (flag,) = [f for f in body_flags(body, regions, None) if f.code == "cut-by-field-of-view"]
    assert f"({side})" in flag.text


@pytest.mark.parametrize("side", CUTS)
def test_a_core_that_is_cut_is_the_whole_core_less_what_is_not_seen(straight, whole, side):
    seen = cropped(straight, *CUTS[side])
    regions = seen.regions()
    at = seen.grid.to_index(whole)
    left = ((at > -0.5) & (at < np.array(seen.grid.shape) - 0.5)).all(axis=1).sum()
    assert regions.masks["core"].volume_mm3 == pytest.approx(left, rel=0.04)
    assert set(seen.values(regions, "core")) == {shapes.CORE}
    if side != "side":
        assert "mid-height is not known" in regions.missing["oval"]
        assert "oval" not in regions.masks


def test_a_whole_body_is_not_called_cut_and_has_no_flag(straight):
    body = straight.body()
    assert body.cut == ""
    assert body_flags(body, straight.regions(body), 1.0) == ()


def test_a_body_of_which_less_than_half_is_seen_is_refused_with_the_share(straight):
    seen = cropped(straight, (-FAR, -FAR, 9.0), (FAR, FAR, FAR))
    with pytest.raises(EmptyRegion, match=r"(\d\d % of the body lies beyond|cm³ of the body)"):
        seen.body()


@pytest.mark.parametrize(("normal", "side"), [((0, 0, 1), "top"), ((0, 0, -1), "bottom")])
def test_padding_of_an_oblique_image_is_the_end_of_the_view(normal, side):
    # a slab that ends 7 mm from the middle of the body, filled up to a turned box
    turn = shapes.rotation(25, (1, 2, 3))
    whole = see(STRAIGHT, grid_around(STRAIGHT.place, (1, 1, 1), turn))
    index = np.moveaxis(np.indices(whole.grid.shape), 0, -1)
    beyond = whole.grid.to_world(index) @ np.array(normal, float) > 7.0
    values = np.where(beyond, PADDING, whole.scan.values)
    label = Mask(whole.label.values & ~beyond, whole.grid)
    seen = Seen(STRAIGHT, Volume(values, whole.grid, HU), label)
    known = field_of_view(seen.scan, PADDING)
    assert np.count_nonzero(known.values == beyond) < 0.001 * beyond.size
    body = seen.body(known=known)
    assert body.cut == side
    regions = seen.regions(body, known=known)
    assert set(seen.values(regions, "core")) == {shapes.CORE}


def test_air_with_noise_is_image_and_a_block_of_the_lowest_value_is_padding():
    grid = Grid((20, 20, 20), [0, 0, 0], np.eye(3), [1, 1, 1])
    noise = np.random.default_rng(1).normal(-1000, 12, grid.shape).round().clip(-1024)
    padded = noise.copy()
    padded[:, :5] = -1024
    known = field_of_view(Volume(padded, grid, HU), -1024.0).values
    assert not known[:, :5].any()
    assert known[:, 5:].mean() > 0.99
    assert field_of_view(Volume(noise, grid, HU), float(noise.min())).values.all()


def test_a_scan_that_never_goes_below_air_has_no_padding():
    grid = Grid((9, 9, 9), [0, 0, 0], np.eye(3), [1, 1, 1])
    flat = Volume(np.full(grid.shape, -1000.0), grid, HU)
    assert field_of_view(flat, -1000.0).values.all()
