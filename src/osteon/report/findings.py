"""Results sorted for reading: one row a vertebra, and what stands beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .words import REGIONS, equivalent, is_number, number

Level = Mapping[str, Any]
Measured = Mapping[str, Any]

MM3_IN_CM3 = 1000.0


@dataclass(frozen=True)
class RegionRow:
    """HU statistics of one region of one vertebra, as printed."""

    key: str
    name: str
    cells: Sequence[str]
    missing: str


@dataclass(frozen=True)
class Density:
    """One density of one vertebra: a number, or why there is none."""

    method: str
    value: float | None
    uncertainty: float | None
    equivalent: str
    missing: str

    @property
    def text(self) -> str:
        """Value with uncertainty."""
        if self.value is None:
            return self.missing
        give_or_take = "" if self.uncertainty is None else f" ± {number(self.uncertainty)}"
        return f"{number(self.value)}{give_or_take}"


@dataclass(frozen=True)
class VertebraRow:
    """Everything said about one vertebra."""

    level: str
    measured: bool
    reason: str
    regions: Sequence[RegionRow]
    densities: Sequence[Density]
    size: Sequence[tuple[str, str]]
    flags: Sequence[str]


HU_COLUMNS = ("HU median", "HU mean", "HU SD", "HU P10", "HU P90")
"""Measurements printed for each region, before its volume."""

NOT_AVAILABLE = "not-available"
"""Code of the flag that says why a number is missing."""


class Findings:
    """Looks up measurements of a results dict by level, region and name.

    Parameters
    ----------
    results : mapping
        The results dict (``docs/results.schema.json``).
    """

    def __init__(self, results: Mapping[str, Any]) -> None:
        self._results = results
        self._at: dict[tuple[str, str, str], list[Measured]] = {}
        for one in results["measurements"]:
            place = (one["level"], one["region"], one["name"])
            self._at.setdefault(place, []).append(one)
        everywhere = (*results["scan"]["flags"], *results["labels"]["flags"])
        self._everywhere = {flag["text"] for flag in everywhere}
        calibrations = results["calibrations"]
        self._equivalents = {c["method"]: c["equivalent"] for c in calibrations}
        self._never = {c["method"] for c in calibrations if not c["available"]}

    def value(self, level: str, region: str, name: str) -> float | None:
        """Value of the first measurement of that name; None where there is none."""
        found = self._at.get((level, region, name), [])
        value = found[0]["value"] if found else None
        return float(value) if value is not None and is_number(value) else None

    def densities(self, level: str) -> list[Density]:
        """Densities of a level's core by each method that could be used for this scan."""
        found = self._at.get((level, "core", "vBMD"), [])
        return [self._density(one) for one in found if one["method"] not in self._never]

    def rows(self) -> list[VertebraRow]:
        """One row a vertebra, in the order of the results."""
        return [self._row(level) for level in self._results["levels"]]

    def _density(self, one: Measured) -> Density:
        value = one["value"] if is_number(one["value"]) else None
        sure = one["uncertainty"] if is_number(one["uncertainty"]) else None
        substance = self._equivalents.get(one["method"]) or ""
        missing = "" if value is not None else _missing(one["flags"])
        return Density(one["method"], value, sure, equivalent(substance), missing)

    def _row(self, level: Level) -> VertebraRow:
        name = level["level"]
        flags = [flag["text"] for flag in level["flags"]]
        shown = set(flags) | self._everywhere
        for region in REGIONS:
            for text in self._flags_of(name, region):
                if text not in shown:
                    shown.add(text)
                    flags.append(f"{REGIONS[region][0]}: {text}")
        return VertebraRow(
            level=name,
            measured=level["measured"],
            reason=level["reason"] or "the reason was not recorded",
            regions=[self._region(name, key) for key in REGIONS],
            densities=self.densities(name),
            size=_size(level),
            flags=flags,
        )

    def _flags_of(self, level: str, region: str) -> list[str]:
        """Flags of a region's HU measurements, each once; those of densities say why none is."""
        texts = [
            flag["text"]
            for (at, where, name), found in self._at.items()
            if (at, where) == (level, region) and name != "vBMD"
            for one in found
            if is_number(one["value"])
            for flag in one["flags"]
        ]
        return list(dict.fromkeys(texts))

    def _region(self, level: str, key: str) -> RegionRow:
        values = [self.value(level, key, name) for name in HU_COLUMNS]
        volume = self.value(level, key, "volume")
        name = REGIONS[key][0]
        if values[0] is None:
            first = self._at.get((level, key, "HU median"), [])
            return RegionRow(key, name, (), _missing(first[0]["flags"] if first else ()))
        median, mean, spread, low, high = values
        sure = self._at[level, key, "HU median"][0]["uncertainty"]
        cm3 = None if volume is None else volume / MM3_IN_CM3
        cells = (
            number(median),
            _unsure(sure),
            number(mean),
            number(spread),
            f"{number(low)} to {number(high)}",
            number(cm3, 1 if cm3 is not None and cm3 >= 1 else 2),
        )
        return RegionRow(key, name, cells, "")


def _unsure(uncertainty: float | None) -> str:
    """An uncertainty with one figure below 1; nothing where it is not known."""
    if not is_number(uncertainty) or uncertainty is None:
        return ""
    return "< 0.1" if uncertainty < 0.1 else number(uncertainty, 0 if uncertainty >= 1 else 1)


def _missing(flags: Sequence[Mapping[str, str]]) -> str:
    """Why a number is missing, in words."""
    said = [flag["text"] for flag in flags if flag["code"] == NOT_AVAILABLE]
    why = (said or [flag["text"] for flag in flags] or ["it was not measured."])[0]
    return f"not available: {why.removeprefix('Not available: ')}"


def _size(level: Level) -> list[tuple[str, str]]:
    """Heights, their ratios, depth and width, as far as they were measured."""
    heights = level["heights_mm"] or {}
    known = [heights.get(key) for key in ("anterior", "middle", "posterior")]
    lines = []
    if all(is_number(height) for height in known):
        front, middle, back = (float(height) for height in known if height is not None)
        lines.append(("Heights ant / mid / post", f"{front:.1f} / {middle:.1f} / {back:.1f} mm"))
        if back > 0:
            ratios = f"{front / back:.2f}, {middle / back:.2f}"
            lines.append(("Ratios ant/post, mid/post", ratios))
    if is_number(level["depth_mm"]) and is_number(level["width_mm"]):
        size = f"{level['depth_mm']:.1f} × {level['width_mm']:.1f} mm"
        lines.append(("Depth × width", size))
    return lines
