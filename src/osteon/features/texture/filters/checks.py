"""Checks of settings that several filters have."""

import math
from numbers import Integral
from typing import cast

from ....core import BadSetting


def check_dimensions(dimensions: int) -> None:
    """Refuse filters that are neither plane nor volumetric.

    Parameters
    ----------
    dimensions : int
        What was asked for.

    Raises
    ------
    BadSetting
        If it is neither 2 nor 3.
    """
    if dimensions not in (2, 3):
        raise BadSetting(
            f"dimensions is {dimensions!r}; give 2 to filter slices or 3 for a volume."
        )


def check_positive(name: str, value: float) -> None:
    """Refuse a length, width or ratio that is not a positive number.

    Parameters
    ----------
    name : str
        The setting, as the message calls it.
    value : float
        What was asked for.

    Raises
    ------
    BadSetting
        If it is zero, negative or not finite.
    """
    if not (math.isfinite(value) and value > 0):
        raise BadSetting(f"{name} is {value:g}; give a number above 0.")


def is_whole(value: object, least: int) -> bool:
    """Whether a setting is a whole number, not below another.

    Parameters
    ----------
    value : object
        What was asked for.
    least : int
        The smallest number that is allowed.

    Returns
    -------
    bool
        False for 2.0 and True too, which count nothing.
    """
    counts = isinstance(value, Integral) and not isinstance(value, bool)
    return counts and int(cast(int, value)) >= least


def check_level(level: int) -> None:
    """Refuse a level of decomposition that does not exist.

    Parameters
    ----------
    level : int
        What was asked for.

    Raises
    ------
    BadSetting
        If it is no whole number from 1 on.
    """
    if not is_whole(level, 1):
        raise BadSetting(f"level is {level}; give a whole number from 1 on.")
