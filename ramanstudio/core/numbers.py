"""Numbers as text, in one style everywhere: decimal point, true minus, thousands set apart from 10 000 on."""

from __future__ import annotations

from typing import Final

MAX_PROBABILITY: Final = 0.995  # a probability above is not written as a number: it would read 100 %
THIN_SPACE: Final = "\u202f"  # the narrow no-break space: a number is not broken over two lines


def format_number(value: float, decimals: int = 0) -> str:
    """Format a number with `decimals` places: `9999`, `10 000`, `−0.5`."""
    text = f"{abs(value):,.{decimals}f}"
    text = text.replace(",", THIN_SPACE if abs(value) >= 9999.5 else "")
    return f"−{text}" if value < 0 and text.strip("0.") else text


def format_significant(value: float, digits: int = 4) -> str:
    """Format a number to `digits` significant digits: `532`, `632.8`, `0.5`, `12 346`."""
    return format_number(value) if abs(value) >= 1e4 else f"{value:.{digits}g}".replace("-", "−")


def format_probability(probability: float) -> str:
    """Return a probability in percent: `97 %`, never 100 % and never 0 %."""
    if probability >= MAX_PROBABILITY:
        return "> 99 %"
    return "< 1 %" if probability < 0.01 else f"{100 * probability:.0f} %"
