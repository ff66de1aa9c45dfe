"""The results of `osteon structure` as plain data, as results.json and the report hold them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from .. import __version__
from ..features import FEATURES
from .results import METHODS, flag_dicts, scan_dict
from .structure import StructureResult

SCHEMA = "osteon-structure-1"

NOTICE = (
    "Research use. Values depend on the resolution of the image and on how bone was told from "
    "marrow; they are no diagnosis."
)


def structure_dict(
    result: StructureResult,
    *,
    subject: str,
    manifest: Mapping[str, Any],
    keep_identifiers: bool = False,
) -> dict[str, Any]:
    """Results as plain data.

    Parameters
    ----------
    result : StructureResult
        From `measure_structure`.
    subject : str
        What the subject is called in tables.
    manifest : mapping of str to object
        Manifest of the run.
    keep_identifiers : bool
        Whether what names the patient is written out.

    Returns
    -------
    dict
        Follows docs/structure.schema.json.
    """
    names = dict.fromkeys(number.name for number in result.measurements)
    used = dict.fromkeys(one.method for one in result.measurements if one.value is not None)
    used[result.bone.method] = None
    return {
        "schema": SCHEMA,
        "osteon": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "subject": subject,
        "notice": NOTICE,
        "scan": scan_dict(result.scan, result.scan.flags),
        "mode": result.mode,
        "bone": {
            "method": result.bone.method,
            "threshold": result.bone.threshold,
            "unit": result.bone.unit,
            "bright": result.bone.bright,
            "purified": result.purified is not None,
            "removed_bone_voxels": result.purified.removed if result.purified else 0,
            "filled_marrow_voxels": result.purified.filled if result.purified else 0,
        },
        "region": {
            "name": result.region_name,
            "voxels": result.region_voxels,
            "volume_mm3": result.region_voxels * result.scan.volume.grid.voxel_volume,
        },
        "measurements": [
            {**asdict(number), "flags": flag_dicts(number.flags)} for number in result.measurements
        ],
        "features": {name: _feature(name) for name in names},
        "histograms": dict(result.histograms),
        "fabric": result.fabric,
        "stiffness": result.stiffness,
        "flags": flag_dicts(result.flags),
        "methods": [asdict(METHODS[key]) for key in used if key in METHODS],
        "settings": asdict(result.settings),
        "manifest": dict(manifest),
        "identifiers": dict(result.scan.identifiers) if keep_identifiers else {},
    }


def _feature(name: str) -> dict[str, str]:
    return {key: text for key, text in asdict(FEATURES[name]).items() if key != "name"}
