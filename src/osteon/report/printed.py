"""Estimates, p values and counts as journals print them."""

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from .words import unit as unit_in_print

NOTHING = "–"
"""Stands where there is no value."""

SIGNIFICANT = 3
"""Significant digits of a number whose column names no decimals."""

PLAIN_FROM, PLAIN_BELOW = 1e-4, 1e6
"""Sizes that are printed without a power of ten."""

MOST_DECIMALS = 6
POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def finite(value: Any) -> float | None:
    """`value` as a number; None for anything that is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    return float(value) if math.isfinite(value) else None


def triple(values: Any) -> tuple[float | None, float | None, float | None]:
    """Value, low and high of a list of up to three; None for what is missing."""
    some = [finite(value) for value in (values or ())][:3]
    value, low, high = some + [None] * (3 - len(some))
    return value, low, high


def number(value: Any, decimals: int | None = None) -> str:
    """A number with that many decimals, or three significant digits; whole numbers stay whole."""
    given = finite(value)
    if given is None:
        return NOTHING
    if decimals is None:
        if isinstance(value, int):
            return count(value)
        if given and not PLAIN_FROM <= abs(given) < PLAIN_BELOW:
            return _power(given)
        decimals = _decimals(given)
    return _fixed(given, decimals)


def count(value: Any) -> str:
    """How many, with commas from ten thousand."""
    given = finite(value)
    if given is None:
        return NOTHING
    if given != int(given):
        return number(given)
    whole = int(given)
    return (f"{whole:,}" if abs(whole) >= 10_000 else str(whole)).replace("-", "−")


def p_value(value: Any) -> str:
    """A p value: two decimals, three below 0.01 or where two would round across 0.05."""
    given = finite(value)
    if given is None:
        return NOTHING
    if given < 0.001:
        return "<0.001"
    if given > 0.99:
        return ">0.99"
    return f"{given:.3f}" if given < 0.01 or 0.045 <= given < 0.055 else f"{given:.2f}"


def p_in_words(value: Any) -> str:
    """A p value with its letter: ``p = 0.03``, ``p < 0.001``."""
    text = p_value(value)
    return f"p {text[0]} {text[1:]}" if text[0] in "<>" else f"p = {text}"


def estimate(value: Any, low: Any = None, high: Any = None, decimals: int | None = None) -> str:
    """An estimate with its interval: ``0.82 (0.75–0.89)``, ``−3.2 (−5.1 to −1.3)``."""
    at = finite(value)
    if at is None:
        return NOTHING
    least, most = finite(low), finite(high)
    some = [x for x in (at, least, most) if x is not None]
    digits = estimate_decimals(some) if decimals is None else decimals
    # powers of ten only where fixed decimals would be unreadable or hide every digit
    huge = max(map(abs, some)) >= PLAIN_BELOW
    tiny = decimals is None and 0 < max(map(abs, some)) < PLAIN_FROM
    text = [number(float(x)) if huge or tiny else _fixed(x, digits) for x in some]
    if least is not None and most is not None:
        return f"{text[0]} ({span(text[1], text[2])})"
    if least is not None:
        return f"{text[0]} (from {text[1]})"
    return f"{text[0]} (to {text[1]})" if most is not None else text[0]


def span(low: str, high: str) -> str:
    """Both ends of an interval; in words where a dash could be read as a minus."""
    dashed = "−" not in low + high and "×" not in low + high
    return f"{low}–{high}" if dashed else f"{low} to {high}"


def estimate_decimals(values: list[float]) -> int:
    """Decimals that show an estimate and the width of its interval, two at least below 1."""
    most = max(map(abs, values))
    width = max(values) - min(values)
    wanted = 2 if most <= 1 else _decimals(most)
    if width > 0:
        wanted = max(wanted, math.ceil(-math.log10(width) - 1e-9))
    elif 0 < most < 1:
        wanted = max(wanted, math.ceil(-math.log10(most)) + 1)
    return min(wanted, MOST_DECIMALS)


def cell(column: Mapping[str, Any], value: Any) -> str:
    """What stands in a cell of a table."""
    kind, digits = column.get("kind", "text"), column.get("digits")
    if kind == "estimate":
        parts = value if isinstance(value, Mapping) else {"value": value}
        return estimate(parts.get("value"), parts.get("low"), parts.get("high"), digits)
    if kind == "unit":
        return unit_in_print(str(value or ""))
    if kind == "p":
        return p_value(value)
    if kind == "count":
        return count(value)
    if kind == "number" and finite(value) is not None:
        return number(value, digits)
    return words_of(value) or (NOTHING if kind == "number" else "")


def words_of(value: Any) -> str:
    """Any value as one line of text; nothing where there is none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return ("no", "yes")[value]
    return one_line(value)


def one_line(text: Any) -> str:
    """Text without line breaks, runs of blanks or characters that have no shape."""
    blank = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return " ".join(blank.split())


def heading(column: Mapping[str, Any]) -> str:
    """Head of a column with its unit."""
    title = one_line(column.get("title") or column["key"])
    unit = unit_in_print(str(column.get("unit") or ""))
    return f"{title} ({unit})" if unit else title


def _decimals(value: float) -> int:
    """Decimals that leave three significant digits, none beyond the point."""
    if value == 0:
        return 0
    return max(0, SIGNIFICANT - 1 - math.floor(math.log10(float(f"{abs(value):.2e}"))))


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")


def _power(value: float) -> str:
    """A number times a power of ten."""
    digits, power = f"{value:.2e}".split("e")
    return f"{digits} × 10{str(int(power)).translate(POWERS)}".replace("-", "−")
