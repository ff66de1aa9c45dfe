"""Errors of images on paper, and structural similarity against scikit-image and brute force."""

import numpy as np
import pytest

from osteon.core import (
    HU,
    BadSetting,
    EmptyRegion,
    Grid,
    GridMismatch,
    Mask,
    UnitMismatch,
    UnsuitableScan,
    Volume,
)
from osteon.evaluate.images import fidelity

RANGE = (-1024.0, 3071.0)
WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])


def volume(values, *, unit=HU, spacing=(1.0, 1.0, 1.0)):
    return Volume(values, Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing)), unit)


def pair(shape=(24, 22, 26), seed=1, noise=80.0):
    rng = np.random.default_rng(seed)
    i, j, k = np.indices(shape)
    values = 300 * np.sin(i / 3) + 200 * np.cos(j / 2 + k / 5) + 100
    return values, values + rng.normal(0, noise, shape)


def test_a_shift_of_25_hu_is_told_as_such():
    values, _ = pair()
    found = fidelity(volume(values), volume(values - 25), data_range=RANGE)
    assert (found["MAE"], found["ME"], found["RMSE"]) == pytest.approx((25, -25, 25))
    assert found["PSNR"] == pytest.approx(20 * np.log10(4095 / 25))


def test_equal_images_have_no_error():
    same = volume(pair()[0])
    found = fidelity(same, same, data_range=RANGE)
    assert (found["MAE"], found["PSNR"]) == (0, np.inf)
    assert (found["SSIM"], found["MS-SSIM"]) == pytest.approx((1, 1))


def test_whole_numbers_as_files_hold_them_do_not_overflow():
    low, high = np.full((3, 3, 3), -1024, np.int16), np.full((3, 3, 3), 32000, np.int16)
    assert fidelity(volume(low), volume(high), data_range=RANGE)["ME"] == 33024


