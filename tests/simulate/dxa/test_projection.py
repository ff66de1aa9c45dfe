"""The projected mineral is the mineral of the spine, with what lies behind and before a body."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.core import Grid, UnknownName
from osteon.simulate.dxa import device, mean_density, project, read_spine
from osteon.simulate.scene import Scene, render, structure_of
from osteon.simulate.spine import Fracture, SpineSettings, Vertebra, build_spine, draw_spine

L1_L4 = ("L1", "L2", "L3", "L4")


@pytest.fixture(scope="module")
def model(tiles, person):
    return build_spine(person(), tiles, np.random.default_rng(1))


@pytest.fixture(scope="module")
def seen(model):
    return project(model.scene, L1_L4)


def test_all_mineral_of_a_piece_of_bone_is_counted(model):
    bone = replace(model.scene.named("L3"), pose=np.eye(4))
    scene = replace(model.scene, objects=(bone,))
    box = Grid((30, 30, 12), np.array([-15, -15, -6.0]) + 0.5, np.eye(3), np.ones(3))
    values = np.zeros((len(scene.tissues), 1), np.float32)
    values[[bone.compact, bone.spongy], 0] = 1.0
    counted = render(scene, box, values, samples=(1, 3, 1))[0].sum() * 1e-3
    fine = Grid((200, 200, 80), np.array([-15, -15, -6.0]) + 0.075, np.eye(3), np.full(3, 0.15))
    exact = structure_of(bone, scene.tiles, fine).sum() * 0.15**3 * 1e-3
    assert counted == pytest.approx(exact, rel=0.04)


def test_content_of_the_regions_adds_up_to_the_mineral_inside_them(model, seen):
    """Against a sum over each bone's own lattice, without any renderer."""
    from scipy.special import ndtr

    from osteon.simulate.dxa.projection import mineral_table

    rho = mineral_table(model.scene)[:, 0]
    total = 0.0
    for name in ("T12", *L1_L4, "L5"):
        bone = model.scene.named(name)
        h = bone.grid.spacing[0]
        solid = np.clip(bone.inside / h + 0.5, 0, 1)
        spongy = np.clip((bone.inside - bone.shell) / h + 0.5, 0, 1)
        mineral = (solid - spongy) * rho[bone.compact] + spongy * ndtr(-bone.level) * rho[
            bone.spongy
        ]
        index = np.argwhere(solid > 0)
        world = bone.grid.to_world(index) @ bone.pose[:3, :3].T + bone.pose[:3, 3]
        i = np.round(world[:, 0] - seen.corner[0]).astype(int)
        k = np.round(world[:, 2] - seen.corner[1]).astype(int)
        inside = (i >= 0) & (k >= 0) & (i < seen.region.shape[0]) & (k < seen.region.shape[1])
        here = inside.copy()
        here[inside] = seen.region[i[inside], k[inside]] > 0
        total += mineral[tuple(index[here].T)].sum(dtype=np.float64) * h**3 * 1e-3
    assert sum(c.bmc for c in seen.contents.values()) == pytest.approx(total, rel=0.02)


def test_regions_lie_on_each_other_and_grow_downwards(seen):
    area = [c.area for c in seen.contents.values()]
    assert 8 < area[0] < area[3] < 22
    rows = [np.argwhere(seen.region == n)[:, 1].mean() for n in (1, 2, 3, 4)]
    assert (np.diff(rows) < -20).all()


def test_more_bone_inside_the_bodies_reads_denser(tiles, person, seen):
    dense = build_spine(person(0.18), tiles, np.random.default_rng(1))
    more = project(dense.scene, L1_L4)
    assert mean_density(more.contents) > mean_density(seen.contents) + 0.08


def test_wear_reads_denser_though_the_core_is_the_same(tiles, person, seen):
    worn = Vertebra(0.12, osteophytes=5.0, facets=1.0, sclerosis=0.7)
    model = build_spine(person(**dict.fromkeys(L1_L4, worn)), tiles, np.random.default_rng(1))
    assert model.vertebrae["L2"].share == pytest.approx(0.12, abs=0.012)
    assert mean_density(project(model.scene, L1_L4).contents) > 1.05 * mean_density(seen.contents)


def test_plaques_before_the_spine_count(tiles, person, seen):
    hard = replace(person(), calcification=1.0)
    model = build_spine(hard, tiles, np.random.default_rng(1))
    assert mean_density(project(model.scene, L1_L4).contents) > mean_density(seen.contents)


def test_a_crushed_vertebra_reads_denser(tiles, person, seen):
    crushed = person(L2=Vertebra(0.12, fracture=Fracture("crush", 0.4)))
    model = build_spine(crushed, tiles, np.random.default_rng(1))
    assert project(model.scene, L1_L4).contents["L2"].bmd > 1.1 * seen.contents["L2"].bmd


def test_a_spine_is_read_on_every_device(model, seen):
    for maker in ("hologic", "lunar", "norland"):
        read = read_spine(model.scene, L1_L4, device(maker), np.random.default_rng(0), sex="F")
        assert read.standard == pytest.approx(mean_density(seen.contents), rel=0.1)
        assert read.maker == maker
    again = read_spine(model.scene, L1_L4, device("norland"), np.random.default_rng(0), sex="F")
    assert again == read


def test_a_vertebra_that_is_not_there_is_refused(model):
    with pytest.raises(UnknownName, match="no vertebra 'L9'") as error:
        project(model.scene, ("L9",))
    assert "\n" not in str(error.value)
    assert isinstance(model.scene, Scene)


def test_people_read_as_in_surveys(tiles):
    """NHANES, Hologic, women of 51–60: 0.993 ± 0.141 (doi:10.3389/fendo.2026.1748490, table 3)."""
    rng = np.random.default_rng(20)
    settings = SpineSettings(ages=(51, 60), women=1.0, fractures=0.0)
    people = [draw_spine(rng, settings) for _ in range(6)]
    density = [
        mean_density(project(build_spine(p, tiles, rng).scene, L1_L4).contents) for p in people
    ]
    hologic = [device("hologic").reads(value) for value in density]
    assert np.mean(hologic) == pytest.approx(0.993, abs=0.09)
    assert 0.05 < np.std(hologic) < 0.22
    assert np.corrcoef([p.vbmd for p in people], density)[0, 1] > 0.4
