"""Run one tool on one volume: seconds, peak memory and what came out, as JSON on stdout.

``python one_case.py CASE VOLUME.npy RUNS`` runs in any environment that has the tool and numpy.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Tool = Callable[[Any], Any]
"""Takes a bool array of cubic voxels of side 1, gives whatever the tool gives."""


def _mask(bone):
    from osteon.core import Grid, Mask

    return Mask(bone, Grid(bone.shape, np.zeros(3), np.eye(3), np.ones(3)))


def osteon_thickness() -> Tool:
    from osteon.features.structure import local_thickness

    return lambda bone: local_thickness(_mask(bone)).map


def osteon_mil() -> Tool:
    from osteon.features.structure import fabric

    return lambda bone: fabric(_mask(bone)).anisotropy


def osteon_euler() -> Tool:
    from osteon.features.structure.amounts.configurations import CUT, configurations
    from osteon.features.structure.amounts.topology import euler_shares

    shares = euler_shares().sum(axis=1)
    return lambda bone: int(configurations(_mask(bone)).counts[:, CUT] @ shares) // 8


def osteon_purify() -> Tool:
    from osteon.features.structure import purify

    return lambda bone: purify(_mask(bone)).mask.values


def osteon_distance() -> Tool:
    from osteon.features.structure import distance_map

    return lambda bone: distance_map(_mask(bone)).values


def osteon_components() -> Tool:
    import cc3d

    return lambda bone: cc3d.connected_components(bone, connectivity=26, return_N=True)[1]


def ormir() -> Tool:
    from ormir_xct.core.util import hildebrand_thickness as h

    run = h.compute_local_thickness_from_mask
    return lambda bone: run(bone.astype(np.uint8), 1.0, oversample=False, skeletonize=False)


def localthickness_half() -> Tool:
    import localthickness

    return lambda bone: 2 * localthickness.local_thickness(bone, scale=0.5)


def porespy_thickness() -> Tool:
    import porespy

    porespy.settings.tqdm["disable"] = True
    return lambda bone: 2 * porespy.filters.local_thickness(bone)


def porespy_fine() -> Tool:
    import porespy

    porespy.settings.tqdm["disable"] = True
    return lambda bone: 2 * porespy.filters.local_thickness(bone, method="legacy")


def bone_microarchitecture() -> Tool:
    from bone_microarchitecture.thickness import hildebrand_thickness_map

    return lambda bone: hildebrand_thickness_map(bone, (1.0, 1.0, 1.0), backend="cpu")


def fabrictensor_mil() -> Tool:
    import fabrictensor as ft

    def run(bone):
        inside = ft.centered_sphere_mask(bone.shape)
        directions = ft.icosahedral_directions(subdivisions=2)
        found = ft.compute_mil_all(bone, inside, directions, n_rays=2000, seed=1)
        lengths = found[0] if isinstance(found, tuple) else found
        tensor = ft.fit_fabric_tensor(directions, lengths, method="MIL-H")
        low, *_, high = sorted(np.linalg.eigvalsh(tensor))
        return float(np.sqrt(high / low))

    return run


def skimage_euler() -> Tool:
    from skimage.measure import euler_number

    return lambda bone: int(euler_number(bone, 3))


def scipy_purify() -> Tool:
    from scipy import ndimage

    def run(bone):
        found, _ = ndimage.label(bone, np.ones((3, 3, 3)))
        sizes = np.bincount(found.ravel())
        sizes[0] = 0
        return ndimage.binary_fill_holes(found == sizes.argmax())

    return run


def scipy_distance() -> Tool:
    from scipy import ndimage

    return lambda bone: ndimage.distance_transform_edt(bone).astype(np.float32)


def scipy_components() -> Tool:
    from scipy import ndimage

    return lambda bone: int(ndimage.label(bone, np.ones((3, 3, 3)))[1])


CASES: dict[str, Callable[[], Tool]] = {
    "osteon, thickness": osteon_thickness,
    "ormir-xct, thickness": ormir,
    "localthickness at 0.5, thickness": localthickness_half,
    "porespy, thickness": porespy_thickness,
    "porespy (25 radii), thickness": porespy_fine,
    "bone-microarchitecture, thickness": bone_microarchitecture,
    "osteon, intercepts": osteon_mil,
    "fabrictensor, intercepts": fabrictensor_mil,
    "osteon, Euler number": osteon_euler,
    "scikit-image, Euler number": skimage_euler,
    "osteon, purify": osteon_purify,
    "scipy, purify": scipy_purify,
    "osteon, distance": osteon_distance,
    "scipy, distance": scipy_distance,
    "osteon (cc3d), components": osteon_components,
    "scipy, components": scipy_components,
}
"""Every tool and job."""


ENOUGH_S = 30.0
"""After so many seconds a tool is not run again."""


def _kib(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return float(line.split()[1])
    return float("nan")


def main() -> int:
    """Warm up on a small part, run, print."""
    name, volume, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    tool = CASES[name]()
    bone = np.load(volume)
    tool(np.ascontiguousarray(bone[:32, :32, :32]))  # compiles what is compiled when first run
    seconds, mib = [], []
    for _ in range(runs):
        result = None
        Path("/proc/self/clear_refs").write_text("5")  # forgets the highest memory so far
        before, began = _kib("VmRSS"), time.perf_counter()
        result = tool(bone)
        seconds.append(time.perf_counter() - began)
        mib.append((_kib("VmHWM") - before) / 1024)
        if sum(seconds) > ENOUGH_S:
            break
    out = np.asarray(result)
    told: dict[str, Any] = {"value": float(out)} if out.ndim == 0 else {}
    if out.ndim == 3 and out.dtype != np.bool_:
        told = {"mean": float(out[bone].mean(dtype=np.float64))}
        told["zero_share"] = float((out[bone] == 0).mean())
    told |= {"seconds": statistics.median(seconds), "mib": max(mib), "runs": len(seconds)}
    print(json.dumps(told), file=sys.__stdout__, flush=True)
    return 0


if __name__ == "__main__":
    if os.name != "posix" or not Path("/proc/self/clear_refs").exists():
        sys.exit("the benchmark of memory needs Linux")
    sys.exit(main())
