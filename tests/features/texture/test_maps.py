"""Maps against the same features worked out plainly, window by window."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, Mask, UnknownName
from osteon.features.texture.maps import first_order, glcm, glcm_sums, glrlm
from osteon.features.texture.maps.window import Places, Window, places_in

COUNT = 6
GRID = Grid((11, 10, 9), np.array([5.0, -3.0, 2.0]), np.eye(3), np.array([1.0, 1.0, 1.5]))
RNG = np.random.default_rng(3)
BALL = ((np.indices(GRID.shape) - np.array([5, 5, 4])[:, None, None, None]) ** 2).sum(0) <= 18
MASK = Mask(BALL, GRID)
LEVELS = np.where(BALL, RNG.integers(1, COUNT + 1, GRID.shape), 0).astype(np.int16)
VALUES = RNG.normal(100.0, 30.0, GRID.shape).astype(np.float32)
WAYS = [
    (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, -1, 0), (1, 0, 1), (1, 0, -1),
    (0, 1, 1), (0, 1, -1), (1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1),
]  # fmt: skip


def windows(places: Places):
    """Place in the map and box in the image of every window whose middle is in the region."""
    for at in np.ndindex(*places.grid.shape):
        middle = places.first + np.array(at) * places.step
        if BALL[tuple(middle)]:
            low = np.maximum(middle - places.radii, 0)
            yield (
                at,
                tuple(slice(a, b) for a, b in zip(low, middle + places.radii + 1, strict=True)),
            )


def joint(box: np.ndarray) -> np.ndarray:
    """Symmetric co-occurrence of neighbours, all directions together."""
    found = np.zeros((COUNT, COUNT))
    for here in np.argwhere(box > 0):
        for way in WAYS:
            there = here + way
            if (there >= 0).all() and (there < box.shape).all() and box[tuple(there)] > 0:
                a, b = box[tuple(here)] - 1, box[tuple(there)] - 1
                found[a, b] += 1
                found[b, a] += 1
    return found / found.sum()


def entropy(p: np.ndarray) -> float:
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def co_occurrence(p: np.ndarray) -> dict[str, float]:
    """All features by the formulas of the IBSI, element by element."""
    i, j = np.indices(p.shape) + 1.0
    apart, both, one = np.abs(i - j), i + j, p.sum(axis=1)
    differences = np.array([p[apart == d].sum() for d in range(COUNT)])
    sums = np.array([p[both == s].sum() for s in range(2, 2 * COUNT + 1)])
    d, s = np.arange(COUNT), np.arange(2.0, 2 * COUNT + 1)
    mean, total = (p * i).sum(), (sums * s).sum()
    product = np.outer(one, one)
    seen = p > 0
    first = -(p[seen] * np.log2(product[seen])).sum()
    second = entropy(product)
    variance = (p * (i - mean) ** 2).sum()
    return {
        "cm_joint_max": p.max(),
        "cm_joint_avg": mean,
        "cm_joint_var": variance,
        "cm_joint_entr": entropy(p),
        "cm_diff_avg": (differences * d).sum(),
        "cm_diff_var": (differences * (d - (differences * d).sum()) ** 2).sum(),
        "cm_diff_entr": entropy(differences),
        "cm_sum_avg": total,
        "cm_sum_var": (sums * (s - total) ** 2).sum(),
        "cm_sum_entr": entropy(sums),
        "cm_energy": (p**2).sum(),
        "cm_contrast": (p * apart**2).sum(),
        "cm_dissimilarity": (p * apart).sum(),
        "cm_inv_diff": (p / (1 + apart)).sum(),
        "cm_inv_diff_norm": (p / (1 + apart / COUNT)).sum(),
        "cm_inv_diff_mom": (p / (1 + apart**2)).sum(),
        "cm_inv_diff_mom_norm": (p / (1 + apart**2 / COUNT**2)).sum(),
        "cm_inv_var": (p[apart > 0] / apart[apart > 0] ** 2).sum(),
        "cm_corr": (p * (i - mean) * (j - mean)).sum() / variance,
        "cm_auto_corr": (p * i * j).sum(),
        "cm_clust_tend": (p * (both - 2 * mean) ** 2).sum(),
        "cm_clust_shade": (p * (both - 2 * mean) ** 3).sum(),
        "cm_clust_prom": (p * (both - 2 * mean) ** 4).sum(),
        "cm_info_corr1": (entropy(p) - first) / entropy(one),
        "cm_info_corr2": np.sqrt(1 - np.exp(-2 * (second - entropy(p)))),
    }


def run_table(box: np.ndarray) -> np.ndarray:
    """Runs by level and length, walked from each voxel that begins one."""
    table = np.zeros((COUNT, max(box.shape)))
    inside = {tuple(at): int(box[tuple(at)]) for at in np.argwhere(box > 0)}
    for at, level in inside.items():
        for way in WAYS:
            if inside.get(tuple(np.subtract(at, way))) == level:
                continue
            length, there = 1, tuple(np.add(at, way))
            while inside.get(there) == level:
                length, there = length + 1, tuple(np.add(there, way))
            table[level - 1, length - 1] += 1
    return table


def run_lengths(table: np.ndarray) -> dict[str, float]:
    g, r = np.indices(table.shape) + 1.0
    runs, p = table.sum(), table / table.sum()
    by_level, by_length = table.sum(axis=1), table.sum(axis=0)
    return {
        "rlm_sre": (p / r**2).sum(),
        "rlm_lre": (p * r**2).sum(),
        "rlm_lgre": (p / g**2).sum(),
        "rlm_hgre": (p * g**2).sum(),
        "rlm_srlge": (p / r**2 / g**2).sum(),
        "rlm_srhge": (p / r**2 * g**2).sum(),
        "rlm_lrlge": (p * r**2 / g**2).sum(),
        "rlm_lrhge": (p * r**2 * g**2).sum(),
        "rlm_glnu": (by_level**2).sum() / runs,
        "rlm_glnu_norm": (by_level**2).sum() / runs**2,
        "rlm_rlnu": (by_length**2).sum() / runs,
        "rlm_rlnu_norm": (by_length**2).sum() / runs**2,
        "rlm_r_perc": runs / (table * r).sum(),
        "rlm_gl_var": (p * (g - (p * g).sum()) ** 2).sum(),
        "rlm_rl_var": (p * (r - (p * r).sum()) ** 2).sum(),
        "rlm_rl_entr": entropy(p),
    }


@pytest.mark.parametrize("step", [None, 2.0, 4.4], ids=["every voxel", "every second", "apart"])
def test_co_occurrence_maps_are_the_features_of_each_window(step: float | None) -> None:
    places = places_in(MASK, Window(3.0, step))
    maps = glcm.glcm_maps(LEVELS, COUNT, places, glcm_sums.NAMES)
    seen = 0
    for at, box in windows(places):
        for name, value in co_occurrence(joint(LEVELS[box])).items():
            assert maps[name][at] == pytest.approx(value, rel=1e-5, abs=1e-5), (name, at)
        seen += 1
    assert seen > 3
    outside = [at for at in np.ndindex(*places.grid.shape) if not _in_region(places, at)]
    assert all(maps["cm_energy"][at] == 0 for at in outside)


def _in_region(places: Places, at: tuple[int, ...]) -> bool:
    return bool(BALL[tuple(places.first + np.array(at) * places.step)])


def test_run_length_maps_are_the_features_of_each_window() -> None:
    places = places_in(MASK, Window(4.0, 2.0))
    maps = glrlm.glrlm_maps(LEVELS, COUNT, places, glrlm.NAMES)
    seen = 0
    for at, box in windows(places):
        for name, value in run_lengths(run_table(LEVELS[box])).items():
            assert maps[name][at] == pytest.approx(value, rel=1e-5, abs=1e-5), (name, at)
        seen += 1
    assert seen > 3


def test_statistics_maps_are_the_statistics_of_each_window() -> None:
    places = places_in(MASK, Window(4.0, 2.0))
    maps = first_order.first_order_maps(VALUES, BALL, places, first_order.NAMES)
    for at, box in windows(places):
        inside = VALUES[box][BALL[box]].astype(np.float64)
        mean, p10, p90 = inside.mean(), *np.percentile(inside, [10, 90])
        middle = inside[(inside >= p10) & (inside <= p90)]
        expected = {
            "stat_mean": mean,
            "stat_var": inside.var(),
            "stat_skew": ((inside - mean) ** 3).mean() / inside.std() ** 3,
            "stat_kurt": ((inside - mean) ** 4).mean() / inside.var() ** 2 - 3,
            "stat_median": np.median(inside),
            "stat_iqr": np.subtract(*np.percentile(inside, [75, 25])),
            "stat_rmad": np.abs(middle - middle.mean()).mean(),
            "stat_medad": np.abs(inside - np.median(inside)).mean(),
            "stat_max": inside.max(),
            "stat_rms": np.sqrt((inside**2).mean()),
            "stat_cov": inside.std() / mean,
        }
        for name, value in expected.items():
            assert maps[name][at] == pytest.approx(value, rel=1e-4), (name, at)


def test_the_map_lies_where_its_windows_do() -> None:
    places = places_in(MASK, Window(3.0, 2.0))
    low, high = np.argwhere(BALL).min(axis=0), np.argwhere(BALL).max(axis=0)
    middle = GRID.to_world((low + high) / 2)
    centre = places.grid.to_world((np.array(places.grid.shape) - 1) / 2)
    # as far off as halves of voxels make it
    assert (np.abs(centre - middle) <= 0.5 * GRID.spacing + 1e-9).all()
    assert places.grid.spacing.tolist() == [2.0, 2.0, 1.5]
    # 3 mm are three voxels of 1 mm, and of 1.5 mm an odd number too
    assert places.radii.tolist() == [1, 1, 1]


def test_windows_that_cannot_be_are_one_line() -> None:
    with pytest.raises(EmptyRegion, match="no voxel"):
        places_in(Mask(np.zeros(GRID.shape, bool), GRID), Window(3.0))
    with pytest.raises(BadSetting, match=r"larger than the region, 9\.0 mm along axis 0"):
        places_in(MASK, Window(11.0))
    with pytest.raises(BadSetting, match="size_mm must be above 0; got 0"):
        Window(0.0)
    with pytest.raises(BadSetting, match="step_mm"):
        Window(3.0, -1.0)
    places = places_in(MASK, Window(3.0))
    with pytest.raises(UnknownName, match="cm_nothing"):
        glcm.glcm_maps(LEVELS, COUNT, places, ["cm_nothing"])
