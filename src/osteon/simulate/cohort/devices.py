"""The devices of a site, as they are on the day of a patient's scan."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...core import BadSetting
from ..bone.specimens import specimen_tile, specimens
from ..bone.tiles import Tile
from ..ct import Scanner, scanner_named
from ..dxa import Device, device
from ..mr import SEQUENCES, Sequence, sequence_named
from .plan import CohortSettings, Place
from .sites import FIELDS, Site

DAYS = 365.25
"""Days of a year."""

KEPT_APART = 3
"""Donors whose bone is shown at external sites only."""

TILES = 2
"""Donors whose structure a patient shows."""

LEAST_MM = {"knee": (0.45, 0.9), "spine": (0.7, 1.25)}
"""Least pixel and least slice of the small preset, in mm."""


def check_sites(settings: CohortSettings) -> None:
    """Refuse sites whose devices do not exist, before anything is made.

    Raises
    ------
    UnknownName
        If a scanner, a sequence or a DXA device is none of ours.
    BadSetting
        If changes of a scanner do not make one.
    """
    for site in settings.sites:
        if "scanner" in FIELDS[settings.kind]:
            scanner_of(site)
        if "sequence" in FIELDS[settings.kind]:
            sequence_named(site.sequence)
        if "dxa_device" in FIELDS[settings.kind]:
            device(site.dxa_device)


def scanner_of(site: Site) -> Scanner:
    """CT scanner of a site."""
    profile = scanner_named(site.scanner)
    if not site.scanner_changes:
        return profile
    changes = dict(site.scanner_changes)
    if "name" in changes:
        raise BadSetting(f"scanner_changes of site {site.name} cannot change the name.")
    for key, kinds in (("kernel", str | Mapping), ("streaks", bool)):
        if key in changes and not isinstance(changes[key], kinds):
            raise BadSetting(f"{key} in scanner_changes of site {site.name} cannot be that.")
    try:
        return Scanner.from_dict(profile.to_dict() | changes)
    except (TypeError, AttributeError):
        raise BadSetting(f"scanner_changes of site {site.name} are no settings.") from None


def scanner_at(settings: CohortSettings, place: Place) -> Scanner:
    """CT scanner of a patient; in the small preset its voxels are larger, its kernel as it is."""
    scanner = scanner_of(place.site)
    if settings.preset == "full":
        return scanner
    pixel, slices = LEAST_MM[settings.kind]
    pixel = max(scanner.pixel, min(pixel, 0.829 / scanner.blur.tenth))
    return replace(
        scanner,
        pixel=pixel,
        increment=max(scanner.increment, slices),
        thickness=max(scanner.thickness, slices),
    )


def sequence_at(settings: CohortSettings, place: Place) -> Sequence:
    """MR sequence of a patient; the small preset takes its coarser form."""
    name = place.site.sequence
    if settings.preset == "small" and f"{name}-coarse" in SEQUENCES:
        name = f"{name}-coarse"
    return sequence_named(name)


def densitometer_at(settings: CohortSettings, place: Place) -> Device:
    """DXA device of a patient: one of its maker, with its own calibration and drift."""
    name = place.site.name.encode()  # all of it: two sites of like endings are two machines
    rng = np.random.default_rng(np.random.SeedSequence([settings.seed, 2**32 - 2, *name]))
    return device(place.site.dxa_device).drawn(rng).after(place.year)


def tiles_at(settings: CohortSettings, place: Place) -> tuple[Tile, ...]:
    """Structure that a patient shows: two donors, those of external sites seen nowhere inside."""
    names = specimens()
    own = names[-KEPT_APART:] if place.site.external else names[:-KEPT_APART]
    chosen = place.rng(settings.seed, "tiles").choice(len(own), TILES, replace=False)
    return tuple(specimen_tile(own[n]) for n in chosen)
