"""Checks of settings that several filters have."""

import math

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
    if level != int(level) or level < 1:
        raise BadSetting(f"level is {level}; levels of decomposition count from 1.")
