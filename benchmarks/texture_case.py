"""Run one texture tool on one volume: seconds, peak memory and what came out, as JSON on stdout.

``python texture_case.py CASE VOLUME.npz RUNS`` runs in any environment that has the tool and
numpy. The volume holds ``values`` and ``mask`` (i, j, k), ``spacing`` in mm and, for pools,
``low`` and ``high``, the first voxel of each window and the one after its last.
"""

import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Told = dict[str, float]
Tool = Callable[[], Told]
"""Runs once, and tells how many numbers came out and one of them."""

BINS = 32
RADIUS = 2
"""Voxels on both sides of the middle of a window of a map."""

WINDOW_MM, STEP_MM = 8.0, 4.0
"""Windows of a pool."""

ENOUGH_S = 40.0
"""After so many seconds a tool is not run again."""

SHARED = ("statistics", "histogram", "glcm", "glrlm", "glszm", "ngtdm", "ngldm")
"""Families of ours that hold what both peers measure of grey values. What they have and we do not:
the maximal correlation coefficient and the diameters of slices, which the IBSI does not know."""


def _ours(data: Mapping[str, Any]):
    from osteon.core import Grid, Mask, Volume

    shape = data["values"].shape
    grid = Grid(shape, np.zeros(3), np.eye(3), data["spacing"])
    return Volume(data["values"].astype(np.float32), grid, "[hnsf'U]"), Mask(data["mask"], grid)


def _settings():
    from osteon.features.texture.settings import Discretisation, TextureSettings

    return TextureSettings(discretisation=Discretisation("bin-number", BINS), dimensions=("3D",))


def _measured(data: Mapping[str, Any], families: tuple[str, ...] | None) -> Tool:
    from osteon.features.texture.measure import measure_texture

    volume, mask = _ours(data)

    def run() -> Told:
        found = measure_texture(volume, mask, _settings(), families)
        return {"features": len(found), "contrast": found["cm_contrast_3D_avg"]}

    return run


def osteon_shared(data: Mapping[str, Any]) -> Tool:
    return _measured(data, ("morphology", *SHARED))


def osteon_all(data: Mapping[str, Any]) -> Tool:
    return _measured(data, None)


def osteon_maps(data: Mapping[str, Any]) -> Tool:
    from osteon.features.texture.maps.glcm_sums import NAMES
    from osteon.features.texture.maps.measure import measure_maps
    from osteon.features.texture.maps.window import Window

    volume, mask = _ours(data)
    window = Window((2 * RADIUS + 1) * float(data["spacing"][0]))

    def run() -> Told:
        found = measure_maps(volume, mask, NAMES, window)
        contrast = found["cm_contrast"].values
        size = sum(made.values.nbytes for made in found.values())
        mean = float(contrast[contrast > 0].mean())
        return {"features": len(found), "contrast": mean, "output_mib": size / 2**20}

    return run


def osteon_pool(data: Mapping[str, Any]) -> Tool:
    from osteon.features.texture.maps.pool import texture_pool
    from osteon.features.texture.maps.window import Window

    volume, mask = _ours(data)

    def run() -> Told:
        pool = texture_pool(volume, mask, Window(WINDOW_MM, STEP_MM))
        contrast = pool.values[:, pool.names.index("cm_contrast_3D_avg")]
        mean = float(contrast.mean())
        return {"features": len(pool.names), "contrast": mean, "windows": pool.windows}

    return run


def _images(values, mask, spacing):
    import SimpleITK

    made = []
    for array in (values.astype(np.float64), mask.astype(np.uint8)):
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array.T))
        image.SetSpacing([float(mm) for mm in spacing])
        made.append(image)
    return made


def _radiomics(**settings: Any):
    from radiomics import featureextractor, setVerbosity

    setVerbosity(logging.ERROR)
    return featureextractor.RadiomicsFeatureExtractor(additionalInfo=False, **settings)


def _width(data: Mapping[str, Any]) -> float:
    inside = data["values"][data["mask"]]
    return float(inside.max() - inside.min()) / BINS


def pyradiomics_107(data: Mapping[str, Any]) -> Tool:
    image, mask = _images(data["values"], data["mask"], data["spacing"])
    tool = _radiomics(binCount=BINS)
    tool.enableAllFeatures()

    def run() -> Told:
        found = tool.execute(image, mask)
        return {"features": len(found), "contrast": float(found["original_glcm_Contrast"])}

    return run


def pyradiomics_maps(data: Mapping[str, Any]) -> Tool:
    import SimpleITK

    image, mask = _images(data["values"], data["mask"], data["spacing"])
    tool = _radiomics(binWidth=_width(data), kernelRadius=RADIUS, maskedKernel=True, initValue=0)
    tool.disableAllFeatures()
    tool.enableFeatureClassByName("glcm")

    def run() -> Told:
        found = tool.execute(image, mask, voxelBased=True)
        contrast = SimpleITK.GetArrayFromImage(found["original_glcm_Contrast"])
        return {"features": len(found), "contrast": float(contrast[contrast > 0].mean())}

    return run


