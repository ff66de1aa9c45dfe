"""Whether a scan is like those that a model learned from."""

from collections.abc import Iterable, Mapping

import numpy as np

from ....core import Flag, Mask, Scan
from ....learn.knee_model import KneeCard, Seen
from ...voltage import to_120_kvp

ALLOWANCE = 0.02
"""Share of the ends of a range by which a scan may lie beyond it: files round."""


def unlike_training(
    scan: Scan, regions: Mapping[str, Mask], card: KneeCard, distance: float
) -> tuple[Flag, ...]:
    """What sets a scan apart from the training of a model, one flag each.

    Parameters
    ----------
    scan : Scan
        The CT, with what its file says of the scanner.
    regions : mapping of str to Mask
        Regions measured.
    card : KneeCard
        The model, and what it has seen.
    distance : float
        How far the scan's embedding lies from the training.
    """
    flags = list(_scanner(scan, card.seen))
    flags += _values(scan, regions, card.seen)
    if distance > card.embeddings.limit:
        text = (
            f"The scan is unlike the training cohort: it lies {distance:.1f} away from its middle "
            f"as the network sees it, 99 % of the training within {card.embeddings.limit:.1f}. "
            "The numbers may be far off."
        )
        flags.append(Flag("unlike-training", text))
    return tuple(flags)


def _scanner(scan: Scan, seen: Seen) -> Iterable[Flag]:
    """Voxels, tube voltage and kernel."""
    sides = scan.volume.grid.spacing
    if _beyond(float(sides.min()), seen.spacing_mm) or _beyond(float(sides.max()), seen.spacing_mm):
        shown = " × ".join(f"{side:.2f}" for side in sides)
        low, high = seen.spacing_mm
        text = f"Voxels of {shown} mm; those of the training had sides of {low:.2f} to {high:.2f}."
        yield Flag("voxel-size", text)
    kvp, kernel = scan.acquisition.kvp, scan.acquisition.kernel
    if kvp is None:
        text = "The tube voltage is not known; HU of bone change with it by a tenth and more."
        yield Flag("kvp-unknown", text)
    elif _beyond(kvp, seen.kvp):
        low, high = seen.kvp
        text = f"Tube voltage {kvp:g} kV; scans of the training were made at {low:g} to {high:g}."
        yield Flag("kvp-not-seen", text)
    if kernel is None:
        yield Flag("kernel-unknown", "The reconstruction kernel is not known; it sets the blur.")
    elif kernel.casefold() not in {one.casefold() for one in seen.kernels}:
        known = ", ".join(seen.kernels) or "none"
        text = f"Reconstruction kernel '{kernel}'; the training had {known}."
        yield Flag("kernel-not-seen", text)


def _values(scan: Scan, regions: Mapping[str, Mask], seen: Seen) -> list[Flag]:
    """Mean HU of each region, as at 120 kVp."""
    odd = []
    factor = to_120_kvp(scan.acquisition.kvp)
    for name, mask in regions.items():
        if mask.voxels:
            mean = factor * float(np.mean(scan.volume.values[mask.values], dtype=np.float64))
            if _beyond(mean, seen.hu):
                odd.append(f"{name} {mean:.0f}")
    if not odd:
        return []
    low, high = seen.hu
    where = f"Mean HU of {', '.join(odd)}, as at 120 kVp"
    text = f"{where}; regions of the training had {low:.0f} to {high:.0f}."
    return [Flag("hu-range", text)]


def _beyond(value: float, ends: tuple[float, float]) -> bool:
    room = ALLOWANCE * max(abs(ends[0]), abs(ends[1]))
    return not ends[0] - room <= value <= ends[1] + room
