"""The results of `osteon measure` as plain data, as results.json and the report hold them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from .. import __version__
from ..calibration import METHODS as CALIBRATION_METHODS
from ..calibration import THRESHOLDS, Calibration, Unavailable
from ..core import Flag, Method, Scan
from ..features import METHODS as FEATURE_METHODS
from .level import Level
from .measure import SpineResult

SCHEMA = "osteon-results-1"

NOTICE = (
    "Research use. Values and screening indications are no diagnosis and replace neither DXA nor "
    "a radiologist's reading."
)

METHODS: Mapping[str, Method] = {**FEATURE_METHODS, **CALIBRATION_METHODS}
"""Every method of Osteon by key."""


def to_dict(
    result: SpineResult,
    *,
    subject: str,
    manifest: Mapping[str, Any],
    keep_identifiers: bool = False,
) -> dict[str, Any]:
    """Results as plain data.

    Parameters
    ----------
    result : SpineResult
        From `measure_spine`.
    subject : str
        What the subject is called in tables.
    manifest : mapping of str to object
        Manifest of the run.
    keep_identifiers : bool
        Whether what names the patient is written out.

    Returns
    -------
    dict
        Follows docs/results.schema.json.
    """
    return {
        "schema": SCHEMA,
        "osteon": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "subject": subject,
        "notice": NOTICE,
        "scan": scan_dict(
            result.scan, result.scan_flags, kvp=result.settings.kvp, contrast=result.contrast
        ),
        "labels": {
            "numbering": result.named.numbering,
            "levels_found": list(result.named.levels),
            "flags": flag_dicts(result.label_flags),
        },
        "levels": [_level(level) for level in result.levels],
        "measurements": [
            {**asdict(number), "flags": flag_dicts(number.flags)} for number in result.measurements
        ],
        "calibrations": [calibration_dict(one) for one in result.densities.calibrations],
        "thresholds": _thresholds(),
        "indications": [
            {**asdict(one), "thresholds": list(one.thresholds), "flags": flag_dicts(one.flags)}
            for one in result.densities.indications
        ],
        "methods": _methods(result),
        "settings": asdict(result.settings),
        "manifest": dict(manifest),
        "identifiers": dict(result.scan.identifiers) if keep_identifiers else {},
    }


def flag_dicts(flags: Iterable[Flag]) -> list[dict[str, str]]:
    """Flags as plain data, each once."""
    return [asdict(flag) for flag in dict.fromkeys(flags)]


def scan_dict(
    scan: Scan, flags: Iterable[Flag], *, kvp: float | None = None, contrast: bool | None = None
) -> dict[str, Any]:
    """A scan and how it was made as plain data; `kvp` and `contrast` where they are known better.

    Parameters
    ----------
    scan : Scan
        The scan.
    flags : iterable of Flag
        What bears on the whole scan.
    kvp : float or None
        Tube voltage in kV; what the file says where it is None.
    contrast : bool or None
        Whether contrast agent was given; what the file says where it is None.
    """
    grid, acquisition = scan.volume.grid, scan.acquisition
    return {
        "format": scan.format,
        "modality": acquisition.modality,
        "shape": list(grid.shape),
        "spacing_mm": [round(float(side), 5) for side in grid.spacing],
        "orientation": grid.orientation,
        "unit": scan.volume.unit,
        "kvp": acquisition.kvp if kvp is None else kvp,
        "kernel": acquisition.kernel,
        "slice_thickness_mm": acquisition.slice_thickness,
        "manufacturer": acquisition.manufacturer,
        "model": acquisition.model,
        "contrast": acquisition.contrast if contrast is None else contrast,
        "flags": flag_dicts(flags),
    }


def _level(level: Level) -> dict[str, Any]:
    body, shape, compartments = level.body, level.shape, level.compartments
    heights = shape.heights if shape else {}
    return {
        "level": level.name,
        "label": level.label,
        "measured": compartments is not None,
        "reason": level.reason or None,
        "centre_mm": [round(float(x), 3) for x in body.centre] if body else None,
        "axes": {name: [round(float(x), 6) for x in axis] for name, axis in body.axes.items()}
        if body
        else None,
        "heights_mm": {name: heights.get(name) for name in ("anterior", "middle", "posterior")},
        "depth_mm": shape.depth if shape else None,
        "width_mm": shape.width if shape else None,
        "regions": {
            name: {"voxels": mask.voxels, "volume_mm3": round(compartments.volumes[name], 3)}
            for name, mask in compartments.masks.items()
        }
        if compartments
        else {},
        "flags": flag_dicts(level.flags),
    }


def calibration_dict(one: Calibration | Unavailable) -> dict[str, Any]:
    """A calibration, or the reason why it cannot be had, as plain data."""
    if isinstance(one, Unavailable):
        return {
            "method": one.method.key,
            "equivalent": None,
            "available": False,
            "reason": one.reason,
            "fitted": {},
            "flags": [],
        }
    return {
        "method": one.method.key,
        "equivalent": one.equivalent,
        "available": True,
        "reason": None,
        "fitted": {name: float(value) for name, value in one.fitted.items()},
        "flags": flag_dicts(one.flags),
    }


def _thresholds() -> list[dict[str, Any]]:
    return [
        {name: value for name, value in asdict(one).items() if name != "says"}
        for one in THRESHOLDS.values()
    ]


def _methods(result: SpineResult) -> list[dict[str, str]]:
    used = dict.fromkeys(one.method for one in result.measurements if one.value is not None)
    return [asdict(METHODS[key]) for key in used if key in METHODS]