def pyradiomics_pool(data: Mapping[str, Any]) -> Tool:
    tool = _radiomics(binWidth=_width(data))
    tool.disableAllFeatures()
    for family in ("firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"):
        tool.enableFeatureClassByName(family)

    def run() -> Told:
        contrast, features = [], 0
        for low, high in zip(data["low"], data["high"], strict=True):
            cut = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
            found = tool.execute(*_images(data["values"][cut], data["mask"][cut], data["spacing"]))
            contrast.append(float(found["original_glcm_Contrast"]))
            features = len(found)
        mean = float(np.mean(contrast))
        return {"features": features, "contrast": mean, "windows": len(contrast)}

    return run


def flash(data: Mapping[str, Any]) -> Tool:
    from flash_radiomics import RadiomicsFeatureExtractor

    image, mask = _images(data["values"], data["mask"], data["spacing"])
    tool = RadiomicsFeatureExtractor(backend="cpu", num_threads=2, binCount=BINS)
    logging.disable(logging.INFO)
    place = Path(tempfile.mkdtemp())

    def run() -> Told:
        # it writes a file with every call
        out = place / f"{time.time_ns()}.h5"
        found = tool.execute(image, mask, label=1, output_hdf5_path=str(out))
        out.unlink(missing_ok=True)
        scalars = [name for name in found if not name.startswith("diagnostics")]
        return {"features": len(scalars), "contrast": float(found["original_glcm_Contrast"])}

    return run


def mirp_all(data: Mapping[str, Any]) -> Tool:
    from mirp import extract_features

    logging.disable(logging.INFO)

    def run() -> Told:
        found = extract_features(
            image=data["values"],
            mask=data["mask"].astype(np.uint8),
            image_modality="ct",
            by_slice=False,
            base_discretisation_method="fixed_bin_number",
            base_discretisation_n_bins=BINS,
            base_feature_families="all",
            glcm_spatial_method=["3d_average", "3d_volume_merge"],
            glrlm_spatial_method=["3d_average", "3d_volume_merge"],
            num_cpus=1,
        )[0].iloc[0]
        features = {name: value for name, value in found.items() if isinstance(value, float)}
        told = {"features": len(features)}
        for name, value in features.items():
            if name.startswith("cm_contrast") and "avg" in name:
                told["contrast"] = value
        return told

    return run


def itk_maps(data: Mapping[str, Any]) -> Tool:
    import itk

    image = itk.image_from_array(np.ascontiguousarray(data["values"].T, np.float32))
    mask = itk.image_from_array(np.ascontiguousarray(data["mask"].T, np.uint8))
    inside = data["values"][data["mask"]]

    def run() -> Told:
        made = itk.coocurrence_texture_features_image_filter(
            image,
            mask_image=mask,
            number_of_bins_per_axis=BINS,
            histogram_minimum=float(inside.min()),
            histogram_maximum=float(inside.max()),
            neighborhood_radius=[RADIUS] * 3,
        )
        maps = itk.array_from_image(made)
        inertia = maps[..., 4]
        return {"features": maps.shape[-1], "contrast": float(inertia[inertia > 0].mean())}

    return run


CASES: dict[str, Callable[[Mapping[str, Any]], Tool]] = {
    "osteon, features of both peers": osteon_shared,
    "pyradiomics, all its features": pyradiomics_107,
    "flash-radiomics, all its features": flash,
    "osteon, all features of IBSI 1": osteon_all,
    "mirp, all features of IBSI 1": mirp_all,
    "osteon, maps of co-occurrence": osteon_maps,
    "itk-texturefeatures, maps of co-occurrence": itk_maps,
    "pyradiomics, maps of co-occurrence": pyradiomics_maps,
    "osteon, texture pool": osteon_pool,
    "pyradiomics, texture pool": pyradiomics_pool,
}
"""Every tool and job."""


def _kib(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return float(line.split()[1])
    return float("nan")


def main() -> int:
    """Warm up, run, print."""
    name, volume, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with np.load(volume) as held:
        tool = CASES[name](dict(held))
    began = time.perf_counter()
    told: Told = {}
    if name.startswith("osteon") or runs > 1:
        told = tool()  # compiles what is compiled when first run
    seconds, cpu, mib = [], [], []
    for _ in range(runs):
        Path("/proc/self/clear_refs").write_text("5")  # forgets the highest memory so far
        before, start, spent = _kib("VmRSS"), time.perf_counter(), time.process_time()
        told = tool()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - spent)
        mib.append((_kib("VmHWM") - before) / 1024)
        if time.perf_counter() - began > ENOUGH_S:
            break
    told |= {"seconds": statistics.median(seconds), "core_seconds": statistics.median(cpu)}
    told |= {"mib": max(mib), "runs": len(seconds)}
    print(json.dumps(told), file=sys.__stdout__, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
