"""A small made-up spine, and a results dict as the pipeline makes one; no number is a patient's."""

from typing import Any

import numpy as np

from osteon.core import HU, Grid, Labels, Mask, Volume

STATISTICS = {
    "HU mean": np.mean,
    "HU median": np.median,
    "HU SD": np.std,
    "HU P10": lambda v: np.percentile(v, 10),
    "HU P25": lambda v: np.percentile(v, 25),
    "HU P75": lambda v: np.percentile(v, 75),
    "HU P90": lambda v: np.percentile(v, 90),
}
THRESHOLDS = [
    {
        "name": name,
        "quantity": quantity,
        "level": level,
        "value": value,
        "unit": unit,
        "direction": direction,
        "doi": doi,
        "citation": citation,
        "transfer": transfer,
    }
    for name, quantity, level, value, unit, direction, doi, citation, transfer in [
        (
            "L1 HU, 90 % sensitive",
            "HU",
            "L1",
            160,
            HU,
            "below",
            "doi:10.7326/0003-4819-158-8-201304160-00003",
            "Pickhardt PJ et al. Opportunistic screening for osteoporosis using abdominal CT. "
            "Ann Intern Med 2013;158:588.",
            "Found at one centre; elsewhere the same sensitivity was reached at 169 to 190 HU.",
        ),
        (
            "L1 HU, 90 % specific",
            "HU",
            "L1",
            110,
            HU,
            "below",
            "doi:10.7326/0003-4819-158-8-201304160-00003",
            "Pickhardt PJ et al. Opportunistic screening for osteoporosis using abdominal CT. "
            "Ann Intern Med 2013;158:588.",
            "In a British cohort the same specificity was reached at 104 HU, with an AUC of 0.74.",
        ),
        (
            "QCT osteoporosis",
            "vBMD",
            None,
            80,
            "mg/cm3",
            "below",
            "doi:10.1016/j.jocd.2007.12.010",
            "Engelke K et al. Clinical use of QCT in adults. J Clin Densitom 2008;11:123.",
            "Made for scanners checked with a phantom; without one it may be off by 10 mg/cm³.",
        ),
    ]
]


def tiny_scan(subject: str = "demo") -> tuple[dict[str, Any], Volume, Labels, dict[str, Mask]]:
    """Four cylinders of bone, the lowest cut off by the scan and therefore not measured."""
    grid = Grid((56, 56, 72), np.array([-42.0, -42, -54]), np.eye(3), np.full(3, 1.5))
    x, y, z = np.moveaxis(grid.to_world(np.stack(np.indices(grid.shape), -1)), -1, 0)
    values = np.random.default_rng(5).normal(40, 12, grid.shape)
    labels = np.zeros(grid.shape, np.uint8)
    masks = {name: np.zeros(grid.shape, bool) for name in ("core", "oval", "anterior")}
    levels = []
    for name, label, height, hu in (
        ("T12", 32, 36.0, 165),
        ("L1", 31, 6.0, 140),
        ("L2", 30, -24.0, 95),
        ("L3", 29, -53.0, 90),
    ):
        across = np.hypot(x / 20, y / 15)
        along = np.abs(z - height)
        body, inner = (across < 1) & (along < 12), (across < 0.75) & (along < 8)
        values[body], labels[body] = 500, label
        values[inner] = np.random.default_rng(label).normal(hu, 35, int(inner.sum()))
        masks["core"] |= inner
        masks["oval"] |= (np.hypot(x / 10, (y + 2) / 7) < 1) & (along < 4)
        masks["anterior"] |= inner & (y < 0)
        axes = {"left": [1.0, 0, 0], "anterior": [0, -1.0, 0], "superior": [0, 0, 1.0]}
        place = {"level": name, "label": label, "centre_mm": [0.0, 0.0, height], "axes": axes}
        levels.append({**place, "cut": name == "L3"})
    scan, vertebrae = Volume(values.astype(np.int16), grid, HU), Labels(labels, grid)
    regions = {name: Mask(mask, grid) for name, mask in masks.items()}
    return results_of(scan, vertebrae, regions, levels, subject), scan, vertebrae, regions


def results_of(
    scan: Volume,
    vertebrae: Labels,
    regions: dict[str, Mask],
    places: list[dict[str, Any]],
    subject: str = "demo",
) -> dict[str, Any]:
    """A plausible results dict; heights and densities are made up, HU are those of the voxels."""
    levels, measurements, medians = [], [], {}
    for place in places:
        inside = {
            name: mask.values & (vertebrae.values == place["label"])
            for name, mask in regions.items()
        }
        level = _level(scan, inside, place)
        levels.append(level)
        if level["measured"]:
            measurements += _measurements(scan, inside, place["level"])
            medians[place["level"]] = float(np.median(scan.values[inside["core"]]))
    return {
        "schema": "osteon-results-1",
        "osteon": "0.1.0",
        "created": "2026-11-21T10:00:00Z",
        "subject": subject,
        "notice": "Research use. A screening indication is not a diagnosis.",
        "scan": _scan(scan),
        "identifiers": {},
        "labels": {
            "numbering": "TotalSegmentator",
            "levels_found": [place["level"] for place in places],
            "flags": [],
        },
        "levels": levels,
        "measurements": measurements,
        "calibrations": CALIBRATIONS,
        "thresholds": THRESHOLDS,
        "indications": [_indication(medians["L1"])] if "L1" in medians else [],
        "methods": METHODS,
        "settings": SETTINGS,
        "manifest": MANIFEST,
    }


