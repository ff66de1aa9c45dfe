"""Values of a settings file held to the kind that a setting has."""

import types
from dataclasses import MISSING, fields
from math import isfinite
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .nearest import nearest

LEFT = ("none", "keep")
"""Words for a value that is left out, where one may be: TOML has none."""


class Bad(Exception):
    """A value of another kind than its setting."""


def fields_of(kind: type[Any], *, needed: bool = False) -> dict[str, Any]:
    """Kinds of the settings of a dataclass by name; `needed` are those without a default."""
    hints = get_type_hints(kind)
    return {
        one.name: hints[one.name]
        for one in fields(kind)
        if not (needed and (one.default is not MISSING or one.default_factory is not MISSING))
    }


def read_field(hint: Any, raw: Any, name: str) -> Any:
    """A value from a file as the kind that a setting has.

    Parameters
    ----------
    hint : type
        ``float``, ``int``, ``bool``, ``str``, ``Literal``, a tuple of them, or one of them or
        None.
    raw : object
        The value.
    name : str
        What the setting is called.

    Returns
    -------
    object
        The value; a whole number is a number too, a number is no whole one.

    Raises
    ------
    Bad
        If the value is of another kind.
    """
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in get_args(hint) if one is not types.NoneType)
        return None if raw in LEFT else read_field(inner, raw, name)
    if origin is Literal:
        return _one_of(get_args(hint), raw, name)
    if origin is tuple:
        return _several(get_args(hint), raw, name)
    return _single(hint, raw, name)


def _one_of(known: tuple[Any, ...], raw: Any, name: str) -> Any:
    for one in known:
        if one == raw and type(one) is type(raw):
            return one
    raise Bad(f"{name} = {raw!r} is not known{nearest(str(raw), map(str, known))}.")


def _several(inner: tuple[Any, ...], raw: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise Bad(f"{name} must be a list; got {raw!r}.")
    if inner[-1] is not Ellipsis and len(raw) != len(inner):
        raise Bad(f"{name} must have {len(inner)} values; got {len(raw)}.")
    kinds = [inner[0]] * len(raw) if inner[-1] is Ellipsis else inner
    return tuple(read_field(kind, one, name) for kind, one in zip(kinds, raw, strict=True))


def _single(kind: type[Any], raw: Any, name: str) -> Any:
    is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
    if kind is float and is_number and isfinite(raw):
        return float(raw)
    if kind is int and is_number and isinstance(raw, int):
        return raw
    if kind in (bool, str) and isinstance(raw, kind):
        return raw
    said = {float: "a number", int: "a whole number", bool: "true or false", str: "text"}[kind]
    raise Bad(f"{name} must be {said}; got {raw!r}.")
