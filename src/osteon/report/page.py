"""What every report is: a page made from a template that escapes all, and written whole."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ..core import BadSetting
from . import words

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> jinja2.Environment:
    """Templates that escape everything and stop at a name that is not there."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        number=words.number,
        unit=words.unit,
        plain=words.plain,
        leaves=words.leaves,
        day=words.day,
        doi_link=words.doi_link,
        equivalent=words.equivalent,
    )
    return made


def style_sheets(*names: str) -> Markup:
    """The style sheets of that name, one after the other, to stand inside a page."""
    return Markup("\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names))


def check_rows(given: Mapping[str, Any], needed: Mapping[str, Sequence[str]]) -> None:
    """Refuse plain data of which a row lacks what every row of its part needs.

    Raises
    ------
    BadSetting
        If a row does.
    """
    for part, keys in needed.items():
        for row in given.get(part) or ():
            if missing := [key for key in keys if key not in row]:
                raise BadSetting(f"a row of '{part}' lacks '{missing[0]}'; every row needs it.")


def store(page: str, out: Path, name: str = "report.html") -> Path:
    """Write the file `name` into the folder `out`, made where it is missing; return its path.

    It is written under another name first and then renamed, so that a reader never finds half
    a page.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / name
    unfinished = out / f".{name}.{os.getpid()}"
    try:
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path
