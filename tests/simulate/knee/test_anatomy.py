import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from osteon.core import OsteonError, UnknownName
from osteon.simulate.knee import build_knee
from osteon.simulate.knee.shape import MIDDLE, ZONE


def _at(thing, points):
    """Signed distance of an object of the scene at world points."""
    own = points @ np.linalg.inv(thing.pose)[:3, :3].T + np.linalg.inv(thing.pose)[:3, 3]
    index = (own - thing.grid.origin) / thing.grid.spacing
    return map_coordinates(thing.inside, index.T, order=1, mode="constant", cval=-8.0)


def _middle(model, name):
    thing = model.scene.named(name)
    inside = np.argwhere(thing.inside > 0).mean(axis=0)
    return (thing.pose @ np.append(thing.grid.to_world(inside), 1))[:3]


def _box(low, high, step):
    axes = [np.arange(a, b, step) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)


def test_a_left_knee_is_the_mirror_of_a_right_one(right, left):
    for thing in right.scene.objects:
        other = left.scene.named(thing.name)
        assert np.array_equal(other.inside, thing.inside[::-1]), thing.name
        turn = np.diag([-1.0, 1.0, 1.0, 1.0])
        np.testing.assert_allclose(other.pose, turn @ thing.pose @ turn, atol=1e-12)
        ends = thing.grid.corners()[:, 0].min(), other.grid.corners()[:, 0].max()
        assert ends[0] == pytest.approx(-ends[1], abs=1e-9)


def test_the_fibula_lies_on_the_outer_side_and_the_patella_in_front(right, left):
    # LPS: the left side of the body is at larger x, so a right knee's outer side at smaller x
    assert _middle(right, "fibula")[0] < _middle(right, "tibia")[0] - 15
    assert _middle(left, "fibula")[0] > _middle(left, "tibia")[0] + 15
    assert _middle(right, "patella")[1] < _middle(right, "femur")[1] - 20
    assert _middle(right, "medial meniscus")[0] > 0 > _middle(right, "lateral meniscus")[0]
    assert _middle(right, "femur")[2] > 0 > _middle(right, "tibia")[2]


@pytest.mark.parametrize("side", ["medial", "lateral"])
def test_joint_space_is_as_wide_as_asked(right, ill, side):
    # both surfaces by vertical lines 0.5 mm apart, then the nearest pair of points
    x = np.arange(10, 30.1, 0.5) * ill.size[0] * (1 if side == "medial" else -1)
    y = np.arange(-18, 10, 0.5) * ill.size[1]
    z = np.arange(-14, 16, 0.1)
    points = np.stack(np.meshgrid(x, y, z, indexing="ij"), -1)
    shape = points.shape[:3]
    above = _at(right.scene.named("femur"), points.reshape(-1, 3)).reshape(shape) > 0
    below = _at(right.scene.named("tibia"), points.reshape(-1, 3)).reshape(shape) > 0
    first = np.where(above, z, np.inf).min(axis=2)
    last = np.where(below, z, -np.inf).max(axis=2)
    across, along = np.meshgrid(x, y, indexing="ij")
    (mx, my), (half_x, half_y) = MIDDLE[side], ZONE
    zone = np.abs(across / ill.size[0] - mx) < half_x
    zone &= np.abs(along / ill.size[1] - my) < half_y
    assert (first > last)[zone].all()
    femur = np.stack([across, along, first], -1)[zone]
    tibia = np.stack([across, along, last], -1)[np.isfinite(last)]
    gap = cKDTree(tibia).query(femur)[0].min()
    assert gap == pytest.approx(ill.joint_space[side], abs=0.3)


def test_bones_do_not_overlap(right):
    points = _box((-50, -70, -40), (50, 40, 50), 1.25)
    inside = {n: _at(right.scene.named(n), points) > 0 for n in right.groups}
    inside["fibula"] = _at(right.scene.named("fibula"), points) > 0
    total = sum(found.astype(int) for found in inside.values())
    assert min(found.sum() for found in inside.values()) > 2000
    assert total.max() == 1


