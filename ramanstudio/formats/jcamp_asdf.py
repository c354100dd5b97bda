"""The digits of JCAMP-DX: letters that stand for a sign and a first digit, for differences and for repeats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SQUEEZED: Final = {letter: str(digit) for digit, letter in enumerate("@ABCDEFGHI")} | {
    letter: f"-{digit}" for digit, letter in enumerate("abcdefghi", 1)
}
_DIFFERENCE: Final = {letter: str(digit) for digit, letter in enumerate("%JKLMNOPQR")} | {
    letter: f"-{digit}" for digit, letter in enumerate("jklmnopqr", 1)
}
_REPEAT: Final = {letter: str(digit) for digit, letter in enumerate("STUVWXYZs", 1)}
# 'E' is 5 when squeezed and an exponent in plain numbers: an exponent has a sign, or stands in a file of plain numbers.
_TOKEN: Final = re.compile(r"\?|[@A-Za-s%+-]?\d*\.?\d+(?:[Ee][+-]\d{1,3})?|[@A-Za-s%]")
_PLAIN: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[Ee][-+]?\d{1,3})?|\?")
_MOST_POINTS: Final = 20_000_000


class Damaged(Exception):
    """The data cannot be decoded; carries what was found."""


def pairs(lines: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Axis and intensities from data of the form (XY..XY)."""
    try:
        numbers = [float(word) for line in lines for word in re.split(r"[\s,;]+", line.strip()) if word]
    except ValueError:
        raise Damaged("its data are not pairs of numbers") from None
    if len(numbers) % 2:
        numbers.pop()  # cut within a pair
    table = np.array(numbers).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def ordinates(lines: Sequence[str], points: int | None) -> list[float]:
    """The intensities of data of the form (X++(Y..Y)), before YFACTOR; NaN where a point was not measured.

    Raises Damaged when a letter means nothing, or when more than the stated `points` come out.
    """
    letters = set("".join(lines)) - set("0123456789+-.,? \t\rEe")
    most = min(_MOST_POINTS, points if points is not None else _MOST_POINTS)
    if not letters:
        values = [
            float("nan") if word == "?" else float(word) for line in lines for word in _PLAIN.findall(line.strip())[1:]
        ]
        return values[: most + 1]
    values = []
    was_difference = False
    for line in lines:
        was_difference = _line(line, values, was_difference, most)
    return values


def _line(line: str, values: list[float], was_difference: bool, most: int) -> bool:
    """Append the intensities of one line; whether its last was told as a difference (then the next line repeats it)."""
    tokens = _TOKEN.findall(line)
    last: tuple[bool, float] = (False, 0.0)  # whether a difference, and how much
    for place, token in enumerate(tokens[1:]):  # the first is the place on the axis
        letter, rest = token[0], token[1:]
        if letter in _REPEAT:
            count = int(float(_REPEAT[letter] + rest)) - 1
            if count > most - len(values):
                raise Damaged("its repeat counts give more points than it states")
            for _ in range(count):
                values.append((values[-1] if values else 0.0) + last[1] if last[0] else last[1])
            continue
        if letter == "?":
            last = (False, float("nan"))
        elif letter in _DIFFERENCE:
            last = (True, float(_DIFFERENCE[letter] + rest))
        else:
            last = (False, _absolute(letter, token, rest))
        if place == 0 and was_difference and not last[0]:
            continue  # a check: the last point of the line before, once more
        if len(values) > most:
            raise Damaged("it holds more points than it states")
        values.append((values[-1] if values else 0.0) + last[1] if last[0] else last[1])
    return last[0]


def _absolute(letter: str, token: str, rest: str) -> float:
    try:
        return float(_SQUEEZED[letter] + rest) if letter in _SQUEEZED else float(token)
    except ValueError:
        raise Damaged(f"'{token}' in its data means nothing") from None
