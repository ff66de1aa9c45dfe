"""Choices of `osteon texture` from a TOML file that may say nothing that is not understood."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core import BadSetting, OsteonError, UnknownName
from ...features.texture import (
    Discretisation,
    Filter,
    Gabor,
    Interpolation,
    LaplacianOfGaussian,
    Laws,
    Mean,
    NonSeparableWavelet,
    Resegmentation,
    Riesz,
    SeparableWavelet,
    Unfiltered,
)
from .choices import PRESETS, TextureChoices, Windows, chosen_preset
from .nearest import nearest
from .typed import Bad, fields_of, read_field

KINDS: dict[str, type[Any]] = {
    "none": Unfiltered,
    "mean": Mean,
    "laplacian-of-gaussian": LaplacianOfGaussian,
    "laws": Laws,
    "gabor": Gabor,
    "separable-wavelet": SeparableWavelet,
    "nonseparable-wavelet": NonSeparableWavelet,
    "riesz": Riesz,
}
"""Filters by how a file calls them."""

SECTIONS: dict[str, type[Any]] = {
    "interpolation": Interpolation,
    "resegmentation": Resegmentation,
    "discretisation": Discretisation,
    "volume_histogram": Discretisation,
}
"""Tables of the file that are image processing."""

PLAIN: dict[str, Any] = {
    "families": tuple[str, ...],
    "dimensions": tuple[str, ...],
    "slice_axis": int,
    "stable": float | None,
    "threshold": float | None,
}
"""Choices that stand alone, and what they are."""

TOP = ("preset", *PLAIN, *SECTIONS, "filter", "windows")


def read_choices(path: Path) -> TextureChoices:
    """Choices from a settings file; what it leaves out is that of its preset.

    Parameters
    ----------
    path : Path
        TOML: ``preset``, ``families``, ``dimensions``, ``slice_axis``, ``stable``, ``threshold``
        and the tables ``[interpolation]``, ``[resegmentation]``, ``[discretisation]``,
        ``[volume_histogram]``, ``[filter]`` and ``[windows]``.

    Returns
    -------
    TextureChoices
        What the file says, upon its preset, or upon ``default``.

    Raises
    ------
    BadSetting
        If the file cannot be read, or a value is of another kind or out of range.
    UnknownName
        If it has a key, a preset or a name that there is not.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        told = fault.strerror if isinstance(fault, OSError) else fault
        raise BadSetting(f"{path.name} is no settings file: {told}. It is TOML.") from None
    return choices_from(table, path.name)


def choices_from(table: Mapping[str, Any], file: str) -> TextureChoices:
    """Choices from what a settings file holds; `file` is what messages call it.

    Raises
    ------
    BadSetting, UnknownName
        As by `read_choices`.
    """
    place = ""
    try:
        _check_keys(table, TOP, "the file")
        base = PRESETS["default"]
        if "preset" in table:
            base = chosen_preset(read_field(str, table["preset"], "preset"))
        processing: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for name, section in SECTIONS.items():
            if name in table:
                place = f"[{name}] "
                before = getattr(base.processing, name)
                processing[name] = _section(section, table[name], before)
        place = "[filter] "
        kind = _filter(table["filter"], base.filtered) if "filter" in table else base.filtered
        place = "[windows] "
        windows = _section(Windows, table.get("windows", {}), base.windows)
        place = ""
        for name, hint in PLAIN.items():
            if name in table:
                value = read_field(hint, table[name], name)
                (processing if name in ("dimensions", "slice_axis") else own)[name] = value
        if kind is not base.filtered and "families" not in own:
            own["families"] = ("statistics",) if kind is not None else base.families
        made = replace(base.processing, **processing)
        return replace(base, processing=made, filtered=kind, windows=windows, **own)
    except (BadSetting, UnknownName) as fault:
        raise type(fault)(f"{file}: {place}{fault}") from None
    except (Bad, OsteonError) as fault:
        raise BadSetting(f"{file}: {place}{fault}") from None


def _check_keys(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise UnknownName(f"{where} has no setting '{key}'{nearest(key, known)}.")


def _section(kind: type[Any], table: Any, before: Any) -> Any:
    """A table as what it describes, upon what was there before."""
    if table == "none" and kind is Interpolation:
        return None
    if not isinstance(table, Mapping):
        raise Bad(f"must be a table of settings; got {table!r}.")
    hints = fields_of(kind)
    _check_keys(table, tuple(hints), "the table")
    values = {key: read_field(hints[key], raw, key) for key, raw in table.items()}
    # a method brings numbers of its own: those of the preset's method say nothing about it
    if isinstance(before, kind) and "method" not in values:
        return replace(before, **values)
    return _made(kind, values)


def _made(kind: type[Any], values: dict[str, Any]) -> Any:
    try:
        return kind(**values)
    except TypeError:
        missing = [key for key in fields_of(kind, needed=True) if key not in values]
        raise Bad(f"needs '{missing[0] if missing else next(iter(values))}' too.") from None


def _filter(table: Any, before: Filter | None) -> Filter | None:
    """A filter; without a kind, the preset's with other settings."""
    if table == "none":
        return None
    if not isinstance(table, Mapping):
        raise Bad(f"must be a table of settings; got {table!r}.")
    rest = {key: raw for key, raw in table.items() if key != "kind"}
    if "kind" not in table and before is None:
        raise Bad(f"needs 'kind': one of {', '.join(KINDS)}.")
    if "kind" in table:
        name = read_field(str, table["kind"], "kind")
        if name not in KINDS:
            raise UnknownName(f"no filter is called '{name}'{nearest(name, KINDS)}.")
        kind, before = KINDS[name], None
    else:
        kind = type(before)
    hints = fields_of(kind)
    _check_keys(rest, tuple(hints), "this filter")
    values = {
        key: _filter(raw, None) if hints[key] is Filter else read_field(hints[key], raw, key)
        for key, raw in rest.items()
    }
    found: Filter = _made(kind, values) if before is None else replace(before, **values)  # type: ignore[type-var]
    return found
