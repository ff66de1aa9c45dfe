"""A built spine has the dimensions asked for, stands in order and keeps its canal free."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.core import BadSetting, Grid, UnknownName
from osteon.simulate.scene import where_is
from osteon.simulate.spine import LEVELS, Fracture, Vertebra, average, build_spine

LUMBAR = ("L1", "L2", "L3", "L4", "L5")


@pytest.fixture(scope="module")
def model(tiles, person):
    return build_spine(person(), tiles, np.random.default_rng(1))


def column(bone, y, axis):
    """First and last crossing of the surface in mm along an axis through (0, y, 0)."""
    j = (y - bone.grid.origin[1]) / bone.grid.spacing[1]
    low = int(np.floor(j))
    part = j - low
    plane = bone.inside[:, low] * (1 - part) + bone.inside[:, low + 1] * part
    middle = round(-bone.grid.origin[2 - axis] / bone.grid.spacing[2 - axis])
    line = plane[:, middle] if axis == 0 else plane[middle]
    at = np.flatnonzero(line > 0)
    at = at[np.split(np.arange(len(at)), np.flatnonzero(np.diff(at) > 1) + 1)[0]]
    first = at[0] - line[at[0]] / (line[at[0]] - line[at[0] - 1])
    last = at[-1] + line[at[-1]] / (line[at[-1]] - line[at[-1] + 1])
    return bone.grid.origin[axis] + bone.grid.spacing[axis] * np.array([first, last])


def height(bone, y):
    low, high = column(bone, y, 2)
    return high - low


def test_vertebrae_stand_in_order_from_the_head_down(model):
    z = [model.vertebrae[level].centroid[2] for level in ("T12", *LUMBAR)]
    assert (np.diff(z) < -20).all()
    assert (np.diff(z) > -50).all()
    np.testing.assert_allclose(model.vertebrae["L3"].centroid, 0, atol=1e-9)


def test_the_lumbar_spine_is_bent_forwards(model):
    tilt = [np.degrees(np.arcsin(-model.vertebrae[level].pose[1, 2])) for level in ("L1", "L5")]
    assert 15 < tilt[1] - tilt[0] < 60


def test_bodies_are_as_wide_and_high_as_published(model):
    for level in LUMBAR:
        size, bone = average(level), model.scene.named(level)
        low, high = column(bone, 0.0, 0)
        waist = 0.91 * size.mean_width
        assert high - low == pytest.approx(waist, abs=1.0)
        rim = 0.8 * size.mean_depth / 2
        front, middle, back = model.vertebrae[level].heights
        assert height(bone, -rim) == pytest.approx(front, abs=0.3)
        assert height(bone, 0.0) == pytest.approx(middle, abs=0.3)
        assert height(bone, rim) == pytest.approx(back, abs=0.3)
        assert back == pytest.approx(size.height, abs=1.0)


def test_the_canal_is_free_of_bone(model):
    for level in LUMBAR:
        size, bone = average(level), model.scene.named(level)
        angle, share, z = np.meshgrid(
            np.linspace(0, 2 * np.pi, 36), np.linspace(0, 0.87, 8), np.arange(-20, 15, 1.5)
        )
        x = share * 0.5 * size.canal[0] * np.cos(angle)
        y = 0.5 * size.mean_depth + 0.5 * size.canal[1] * (1 + share * np.sin(angle))
        at = np.round(bone.grid.to_index(np.stack([x, y, z], -1).reshape(-1, 3))).astype(int)
        assert bone.inside[tuple(at.T)].max() < 0


def test_bones_do_not_overlap(model):
    grid = Grid((70, 60, 150), np.array([-52, -30, -110.0]), np.eye(3), np.full(3, 1.5))
    world = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), -1)
    points = grid.to_world(world)
    count = np.zeros(grid.shape, int)
    for level in ("T12", *LUMBAR, "S1"):
        bone = model.scene.named(level)
        own = (points - bone.pose[:3, 3]) @ bone.pose[:3, :3]
        at = np.round(bone.grid.to_index(own)).astype(int)
        fits = ((at >= 0) & (at < bone.grid.shape)).all(axis=-1)
        at = np.clip(at, 0, np.array(bone.grid.shape) - 1)
        count += fits & (bone.inside[tuple(np.moveaxis(at, -1, 0))] > 0.6)
    assert (count > 0).sum() > 20_000
    assert (count > 1).sum() == 0


@pytest.mark.parametrize(
    ("kind", "loss", "grade"),
    [("wedge", 0.22, 1), ("wedge", 0.45, 3), ("biconcave", 0.33, 2), ("crush", 0.30, 2)],
)
def test_a_fracture_takes_the_height_that_its_grade_says(tiles, person, kind, loss, grade):
    broken = person(L5=Vertebra(0.12, fracture=Fracture(kind, loss)))
    whole = person()
    after = build_spine(broken, tiles, np.random.default_rng(3), levels=("L5",))
    before = build_spine(whole, tiles, np.random.default_rng(3), levels=("L5",))
    rim = {"wedge": -0.8, "biconcave": 0.0, "crush": 0.8}[kind]
    y = rim * average("L5").mean_depth / 2
    lost = 1 - height(after.scene.named("L5"), y) / height(before.scene.named("L5"), y)
    assert lost == pytest.approx(loss, abs=0.03)
    assert after.vertebrae["L5"].grade == grade
    assert before.vertebrae["L5"].grade == 0


def test_the_core_holds_the_share_of_bone_asked_for(tiles, person):
    model = build_spine(person(L5=Vertebra(0.09)), tiles, np.random.default_rng(0), levels=("L5",))
    truth = model.vertebrae["L5"]
    assert truth.share == pytest.approx(0.09, abs=0.001)
    assert truth.mineral == pytest.approx(1150 * truth.share)


def test_a_section_shows_bone_disc_muscle_fat_and_aorta(model):
    grid = Grid((150, 100, 1), np.array([-150, -100, 2.0]), np.eye(3), np.full(3, 2.0))
    objects, _ = where_is(model.scene, grid)
    seen = {model.scene.objects[n].name for n in np.unique(objects) if n >= 0}
    assert {"L3", "aorta", "psoas left", "psoas right", "visceral fat", "dural sac"} <= seen
    left = [int(np.median(np.argwhere(objects == n)[:, 0])) for n in np.unique(objects)
            if n >= 0 and model.scene.objects[n].name == "psoas left"]  # fmt: skip
    assert grid.to_world([left[0], 0, 0])[0] > 20  # x grows to the left of the patient


def test_the_same_seed_gives_the_same_bytes(tiles, person):
    a, b, c = (build_spine(person(), tiles, np.random.default_rng(s), ("L5",)) for s in (5, 5, 6))
    for one, two in zip(a.scene.objects, b.scene.objects, strict=True):
        assert one.inside.tobytes() == two.inside.tobytes()
    assert a.scene.named("L5").level.tobytes() == b.scene.named("L5").level.tobytes()
    assert a.scene.named("L5").level.tobytes() != c.scene.named("L5").level.tobytes()


def test_what_cannot_be_built_is_refused_in_one_line(tiles, person):
    rng = np.random.default_rng(0)
    with pytest.raises(UnknownName, match="'C3' is no vertebra") as error:
        build_spine(person(), tiles, rng, ("C3",))
    assert "\n" not in str(error.value)
    with pytest.raises(UnknownName, match="'L9'"):
        average("L9")
    with pytest.raises(BadSetting, match="without a gap"):
        build_spine(person(), tiles, rng, ("L1", "L5"))
    with pytest.raises(BadSetting, match="tiles stand at"):
        build_spine(person(), [], rng)
    with pytest.raises(BadSetting, match="weight and stature are above 0"):
        replace(person(), weight=-70.0)
    with pytest.raises(BadSetting, match="age lies within"):
        replace(person(), age=12.0)
    with pytest.raises(UnknownName, match="sex is F or M"):
        replace(person(), sex="X")
    with pytest.raises(UnknownName, match="phase is one of"):
        replace(person(), phase="venous")
    with pytest.raises(BadSetting, match="mean BV/TV"):
        replace(person(), share=1.4)
    with pytest.raises(BadSetting, match="loss of height"):
        Fracture("wedge", 0.9)
    with pytest.raises(UnknownName, match="a fracture is one of"):
        Fracture("split", 0.3)
    assert LEVELS[-1] == "L5"
