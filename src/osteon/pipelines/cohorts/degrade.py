"""One real specimen as clinical scanners would see it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core import BadSetting, Mask, Volume
from ...features.structure import Otsu, segment
from ...simulate.cohort.subject import Image
from ...simulate.ct import CTView, scan_ct, scanner_named
from ...simulate.mr import MRView, scan_mr, sequence_named
from ...simulate.scene.specimen import AROUND_MM, specimen_scene

WIDTH_MM = 100.0
"""Least width of the water around the specimen, in mm."""

FIELD_MM = 15.0
"""How far images reach beyond the specimen, in mm."""

MOST_VOXEL_MM = 0.2
"""Largest voxel in mm that shows single trabeculae: larger ones are no truth."""


@dataclass(frozen=True, eq=False)
class Degraded:
    """A specimen and its images.

    Attributes
    ----------
    bone : Mask
        The specimen's own bone: the truth.
    images : mapping of str to Image
        By name, such as ``"ct-knee-a"``.
    settings : mapping
        What was asked for.
    """

    bone: Mask
    images: Mapping[str, Image]
    settings: Mapping[str, Any]


def degrade_specimen(
    volume: Volume,
    *,
    threshold: float | None = None,
    scanners: Sequence[str] = (),
    sequences: Sequence[str] = (),
    seed: int = 1,
    progress: Callable[[str, int, int], None] = lambda what, done, steps: None,
) -> Degraded:
    """Scan a specimen with CT and MR.

    Parameters
    ----------
    volume : Volume
        Micro-CT or mask.
    threshold : float, optional
        Value from which a voxel is bone; Otsu's where not given.
    scanners, sequences : sequence of str
        Profiles, at least one of them.
    seed : int
        Seed of the noise, at least 0.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    Degraded
        Images in the specimen's own world coordinates.

    Raises
    ------
    UnknownName
        If a profile is unknown.
    BadSetting
        If nothing is to be scanned, the seed is negative, or the specimen is too large.
    EmptyRegion
        If there is no bone.
    """
    if not scanners and not sequences:
        raise BadSetting("name at least one --scanner or --sequence.")
    if seed < 0:
        raise BadSetting(f"--seed must be at least 0; got {seed}.")
    machines = [scanner_named(name) for name in scanners]
    ways = [sequence_named(name) for name in sequences]
    bone = _bone(volume, threshold)
    sides = np.array(bone.grid.shape) * bone.grid.spacing
    width = max(WIDTH_MM, float(np.linalg.norm(sides)) + 2 * AROUND_MM)
    scene = specimen_scene(bone, width=width)
    x, y, z = (float(v) for v in bone.grid.to_world((np.array(bone.grid.shape) - 1) / 2))
    field = float(sides.max()) + 2 * FIELD_MM
    images: dict[str, Image] = {}
    steps = len(machines) + len(ways)
    for machine in machines:
        progress(f"CT {machine.name}", len(images), steps)
        view = CTView((x, y), field, z - field / 2, z + field / 2)
        ct = scan_ct(scene, machine, view, _rng(seed, machine.name))
        images[f"ct-{machine.name}"] = Image("ct", machine.name, ct.volume, ct.settings)
    for way in ways:
        progress(f"MR {way.name}", len(images), steps)
        mr = scan_mr(scene, way, MRView((x, y, z), (field,) * 3), _rng(seed, way.name))
        images[f"mr-{way.name}"] = Image("mr", way.name, mr.volume, mr.settings)
    asked = {"threshold": threshold, "scanners": list(scanners), "sequences": list(sequences)}
    return Degraded(bone, images, {**asked, "seed": seed, "water_mm": width})


def _bone(volume: Volume, threshold: float | None) -> Mask:
    """Bone of the specimen."""
    values = volume.values
    _check_specimen(volume)
    if threshold is not None:
        if not np.isfinite(threshold):
            raise BadSetting(f"--threshold must be a number; got {threshold:g}.")
        return Mask(values >= threshold, volume.grid)
    low, high = values.min(), values.max()
    if low == high:
        raise BadSetting(f"the specimen has the one value {low:g}: it is all bone or no bone.")
    if len(np.unique(values[::4, ::4, ::4])) <= 2:
        return Mask(values > (float(low) + float(high)) / 2, volume.grid)
    return segment(volume, Otsu()).mask


def _check_specimen(volume: Volume) -> None:
    """Refuse what shows no trabeculae."""
    largest = float(max(volume.grid.spacing))
    if largest > MOST_VOXEL_MM:
        raise BadSetting(
            f"voxels of {largest:g} mm show no single trabeculae; a specimen needs at most "
            f"{MOST_VOXEL_MM:g} mm. Give a micro-CT."
        )
    if not np.isfinite(volume.values).all():
        raise BadSetting("the specimen holds values that are no numbers; replace them first.")


def _rng(seed: int, name: str) -> np.random.Generator:
    """Random numbers of one scan."""
    return np.random.default_rng(np.random.SeedSequence([seed, *name.encode()]))
