"""Colours that stand for numbers, told apart by readers of every colour vision."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

THICK = ("#2c5f9e", "#4f9cc4", "#a8d3d0", "#f4e3a1", "#f0a04b", "#c8432b", "#7d1128")
"""Thin to thick: no end is so dark or so pale that shades of light on it are lost."""

APART = ("#1d4f4a", "#2f7f74", "#5fae94", "#a6d3ac", "#e9efc4")
"""Close to far apart, for marrow: other hues than those of bone."""

ENDS = (1.0, 99.0)
"""Percentiles of the values between which colours change."""

SLACK = 1e-6
"""Share of a step that is taken for rounding of single precision."""

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Steps of a scale, to a power of ten."""


@dataclass(frozen=True)
class Scale:
    """From numbers to colours.

    Attributes
    ----------
    low, high : float
        Values of the first and last colour; values beyond have the same.
    ticks : tuple of float
        Values written beside the bar; first and last are `low` and `high`.
    colours : tuple of str
        Colours at even distances from `low` to `high`.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    colours: tuple[str, ...]

    def paint(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Red, green and blue, 0 to 1, of each value, along a new last axis."""
        ramp = LinearSegmentedColormap.from_list("scale", self.colours)
        share = (np.asarray(values, np.float64) - self.low) / (self.high - self.low)
        return np.asarray(ramp(np.clip(share, 0, 1))[..., :3])

    @property
    def marks(self) -> list[tuple[float, str]]:
        """Place along the bar in percent, and what is written there."""
        decimals = max(_decimals(tick) for tick in self.ticks)
        texts = [f"{tick:.{decimals}f}" for tick in self.ticks]
        texts[0], texts[-1] = f"≤ {texts[0]}", f"≥ {texts[-1]}"
        span = self.high - self.low
        places = [round(100 * (tick - self.low) / span, 2) for tick in self.ticks]
        return list(zip(places, texts, strict=True))


def scale_of(values: NDArray[Any], colours: Sequence[str]) -> Scale:
    """Scale with round ends that holds nearly all `values`; values of 0 are left out."""
    some = values[values > 0]
    low, high = (float(p) for p in np.percentile(some, ENDS)) if some.size else (0.0, 1.0)
    if high - low < 0.02 * high:
        low, high = 0.9 * low, 1.1 * high
    step = nice((high - low) / 5)
    fine = step / 5
    low, high = math.floor(low / fine + SLACK) * fine, math.ceil(high / fine - SLACK) * fine
    whole = range(math.floor(low / step), math.ceil(high / step) + 1)
    between = [n * step for n in whole if low + 0.6 * step <= n * step <= high - 0.6 * step]
    ticks = tuple(round(tick, 12) for tick in (low, *between, high))
    return Scale(ticks[0], ticks[-1], ticks, tuple(colours))


def nice(value: float) -> float:
    """The round number (1, 2, 2.5 or 5 times a power of ten) next above `value`."""
    power: float = 10.0 ** math.floor(math.log10(value))
    return power * next(step for step in STEPS if step * power >= value * (1 - SLACK))


def _decimals(value: float) -> int:
    """Decimals that a number needs."""
    return next((d for d in range(9) if abs(value * 10**d - round(value * 10**d)) < SLACK), 9)
