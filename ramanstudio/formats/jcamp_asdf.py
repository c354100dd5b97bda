"""ASDF, the compressed number forms of JCAMP-DX: squeezed (SQZ), difference (DIF) and duplicate (DUP) digits.

After McDonald & Wilks, Appl. Spectrosc. 42 (1988) 151.
"""

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
# 'E' is the squeezed digit 5, or an exponent: that has a sign, or stands in a file of plain numbers only.
_TOKEN: Final = re.compile(r"\?|[@A-Za-s%+-]?\d*\.?\d+(?:[Ee][+-]\d{1,3})?|[@A-Za-s%]")
_PLAIN: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[Ee][-+]?\d{1,3})?|\?")
MAX_POINTS: Final = 20_000_000


class DecodingError(Exception):
    """The data cannot be decoded; the message says why."""


def decode_pairs(lines: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return axis (B,) and intensities (B,) of data of the form (XY..XY); raises DecodingError when it is damaged."""
    try:
        numbers = [float(word) for line in lines for word in re.split(r"[\s,;]+", line.strip()) if word]
    except ValueError:
        raise DecodingError("its data are not pairs of numbers") from None
    if len(numbers) % 2:
        numbers.pop()  # cut within a pair
    table = np.array(numbers).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def decode_ordinates(lines: Sequence[str], points: int | None) -> list[float]:
    """Return the intensities (B,) of data of the form (X++(Y..Y)), before YFACTOR; NaN where a point is missing.

    Raises DecodingError on an unknown letter, or when there are more than the stated `points`.
    """
    letters = set("".join(lines)) - set("0123456789+-.,? \t\rEe")
    limit = min(MAX_POINTS, points if points is not None else MAX_POINTS)
    if not letters:
        values = [
            float("nan") if word == "?" else float(word) for line in lines for word in _PLAIN.findall(line.strip())[1:]
        ]
        return values[: limit + 1]
    values = []
    was_difference = False
    for line in lines:
        was_difference = _decode_line(line, values, was_difference, limit)
    return values


def _decode_line(line: str, values: list[float], was_difference: bool, limit: int) -> bool:
    """Append the intensities of one line to `values`.

    Returns whether the last one was a difference: then the next line begins with a check value that repeats it.
    """
    tokens = _TOKEN.findall(line)
    last: tuple[bool, float] = (False, 0.0)  # whether it is a difference, and the number
    for position, token in enumerate(tokens[1:]):  # the first is the abscissa
        letter, rest = token[0], token[1:]
        if letter in _REPEAT:
            count = int(float(_REPEAT[letter] + rest)) - 1
            if count > limit - len(values):
                raise DecodingError("its repeat counts give more points than ##NPOINTS=")
            for _ in range(count):
                values.append((values[-1] if values else 0.0) + last[1] if last[0] else last[1])
            continue
        if letter == "?":
            last = (False, float("nan"))
        elif letter in _DIFFERENCE:
            last = (True, float(_DIFFERENCE[letter] + rest))
        else:
            last = (False, _absolute(letter, token, rest))
        if position == 0 and was_difference and not last[0]:
            continue  # the check value
        if len(values) > limit:
            raise DecodingError("it contains more points than ##NPOINTS=")
        values.append((values[-1] if values else 0.0) + last[1] if last[0] else last[1])
    return last[0]


def _absolute(letter: str, token: str, rest: str) -> float:
    """Return the value of a plain or squeezed token."""
    try:
        return float(_SQUEEZED[letter] + rest) if letter in _SQUEEZED else float(token)
    except ValueError:
        raise DecodingError(f"'{token}' in its data is not a JCAMP number") from None
