"""The results of `osteon texture` as plain data, as results.json and the report hold them."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ... import __version__
from ...core import Measurement
from ...features.texture import beside_entry, entry, stability
from ..results import METHODS, flag_dicts, scan_dict
from .choices import TextureChoices
from .measuring import TextureResult
from .settings_text import settings_text

SCHEMA = "osteon-texture-1"

NOTICE = (
    "Research use. Texture depends on scanner, dose, kernel, voxels and settings; compare only "
    "what was made alike. No diagnosis."
)


def texture_dict(
    result: TextureResult,
    *,
    subject: str,
    manifest: Mapping[str, Any],
    keep_identifiers: bool = False,
) -> dict[str, Any]:
    """Results as plain data.

    Parameters
    ----------
    result : TextureResult
        From `measure_region_texture`.
    subject : str
        What the subject is called in tables.
    manifest : mapping of str to object
        Manifest of the run.
    keep_identifiers : bool
        Whether what names the patient is written out.

    Returns
    -------
    dict
        Follows docs/texture.schema.json.
    """
    used = dict.fromkeys(one.method for one in result.measurements if one.value is not None)
    if result.choices.filtered is not None:
        used["ibsi-filter"] = None
    return {
        "schema": SCHEMA,
        "osteon": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "subject": subject,
        "notice": NOTICE,
        "scan": scan_dict(result.scan, result.scan.flags),
        "region": region_dict(result),
        "processing": processing_dict(result.choices),
        "features": [_feature(number, result.choices) for number in result.measurements],
        "left_out": result.left_out,
        "maps": {
            tag: {
                "name": _told(tag)["name"],
                "unit": volume.unit,
                "shape": list(volume.grid.shape),
                "spacing_mm": [round(float(side), 5) for side in volume.grid.spacing],
            }
            for tag, volume in result.windows.maps.items()
        },
        "pool": _pool(result),
        "flags": flag_dicts(result.flags),
        "methods": [asdict(METHODS[key]) for key in used if key in METHODS],
        "settings": settings_text(result.choices),
        "manifest": dict(manifest),
        "identifiers": dict(result.scan.identifiers) if keep_identifiers else {},
    }


def region_dict(result: TextureResult) -> dict[str, Any]:
    """The region before and after processing."""
    region = result.region
    inside = region.inside
    return {
        "drawn_voxels": result.mask.voxels,
        "voxels": int(np.count_nonzero(region.intensity)),
        "volume_mm3": int(np.count_nonzero(region.morphological)) * float(region.spacing.prod()),
        "spacing_mm": [round(float(side), 5) for side in region.spacing],
        "unit": result.unit,
        "lowest": float(inside.min()),
        "mean": float(inside.mean()),
        "highest": float(inside.max()),
    }


def processing_dict(choices: TextureChoices) -> dict[str, Any]:
    """What was done to the image, as plain data."""
    kind = choices.filtered
    return {
        **asdict(choices.processing),
        "filter": None if kind is None else {"kind": type(kind).__name__, **_told_filter(kind)},
        "families": list(choices.families),
        "windows": asdict(choices.windows),
        "stable": choices.stable,
        "threshold": choices.threshold,
    }


def _told_filter(kind: Any) -> dict[str, Any]:
    return dict(asdict(kind))


def _told(tag: str) -> dict[str, str]:
    """Name, code, family and aggregation of a feature."""
    beside = beside_entry(tag)
    known = entry(tag) if beside is None else beside[0]
    return {
        "name": known.name,
        "code": known.code,
        "family": known.family,
        "aggregation": known.aggregation,
        "aggregation_code": known.aggregation_code,
    }


def _feature(number: Measurement, choices: TextureChoices) -> dict[str, Any]:
    return {
        "tag": number.name,
        **_told(number.name),
        "value": number.value,
        "unit": number.unit,
        "method": number.method,
        "stability": _stability(number.name, choices),
        "flags": flag_dicts(number.flags),
    }


def _stability(tag: str, choices: TextureChoices) -> dict[str, float] | None:
    """ICC of a feature under each change, where it was studied; filtered images were not."""
    found = stability(tag, resampled=choices.processing.interpolation is not None)
    if found is None or choices.filtered is not None:
        return None
    changed = {one.name: getattr(found, one.name) for one in fields(found) if one.name != "tag"}
    told = {name: float(one.icc) for name, one in changed.items() if one is not None}
    return {**told, "least": float(found.least)}


def _pool(result: TextureResult) -> dict[str, Any] | None:
    """What the pool holds; the table itself is a file of its own."""
    pool = result.windows.pool
    if pool is None:
        return None
    return {
        "windows": pool.windows,
        "features": len(pool.names),
        "missing": pool.missing,
        "window_mm": list(pool.size_mm),
    }