def test_cartilage_lies_between_the_bones(right, ill):
    for side, x in (("medial", 20.0), ("lateral", -20.0)):
        line = np.array([[x * ill.size[0], -3.0, z] for z in np.arange(-12, 12, 0.06)])
        covering = np.full(len(line), "air", dtype=object)
        for thing in right.scene.objects:  # what lies later in the list covers what lies earlier
            covering[_at(thing, line) > 0] = thing.name
        order = list(dict.fromkeys(covering))
        assert order[0] == "tibia"
        assert order[1] == f"{side} tibial cartilage"
        assert order[-2:] == ["femoral cartilage", "femur"]


def test_fields_are_signed_distances_near_the_surface(right):
    for name in ("femur", "tibia", "patella", "fibula", "skin"):
        thing = right.scene.named(name)
        parts = np.gradient(thing.inside, float(thing.grid.spacing[0]))
        steep = np.sqrt(sum(part**2 for part in parts))
        core = (slice(3, -3),) * 3
        near = np.abs(thing.inside[core]) < 2
        found = steep[core][near]
        assert np.median(found) == pytest.approx(1, abs=0.06), name
        assert np.mean(np.abs(found - 1) < 0.25) > 0.85, name


def test_every_bone_lies_under_the_skin(right):
    skin = right.scene.named("skin")
    points = _box((-60, -75, -60), (60, 60, 60), 2.0)
    outside = _at(skin, points) < 0
    for name in ("femur", "tibia", "patella", "fibula", "gastrocnemius, medial head"):
        inside = _at(right.scene.named(name), points) > 0
        assert inside.any()
        assert not (inside & outside).any(), name


def test_regions_hold_the_bone_that_was_asked_for(right, ill):
    for place, built in right.truth["bone"].items():
        np.testing.assert_allclose(built["bvtv_built"], ill.bvtv[place], rtol=0.25, err_msg=place)
    labels = right.compartments("tibia")
    assert set(labels.names.values()) == {
        f"{side} tibia {band} mm"
        for side in ("medial", "lateral")
        for band in ("0-3", "3-6", "6-12")
    }
    where = {n: labels.grid.to_world(np.argwhere(labels.values == n)) for n in labels.names}
    height = [where[n][:, 2].mean() for n in (1, 2, 3)]
    assert height[0] > height[1] > height[2]
    assert where[1][:, 0].mean() > 10 > -10 > where[4][:, 0].mean()
    # the plate is compact, not spongy: no region reaches into it
    tibia = right.scene.named("tibia")
    assert (tibia.inside > tibia.shell)[labels.values > 0].all()


def test_the_plate_is_thicker_where_the_disease_is(right, ill):
    tibia = right.scene.named("tibia")
    points = {"medial": (20, -6), "lateral": (-20, -2)}
    found = {}
    for side, (x, y) in points.items():
        i, j = np.round(
            (np.array([x, y]) * ill.size[:2] - tibia.grid.origin[:2]) / tibia.grid.spacing[:2]
        ).astype(int)
        column = tibia.inside[i, j]
        k = np.flatnonzero(column > 0).max()
        found[side] = tibia.shell[i - 4 : i + 5, j - 4 : j + 5, k].mean()
        assert found[side] == pytest.approx(ill.plate[f"{side} tibia"], rel=0.25)


def test_the_same_seed_gives_the_same_bytes(ill, right, noise_tile):
    again = build_knee(ill, [noise_tile], np.random.default_rng(1), spacing=1.2)
    for thing, other in zip(right.scene.objects, again.scene.objects, strict=True):
        assert thing.inside.tobytes() == other.inside.tobytes()
    femur, other = right.scene.named("femur"), again.scene.named("femur")
    assert femur.level.tobytes() == other.level.tobytes()
    assert femur.cells.shift.tobytes() == other.cells.shift.tobytes()
    assert right.truth == again.truth


def test_everything_that_moves_is_in_the_scene(right):
    names = {thing.name for thing in right.scene.objects}
    assert {n for group in right.groups.values() for n in group} <= names


def test_impossible_orders_are_refused_in_one_line(ill, noise_tile, right):
    rng = np.random.default_rng(0)
    for faulty in (
        lambda: build_knee(ill, [], rng),
        lambda: build_knee(ill, [noise_tile], rng, spacing=5.0),
    ):
        with pytest.raises(OsteonError) as error:
            faulty()
        assert "\n" not in str(error.value)
    with pytest.raises(UnknownName, match="femur and tibia"):
        right.compartments("patella")