def _scan(scan: Volume) -> dict[str, Any]:
    return {
        "format": "NIfTI",
        "modality": None,
        "shape": list(scan.grid.shape),
        "spacing_mm": [round(float(s), 4) for s in scan.grid.spacing],
        "orientation": scan.grid.orientation,
        "unit": scan.unit,
        "kvp": None,
        "kernel": None,
        "slice_thickness_mm": None,
        "manufacturer": None,
        "model": None,
        "contrast": None,
        "flags": [
            {
                "code": "kvp-unknown",
                "text": "The file does not say at which tube voltage it was made; 120 kV is taken.",
            }
        ],
    }


def _level(scan: Volume, inside: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    measured = not place["cut"] and int(inside["core"].sum()) > 100
    flags = []
    if place["level"] == "L2":
        text = "The front is 18 % lower than the back: a wedge, grade 1 by height alone."
        flags = [{"code": "wedge-suspected", "text": text}]
    return {
        "level": place["level"],
        "label": place["label"],
        "measured": measured,
        "reason": None if measured else "The body is cut by the end of the scan.",
        "centre_mm": place["centre_mm"] if measured else None,
        "axes": place["axes"] if measured else None,
        "heights_mm": {"anterior": 24.1, "middle": 23.6, "posterior": 25.9} if measured else None,
        "depth_mm": 30.2 if measured else None,
        "width_mm": 41.8 if measured else None,
        "regions": {
            name: {
                "voxels": int(mask.sum()),
                "volume_mm3": round(float(mask.sum()) * scan.grid.voxel_volume, 1),
            }
            for name, mask in inside.items()
        }
        if measured
        else {},
        "flags": flags,
    }


def _measurements(scan: Volume, inside: dict[str, Any], level: str) -> list[dict[str, Any]]:
    rows = []

    def add(region: str, name: str, value: float | None, unit: str, method: str, **more: Any):
        row = {"level": level, "region": region, "name": name, "value": value, "unit": unit}
        rows.append({**row, "method": method, "uncertainty": None, "flags": [], **more})

    for name, mask in inside.items():
        values = scan.values[mask]
        for statistic, of in STATISTICS.items():
            add(name, statistic, round(float(of(values)), 1), HU, "hu-statistics")
        add(name, "voxels", int(mask.sum()), "1", "hu-statistics")
        add(name, "volume", round(mask.sum() * scan.grid.voxel_volume, 1), "mm3", "hu-statistics")
    mean = float(scan.values[inside["core"]].mean())
    for slope, method, sure in ((0.82, "internal", 11.0), (0.78, "hu-relation", 16.0)):
        add("core", "vBMD", round(slope * mean + 6, 1), "mg/cm3", method, uncertainty=sure)
    why = [{"code": "not-available", "text": "No phantom was named."}]
    add("core", "vBMD", None, "mg/cm3", "phantom-solid", flags=why)
    return rows


def _indication(median: float) -> dict[str, Any]:
    return {
        "level": "L1",
        "quantity": "HU median",
        "value": round(median),
        "text": "Screening indication: between the sensitive and the specific threshold; "
        "low bone density can be neither assumed nor excluded.",
        "thresholds": ["L1 HU, 90 % sensitive", "L1 HU, 90 % specific"],
        "flags": [],
    }


CALIBRATIONS = [
    {
        "method": "phantom-solid",
        "equivalent": "HA",
        "available": False,
        "reason": "No phantom was named: give the rods with --rods.",
        "fitted": {},
        "flags": [],
    },
    {
        "method": "internal",
        "equivalent": "K2HPO4",
        "available": True,
        "reason": None,
        "fitted": {"effective_energy_keV": 71.5, "r2": 0.998},
        "flags": [],
    },
    {
        "method": "hu-relation",
        "equivalent": "HA",
        "available": True,
        "reason": None,
        "fitted": {"slope": 0.78, "intercept": 6.0},
        "flags": [{"code": "kvp-assumed", "text": "120 kV was assumed."}],
    },
]
METHODS = [
    {
        "key": "hu-statistics",
        "does": "Mean, median, SD and percentiles of the voxels in a region.",
        "doi": "",
        "citation": "",
    },
    {
        "key": "internal",
        "does": "Density from the patient's own air, fat, muscle, blood and cortical bone.",
        "doi": "doi:10.1016/j.medengphy.2020.01.009",
        "citation": "Michalski AS et al. CT-based internal density calibration. "
        "Med Eng Phys 2020;78:55.",
    },
]
SETTINGS = {"shell_mm": 2.5, "oval": {"width_mm": 20.0, "height_mm": 8.0}, "kvp": None}
MANIFEST = {
    "osteon": "0.1.0",
    "python": "3.11.7",
    "platform": "Linux x86_64",
    "device": "cpu",
    "packages": {"numpy": "2.4.6"},
    "settings": SETTINGS,
    "seed": None,
    "input_sha256": {"scan": "a" * 64, "labels": "b" * 64},
    "seconds": 12.3,
}
