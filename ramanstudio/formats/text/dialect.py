"""Column separators and decimal marks of text tables, and the numbers in their cells."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MISSING_VALUES: Final = frozenset(
    ("", "na", "n/a", "#n/a", "#nv", "nan", "null", "none", "--", "-", "?", "#div/0!", "inf", "-inf")
)
_THOUSANDS: Final = {  # by decimal mark: 1,066 and 1,000.37, or 1.000,37; also 1'000 and 1 000
    ".": re.compile(r"[-+]?\d{1,3}(?:(?:,\d{3})+|(?:['’\u00a0\u202f ]\d{3})+)(?:\.\d*)?"),
    ",": re.compile(r"[-+]?\d{1,3}(?:(?:\.\d{3})+(?=,)|(?:['’\u00a0\u202f ]\d{3})+)(?:,\d*)?"),
}
_FORTRAN: Final = re.compile(r"([-+]?\d*\.?\d+)[dD]([-+]?\d+)")  # 1.5D+02
_GROUPING: Final = re.compile(r"['’\u00a0\u202f ]")
NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class Dialect:
    """The column separator (None: white space) and the decimal mark (point or comma) of a text table."""

    separator: str | None
    decimal: str = "."

    def cells(self, line: str) -> list[str]:
        """Split a line into cells; empty cells at its end are dropped."""
        if self.separator is None:
            return [cell.strip("\"'") for cell in line.split()]
        cells = [cell.strip(" \"'\t\r") for cell in _split(line.rstrip("\r\n"), self.separator)]
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def width(self, line: str) -> int:
        """Return the number of cells of a line, empty ones at its end included."""
        return len(line.split()) if self.separator is None else len(_split(line.rstrip("\r\n"), self.separator))

    def numbers(self, line: str) -> list[float] | None:
        """Parse a line of numbers, NaN where a cell is empty or marked as missing; None when it is not numbers."""
        if self.decimal == "," and self.separator != ",":
            line = line.replace(",", ".") if "." not in line else line
        try:
            return list(map(float, line.split(self.separator)))
        except ValueError:
            return None

    def number(self, cell: str) -> float | None:
        """Return the number in a cell, NaN where it is missing; None when it holds words."""
        if cell.lower() in MISSING_VALUES:
            return NAN
        plain = cell.replace("−", "-")
        try:
            return float(plain.replace(",", ".") if self.decimal == "," else plain)
        except ValueError:
            pass
        if (" " not in plain or self.separator in (";", "\t")) and _THOUSANDS[self.decimal].fullmatch(plain):
            plain = _GROUPING.sub("", plain)
            plain = plain.replace(".", "").replace(",", ".") if self.decimal == "," else plain.replace(",", "")
            return float(plain)
        if plain[0] == "[" or plain[-1] == "]":  # a list of Python or MATLAB
            inner = plain.strip("[]")
            return self.number(inner) if inner else None
        if (exponent := _FORTRAN.fullmatch(plain)) is not None:
            return float(f"{exponent[1]}e{exponent[2]}")
        return None

    def grouped_columns(self, line: str) -> set[int]:
        """Return the columns of a line whose comma can only be read as a thousands separator: '537,732'.

        Where all numbers of a column are such, they are decimal commas: numbers below a thousand have no separator.
        """
        if self.decimal != "." or "," not in line or "." in line or self.separator == ",":
            return set()
        return {place for place, cell in enumerate(self.cells(line)) if "," in cell and self.number(cell) is not None}


# In this order where several fit: "100, 200" is two columns, not the number 100 followed by 200.
DIALECTS: Final = (
    Dialect(";"),
    Dialect(";", ","),
    Dialect("\t"),
    Dialect("\t", ","),
    Dialect(","),
    Dialect(",", ","),  # cells in quotation marks: "200,37","206,263"
    Dialect("|"),
    Dialect("|", ","),
    Dialect(None),
    Dialect(None, ","),
)


def _split(line: str, separator: str) -> list[str]:
    """Split a line at its separators, except those within quotes."""
    if '"' in line:
        try:
            return next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True))
        except (csv.Error, StopIteration):
            pass  # the quotation marks do not enclose cells
    return line.split(separator)


_WHOLE_NUMBERS: Final = re.compile(r"\s*-?\d+(?:,\d+)*,?\s*")
_SPACED_COMMAS: Final = re.compile(r"\s*-?\d+,\d+(?:, -?\d+,\d+)+,?\s*")
_SAMPLED: Final = 400


def with_decimal_points(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of a table whose commas both separate columns and mark decimals, with semicolons and points.

    '200,37,206,263' under a title of two columns, or without titles where only the pairs increase from line to line or
    have leading zeros as no whole number has; '200,37, 206,263'. Other lines are returned as they are.
    """
    spaced = [bool(_SPACED_COMMAS.fullmatch(line)) for line in lines[:_SAMPLED]]
    if sum(spaced) >= 8 and all(
        is_spaced for is_spaced, line in zip(spaced, lines, strict=False) if line[:1].isdigit()
    ):
        return [line.replace(", ", ";") if _SPACED_COMMAS.fullmatch(line) else line for line in lines]
    rows = [line for line in lines if _WHOLE_NUMBERS.fullmatch(line)][:_SAMPLED]
    widths = {line.strip().rstrip(",").count(",") + 1 for line in rows}
    if len(rows) < 8 or len(widths) != 1 or (width := widths.pop()) < 4 or width % 2:
        return lines
    title = next((line for line in lines if line.strip() and not _WHOLE_NUMBERS.fullmatch(line)), "")
    cells = [line.strip().split(",") for line in rows]
    if title.count(",") + 1 != width // 2 and not (width == 4 and _only_pairs_increase(cells)):
        return lines
    return [_pairs_joined(line) if _WHOLE_NUMBERS.fullmatch(line) else line.replace(",", ";") for line in lines]


def _only_pairs_increase(cells: Sequence[Sequence[str]]) -> bool:
    """Whether the first two cells of each row are one number: it runs in one direction and the first alone does not.

    Or the second of two has a leading zero.
    """
    if any(re.match(r"0\d", row[place]) for row in cells for place in (1, 3)):
        return True
    whole = [float(row[0]) for row in cells]
    joined = [float(f"{row[0]}.{row[1]}") for row in cells]
    return _runs_one_way(joined) and not _runs_one_way(whole)


def _runs_one_way(numbers: Sequence[float]) -> bool:
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _pairs_joined(line: str) -> str:
    cells = line.strip().rstrip(",").split(",")
    return ";".join(f"{whole}.{part}" for whole, part in zip(cells[::2], cells[1::2], strict=True))