def test_ssim_is_that_of_scikit_image_away_from_the_border():
    metrics = pytest.importorskip("skimage.metrics")
    x, y = pair()
    theirs, local = metrics.structural_similarity(
        x + 1024, y + 1024, data_range=4095, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    assert theirs < 0.999
    # a mask two windows from the border is compared where its own windows are cut off as well, so
    # one voxel is taken at a time, with everything inside
    inner = np.zeros(x.shape, bool)
    inner[6:-6, 6:-6, 6:-6] = True
    found = ssim_map(x + 1024, y + 1024, np.ones(x.shape, bool), 4095)[0]
    assert found[inner] == pytest.approx(local[inner], abs=1e-9)
    ours = fidelity(volume(x), volume(y), data_range=RANGE)["SSIM"]
    assert ours == pytest.approx(found.mean(), abs=1e-10)


def ssim_map(x, y, inside, width):
    """Similarity, and its part of structure, of every voxel by explicit windows."""
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = taps[:, None, None] * taps[None, :, None] * taps[None, None, :]
    c1, c2 = (0.01 * width) ** 2, (0.03 * width) ** 2
    px, py, held = (np.pad(np.asarray(a, float), 5) for a in (x, y, inside))
    full, structure = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    for at in np.argwhere(inside):
        cut = tuple(slice(n, n + 11) for n in at)
        w = window * held[cut]
        w = w / w.sum()
        a, b = px[cut], py[cut]
        ma, mb = (w * a).sum(), (w * b).sum()
        va, vb = (w * (a - ma) ** 2).sum(), (w * (b - mb) ** 2).sum()
        shared = (w * (a - ma) * (b - mb)).sum()
        s = (2 * shared + c2) / (va + vb + c2)
        structure[tuple(at)] = s
        full[tuple(at)] = s * (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
    return full, structure


def halved(image, inside):
    """Means over the mask of blocks of 2×2×2 voxels, counted one by one."""
    shape = tuple(-(-n // 2) for n in image.shape)
    out, held = np.zeros(shape), np.zeros(shape, bool)
    for at in np.ndindex(shape):
        cut = tuple(slice(2 * n, 2 * n + 2) for n in at)
        if inside[cut].any():
            out[at], held[at] = image[cut][inside[cut]].mean(), True
    return out, held


def test_two_scales_in_a_ragged_mask_are_those_of_their_definition():
    x, y = pair((22, 23, 24), noise=200)
    inside = np.random.default_rng(3).random(x.shape) < 0.3
    inside[0, 0, 0] = inside[-1, -1, -1] = True  # the box of the mask is the image
    found = fidelity(volume(x), volume(y), Mask(inside, volume(x).grid), data_range=RANGE, scales=2)
    first = np.nanmean(ssim_map(x + 1024, y + 1024, inside, 4095), axis=(1, 2, 3))
    (a, held), (b, _) = halved(x + 1024, inside), halved(y + 1024, inside)
    second = np.nanmean(ssim_map(a, b, held, 4095), axis=(1, 2, 3))
    share = WEIGHTS[:2] / WEIGHTS[:2].sum()
    assert found["SSIM"] == pytest.approx(first[0], abs=1e-9)
    assert found["MS-SSIM"] == pytest.approx(first[1] ** share[0] * second[0] ** share[1], abs=1e-9)
    assert first[0] < 0.99


def test_what_lies_outside_the_mask_counts_for_nothing():
    x, y = pair()
    inside = np.zeros(x.shape, bool)
    inside[3:20, 4:21, 5:22] = True
    mask = Mask(inside, volume(x).grid)
    clean = fidelity(volume(x), volume(y), mask, data_range=RANGE)
    x[~inside], y[~inside] = np.nan, 1e9
    assert fidelity(volume(x), volume(y), mask, data_range=RANGE) == clean


def test_more_noise_is_less_alike():
    found = [
        fidelity(*(volume(v) for v in pair(noise=noise)), data_range=RANGE)
        for noise in (20, 80, 320)
    ]
    for name in ("PSNR", "SSIM", "MS-SSIM"):
        assert found[0][name] > found[1][name] > found[2][name]


def test_similarity_of_hu_is_that_of_the_same_values_counted_from_the_lowest():
    # water at 0 HU is no dark pixel: moving the scale and its range together changes nothing
    x, y = pair()
    moved = fidelity(volume(x + 5000), volume(y + 5000), data_range=(3976, 8071))
    assert moved == pytest.approx(fidelity(volume(x), volume(y), data_range=RANGE))


@pytest.mark.parametrize(
    ("shape", "scales"),
    [((10, 10, 10), 1), ((21, 90, 90), 1), ((22, 90, 90), 2), ((44, 50, 60), 3), ((1, 44, 50), 3)],
)
def test_as_many_scales_as_leave_a_window_in_every_side(shape, scales):
    same = volume(np.zeros(shape))
    assert fidelity(same, same, data_range=(-1, 1))["MS-SSIM scales"] == scales


def test_a_stretch_against_itself_upside_down_counts_as_no_structure():
    x = np.random.default_rng(1).choice([-400.0, 400.0], (12, 12, 12))
    found = fidelity(volume(x), volume(-x), data_range=(-400, 400))
    assert found["SSIM"] < 0
    assert found["MS-SSIM"] == 0


def test_images_in_another_unit_or_place_are_refused():
    x, y = pair()
    with pytest.raises(UnitMismatch, match="mg/cm3"):
        fidelity(volume(x), volume(y, unit="mg/cm3"), data_range=RANGE)
    with pytest.raises(GridMismatch, match="test volume"):
        fidelity(volume(x), volume(y, spacing=(1, 1, 2)), data_range=RANGE)
    other = Mask(np.ones((3, 3, 3), bool), volume(np.zeros((3, 3, 3))).grid)
    with pytest.raises(GridMismatch, match="the mask"):
        fidelity(volume(x), volume(y), other, data_range=RANGE)


def test_an_empty_mask_is_refused():
    x = volume(pair()[0])
    with pytest.raises(EmptyRegion, match="mask is empty"):
        fidelity(x, x, Mask(np.zeros(x.grid.shape, bool), x.grid), data_range=RANGE)


def test_missing_values_in_the_mask_are_refused():
    x, y = pair()
    y[3, 3, 3] = np.nan
    with pytest.raises(UnsuitableScan, match="test volume has no finite value in 1 of"):
        fidelity(volume(x), volume(y), data_range=RANGE)


@pytest.mark.parametrize("given", [(0, 1), (100, -100), (0, 0), (np.nan, 1), (0, np.inf)])
def test_a_range_of_another_unit_is_refused(given):
    x, y = (volume(v) for v in pair())
    with pytest.raises(BadSetting, match="data range"):
        fidelity(x, y, data_range=given)


def test_more_scales_than_fit_or_exist_are_refused():
    x, y = (volume(v) for v in pair())
    with pytest.raises(UnsuitableScan, match="at least 44 voxels"):
        fidelity(x, y, data_range=RANGE, scales=3)
    with pytest.raises(BadSetting, match="1 to 5"):
        fidelity(x, y, data_range=RANGE, scales=6)
