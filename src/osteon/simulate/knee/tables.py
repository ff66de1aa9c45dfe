"""Numbers of the knee that come with the package."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """A TOML file of the knee's data; sources stand in the file.

    Parameters
    ----------
    name : str
        ``"disease"`` or ``"muscles"``.

    Returns
    -------
    dict
        Its tables; not to be changed.
    """
    text = (files(__package__) / "data" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
