"""Choices of `osteon texture` as a settings file that gives the same numbers again."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from .choices import TextureChoices
from .settings_file import KINDS, SECTIONS


def settings_text(choices: TextureChoices) -> str:
    """A settings file that says every choice.

    Parameters
    ----------
    choices : TextureChoices
        What was chosen.

    Returns
    -------
    str
        TOML, which `read_choices` reads back as the same.
    """
    processing = choices.processing
    lines = ["# osteon texture IMAGE MASK --settings FILE gives the same numbers again"]
    plain = {
        "families": choices.families,
        "dimensions": processing.dimensions,
        "slice_axis": processing.slice_axis,
        "stable": choices.stable,
        "threshold": choices.threshold,
    }
    lines += [f"{key} = {_value(value)}" for key, value in plain.items()]
    if processing.interpolation is None:
        lines.append('interpolation = "none"')
    if choices.filtered is None:
        lines.append('filter = "none"')
    for name in SECTIONS:
        if (section := getattr(processing, name)) is not None:
            lines += ["", f"[{name}]", *_lines(section)]
    if choices.filtered is not None:
        lines += _filter(choices.filtered, "filter")
    lines += ["", "[windows]", *_lines(choices.windows)]
    return "\n".join(lines) + "\n"


def _filter(kind: Any, place: str) -> Iterator[str]:
    """A filter, and the one before it in a table of its own."""
    name = next(name for name, known in KINDS.items() if type(kind) is known)
    yield from ("", f"[{place}]", f'kind = "{name}"')
    inner = [one.name for one in fields(kind) if type(getattr(kind, one.name)) in KINDS.values()]
    yield from _lines(kind, but=inner)
    for key in inner:
        yield from _filter(getattr(kind, key), f"{place}.{key}")


def _lines(section: Any, but: list[str] | None = None) -> Iterator[str]:
    """Settings of a dataclass, a line each."""
    for one in fields(section):
        value = getattr(section, one.name)
        if one.name not in (but or ()):
            yield f"{one.name} = {_value(value)}"


def _value(value: Any) -> str:
    """A value as TOML writes it."""
    if value is None:
        return '"none"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)
